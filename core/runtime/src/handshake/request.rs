//! The request that asked for a WebSocket, and what the application makes of it.

use crate::compression::Session;
use crate::handshake::own::Own;
use crate::state::metadata::Metadata;
pub(crate) use crate::state::request::Request;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use throng_core::id::Name;
use throng_core::websocket::handshake::{NotOffered, Protocol, ReservedHeader};
use throng_core::websocket::{Refusal, Upgrade};

/// A connection before it becomes a client: what
/// [`Handler::before_connect`](crate::Handler::before_connect) looks at and decides.
#[derive(Debug)]
pub struct Connecting {
    pub(crate) request: Arc<Request>,
    pub(crate) upgrade: Upgrade,
    pub(crate) user: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) rooms: Vec<Name>,
    pub(crate) own: Option<Box<Own>>,
    pub(crate) authenticates: bool,
    pub(crate) session: Option<Box<Session>>,
    /// For the answer that refuses it.
    refusal_headers: Option<Box<HeaderMap>>,
}

impl Connecting {
    pub(crate) fn new(request: Request, upgrade: Upgrade, session: Option<Box<Session>>) -> Self {
        let request = Arc::new(request);
        Self {
            request,
            upgrade,
            user: None,
            metadata: Metadata::default(),
            rooms: Vec::new(),
            own: None,
            authenticates: false,
            session,
            refusal_headers: None,
        }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The path of the request.
    #[must_use]
    pub fn path(&self) -> &str {
        self.request.path()
    }

    /// The user to whom the client will belong. Limits per user are checked after the hook.
    pub fn set_user(&mut self, user: impl Into<String>) {
        self.user = Some(user.into());
    }

    /// Keeps a value with the client; one a type. [`Client::get`](crate::Client::get) finds it again.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.metadata.insert(value);
    }

    /// A value that was kept before.
    #[must_use]
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.metadata.get()
    }

    /// The subprotocols that the peer offers, most wanted first.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.upgrade.offered_protocols().iter()
    }

    /// The subprotocol that will be spoken. Without this it is the first of the hub's that the peer offers.
    ///
    /// # Errors
    /// The peer does not offer it.
    pub fn set_subprotocol(&mut self, subprotocol: Protocol) -> Result<(), NotOffered> {
        self.upgrade.choose_protocol(subprotocol)
    }

    /// Adds a header to the response: a cookie, say.
    ///
    /// # Errors
    /// It is one that only the handshake may set.
    pub fn add_header(&mut self, name: HeaderName, value: HeaderValue) -> Result<(), ReservedHeader> {
        self.upgrade.add_header(name, value)
    }

    /// A room of which the client is a member from its first moment on. To name one twice is to name it once.
    ///
    /// A room that cannot be joined refuses the request: by 503 if it is full, by 400 if it can have no such name or the
    /// client cannot be in so many. If it becomes full only between the answer and the opening, the client is closed
    /// with 1013 right after it has opened.
    pub fn join(&mut self, room: impl Into<Name>) {
        let room = room.into();
        if !self.rooms.contains(&room) {
            self.rooms.push(room);
        }
    }

    /// Once the WebSocket is open, and before this becomes a client, [`Handler::authenticate`] is called.
    ///
    /// [`Handler::authenticate`]: crate::Handler::authenticate
    pub fn authenticate(&mut self) {
        self.authenticates = true;
    }

    /// Opens the WebSocket without compression, whatever was asked for: for a client that is sent secrets beside the words of
    /// strangers.
    #[cfg(feature = "deflate")]
    pub fn decline_compression(&mut self) {
        self.session = None;
    }

    /// Sets a header of the answer if the hook refuses the request: `WWW-Authenticate` or `Retry-After`, say, or
    /// another `Content-Type` than that of a plain text.
    pub fn set_refusal_header(&mut self, name: HeaderName, value: HeaderValue) {
        self.refusal_headers.get_or_insert_default().insert(name, value);
    }

    /// The HTTP answer to a request that the application refuses, its [headers](Self::set_refusal_header) included. For
    /// runtime crates.
    #[must_use]
    pub fn refusal_response(&self, refusal: &Refusal) -> Response<Cow<'static, str>> {
        let mut response = refusal.response();
        if let Some(headers) = &self.refusal_headers {
            response.headers_mut().extend(headers.as_ref().clone());
        }
        response
    }
}
