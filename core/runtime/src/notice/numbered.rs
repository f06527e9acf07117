//! Messages that carry their offset in the history of a room.

use crate::notice::message::{IntoFrame, SendError};
use alloc::vec::Vec;
use throng_core::websocket::encode::encode_binary;
use throng_core::{Frame, Place};
#[cfg(feature = "json")]
use {crate::notice::message::Json, alloc::string::String, throng_core::websocket::encode::encode_text};

/// A message together with its offset in the [history](throng_core::hub::History) of its room, so that a peer knows how far it got and can
/// [recover](crate::Client::join_from) from there.
///
/// The offset is known only when the message is published. The message is encoded with a place for it, which the hub fills in, once for
/// all recipients. In a room without a history the offset is 0, and in a message to clients or users, too.
///
/// | message | on the wire |
/// | --- | --- |
/// | `Numbered::new("news", Json(value))` (feature `json`) | a text: `{"room":"news","offset":                  42,"message":…}` |
/// | `Numbered::new("news", bytes)`, a `Vec<u8>` or `&[u8]` | a binary message: eight bytes with the offset, the most significant one first, then the bytes. It does not name the room. |
///
/// For a format of your own, encode a frame with a [`Place`]: see [`Frame::with_place`].
///
/// ```
/// # #[cfg(feature = "json")] {
/// use throng_runtime::{Hub, Json, Numbered, SendError};
///
/// fn tell_news(hub: &Hub, text: &str) -> Result<u64, SendError> {
///     let published = hub.send_to_room("news", Numbered::new("news", Json(text)))?;
///     Ok(published.position.map_or(0, |position| position.offset))
/// }
/// # let _ = tell_news;
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Numbered<'a, M> {
    room: &'a str,
    message: M,
}

impl<'a, M> Numbered<'a, M> {
    /// A message to a room. Publish it to that room.
    #[must_use]
    pub const fn new(room: &'a str, message: M) -> Self {
        Self { room, message }
    }

    /// The room that the message names.
    #[must_use]
    pub const fn room(&self) -> &'a str {
        self.room
    }
}

#[cfg(feature = "json")]
impl<T: serde::Serialize> IntoFrame for Numbered<'_, Json<T>> {
    fn into_frame(self) -> Result<Frame, SendError> {
        let Self { room, message: Json(message) } = self;
        let json = |error: Result<String, serde_json::Error>| error.map_err(|_| SendError::NotEncoded);
        let mut text = String::from(r#"{"room":"#);
        text += &json(serde_json::to_string(room))?;
        text += r#","offset":"#;
        let place = Place::decimal(text.len());
        text += Place::ZERO;
        text += r#","message":"#;
        text += &json(serde_json::to_string(&message))?;
        text.push('}');
        with_place(encode_text(text), place)
    }
}

impl IntoFrame for Numbered<'_, &[u8]> {
    fn into_frame(self) -> Result<Frame, SendError> {
        let mut bytes = Vec::with_capacity(size_of::<u64>() + self.message.len());
        bytes.extend([0; size_of::<u64>()]);
        bytes.extend(self.message);
        with_place(encode_binary(bytes), Place::big_endian(0))
    }
}

impl IntoFrame for Numbered<'_, Vec<u8>> {
    fn into_frame(self) -> Result<Frame, SendError> {
        Numbered::new(self.room, self.message.as_slice()).into_frame()
    }
}

fn with_place<E>(encoded: Result<Frame, E>, place: Place) -> Result<Frame, SendError> {
    let frame = encoded.map_err(|_| SendError::TooLong)?;
    // The place lies in what was encoded for it.
    frame.with_place(place).map_err(|_| SendError::NotEncoded)
}
