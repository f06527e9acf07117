//! Routes: types of messages and their handlers.

use super::by::Extract;
use super::codec::Codec;
use super::erased::{Begun, Erased, Stateless, Typed};
use super::error::RouteError;
use super::extract::Parts;
use super::handler::RouteHandler;
use super::json::JsonCodec;
use super::reply::Respond;
use super::rules::{Failed, Rules};
use super::stats::{Counts, RouterStats};
use crate::middleware::Incoming;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;
use core::task::Context;
use throng_core::Name;
use throng_core::websocket::Message;

/// Hands each message to the handler of its type: a service for [`Builder::messages`](crate::Builder::messages). See
/// the [chapter](super).
///
/// `C` is the format of the messages, `S` the state that the handlers share. Cloning costs one reference count.
pub struct Router<C: Codec = JsonCodec, S = ()> {
    inner: Arc<Inner<C, S>>,
}

struct Inner<C: Codec, S> {
    rules: Arc<Rules<C>>,
    state: Arc<S>,
    /// Routes come from the program, not from peers, so an ordered tree is safe and fast enough.
    routes: BTreeMap<Name, Arc<dyn Erased<C, S>>>,
    not_found: Option<Arc<dyn Erased<C, S>>>,
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

impl Router {
    /// Reads the type from the field `type` of a JSON object: `{"type":"chat","text":"Hello"}`.
    #[must_use]
    pub fn new() -> Self {
        Self::with(JsonCodec::default())
    }

    /// Reads the type from `field` of a JSON object; the whole object is the body.
    #[must_use]
    pub fn by_field(field: &str) -> Self {
        Self::with(JsonCodec::by_field(field))
    }

    /// Reads the type from `field` of a JSON object and the body from `payload`:
    /// `{"type":"chat","payload":{"text":"Hello"}}`.
    #[must_use]
    pub fn by_envelope(field: &str, payload: &str) -> Self {
        Self::with(JsonCodec::by_envelope(field, payload))
    }
}

impl<F> Router<Extract<F>>
where
    F: for<'a> Fn(&'a Message) -> Option<(&'a str, &'a [u8])> + Send + Sync + 'static,
{
    /// Finds the type of a message, and its body in JSON, with a closure.
    ///
    /// Replies are written as by [`Router::new`]. A closure that returns `None` causes [`RouteError::NoType`].
    ///
    /// ```
    /// use throng_runtime::router::Router;
    ///
    /// // "add [1,2]"
    /// let router = Router::by(|message| str::from_utf8(message.as_bytes()).ok()?.split_once(' ').map(|(kind, body)| (kind, body.as_bytes())))
    ///     .on("add", |(a, b): (i64, i64)| async move { (a + b).to_string() });
    /// # let _ = router;
    /// ```
    #[must_use]
    pub fn by(find: F) -> Self {
        Self::with(Extract { find, json: JsonCodec::default() })
    }
}

impl<C: Codec> Router<C> {
    /// Uses a format of your own.
    #[must_use]
    pub fn with(codec: C) -> Self {
        let rules = Rules { codec: Arc::new(codec), on_error: None, counts: Arc::new(Counts::default()) };
        let (rules, state) = (Arc::new(rules), Arc::new(()));
        Self { inner: Arc::new(Inner { rules, state, routes: BTreeMap::new(), not_found: None }) }
    }

    /// Sets the state for all handlers that are added after this call; they take it as [`AppState<S>`](super::AppState).
    #[must_use]
    pub fn state<S: Send + Sync + 'static>(self, state: S) -> Router<C, S> {
        let stateless = |handler| Arc::new(Stateless(handler)) as Arc<dyn Erased<C, S>>;
        let Inner { rules, routes, not_found, .. } = self.into_inner();
        let routes = routes.into_iter().map(|(kind, handler)| (kind, stateless(handler))).collect();
        let not_found = not_found.map(stateless);
        Router { inner: Arc::new(Inner { rules, state: Arc::new(state), routes, not_found }) }
    }
}

