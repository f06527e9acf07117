//! What the page of the demo is told, as JSON.

use super::guest::Guest;
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::{SystemTime, UNIX_EPOCH};
use throng_tokio::Client;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum News<'a> {
    /// Everything about the room: the first message, and the first after a return.
    Room { room: &'a str, you: String, members: Vec<Person>, messages: Vec<Box<RawValue>> },
    /// Somebody came or went.
    Members { change: Change, who: Person, members: Vec<Person> },
    /// A guest says something to the room.
    Message { from: Person, text: &'a str, time: u64 },
    /// What the guest said was not passed on.
    Refused { why: &'a str },
    /// Messages to the guest were dropped.
    Dropped { messages: u32 },
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Change {
    Joined,
    Left,
    Away,
    Back,
}

#[derive(Serialize)]
pub(super) struct Person {
    id: String,
    name: String,
    away: bool,
}

impl Person {
    pub(super) fn of(client: &Client, guest: &Guest) -> Self {
        Self { id: client.id().to_string(), name: guest.name.clone(), away: client.is_away() }
    }
}

/// Milliseconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
