//! The request that asked for a WebSocket, and what the application makes of it.

use crate::compression::Session;
use crate::handshake::own::Own;
use crate::state::metadata::Metadata;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Uri};
use throng_core::id::Name;
use throng_core::websocket;
use throng_core::websocket::handshake::{NotOffered, Protocol, ReservedHeader};
use throng_core::websocket::{Refusal, Upgrade};

/// The request that asked for a WebSocket.
#[derive(Clone, Debug)]
pub struct Request {
    head: websocket::Request,
    remote: Option<SocketAddr>,
}

impl Request {
    pub(crate) fn new(head: websocket::Request, remote: Option<SocketAddr>) -> Self {
        Self { head, remote }
    }

    /// The target as it was sent: path and query.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        self.head.uri()
    }

    /// The method: always GET, for a request that opens a WebSocket.
    #[must_use]
    pub const fn method(&self) -> &Method {
        self.head.method()
    }

    /// The path, percent-encoded as it was sent.
    #[must_use]
    pub fn path(&self) -> &str {
        self.head.path()
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }

    /// The peer's address, as far as the host knows.
    #[must_use]
    pub const fn remote(&self) -> Option<SocketAddr> {
        self.remote
    }

    /// The whole head, extensions of the HTTP server included.
    #[must_use]
    pub const fn parts(&self) -> &Parts {
        self.head.parts()
    }

    /// The first value of this name in the query, with `+` and `%XX` decoded. What is not UTF-8 after that is
    /// replaced by U+FFFD.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.uri().query()?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key) == name).then(|| decode(value))
        })
    }

    /// A header's value, if it is there and is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = (*first == b'%').then(|| behind.first_chunk::<2>()).flatten().and_then(hex);
        match (first, hex) {
            (_, Some(byte)) => {
                bytes.push(byte);
                rest = &behind[2..];
                continue;
            }
            (b'+', None) => bytes.push(b' '),
            (other, None) => bytes.push(*other),
        }
        rest = behind;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digits: &[u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(digits[0])? << 4 | digit(digits[1])?) as u8)
}

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
