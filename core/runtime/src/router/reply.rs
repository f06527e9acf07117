//! Return values of handlers.

use super::codec::Codec;
use super::error::RouteError;
use crate::middleware::RequestId;
use crate::notice::message::{IntoFrame, SendError};
use alloc::string::{String, ToString};
use serde::Serialize;
use throng_core::Frame;

/// A value that is sent back to the client in the router's format.
///
/// ```
/// use serde::Serialize;
/// use throng_runtime::router::{Reply, Router};
///
/// #[derive(Serialize)]
/// struct Sum {
///     sum: i64,
/// }
///
/// // {"type":"sum","sum":3}
/// let router = Router::new().on("add", |(a, b): (i64, i64)| async move { Reply::new("sum", Sum { sum: a + b }) });
/// # let _ = router;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<T> {
    kind: Option<&'static str>,
    value: T,
}

impl<T> Reply<T> {
    /// A reply of type `kind`. It names the type as incoming messages do, and repeats the id of the request if
    /// [`Builder::request_id`](crate::Builder::request_id) is set. Outside an envelope the value must be a struct or a
    /// map without fields of the type's or the id's name.
    pub const fn new(kind: &'static str, value: T) -> Self {
        Self { kind: Some(kind), value }
    }

    /// A value that is sent as it is, without a type and without the id of the request.
    pub const fn bare(value: T) -> Self {
        Self { kind: None, value }
    }
}

/// The format of a reply and the request that it answers: the argument of [`Respond::respond`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ReplyTo<'a, C> {
    /// The format of the router.
    pub codec: &'a C,
    /// The id of the request, if it has one.
    pub request: Option<&'a RequestId>,
}

impl<'a, C> ReplyTo<'a, C> {
    pub(super) const fn new(codec: &'a C, request: Option<&'a RequestId>) -> Self {
        Self { codec, request }
    }
}

/// The return value of a handler: nothing, a [`Reply`], or anything that can be sent ([`IntoFrame`], such as
/// [`Json`](struct@crate::Json) and text); also an `Option` of these, or a `Result` of two.
///
/// Only a [`Reply`] and a [`RouteError`] repeat the id of the request, because other frames may also be sent to other clients.
///
/// A handler that fails returns a [`RouteError`]. The client gets the same error answer as from the router, with the id of the
/// request; without the field `about`, and without asking [`Router::on_error`](super::Router::on_error). What the hub refuses
/// converts by `?`:
///
/// ```
/// use serde::Deserialize;
/// use throng_runtime::router::{RouteError, Router};
/// use throng_runtime::{Client, Hub};
///
/// #[derive(Deserialize)]
/// struct Move {
///     room: String,
///     from: Option<u8>,
/// }
///
/// async fn go(client: Client, Move { room, from }: Move) -> Result<(), RouteError> {
///     let from = from.ok_or_else(|| RouteError::refused("no_piece", "Say which piece is to move."))?;
///     client.join(&room).await?; // {"type":"error","id":7,"code":"room_full","message":"the room is full (2 members)"}
///     client.send_to_room(&room, format!("{from} moves"))?;
///     Ok(())
/// }
///
/// let hub = Hub::builder().messages(Router::new().on("move", go)).request_id("id").build()?;
/// # Ok::<(), throng_core::hub::ConfigError>(())
/// ```
///
/// Implement this trait for an error of the application, to choose another answer:
///
/// ```
/// use serde::Serialize;
/// use throng_core::Frame;
/// use throng_runtime::SendError;
/// use throng_runtime::router::{Codec, Reply, ReplyTo, Respond};
///
/// enum Refused {
///     NoSuchRoom,
/// }
///
/// #[derive(Serialize)]
/// struct Why {
///     text: &'static str,
/// }
///
/// impl<C: Codec> Respond<C> for Refused {
///     fn respond(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, SendError> {
///         let Self::NoSuchRoom = self;
///         Reply::new("refused", Why { text: "There is no such room." }).respond(to)
///     }
///
///     fn error(&self) -> Option<&'static str> {
///         Some("no_such_room")
///     }
/// }
/// ```
pub trait Respond<C: Codec> {
    /// The answer as a frame; `None` for no answer.
    ///
    /// # Errors
    /// The value cannot be encoded in the codec's format.
    fn respond(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, SendError>;

    /// The error code for metrics and spans; `None` if this is no error.
    fn error(&self) -> Option<&'static str> {
        None
    }
}

impl<C: Codec> Respond<C> for () {
    fn respond(self, _: &ReplyTo<'_, C>) -> Result<Option<Frame>, SendError> {
        Ok(None)
    }
}

impl<C: Codec, T: IntoFrame> Respond<C> for T {
    fn respond(self, _: &ReplyTo<'_, C>) -> Result<Option<Frame>, SendError> {
        self.into_frame().map(Some)
    }
}

impl<C: Codec, T: Serialize> Respond<C> for Reply<T> {
    fn respond(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, SendError> {
        let request = self.kind.and(to.request);
        to.codec.encode(self.kind, request, &self.value).map(Some)
    }
}

/// The answer to an error: a message of the type `error`.
impl<C: Codec> Respond<C> for RouteError {
    fn respond(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, SendError> {
        ErrorBody::new(&self, None).respond(to)
    }

    fn error(&self) -> Option<&'static str> {
        Some(self.code())
    }
}

/// The body of the answer to an error, of the type `error`.
#[derive(Serialize)]
pub(super) struct ErrorBody<'a> {
    code: &'static str,
    message: String,
    /// The type of the message that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<&'a str>,
}

impl<'a> ErrorBody<'a> {
    pub(super) fn new(error: &RouteError, about: Option<&'a str>) -> Self {
        Self { code: error.code(), message: error.to_string(), about }
    }

    pub(super) fn respond<C: Codec>(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, SendError> {
        Reply::new("error", self).respond(to)
    }
}

impl<C: Codec, T: Respond<C>> Respond<C> for Option<T> {
    fn respond(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, SendError> {
        self.map_or(Ok(None), |reply| reply.respond(to))
    }

    fn error(&self) -> Option<&'static str> {
        self.as_ref().and_then(T::error)
    }
}

/// An `Err` always counts as an error; its code is `refused` unless it names one.
impl<C: Codec, T: Respond<C>, E: Respond<C>> Respond<C> for Result<T, E> {
    fn respond(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, SendError> {
        match self {
            Ok(reply) => reply.respond(to),
            Err(error) => error.respond(to),
        }
    }

    fn error(&self) -> Option<&'static str> {
        match self {
            Ok(reply) => reply.error(),
            Err(error) => Some(error.error().unwrap_or("refused")),
        }
    }
}