impl<C: Codec, S: Send + Sync + 'static> Router<C, S> {
    /// Sends messages of this type to a [handler](RouteHandler), in place of an earlier handler of the type.
    #[must_use]
    pub fn on<H, Arguments>(self, kind: &str, handler: H) -> Self
    where
        H: RouteHandler<C, S, Arguments>,
        Arguments: 'static,
    {
        let mut inner = self.into_inner();
        inner.routes.insert(kind.into(), Arc::new(Typed::new(handler)));
        Self { inner: Arc::new(inner) }
    }

    /// Sends messages of all other types to this handler. Without it they get [`RouteError::UnknownType`].
    #[must_use]
    pub fn not_found<H, Arguments>(self, handler: H) -> Self
    where
        H: RouteHandler<C, S, Arguments>,
        Arguments: 'static,
    {
        let not_found = Some(Arc::new(Typed::new(handler)) as _);
        Self { inner: Arc::new(Inner { not_found, ..self.into_inner() }) }
    }

    /// Chooses the answer to errors. Default: a message of the type `error`, with the fields `code`
    /// ([`RouteError::code`]), `message` (for people) and, where it is known and short, `about` (the type of the message). If
    /// the request has an [id](crate::Builder::request_id), the answer repeats it.
    #[must_use]
    pub fn on_error<R, F>(self, answer: F) -> Self
    where
        R: Respond<C>,
        F: Fn(&Failed<'_>) -> R + Send + Sync + 'static,
    {
        let inner = self.into_inner();
        let rules = Rules {
            on_error: Some(Arc::new(move |failed, to| answer(failed).respond(to))),
            ..Rules::clone(&inner.rules)
        };
        Self { inner: Arc::new(Inner { rules: Arc::new(rules), ..inner }) }
    }

    /// Counts messages that this router and its clones did not handle, by reason.
    #[must_use]
    pub fn stats(&self) -> RouterStats {
        self.inner.rules.counts.read()
    }

    fn into_inner(self) -> Inner<C, S> {
        Arc::try_unwrap(self.inner).unwrap_or_else(|shared| shared.copied())
    }
}

impl<C: Codec, S> Router<C, S> {
    /// Reads a message, finds its handler, and polls the handler once.
    pub(super) fn begin(&self, incoming: &Incoming, cx: &mut Context<'_>) -> Begun {
        let Inner { rules, state, routes, not_found } = &*self.inner;
        let refuse = |kind, error| Begun::Done(rules.refuse(incoming, kind, &error));
        let decoded = match rules.codec.decode(&incoming.message) {
            Ok(Some(decoded)) => decoded,
            Ok(None) => {
                rules.counts.skipped();
                return Begun::Done(None);
            }
            Err(error) => return refuse(None, error),
        };
        let kind = &*decoded.kind;
        let route = routes.get_key_value(kind);
        if let Some((route, _)) = route {
            incoming.tell_route(route);
        }
        let Some(handler) = route.map(|(_, handler)| handler).or(not_found.as_ref()) else {
            return refuse(Some(kind), RouteError::UnknownType);
        };
        let parts = Parts { incoming, kind, state: &**state };
        handler.begin(rules, &parts, decoded.body, cx).unwrap_or_else(|error| refuse(Some(kind), error))
    }
}

impl<C: Codec, S> Inner<C, S> {
    fn copied(&self) -> Self {
        let Self { rules, state, routes, not_found } = self;
        let (rules, state) = (Arc::clone(rules), Arc::clone(state));
        Self { rules, state, routes: routes.clone(), not_found: not_found.clone() }
    }
}

impl<C: Codec, S> Clone for Router<C, S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<C: Codec, S> fmt::Debug for Router<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").field("routes", &self.inner.routes.keys()).finish_non_exhaustive()
    }
}
