//! Formats of messages.

use super::error::RouteError;
use crate::middleware::RequestId;
use crate::notice::message::SendError;
use alloc::borrow::Cow;
use serde::Serialize;
use serde::de::DeserializeOwned;
use throng_core::Frame;
use throng_core::websocket::Message;

/// A message format: finds the type and body of a message, and encodes answers.
///
/// A message is read in two steps, so that its body is parsed once, directly into the type that its handler takes.
/// [`JsonCodec`](super::JsonCodec) is built in; the [chapter](super#another-format) shows a codec for MessagePack.
pub trait Codec: Send + Sync + 'static {
    /// The part of a message that is kept until its handler is known: usually a slice of the message.
    type Body<'a>;

    /// The type of a message, and its body. `None` skips the message: it is neither handled nor answered.
    ///
    /// # Errors
    /// The message is not of this format, or names no type.
    fn decode<'a>(&self, message: &'a Message) -> Result<Option<Decoded<'a, Self::Body<'a>>>, RouteError>;

    /// Parses the value in a body.
    ///
    /// # Errors
    /// The body does not contain such a value: [`RouteError::BadBody`].
    fn read<T: DeserializeOwned>(&self, body: Self::Body<'_>) -> Result<T, RouteError>;

    /// Encodes a value as a text or binary frame. With a type, the frame names it; with a request, the frame repeats
    /// its id.
    ///
    /// # Errors
    /// [`SendError::NotEncoded`] if the value cannot be encoded in this format.
    fn encode<T: Serialize>(
        &self,
        kind: Option<&str>,
        request: Option<&RequestId>,
        value: &T,
    ) -> Result<Frame, SendError>;
}

/// A message whose type is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a, B> {
    /// The type: the name of a route, if there is one.
    pub kind: Cow<'a, str>,
    /// The body.
    pub body: B,
}
