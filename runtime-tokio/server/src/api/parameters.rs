//! Parameters and answers of commands, as JSON.

use super::error::Error;
use crate::json;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use throng_tokio::Hub;

/// The parameters of a command that has none.
#[derive(Deserialize)]
pub(super) struct Nothing {}

/// Reads the parameters of a command. Unknown ones are ignored, so that newer libraries of Centrifugo work.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    // Serde would read the fields of a struct out of a list, too, by their places.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Error::bad("the parameters must be an object, as {\"channel\": \"news\"}"));
    }
    json::read(body).map_err(Error::bad)
}

/// Reads a parameter that may be null, as some libraries write what was not given.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    parameter: D,
) -> Result<T, D::Error> {
    Option::deserialize(parameter).map(Option::unwrap_or_default)
}

/// The answer to a command that was carried out.
pub(super) fn result(result: impl Into<Value>) -> Value {
    serde_json::json!({ "result": result.into() })
}

/// The answer to a command, whatever came of it.
pub(super) fn answer(outcome: Result<Value, Error>) -> Value {
    outcome.unwrap_or_else(|error| serde_json::json!({ "error": error.to_json() }))
}

/// A name that no room can have is an error, also if there is no such room.
pub(super) fn check_name(hub: &Hub, channel: &str) -> Result<(), Error> {
    let most = hub.config().rooms.name_bytes;
    match channel.len() {
        0 => Err(Error::bad("channel is missing or empty")),
        bytes if bytes > most as usize => Err(Error::bad(format!(
            "channel has {bytes} bytes, at most {most} are allowed: `hub.rooms.name_bytes`"
        ))),
        _ => Ok(()),
    }
}
