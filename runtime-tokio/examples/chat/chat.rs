//! The chat itself: what happens when somebody comes, says something, loses the connection, returns, or goes.
//!
//! The hub knows who is in which room, and keeps what was said last. The chat passes on what people say, and tells the others who came
//! and went. Whoever loses the connection is *away* for a while, and does not leave. The page that returns names its session, and in each
//! room the position of the last message that it has: from there the hub goes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use throng_tokio::hub::{DropReason, Recover, Recovery, Refusal};
use throng_tokio::router::{AppState, Failed, JsonCodec, Router};
use throng_tokio::session::{TokenError, Tokens};
use throng_tokio::{
    Authenticating, Away, Client, CloseFrame, Connecting, DropNotice, Handler, Hub, Json, Left,
};
use throng_tokio::{Message, Numbered, Publish, Resumed, Target, hub};

use crate::names;
use crate::protocol::{First, Person, Room, RoomName, Saying, ToPage};
use crate::refused::{Refused, TEXT_LETTERS};

/// What is not the hub's.
#[derive(Clone)]
pub(crate) struct Chat {
    /// Makes the names of sessions.
    tokens: Tokens,
    /// The order of the news.
    news: Arc<Mutex<()>>,
}

/// What the page may say, by its type, once it has a name. Messages of one client are handled one after another.
pub(crate) fn routes(chat: Chat) -> Router<JsonCodec, Chat> {
    Router::new()
        .state(chat)
        .on("name", |client: Client, _: serde::de::IgnoredAny| async move {
            answer(&client, None, Err(Refused::NamedAlready));
        })
        .on("join", |AppState(chat): AppState<Chat>, client: Client, said: RoomName| async move {
            answer(&client, Some(&said.room), chat.join(&client, &said));
        })
        .on("leave", |AppState(chat): AppState<Chat>, client: Client, said: RoomName| async move {
            answer(&client, Some(&said.room), chat.leave(&client, &said.room));
        })
        .on("say", |client: Client, said: Saying| async move {
            answer(&client, Some(&said.room), say(&client, &said));
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
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), throng_tokio::Refusal> {
        connecting.authenticate();
        Ok(())
    }

    /// The WebSocket is open, but nobody is there yet. The page says its name until it is one that can be had; if that takes too long, the
    /// hub closes.
    async fn authenticate(&self, page: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        loop {
            let said = page.receive().await?;
            let Err(refused) = self.enter(page, &said) else { return Ok(()) };
            // If it cannot be told, it is gone, and so there is nothing to receive.
            let _ = page.send(Json(ToPage::refused(&refused, None))).await;
        }
    }

    async fn connected(&self, client: &Client) {
        let _in_order = self.in_order();
        welcome(client);
    }

    /// Not for ever: who does not return within `sessions.grace` ends, which `left` hears of.
    async fn away(&self, client: &Client, _: Away) {
        let _in_order = self.in_order();
        tell_of(client, |room, person| ToPage::Away { room, person });
    }

    async fn resumed(&self, client: &Client, resumed: Resumed) {
        let _in_order = self.in_order();
        welcome(client);
        if resumed.away.is_some() {
            tell_of(client, |room, person| ToPage::Back { room, person });
        }
    }

    /// The client was in this room, and has ended: it was away for too long, or its page said goodbye.
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
        // Who is away is told everything on its return.
        if dropped.reason == DropReason::Closed || client.is_away() {
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

    pub(crate) fn new() -> Result<Self, TokenError> {
        Ok(Self { tokens: Tokens::with_random_key()?, news: Arc::default() })
    }

    fn enter(&self, page: &mut Authenticating<'_>, said: &Message) -> Result<(), Refused> {
        let first = serde_json::from_slice(said.as_bytes()).map_err(|_| Refused::NotUnderstood)?;
        let First::Name { name, session } = first else { return Err(Refused::NameFirst) };
        let name = names::checked(&name)?;
        let session = self.tokens.check_or_make(session.as_deref()).map_err(|_| Refused::NotDone)?;
        // The name is the user's, too: so `admission.per_user` in the config says how often it may be in use. There are no passwords here:
        // anybody may have any name, but only with the session one is somebody who was here.
        page.identify(&name, &session)?;
        Ok(())
    }

    fn join(&self, client: &Client, said: &RoomName) -> Result<(), Refused> {
        let (person, room) = (person(client)?, &*names::checked(&said.room)?);
        let since = said.since.as_deref().map(str::parse).transpose().map_err(|_| Refused::BadPosition)?;
        let _in_order = self.in_order();
        let (hub, id) = (client.hub(), client.id());
        // Who comes back leaves for no time, which nobody hears of, to join from the last message that the page has.
        let was_here = since.is_some() && hub.leave(id, room).is_ok();
        let joined = match since {
            Some(since) => hub.join_from(id, room, Recover::Since(since)),
            None => hub.join(id, room),
        };
        if was_here && joined.is_err() {
            tell_of_leaving(client, room);
        }
        let joined = joined?;
        tell_members(client, room);
        let missed = match joined.recovery {
            Some(Recovery::Unrecovered(why)) => Some(why.reason.name()),
            _ => None,
        };
        let position = joined.position.map(|position| position.to_string());
        tell(client, ToPage::History { room, position, missed });
        if !was_here {
            tell_others(client, room, ToPage::Joined { room, person });
            tell_count(&hub, room);
        }
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

/// Only this goes to the room itself, which numbers and keeps it; so what a page has heard of it has no gaps.
fn say(client: &Client, said: &Saying) -> Result<(), Refused> {
    let (person, room, text) = (person(client)?, &*names::checked(&said.room)?, &*said.text);
    if !names::is_visible(text) {
        return Err(Refused::EmptyText);
    }
    if text.chars().count() > TEXT_LETTERS {
        return Err(Refused::TextTooLong);
    }
    if !client.in_room(room) {
        return Err(hub::Error::from(Refusal::NotInRoom).into());
    }
    let (to, key) = ([Target::Room(room)], said.key.as_deref());
    let publish = key.map_or(Publish::to(&to), |key| Publish::to(&to).key(key));
    let published =
        client.hub().publish(&publish, Numbered::new(room, Json(ToPage::Said { person, text, key })))?;
    if let (Some(key), Some(_)) = (key, published.ignored) {
        tell(client, ToPage::Known { key });
    }
    Ok(())
}

fn person(client: &Client) -> Result<Person, Refused> {
    let name = client.user().ok_or(Refused::NameFirst)?.to_string();
    Ok(Person { id: client.id().to_string(), name, away: client.is_away() })
}

fn welcome(client: &Client) {
    let text = |name: throng_tokio::Name| name.to_string();
    let (name, session) = (client.user().map(text).unwrap_or_default(), client.session().map(text));
    let rooms = client.rooms().into_iter().map(text).collect();
    tell(client, ToPage::Welcome { id: client.id().to_string(), name, session, rooms });
    tell_rooms(client);
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
    // The hub keeps what was said in a room that is empty for now.
    tell(client, ToPage::Rooms { rooms: rooms.filter(|room| room.members > 0).collect() });
}

/// To the members of a room but for this one, by themselves: what goes to the room is kept, and who was away hears who is there anyway.
fn tell_others(client: &Client, room: &str, news: ToPage<'_>) {
    let hub = client.hub();
    let others: Vec<_> = hub.members(room).into_iter().map(Target::Client).collect();
    let _ = hub.publish(&Publish::to(&others).except(&[client.id()]), Json(news));
}

/// To all who are in a room with somebody.
fn tell_of(client: &Client, news: impl Fn(&str, Person) -> ToPage<'_>) {
    for room in client.rooms() {
        if let Ok(person) = person(client) {
            tell_others(client, &room, news(&room, Person { away: false, ..person }));
        }
    }
}

/// To those who are still in the room, of one who is not any more.
fn tell_of_leaving(client: &Client, room: &str) {
    if let Ok(person) = person(client) {
        tell_others(client, room, ToPage::Left { room, person });
    }
    tell_count(&client.hub(), room);
}

/// To everybody.
fn tell_count(hub: &Hub, room: &str) {
    let _ = hub.broadcast(Json(ToPage::Room(Room { room: room.into(), members: hub.member_count(room) })));
}
