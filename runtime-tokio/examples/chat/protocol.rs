//! What the page and the server say to each other: one JSON object a message.
//!
//! The page says:
//!
//! | message | |
//! | --- | --- |
//! | `{"type":"name","name":"Ada","session":"…"}` | first of all: who I am; with the session, if I was here before |
//! | `{"type":"join","room":"lobby","since":"1f.7"}` | the room is made if there is none; with the position of the last message that I have |
//! | `{"type":"leave","room":"lobby"}` | |
//! | `{"type":"say","room":"lobby","text":"Hello","key":"…"}` | to everybody in the room; said again with the same key, it is said once |
//!
//! The server says:
//!
//! | message | |
//! | --- | --- |
//! | `{"type":"welcome","id":"0.0","name":"Ada","session":"…","rooms":["lobby"]}` | the name is taken; `id` tells apart two people of one name; who comes back with the session is in these rooms |
//! | `{"type":"rooms","rooms":[{"room":"lobby","members":2}]}` | all rooms there are |
//! | `{"type":"room","room":"lobby","members":3}` | a room has so many members now; with none it is gone |
//! | `{"type":"members","room":"lobby","members":[{"id":"0.0","name":"Ada","away":true}]}` | you are in this room, with these |
//! | `{"type":"history","room":"lobby","position":"1f.9","missed":"trimmed"}` | up to here you have been told what was said; or not, and why |
//! | `{"type":"joined","room":"lobby","id":"1.0","name":"Bo"}` | somebody came |
//! | `{"type":"away","room":"lobby","id":"1.0","name":"Bo"}` | somebody has lost the connection, and may come `back` |
//! | `{"type":"left","room":"lobby","id":"1.0","name":"Bo"}` | somebody, or you, left; or is gone |
//! | `{"room":"lobby","offset":8,"message":{"type":"said","id":"1.0","name":"Bo","text":"Hello"}}` | the eighth message that was said there; with its `key`, if it has one |
//! | `{"type":"known","key":"…"}` | you have said that before |
//! | `{"type":"dropped","messages":7}` | you read too slowly: so many messages to you were dropped here |
//! | `{"type":"over_rate","messages":2}` | you talk too fast: so many messages of yours were dropped |
//! | `{"type":"refused","code":"room_full","text":"…"}` | why what you asked for was not done; with the `room`, if it is about one |

use crate::refused::Refused;
use serde::{Deserialize, Serialize};
use std::ops::Not;

/// What the page says first; the rest it may not say yet.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum First {
    Name { name: String, session: Option<String> },
    Join,
    Leave,
    Say,
}

/// What `join` and `leave` say.
#[derive(Deserialize)]
pub(crate) struct RoomName {
    pub(crate) room: String,
    pub(crate) since: Option<String>,
}

/// What `say` says.
#[derive(Deserialize)]
pub(crate) struct Saying {
    pub(crate) room: String,
    pub(crate) text: String,
    pub(crate) key: Option<String>,
}

/// What the server says.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToPage<'a> {
    Welcome {
        id: String,
        name: String,
        session: Option<String>,
        rooms: Vec<String>,
    },
    Rooms {
        rooms: Vec<Room>,
    },
    Room(Room),
    Members {
        room: &'a str,
        members: Vec<Person>,
    },
    History {
        room: &'a str,
        position: Option<String>,
        missed: Option<&'static str>,
    },
    Joined {
        room: &'a str,
        #[serde(flatten)]
        person: Person,
    },
    Away {
        room: &'a str,
        #[serde(flatten)]
        person: Person,
    },
    Back {
        room: &'a str,
        #[serde(flatten)]
        person: Person,
    },
    Left {
        room: &'a str,
        #[serde(flatten)]
        person: Person,
    },
    Said {
        #[serde(flatten)]
        person: Person,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<&'a str>,
    },
    Known {
        key: &'a str,
    },
    Dropped {
        messages: u32,
    },
    OverRate {
        messages: u32,
    },
    Refused {
        code: &'static str,
        text: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<&'a str>,
    },
}

impl<'a> ToPage<'a> {
    pub(crate) fn refused(refused: &Refused, room: Option<&'a str>) -> Self {
        Self::Refused { code: refused.code(), text: refused.text(), room }
    }
}

#[derive(Serialize)]
pub(crate) struct Room {
    pub(crate) room: String,
    pub(crate) members: usize,
}

#[derive(Serialize)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Not::not")]
    pub(crate) away: bool,
}
