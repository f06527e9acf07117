//! The demo: a chat for trying the program. Its page is a client of WebSockets as any other, by the rules of the README.
//!
//! | file | what |
//! | --- | --- |
//! | `guest` | a client of the demo: its name, room and session |
//! | `news` | what the page is told |

mod guest;
mod news;

pub(crate) use guest::Guest;

use news::{Change, News, Person, now};
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use throng_tokio::core::hub::Order;
use throng_tokio::{Client, CloseCode, Hub, Json, Message, Publish, Target};

/// The most members of a room: each is told of each.
const MEMBERS: usize = 100;
/// The longest text, in characters.
const TEXT: usize = 2_000;
/// How many of the last messages a guest gets.
const RECENT: u32 = 50;

const FULL: CloseCode = CloseCode(4000);

/// The demo's part of the hub's hooks.
#[derive(Debug, Default)]
pub(crate) struct Demo {
    /// Changes of a room are told one after another: the last list of members that a page gets is the true one.
    order: Mutex<()>,
}

/// The guest that a client is, if it is one.
pub(crate) fn guest(client: &Client) -> Option<Arc<Guest>> {
    client.get()
}

impl Demo {
    pub(crate) fn connected(&self, client: &Client, guest: &Guest) {
        let _in_order = self.in_order();
        let hub = client.hub();
        if hub.member_count(&guest.room) >= MEMBERS {
            let why = format!("the room is full: {MEMBERS} members");
            // An error means that the client has ended: nobody needs to know.
            let _ = client.close(FULL, &why);
            return;
        }
        if let Err(error) = hub.join(client.id(), &guest.room) {
            let _ = client.close(FULL, &error.to_string());
            return;
        }
        welcome(client, guest);
        tell_others(client, guest, Change::Joined);
    }

    pub(crate) fn away(&self, client: &Client, guest: &Guest) {
        let _in_order = self.in_order();
        tell_others(client, guest, Change::Away);
    }

    pub(crate) fn resumed(&self, client: &Client, guest: &Guest, was_away: bool) {
        let _in_order = self.in_order();
        welcome(client, guest);
        if was_away {
            tell_others(client, guest, Change::Back);
        }
    }

    pub(crate) fn disconnected(&self, client: &Client, guest: &Guest) {
        let _in_order = self.in_order();
        tell_others(client, guest, Change::Left);
    }

    /// What a guest says goes to its room.
    pub(crate) fn message(&self, client: &Client, guest: &Guest, message: &Message) {
        let refuse = |why: &str| _ = client.send(Json(News::Refused { why }));
        let text = match message {
            Message::Text(text) if !text.trim().is_empty() => text,
            _ => return refuse("a message is a text that is not empty"),
        };
        let letters = text.chars().count();
        if letters > TEXT {
            return refuse(&format!("the message has {letters} characters, at most {TEXT} are allowed"));
        }
        let from = Person::of(client, guest);
        let news = News::Message { from, text, time: now() };
        let _in_order = self.in_order();
        if let Err(error) = client.hub().publish(&Publish::to(&[Target::Room(&guest.room)]), Json(news)) {
            refuse(&error.to_string());
        }
    }

    fn in_order(&self) -> MutexGuard<'_, ()> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells a guest everything about its room. The page shows this in place of what it has.
fn welcome(client: &Client, guest: &Guest) {
    let hub = client.hub();
    // The API may publish between the look at the history and the answer: then the page is told again.
    for _ in 0..3 {
        let page = hub.history(&guest.room, None, RECENT, Order::NewestFirst);
        let (top, frames) = page.map_or((None, Vec::new()), |page| (Some(page.top), page.messages));
        let texts = frames.iter().rev().filter_map(|message| {
            let text = std::str::from_utf8(message.frame.payload()).ok()?;
            RawValue::from_string(text.to_owned()).ok()
        });
        let news = News::Room {
            room: guest.name_of_room(),
            you: client.id().to_string(),
            members: members(&hub, &guest.room),
            messages: texts.collect(),
        };
        // An error means that the client has ended, or that its queue is full, of which it hears by `dropped`.
        let _ = client.send(Json(news));
        if hub.position(&guest.room) == top {
            break;
        }
    }
}

/// Tells the other members what has changed, and who is there now. It goes to each of them, as what goes to the room is kept in its history.
fn tell_others(client: &Client, guest: &Guest, change: Change) {
    let hub = client.hub();
    let others = hub.members(&guest.room);
    let targets: Vec<_> = others.into_iter().filter(|id| *id != client.id()).map(Target::Client).collect();
    if targets.is_empty() {
        return;
    }
    let who = Person::of(client, guest);
    let news = News::Members { change, who, members: members(&hub, &guest.room) };
    if let Err(error) = hub.publish(&Publish::to(&targets), Json(news)) {
        tracing::debug!(%error, "members of a room of the demo were not told of a change");
    }
}

fn members(hub: &Hub, room: &str) -> Vec<Person> {
    let clients = hub.members(room).into_iter().filter_map(|id| hub.client(id));
    // Other clients may be in the room, too: by a token, or by the API.
    clients.take(MEMBERS).filter_map(|client| Some(Person::of(&client, &*guest(&client)?))).collect()
}

/// A guest that lost messages is told so.
pub(crate) fn dropped(client: &Client, messages: u32) {
    // An error means that the client has ended, or that its queue is still full: then this hook is called again.
    let _: Result<(), throng_tokio::SendError> = client.send(Json(News::Dropped { messages }));
}
