//! Frames that are in an envelope for clients of the protocol, and bare for the others. Both are made once: the bare message is a part of
//! the other.
//!
//! A channel is one room of the hub for all its clients, so that they are one presence, and one history with one numbering. Two rooms for
//! one channel would number messages that are published at once differently, and keep each of them twice.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::ops::Range;
use throng_tokio::core::protocol::{self, BadData, ClientInfo, Data, Options, Publication};
use throng_tokio::{Frame, Hub, IntoFrame, SendError, Utf8Bytes};

/// What is published.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Json(Data),
    Bytes(Vec<u8>),
}

impl Content {
    pub(crate) fn json(text: &str) -> Result<Self, BadData> {
        Data::new(text, Options::default().nesting).map(Self::Json)
    }

    /// The message to a channel; `from` is the client that published it, if it was one.
    pub(crate) fn to_channel(
        &self,
        hub: &Hub,
        channel: &str,
        from: Option<&ClientInfo>,
    ) -> Result<Frame, SendError> {
        let (data, bytes) = self.parts();
        let Publication { text, place, data } = Publication::new(channel, &data, from);
        let whole = text.into_frame()?;
        let bare = bare(&whole, data, bytes)?;
        // The place is within the text, and is of ASCII.
        let placed = whole.clone().with_place(place).unwrap_or(whole);
        hub.encode(placed.with_bare(bare))
    }

    /// The message to single clients.
    pub(crate) fn to_clients(&self, hub: &Hub) -> Result<Frame, SendError> {
        let (data, bytes) = self.parts();
        let (text, data) = protocol::message(&data);
        let whole = text.into_frame()?;
        let bare = bare(&whole, data, bytes)?;
        hub.encode(whole.with_bare(bare))
    }

    /// The message alone, if nobody speaks the protocol.
    pub(crate) fn alone(&self, hub: &Hub) -> Result<Frame, SendError> {
        match self {
            Self::Json(data) => hub.encode(data.as_str()),
            Self::Bytes(bytes) => hub.encode(bytes.as_slice()),
        }
    }

    /// What the envelope has, and the bytes of the bare message if these are others.
    fn parts(&self) -> (Data, Option<&[u8]>) {
        let bytes = match self {
            Self::Json(data) => return (data.clone(), None),
            Self::Bytes(bytes) => bytes,
        };
        let text = std::str::from_utf8(bytes).ok();
        let json = text.and_then(|text| Data::new(text, Options::default().nesting).ok());
        // The protocol has only JSON.
        let in_base64 = || Data::new(&format!("\"{}\"", BASE64_STANDARD.encode(bytes)), 1).ok();
        // Base64 has no character that JSON escapes.
        let data = json.or_else(in_base64).unwrap_or_else(Data::null);
        (data, Some(bytes))
    }
}

fn bare(whole: &Frame, data: Range<usize>, bytes: Option<&[u8]>) -> Result<Frame, SendError> {
    match bytes {
        Some(bytes) => bytes.into_frame(),
        None => match Utf8Bytes::try_from(whole.payload().slice(data)) {
            Ok(text) => text.into_frame(),
            Err(_) => Err(SendError::NotEncoded),
        },
    }
}

/// The object of a publication in a history, for a client of the protocol.
pub(super) fn object_of(channel: &str, offset: u64, frame: &Frame) -> Data {
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
