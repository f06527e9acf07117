//! Arguments of handlers.

use super::codec::Codec;
use super::error::RouteError;
use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::middleware::{Incoming, RequestId};
use core::convert::Infallible;
use serde::de::DeserializeOwned;
use std::time::SystemTime;
use throng_core::websocket::Message;
use throng_core::{Instant, Name};

/// The source of a handler's arguments.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts<'a, S> {
    /// The message, its client, and its time of receipt.
    pub incoming: &'a Incoming,
    /// The type that the message names.
    pub kind: &'a str,
    /// The state that the application gave to [`Router::state`](super::Router::state).
    pub state: &'a S,
}

/// An argument of a handler that is not the body.
///
/// | argument | value |
/// | --- | --- |
/// | [`Client`], [`Hub`] | the sender of the message, and its hub |
/// | [`Participant`](crate::participants::Participant) | the sender as a participant of a room; any other client is refused with the code `no_participant` |
/// | [`AppState<S>`](AppState) | a clone of the router's state |
/// | [`Received`] | when the message was received |
/// | [`Kind`] | the type that the message names |
/// | [`Message`] | the whole message, without a copy |
/// | `Option<RequestId>` | the id of the request, if it has one: [`RequestId`] |
/// | [`RequestId`] | the id of a request that must have one; a request without is refused with the code `no_request_id` |
///
/// Implement this trait in a few lines to take a value stored with a client as an argument. An implementation may
/// refuse the message: then the handler is not called, and the message is answered with an error:
///
/// ```
/// use throng_runtime::router::{FromIncoming, Parts, RouteError, Router};
///
/// #[derive(Clone)]
/// struct Nickname(String);
///
/// impl<S> FromIncoming<S> for Nickname {
///     type Rejection = RouteError;
///
///     fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, RouteError> {
///         let nickname = parts.incoming.client.get();
///         nickname.ok_or_else(|| RouteError::refused("no_nickname", "Choose a nickname first."))
///     }
/// }
///
/// // {"type":"error","code":"no_nickname","message":"Choose a nickname first.","about":"whoami"}
/// let router = Router::new().on("whoami", |Nickname(name): Nickname| async move { name });
/// # let _ = router;
/// ```
///
/// Arguments are made in order, and the body last: a client that is refused learns nothing about errors in its body.
pub trait FromIncoming<S>: Sized {
    /// The error if there is no such argument: [`Infallible`] if there always is one, [`RouteError::refused`], or your
    /// own type that converts to [`RouteError`].
    type Rejection: Into<RouteError>;

    /// Makes the argument.
    ///
    /// # Errors
    /// The message is refused.
    fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, Self::Rejection>;
}

impl<S> FromIncoming<S> for Client {
    type Rejection = Infallible;

    fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, Infallible> {
        Ok(parts.incoming.client.clone())
    }
}

impl<S> FromIncoming<S> for Hub {
    type Rejection = Infallible;

    fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, Infallible> {
        Ok(parts.incoming.client.hub())
    }
}

impl<S> FromIncoming<S> for Message {
    type Rejection = Infallible;

    fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, Infallible> {
        Ok(parts.incoming.message.clone())
    }
}

/// The state that all handlers of a router share: [`Router::state`](super::Router::state). It is cloned for each
/// message, so make it cheap (an `Arc`, for example).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppState<S>(pub S);

impl<S: Clone> FromIncoming<S> for AppState<S> {
    type Rejection = Infallible;

    fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, Infallible> {
        Ok(Self(parts.state.clone()))
    }
}

/// When a message was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// The time of receipt by the host's clock.
    pub at: Instant,
    /// The time of receipt by the wall clock.
    pub wall: SystemTime,
}

impl<S> FromIncoming<S> for Received {
    type Rejection = Infallible;

    fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, Infallible> {
        Ok(Self { at: parts.incoming.received, wall: parts.incoming.received_at() })
    }
}

/// The type that a message names. In [`Router::not_found`](super::Router::not_found) it is the peer's own text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind(pub Name);

impl<S> FromIncoming<S> for Kind {
    type Rejection = Infallible;

    fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, Infallible> {
        Ok(Self(parts.kind.into()))
    }
}

impl<S> FromIncoming<S> for Option<RequestId> {
    type Rejection = Infallible;

    fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, Infallible> {
        Ok(parts.incoming.request_id().cloned())
    }
}

impl<S> FromIncoming<S> for RequestId {
    type Rejection = RouteError;

    fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, RouteError> {
        let request = parts.incoming.request_id().cloned();
        request.ok_or_else(|| RouteError::refused("no_request_id", "the request has no id"))
    }
}

/// The last argument of a handler: the body, or another argument that comes with the message.
///
/// `By` distinguishes the two; you never name it. There are no other implementations.
pub trait FromBody<C: Codec, S, By>: Sized {
    #[doc(hidden)]
    fn from_body(codec: &C, parts: &Parts<'_, S>, body: C::Body<'_>) -> Result<Self, RouteError>;
}

#[doc(hidden)]
#[derive(Debug)]
pub enum ByValue {}

#[doc(hidden)]
#[derive(Debug)]
pub enum ByParts {}

impl<C: Codec, S, T: DeserializeOwned> FromBody<C, S, ByValue> for T {
    fn from_body(codec: &C, _: &Parts<'_, S>, body: C::Body<'_>) -> Result<Self, RouteError> {
        codec.read(body)
    }
}

impl<C: Codec, S, T: FromIncoming<S>> FromBody<C, S, ByParts> for T {
    fn from_body(_: &C, parts: &Parts<'_, S>, _: C::Body<'_>) -> Result<Self, RouteError> {
        T::from_incoming(parts).map_err(Into::into)
    }
}
