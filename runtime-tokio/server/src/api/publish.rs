//! Messages: to rooms, to users, to clients.

use super::error::{Code, Error};
use super::members::{Who, clients_of};
use super::parameters::{answer, check_name, or_default, read, result};
use crate::config::Config;
use crate::frames;
use crate::server::Server;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use throng_tokio::hub::{Refusal, Target};
use throng_tokio::{Hub, Publish};

/// What is published: JSON as a text, or bytes as a binary message.
#[derive(Debug, Deserialize)]
struct Content {
    data: Option<Box<RawValue>>,
    b64data: Option<String>,
}

impl Content {
    /// What is published, read once for all its recipients.
    fn read(self) -> Result<frames::Content, Error> {
        match self {
            Self { data: Some(data), b64data: None } => {
                frames::Content::json(data.get()).map_err(|bad| Error::bad(format!("data: {bad}")))
            }
            Self { data: None, b64data: Some(text) } => match BASE64_STANDARD.decode(&text) {
                Ok(bytes) => Ok(frames::Content::Bytes(bytes)),
                Err(error) => Err(Error::bad(format!("b64data is no base64: {error}"))),
            },
            Self { data: None, b64data: None } => Err(Error::bad("data is missing")),
            Self { data: Some(_), b64data: Some(_) } => {
                Err(Error::bad("data and b64data exclude each other"))
            }
        }
    }
}

/// What a publish may say beside the message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Options {
    #[serde(deserialize_with = "or_default")]
    skip_history: bool,
    #[serde(deserialize_with = "or_default")]
    idempotency_key: String,
    #[serde(deserialize_with = "or_default")]
    version: u64,
    #[serde(deserialize_with = "or_default")]
    version_epoch: String,
    #[serde(deserialize_with = "or_default")]
    delta: bool,
    #[serde(deserialize_with = "or_default")]
    tags: Map<String, Value>,
}

impl Options {
    /// # Errors
    /// What is asked for and is not there is not ignored.
    fn check(&self, hub: &Hub, channel: &str) -> Result<(), Error> {
        let not_there = |what: &str| Err(Error::new(Code::NotAvailable, format!("{what} is not supported")));
        match self {
            Self { delta: true, .. } => not_there("delta"),
            Self { tags, .. } if !tags.is_empty() => not_there("tags"),
            Self { version_epoch, .. } if !version_epoch.is_empty() => not_there("version_epoch"),
            Self { skip_history: true, .. } if hub.history_config(channel).is_some() => {
                not_there("skip_history in a channel with history")
            }
            Self { idempotency_key, version, .. }
                if (!idempotency_key.is_empty() || *version > 0) && hub.history_config(channel).is_none() =>
            {
                not_there("idempotency_key or version in a channel without history")
            }
            _ => Ok(()),
        }
    }
}

#[derive(Deserialize)]
struct ToOne {
    #[serde(default, deserialize_with = "or_default")]
    channel: String,
    #[serde(flatten)]
    options: Options,
}

#[derive(Deserialize)]
struct ToMany {
    #[serde(default, deserialize_with = "or_default")]
    channels: Vec<String>,
    #[serde(flatten)]
    options: Options,
}

pub(super) fn publish(server: &Server, config: &Config, body: &[u8]) -> Result<Value, Error> {
    let ToOne { channel, options } = read(body)?;
    // Apart, since a raw value cannot be read out of a flattened struct.
    let content = read::<Content>(body)?.read()?;
    publish_to(&server.hub, config, &channel, &content, &options)
}

pub(super) fn broadcast(server: &Server, config: &Config, body: &[u8]) -> Result<Value, Error> {
    let ToMany { channels, options } = read(body)?;
    let most = config.api.channels.0;
    if channels.is_empty() {
        return Err(Error::bad("channels is missing or empty"));
    }
    if channels.len() as u64 > most {
        return Err(Error::bad(format!(
            "{} channels, at most {most} are allowed: `api.channels`",
            channels.len()
        )));
    }
    let content = read::<Content>(body)?.read()?;
    let responses =
        channels.iter().map(|channel| answer(publish_to(&server.hub, config, channel, &content, &options)));
    Ok(result(json!({ "responses": responses.collect::<Vec<_>>() })))
}

fn publish_to(
    hub: &Hub,
    config: &Config,
    channel: &str,
    content: &frames::Content,
    options: &Options,
) -> Result<Value, Error> {
    check_name(hub, channel)?;
    options.check(hub, channel)?;
    let frame = content.for_channel(hub, config, channel)?;
    let target = [Target::Room(channel)];
    let mut publish = Publish::to(&target);
    if !options.idempotency_key.is_empty() {
        publish = publish.key(&options.idempotency_key);
    }
    if options.version > 0 {
        publish = publish.version(options.version);
    }
    match hub.publish(&publish, &frame) {
        Ok(published) => Ok(result(published.position.map_or_else(
            || json!({}),
            |position| json!({ "offset": position.offset, "epoch": position.epoch.to_string() }),
        ))),
        // Nobody is there: the message has reached everybody that it should.
        Err(error) if error.refusal() == Some(Refusal::NoSuchRoom) => Ok(result(json!({}))),
        Err(error) => Err(error.into()),
    }
}

/// Beyond Centrifugo's: to all clients of a user, to one client, or to the client of a session.
pub(super) fn send(server: &Server, config: &Config, body: &[u8]) -> Result<Value, Error> {
    let who: Who = read(body)?;
    let content = read::<Content>(body)?.read()?;
    let frame = content.for_clients(&server.hub, config)?;
    let clients = clients_of(&server.hub, &who)?;
    let targets: Vec<_> = clients.iter().map(|client| Target::Client(client.id())).collect();
    if targets.is_empty() {
        return Ok(result(json!({ "queued": 0, "dropped": 0 })));
    }
    let published = server.hub.publish(&Publish::to(&targets), &frame)?;
    Ok(result(json!({ "queued": published.queued, "dropped": published.dropped })))
}
