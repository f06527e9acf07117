//! What handlers return.

use super::codec::{Codec, EncodeError};
use crate::middleware::RequestId;
use crate::notice::message::IntoFrame;
use serde::Serialize;
use throng_core::frame::Frame;

/// A value that goes back to the client in the format of the router.
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
    /// A reply of this type: it says so as the messages that come in do, and repeats the id of the request, if there is
    /// [one](crate::Builder::request_id). The value is a struct or a map, unless it goes into an
    /// envelope, and has no field of its own for the type or the id.
    pub const fn new(kind: &'static str, value: T) -> Self {
        Self { kind: Some(kind), value }
    }

    /// A value that is sent as it is: without a type, and without the id of the request.
    pub const fn bare(value: T) -> Self {
        Self { kind: None, value }
    }
}

/// How a reply is written, and which request it answers: what [`Respond::respond`] is given.
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

/// What a handler may return: nothing, a [`Reply`], or whatever can be sent as it is ([`IntoFrame`], as
/// [`Json`](struct@crate::Json) and text). Also an `Option` of it, or a `Result` of two.
///
/// Only a [`Reply`] repeats the id of the request. What is sent as it is may be on its way to others, too.
///
/// An application's error is answered as it says itself:
///
/// ```
/// use serde::Serialize;
/// use throng_core::Frame;
/// use throng_runtime::router::{Codec, EncodeError, Reply, ReplyTo, Respond};
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
///     fn respond(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, EncodeError> {
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
    /// The frame, if there is one.
    ///
    /// # Errors
    /// The value has no form in the codec's format.
    fn respond(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, EncodeError>;

    /// The code of the error that it is, for metrics and spans. `None`: it is none.
    fn error(&self) -> Option<&'static str> {
        None
    }
}

impl<C: Codec> Respond<C> for () {
    fn respond(self, _: &ReplyTo<'_, C>) -> Result<Option<Frame>, EncodeError> {
        Ok(None)
    }
}

impl<C: Codec, T: IntoFrame> Respond<C> for T {
    fn respond(self, _: &ReplyTo<'_, C>) -> Result<Option<Frame>, EncodeError> {
        Ok(Some(self.into_frame()?))
    }
}

impl<C: Codec, T: Serialize> Respond<C> for Reply<T> {
    fn respond(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, EncodeError> {
        let request = self.kind.and(to.request);
        to.codec.encode(self.kind, request, &self.value).map(Some)
    }
}

impl<C: Codec, T: Respond<C>> Respond<C> for Option<T> {
    fn respond(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, EncodeError> {
        self.map_or(Ok(None), |reply| reply.respond(to))
    }

    fn error(&self) -> Option<&'static str> {
        self.as_ref().and_then(T::error)
    }
}

/// An `Err` is an error whatever it is: `refused`, unless it says which.
impl<C: Codec, T: Respond<C>, E: Respond<C>> Respond<C> for Result<T, E> {
    fn respond(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, EncodeError> {
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
