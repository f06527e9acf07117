//! Frames that are in an envelope for clients of the protocol, and bare for the others. Both are made once: the bare message is a part of
//! the other.
//!
//! A channel is one room of the hub for all its clients, so that they are one presence, and one history with one numbering. Two rooms for
//! one channel would number messages that are published at once differently, and keep each of them twice.

use crate::config::Config;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use std::ops::Range;
use throng_tokio::core::protocol::{self, BadData, ClientInfo, Data, Options, Publication};
use throng_tokio::{Frame, Hub, IntoFrame, SendError, Utf8Bytes};

/// What is published.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Json(Data),
    /// A text that is no JSON.
    Text(String),
    Bytes(Vec<u8>),
}

impl Content {
    pub(crate) fn json(text: &str) -> Result<Self, BadData> {
        Data::new(text, Options::default().nesting).map(Self::Json)
    }

    /// The message of the back end to a channel.
    pub(crate) fn for_channel(&self, hub: &Hub, config: &Config, channel: &str) -> Result<Frame, SendError> {
        if config.speaks_protocol() { self.to_channel(hub, channel, None) } else { self.alone(hub) }
    }

    /// The message of the back end to single clients.
    pub(crate) fn for_clients(&self, hub: &Hub, config: &Config) -> Result<Frame, SendError> {
        if config.speaks_protocol() { self.to_clients(hub) } else { self.alone(hub) }
    }

    /// The message to a channel; `from` is the client that published it, if it was one.
    pub(crate) fn to_channel(
        &self,
        hub: &Hub,
        channel: &str,
        from: Option<&ClientInfo>,
    ) -> Result<Frame, SendError> {
        let (data, other) = self.parts();
        let Publication { text, place, data } = Publication::new(channel, &data, from);
        let whole = text.into_frame()?;
        let bare = bare(&whole, data, other)?;
        // The place is within the text, and is of ASCII.
        let placed = whole.clone().with_place(place).unwrap_or(whole);
        hub.encode(placed.with_bare(bare))
    }

    /// The message to single clients.
    fn to_clients(&self, hub: &Hub) -> Result<Frame, SendError> {
        let (data, other) = self.parts();
        let (text, data) = protocol::message(&data);
        let whole = text.into_frame()?;
        let bare = bare(&whole, data, other)?;
        hub.encode(whole.with_bare(bare))
    }

    /// The message alone.
    pub(crate) fn alone(&self, hub: &Hub) -> Result<Frame, SendError> {
        match self {
            Self::Json(data) => hub.encode(data.as_str()),
            Self::Text(text) => hub.encode(text.as_str()),
            Self::Bytes(bytes) => hub.encode(bytes.as_slice()),
        }
    }

    /// What the envelope has, and the bare message if that is another one.
    fn parts(&self) -> (Data, Option<Bare<'_>>) {
        let nesting = Options::default().nesting;
        let bytes = match self {
            Self::Json(data) => return (data.clone(), None),
            Self::Text(text) => {
                // A string is JSON, and has no levels.
                let quoted = Data::new(&json!(text).to_string(), nesting).unwrap_or_else(|_| Data::null());
                return (quoted, Some(Bare::Text(text)));
            }
            Self::Bytes(bytes) => bytes,
        };
        let text = std::str::from_utf8(bytes).ok();
        let json = text.and_then(|text| Data::new(text, nesting).ok());
        // The protocol has only JSON.
        let in_base64 = || Data::new(&format!("\"{}\"", BASE64_STANDARD.encode(bytes)), 1).ok();
        // Base64 has no character that JSON escapes.
        let data = json.or_else(in_base64).unwrap_or_else(Data::null);
        (data, Some(Bare::Bytes(bytes)))
    }
}

/// A bare message that is no part of the one in the envelope.
#[derive(Clone, Copy)]
enum Bare<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
}

fn bare(whole: &Frame, data: Range<usize>, other: Option<Bare<'_>>) -> Result<Frame, SendError> {
    match other {
        Some(Bare::Text(text)) => text.into_frame(),
        Some(Bare::Bytes(bytes)) => bytes.into_frame(),
        None => match Utf8Bytes::try_from(whole.payload().slice(data)) {
            Ok(text) => text.into_frame(),
            Err(_) => Err(SendError::NotEncoded),
        },
    }
}

/// The object of a publication in a history, for a client of the protocol.
pub(crate) fn object_of(channel: &str, offset: u64, frame: &Frame) -> Data {
    let mut written = Vec::new();
    frame.append_to(throng_tokio::core::Window::NONE, &mut written);
    let text = written.get(frame.head().len()..).and_then(|text| std::str::from_utf8(text).ok());
    let nesting = Options::default().nesting;
    let object = text.and_then(|text| Publication::object_of(channel, text));
    if let Some(data) = object.and_then(|object| Data::new(object, nesting.saturating_add(2)).ok()) {
        return data;
    }
    // A message that was published without an envelope, by a node on which the protocol is off.
    let content = text.and_then(|text| Content::json(text).ok());
    let content = content.unwrap_or_else(|| Content::Bytes(frame.payload().to_vec()));
    let (data, _) = content.parts();
    let object = format!(r#"{{"offset":{offset},"data":{}}}"#, data.as_str());
    Data::new(&object, nesting.saturating_add(2)).unwrap_or_else(|_| Data::null())
}
