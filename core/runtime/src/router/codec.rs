//! How messages are read and written.

use super::error::RouteError;
use crate::middleware::RequestId;
use crate::notice::message::SendError;
use alloc::borrow::Cow;
use core::fmt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use throng_core::frame::Frame;
use throng_core::websocket::Message;

/// The format of messages: what type one is of, what is in it, and how an answer is written.
///
/// A message is read in two steps, so that its body is made into a value once, and at once into the type that its handler
/// takes. [`JsonCodec`](super::JsonCodec) is the one that is here; the
/// [chapter](super#another-format) shows one for MessagePack.
pub trait Codec: Send + Sync + 'static {
    /// What is kept of a message until its handler's type is known: usually a part of it, as it came.
    type Body<'a>;

    /// The type of a message, and its body. `None` skips it: nothing is handled, nothing is answered.
    ///
    /// # Errors
    /// It is not of this format, or does not say its type.
    fn decode<'a>(&self, message: &'a Message) -> Result<Option<Decoded<'a, Self::Body<'a>>>, RouteError>;

    /// The value in a body.
    ///
    /// # Errors
    /// There is no such value in it: [`RouteError::BadBody`].
    fn read<T: DeserializeOwned>(&self, body: Self::Body<'_>) -> Result<T, RouteError>;

    /// A value as a frame, text or binary, that says that it is of this type, if it is of one, and that it answers this
    /// request, if it answers one.
    ///
    /// # Errors
    /// The value has no such form.
    fn encode<T: Serialize>(
        &self,
        kind: Option<&str>,
        request: Option<&RequestId>,
        value: &T,
    ) -> Result<Frame, EncodeError>;
}

/// A message of which the type is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a, B> {
    /// Its type: the name of a route, if there is one.
    pub kind: Cow<'a, str>,
    /// What is in it.
    pub body: B,
}

/// A value cannot be written in a codec's format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EncodeError;

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value has no form in this format")
    }
}

impl core::error::Error for EncodeError {}

impl From<SendError> for EncodeError {
    fn from(_: SendError) -> Self {
        Self
    }
}
