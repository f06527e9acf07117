//! What the page and the server say to each other: one JSON object a message.
//!
//! The page says:
//!
//! | message | |
//! | --- | --- |
//! | `{"type":"name","name":"Ada"}` | first of all: who I am |
//! | `{"type":"join","room":"lobby"}` | the room is made if there is none |
//! | `{"type":"leave","room":"lobby"}` | |
//! | `{"type":"say","room":"lobby","text":"Hello"}` | to everybody in the room |
//!
//! The server says:
//!
//! | message | |
//! | --- | --- |
//! | `{"type":"welcome","id":"0.0","name":"Ada"}` | the name is taken; `id` tells apart two people of one name |
//! | `{"type":"rooms","rooms":[{"room":"lobby","members":2}]}` | all rooms there are |
//! | `{"type":"room","room":"lobby","members":3}` | a room has so many members now; with none it is gone |
//! | `{"type":"members","room":"lobby","members":[{"id":"0.0","name":"Ada"}]}` | you are in this room, with these |
//! | `{"type":"joined","room":"lobby","id":"1.0","name":"Bo"}` | somebody came |
//! | `{"type":"left","room":"lobby","id":"1.0","name":"Bo"}` | somebody, or you, left; or is gone |
//! | `{"type":"said","room":"lobby","id":"1.0","name":"Bo","text":"Hello"}` | |
//! | `{"type":"dropped","messages":7}` | you read too slowly: so many messages to you were dropped here |
//! | `{"type":"over_rate","messages":2}` | you talk too fast: so many messages of yours were dropped |
//! | `{"type":"refused","code":"room_full","text":"…"}` | why what you asked for was not done; with the `room`, if it is about one |

use crate::refused::Refused;
use serde::{Deserialize, Serialize};

/// What `name` says.
#[derive(Deserialize)]
pub(crate) struct Introduction {
    pub(crate) name: String,
}

/// What `join` and `leave` say.
#[derive(Deserialize)]
pub(crate) struct RoomName {
    pub(crate) room: String,
}

/// What `say` says.
#[derive(Deserialize)]
pub(crate) struct Saying {
    pub(crate) room: String,
    pub(crate) text: String,
}

/// What the server says.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToPage<'a> {
    Welcome {
        id: String,
        name: &'a str,
    },
    Rooms {
        rooms: Vec<Room>,
    },
    Room(Room),
    Members {
        room: &'a str,
        members: Vec<Person>,
    },
    Joined {
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
        room: &'a str,
        #[serde(flatten)]
        person: Person,
        text: &'a str,
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
}
