//! What can be sent, and what comes of it.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use throng_core::frame::Frame;
use throng_core::hub;
use throng_core::hub::{Outcome, Policy, Published, Target};
use throng_core::id::ClientId;
use throng_core::websocket::encode::{encode_binary, encode_text};
use throng_core::websocket::{Message, Utf8Bytes};

/// Something that can be sent: text, bytes, a message that arrived, a frame that was encoded before, or
/// [`Json`](struct@Json). Encoded once, however many get it.
pub trait IntoFrame {
    /// Encodes it.
    ///
    /// # Errors
    /// It cannot be encoded.
    fn into_frame(self) -> Result<Frame, SendError>;
}

/// Why something was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// The hub says why.
    Hub(hub::Error),
    /// The message is 4 GiB or longer.
    TooLong,
    /// The value has no JSON form: a map whose keys are not strings, or a `Serialize` that fails.
    NotJson,
    /// The client's outbox is full ([`Policy::Wait`]).
    Full,
    /// As many wait already for this client's outbox as may.
    TooManyWaiters,
}

impl SendError {
    /// Why the hub refuses, if it is the hub that does: [`NoSuchRoom`](hub::Refusal::NoSuchRoom), for one.
    #[must_use]
    pub const fn refusal(&self) -> Option<hub::Refusal> {
        if let Self::Hub(error) = self { error.refusal() } else { None }
    }
}

impl From<hub::Error> for SendError {
    fn from(error: hub::Error) -> Self {
        Self::Hub(error)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub(error) => error.fmt(f),
            Self::TooLong => f.write_str("message of 4 GiB or more"),
            Self::NotJson => f.write_str("the value has no JSON form"),
            Self::Full => f.write_str("the client's outbox is full"),
            Self::TooManyWaiters => f.write_str("too many wait for this client's outbox"),
        }
    }
}

impl core::error::Error for SendError {}

/// A value that is sent as JSON text.
#[cfg(feature = "json")]
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

#[cfg(feature = "json")]
impl<T: serde::Serialize> IntoFrame for Json<T> {
    fn into_frame(self) -> Result<Frame, SendError> {
        let text = serde_json::to_string(&self.0).map_err(|_| SendError::NotJson)?;
        text.into_frame()
    }
}

impl IntoFrame for Frame {
    fn into_frame(self) -> Result<Frame, SendError> {
        Ok(self)
    }
}

impl IntoFrame for &Frame {
    fn into_frame(self) -> Result<Frame, SendError> {
        Ok(self.clone())
    }
}

impl IntoFrame for Message {
    fn into_frame(self) -> Result<Frame, SendError> {
        match self {
            Self::Text(text) => text.into_frame(),
            Self::Binary(bytes) => bytes.into_frame(),
        }
    }
}

macro_rules! into_frame {
    ($encode:ident: $($kind:ty),*) => {$(
        impl IntoFrame for $kind {
            fn into_frame(self) -> Result<Frame, SendError> {
                $encode(self).map_err(|_| SendError::TooLong)
            }
        }
    )*};
}

into_frame!(encode_text: Utf8Bytes, String, &str);
into_frame!(encode_binary: Bytes, Vec<u8>);

impl IntoFrame for &String {
    fn into_frame(self) -> Result<Frame, SendError> {
        self.as_str().into_frame()
    }
}

impl IntoFrame for &[u8] {
    fn into_frame(self) -> Result<Frame, SendError> {
        Bytes::copy_from_slice(self).into_frame()
    }
}

/// To whom something is sent, to whom not, and what happens when an outbox is full.
#[derive(Clone, Copy, Debug, Default)]
pub struct Publish<'a> {
    pub(crate) targets: &'a [Target<'a>],
    pub(crate) except: &'a [ClientId],
    pub(crate) except_user: Option<&'a str>,
    pub(crate) policy: Option<Policy>,
}

impl<'a> Publish<'a> {
    /// To everybody whom one of these targets reaches; once, however many do.
    #[must_use]
    pub const fn to(targets: &'a [Target<'a>]) -> Self {
        Self { targets, except: &[], except_user: None, policy: None }
    }

    /// But not to these. Ids of clients that have ended are passed over, so that a message whose sender has just been closed
    /// still goes out: what a client says is best passed on by [`Client::publish`](crate::Client::publish), which refuses it
    /// then.
    #[must_use]
    pub const fn except(self, except: &'a [ClientId]) -> Self {
        Self { except, ..self }
    }

    /// But not to the clients of this user, as many as it has at that moment. A user without clients is passed over.
    #[must_use]
    pub const fn except_user(self, user: &'a str) -> Self {
        Self { except_user: Some(user), ..self }
    }

    /// The clients that do not get it. Under the lock, together with the publish.
    pub(crate) fn left_out(&self, hub: &hub::Hub) -> Cow<'a, [ClientId]> {
        let Some(user) = self.except_user else { return Cow::Borrowed(self.except) };
        Cow::Owned(self.except.iter().copied().chain(hub.clients_of(user)).collect())
    }

    /// When an outbox is full; else as the hub's config says.
    #[must_use]
    pub const fn policy(self, policy: Policy) -> Self {
        Self { policy: Some(policy), ..self }
    }
}

/// What a publish came to.
pub(crate) fn published(result: Result<Outcome, hub::Error>) -> Result<Published, hub::Error> {
    match result? {
        Outcome::Published(published) => Ok(published),
        _ => Ok(Published::default()),
    }
}
