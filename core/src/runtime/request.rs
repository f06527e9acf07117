//! The request that asked for a WebSocket, and what the application makes of it.

use super::reject::Reject;
use crate::id::Name;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;
use http::{Extensions, HeaderMap, Uri};

/// The request that asked for a WebSocket.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// Path and query.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The peer, as far as the transport knows.
    pub remote: Option<SocketAddr>,
}

impl Request {
    /// A request, for a host that reads requests by itself.
    #[must_use]
    pub fn new(uri: Uri, headers: HeaderMap, remote: Option<SocketAddr>) -> Self {
        Self { uri, headers, remote }
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The first value of this name in the query, with `+` and `%XX` decoded. What is not UTF-8 after that is
    /// replaced by U+FFFD.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query()?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key) == name).then(|| decode(value))
        })
    }

    /// A header's value, if it is there and is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The subprotocols that the peer offers, most wanted first (RFC 6455 section 4.1).
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.headers
            .get_all(http::header::SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(',').map(str::trim))
            .filter(|offer| !offer.is_empty())
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
/// [`Handler::before_connect`](super::Handler::before_connect) looks at and decides.
#[derive(Debug)]
pub struct Connecting {
    pub(super) request: Arc<Request>,
    pub(super) user: Option<String>,
    pub(super) subprotocol: Option<String>,
    pub(super) metadata: Extensions,
    pub(super) rooms: Vec<Name>,
}

impl Connecting {
    pub(super) fn new(request: Arc<Request>) -> Self {
        Self { request, user: None, subprotocol: None, metadata: Extensions::new(), rooms: Vec::new() }
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

    /// Keeps a value with the client; one a type. [`Client::get`](super::Client::get) finds it again.
    pub fn insert<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.metadata.insert(value);
    }

    /// A value that was kept before.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.metadata.get()
    }

    /// The subprotocol that will be spoken. Without this it is the first of the hub's that the peer offers.
    ///
    /// # Errors
    /// 400 if the peer does not offer it: choosing another one would break RFC 6455 section 4.2.2.
    pub fn set_subprotocol(&mut self, subprotocol: &str) -> Result<(), Reject> {
        if !self.request.subprotocols().any(|offer| offer == subprotocol) {
            return Err(Reject::new(400));
        }
        self.subprotocol = Some(subprotocol.into());
        Ok(())
    }

    /// A room of which the client is a member from its first moment on. If it cannot be joined, the client is
    /// closed with 1013 right after it has opened.
    pub fn join(&mut self, room: impl Into<Name>) {
        self.rooms.push(room.into());
    }
}
