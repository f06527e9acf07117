//! The rules that all handlers of a router share.

use super::codec::Codec;
use super::error::RouteError;
use super::reply::{ErrorBody, ReplyTo};
use super::stats::Counts;
use crate::handles::client::Client;
use crate::middleware::{ErrorObserver, Incoming, RequestId};
use crate::notice::message::SendError;
use alloc::sync::Arc;
use throng_core::Frame;
use throng_core::websocket::Message;

/// The longest type, in bytes, that an error repeats.
const KIND_LENGTH: usize = 64;

/// A message that was not handled, for [`Router::on_error`](super::Router::on_error).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Failed<'a> {
    /// The client that sent the message.
    pub client: &'a Client,
    /// The message.
    pub message: &'a Message,
    /// The type that the message names, if it could be read. The peer's own text, of any length.
    pub kind: Option<&'a str>,
    /// The id of the request, if it has one.
    pub request: Option<&'a RequestId>,
    /// Why it was not handled.
    pub error: &'a RouteError,
}

pub(super) type OnError<C> =
    Arc<dyn Fn(&Failed<'_>, &ReplyTo<'_, C>) -> Result<Option<Frame>, SendError> + Send + Sync>;

pub(super) struct Rules<C> {
    pub(super) codec: Arc<C>,
    pub(super) on_error: Option<OnError<C>>,
    pub(super) counts: Arc<Counts>,
}

impl<C: Codec> Rules<C> {
    /// The answer to a message that was not handled. Counts the error and tells the message's observers.
    pub(super) fn refuse(
        &self,
        incoming: &Incoming,
        kind: Option<&str>,
        error: &RouteError,
    ) -> Option<Frame> {
        self.counts.error(error);
        incoming.tell_error(error.code());
        let request = incoming.request_id();
        let Some(on_error) = &self.on_error else { return self.answer(kind, request, error) };
        let (client, message) = (&incoming.client, &incoming.message);
        let failed = Failed { client, message, kind, request, error };
        // If the application's answer cannot be encoded, the client gets the default one.
        on_error(&failed, &ReplyTo::new(&*self.codec, request))
            .unwrap_or_else(|_| self.answer(kind, request, error))
    }

    /// The answer when a handler's reply cannot be encoded. The message is no longer available then.
    pub(super) fn not_encoded(&self, observer: &ErrorObserver, request: Option<&RequestId>) -> Option<Frame> {
        let error = RouteError::NotEncoded;
        self.counts.error(&error);
        observer.error(error.code());
        self.answer(None, request, &error)
    }

    fn answer(&self, kind: Option<&str>, request: Option<&RequestId>, error: &RouteError) -> Option<Frame> {
        let about = kind.filter(|kind| kind.len() <= KIND_LENGTH);
        ErrorBody::new(error, about).respond(&ReplyTo::new(&*self.codec, request)).ok().flatten()
    }
}

impl<C> Clone for Rules<C> {
    fn clone(&self) -> Self {
        let Self { codec, on_error, counts } = self;
        Self { codec: Arc::clone(codec), on_error: on_error.clone(), counts: Arc::clone(counts) }
    }
}
