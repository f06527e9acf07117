//! The HTTP request that asked for a WebSocket.

use alloc::string::String;
use core::net::SocketAddr;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use throng_core::websocket;

/// The HTTP request that asked for a WebSocket.
#[derive(Clone, Debug)]
pub struct Request {
    head: websocket::handshake::Request,
    remote: Option<SocketAddr>,
}

impl Request {
    pub(crate) fn new(head: websocket::handshake::Request, remote: Option<SocketAddr>) -> Self {
        Self { head, remote }
    }

    /// The request target as sent: path and query.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        self.head.uri()
    }

    /// The method. For a request that opens a WebSocket it is always GET.
    #[must_use]
    pub const fn method(&self) -> &Method {
        self.head.method()
    }

    /// The path, percent-encoded as sent.
    #[must_use]
    pub fn path(&self) -> &str {
        self.head.path()
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        self.head.headers()
    }

    /// The peer's address, if the host knows it.
    #[must_use]
    pub const fn remote(&self) -> Option<SocketAddr> {
        self.remote
    }

    /// The whole head, extensions of the HTTP server included.
    #[must_use]
    pub const fn parts(&self) -> &Parts {
        self.head.parts()
    }

    /// The first value of this name in the query, with `+` and `%XX` decoded. Invalid UTF-8 is replaced by U+FFFD.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.uri().query()?.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The value of a header, if it exists and is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }
}
