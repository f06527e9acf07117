//! The chat itself: what happens when somebody comes, says something, or goes.
//!
//! The hub knows who is in which room. The chat passes on what people say, and tells the others who came and went.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use throng_tokio::hub::{DropReason, Refusal};
use throng_tokio::router::{AppState, Failed, JsonCodec, Router};
use throng_tokio::{Client, DropNotice, Handler, Hub, Json, Left, Publish, Target, hub};

use crate::names;
use crate::protocol::{Introduction, Person, Room, RoomName, Saying, ToPage};
use crate::refused::{Refused, TEXT_LETTERS};

/// What is not the hub's: the order of the news.
#[derive(Clone, Default)]
pub(crate) struct Chat {
    news: Arc<Mutex<()>>,
}

/// The name that a client gave itself. There are no passwords here: anybody may have any name.
#[derive(Clone)]
struct Name(String);

/// What the page may say, by its type. Messages of one client are handled one after another.
pub(crate) fn routes(chat: Chat) -> Router<JsonCodec, Chat> {
    Router::new()
        .state(chat)
        .on("name", |AppState(chat): AppState<Chat>, client: Client, said: Introduction| async move {
            answer(&client, None, chat.name(&client, &said.name));
        })
        .on(
            "join",
            |AppState(chat): AppState<Chat>, client: Client, RoomName { room }: RoomName| async move {
                answer(&client, Some(&room), chat.join(&client, &room));
            },
        )
        .on(
            "leave",
            |AppState(chat): AppState<Chat>, client: Client, RoomName { room }: RoomName| async move {
                answer(&client, Some(&room), chat.leave(&client, &room));
            },
        )
        .on("say", |client: Client, Saying { room, text }: Saying| async move {
            answer(&client, Some(&room), say(&client, &room, &text));
        })
        .on_error(|_: &Failed<'_>| Json(ToPage::refused(&Refused::NotUnderstood, None)))
}

/// What was asked for in vain is answered by why.
fn answer(client: &Client, room: Option<&str>, done: Result<(), Refused>) {
    if let Err(refused) = done {
        tell(client, ToPage::refused(&refused, room));
    }
}

/// The other hooks: the hub calls them. For one client there is one at a time, in order; those of different clients run
/// side by side.
impl Handler for Chat {
    /// The client was in this room, and has ended: its page was closed, or it was silent for too long.
    async fn left(&self, client: &Client, room: &str, left: Left) {
        // Who leaves by asking for it is told of in `leave`.
        if left != Left::Ended {
            return;
        }
        let _in_order = self.in_order();
        tell_of_leaving(client, room);
    }

    /// The client reads more slowly than others write, and its outbox was full.
    async fn dropped(&self, client: &Client, dropped: DropNotice) {
        if dropped.reason == DropReason::Closed {
            return;
        }
        // Waits until there is room, so that this at least arrives. Meanwhile nothing is read from this client.
        if client.send_wait(Json(ToPage::Dropped { messages: dropped.frames })).await.is_ok() {
            // Some of the news may be among what was dropped: all of it once more.
            let _in_order = self.in_order();
            tell_rooms(client);
            client.rooms().iter().for_each(|room| tell_members(client, room));
        }
    }

    /// The client talks faster than `inbound.messages` in the config allows.
    async fn over_rate(&self, client: &Client, messages: u32) {
        let _ = client.send_wait(Json(ToPage::OverRate { messages })).await;
    }
}

impl Chat {
    /// Whoever comes or goes tells the others before the next one does. So the news leave in the order in which
    /// things happened, and every list of members is true. (The hub's own calls need no lock.)
    fn in_order(&self) -> MutexGuard<'_, ()> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self, client: &Client, name: &str) -> Result<(), Refused> {
        let name = &*names::checked(name)?;
        if client.get::<Name>().is_some() {
            return Err(Refused::NamedAlready);
        }
        // The name is the user's, too: so `admission.per_user` in the config says how often it may be in use.
        client.set_user(Some(name))?;
        client.insert(Name(name.into()));
        let _in_order = self.in_order();
        tell(client, ToPage::Welcome { id: client.id().to_string(), name });
        tell_rooms(client);
        Ok(())
    }

    fn join(&self, client: &Client, room: &str) -> Result<(), Refused> {
        let (person, room) = (person(client)?, &*names::checked(room)?);
        let _in_order = self.in_order();
        client.hub().join(client.id(), room)?;
        tell_members(client, room);
        let news = Json(ToPage::Joined { room, person });
        let _ = client.publish(&Publish::to(&[Target::Room(room)]).except(&[client.id()]), news);
        tell_count(&client.hub(), room);
        Ok(())
    }

    fn leave(&self, client: &Client, room: &str) -> Result<(), Refused> {
        let (person, room) = (person(client)?, &*names::checked(room)?);
        let _in_order = self.in_order();
        client.hub().leave(client.id(), room)?;
        tell(client, ToPage::Left { room, person });
        tell_of_leaving(client, room);
        Ok(())
    }
}

fn say(client: &Client, room: &str, text: &str) -> Result<(), Refused> {
    let (person, room) = (person(client)?, &*names::checked(room)?);
    if !names::is_visible(text) {
        return Err(Refused::EmptyText);
    }
    if text.chars().count() > TEXT_LETTERS {
        return Err(Refused::TextTooLong);
    }
    if !client.in_room(room) {
        return Err(hub::Error::from(Refusal::NotInRoom).into());
    }
    let _ = client.hub().send_to_room(room, Json(ToPage::Said { room, person, text }));
    Ok(())
}

fn person(client: &Client) -> Result<Person, Refused> {
    let Name(name) = client.get().ok_or(Refused::NameFirst)?;
    Ok(Person { id: client.id().to_string(), name })
}

/// To one client. That it may have gone meanwhile, or that its outbox may be full, is no failure here: the hooks
/// `left` and `dropped` hear of it.
fn tell(client: &Client, news: ToPage<'_>) {
    let _ = client.send(Json(news));
}

fn tell_members(client: &Client, room: &str) {
    let hub = client.hub();
    let members = hub.members(room).into_iter().filter_map(|id| hub.client(id));
    let members = members.filter_map(|member| person(&member).ok()).collect();
    tell(client, ToPage::Members { room, members });
}

fn tell_rooms(client: &Client) {
    let hub = client.hub();
    let rooms = hub.room_names();
    let rooms = rooms.iter().map(|room| Room { room: room.to_string(), members: hub.member_count(room) });
    tell(client, ToPage::Rooms { rooms: rooms.collect() });
}

/// To those who are still in the room, of one who is not any more.
fn tell_of_leaving(client: &Client, room: &str) {
    if let Ok(person) = person(client) {
        let _ = client.hub().send_to_room(room, Json(ToPage::Left { room, person }));
    }
    tell_count(&client.hub(), room);
}

/// To everybody.
fn tell_count(hub: &Hub, room: &str) {
    let _ = hub.broadcast(Json(ToPage::Room(Room { room: room.into(), members: hub.member_count(room) })));
}
