//! What the key of a request may do.

use super::error::{Code, Error};
use super::methods::{Method, Names};
use super::parameters::{or_default, read};
use super::pattern::matches;
use crate::config::api_keys::ApiKey;
use serde::Deserialize;

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caller<'a> {
    /// One with the key of the admin page: it may do everything.
    Admin,
    /// One with this entry of `api.keys`.
    Key(&'a ApiKey),
}

#[derive(Deserialize)]
struct OfChannel {
    #[serde(default, deserialize_with = "or_default")]
    channel: String,
}

#[derive(Deserialize)]
struct OfChannels {
    #[serde(default, deserialize_with = "or_default")]
    channels: Vec<String>,
}

/// Checks a command before it is carried out.
///
/// # Errors
/// 103 if the key may not call the method, or not with this channel.
pub(super) fn check(caller: Caller<'_>, method: &Method, body: &[u8]) -> Result<(), Error> {
    let Caller::Key(key) = caller else { return Ok(()) };
    let is_allowed = match &key.methods {
        Some(methods) => methods.iter().any(|name| name == method.name),
        None => key.channels.is_none() || method.names != Names::Nothing,
    };
    if !is_allowed {
        return Err(denied(format!("this key is not for the method {}", method.name)));
    }
    let Some(patterns) = &key.channels else { return Ok(()) };
    let channels = match method.names {
        Names::Channel => vec![read::<OfChannel>(body)?.channel],
        Names::Channels => read::<OfChannels>(body)?.channels,
        Names::Nothing => return Ok(()),
    };
    match channels.iter().find(|channel| !patterns.iter().any(|pattern| matches(pattern, channel))) {
        None => Ok(()),
        Some(channel) if channel.is_empty() => Err(denied("this key is for some channels only: name one")),
        Some(channel) => Err(denied(format!("this key is not for the channel {channel:?}"))),
    }
}

fn denied(why: impl Into<String>) -> Error {
    Error::new(Code::PermissionDenied, why)
}
