//! Why a request does not open a WebSocket, and the HTTP response that says so.

use super::respond::response_bytes;
use alloc::{borrow::Cow, format, vec::Vec};
use core::fmt;
use http::{HeaderValue, Response, StatusCode, header};

/// Why a request does not open a WebSocket. [`response`](Self::response) is the HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// 400: the request violates RFC 6455 section 4.2.1.
    BadRequest(BadRequest),
    /// 403: the origin may not open a WebSocket (section 10.2).
    Forbidden(Forbidden),
    /// 404: nothing is served under this path.
    NotFound,
    /// 405: the method is not GET.
    MethodNotAllowed,
    /// 426: the path serves WebSockets of version 13, and the request asks for something else (section 4.4).
    UpgradeRequired(UpgradeRequired),
    /// 429: the peer's address or user makes too many requests or has too many connections.
    TooManyRequests {
        /// The seconds after which the peer may try again.
        retry_after: u32,
    },
    /// 431: the head exceeds a limit.
    HeadTooLarge(HeadTooLarge),
    /// 503: the hub is full, draining or stopped.
    Unavailable {
        /// The seconds after which the peer may try again.
        retry_after: u32,
    },
    /// An answer of the application: a status and a plain text. [`Refusal::custom`] makes it.
    Custom {
        /// The status, which should be one of 400 to 599.
        status: StatusCode,
        /// The body of the response.
        body: Cow<'static, str>,
    },
}

/// Why a request is answered with 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BadRequest {
    /// The head is not HTTP/1 (RFC 9112).
    Head,
    /// The HTTP version is less than 1.1 (RFC 6455 section 4.2.1), or the request came over HTTP/2 or HTTP/3 and is no extended
    /// CONNECT (RFC 8441).
    Version,
    /// The Host header is missing, repeated, or not a host and port (RFC 9112 section 3.2); over HTTP/2, the authority is not a
    /// host and port, or differs from the Host header.
    Host,
    /// The Connection header does not list `upgrade` (RFC 6455 section 4.2.1).
    Connection,
    /// Content-Length or Transfer-Encoding announces a body, where the WebSocket's frames must begin.
    Body,
    /// The end of the request's body is in doubt: Content-Length is not a number, or is repeated with another number, or comes with
    /// Transfer-Encoding; or Transfer-Encoding does not end with `chunked`, or comes in HTTP/1.0 (RFC 9112 section 6.3).
    Length,
    /// Sec-WebSocket-Key is missing, repeated, or not the base64 of 16 bytes (RFC 6455 section 4.2.1).
    Key,
    /// Sec-WebSocket-Version is repeated (RFC 6455 section 11.3.5); in an extended CONNECT, also if it is missing or not 13.
    WebSocketVersion,
    /// Sec-WebSocket-Protocol is not a list of tokens (RFC 6455 section 11.3.4).
    Protocols,
    /// Sec-WebSocket-Extensions violates the grammar of RFC 6455 section 9.1.
    Extensions,
    /// The request offers none of the server's subprotocols, and the policy
    /// [demands one](super::UnmatchedProtocol::Refuse).
    NoCommonProtocol,
}

/// Why an origin is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Forbidden {
    /// The origin is not allowed, or the Origin header is repeated.
    Origin,
    /// The Origin header is missing, and the policy demands one.
    NoOrigin,
}

/// Why a request is answered with 426.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UpgradeRequired {
    /// The Upgrade header does not list `websocket`, as in a plain HTTP request.
    Upgrade,
    /// Sec-WebSocket-Version is missing or not 13.
    Version,
}

/// Which limit a head exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadTooLarge {
    /// The head is longer than [`HeadLimits::max_bytes`](super::HeadLimits::max_bytes).
    Bytes,
    /// The head has more headers than [`HeadLimits::max_headers`](super::HeadLimits::max_headers).
    Headers,
}

impl Refusal {
    /// An answer of the application: a status and a plain text. A status outside of 400 to 599 is replaced by 403.
    ///
    /// ```
    /// use throng_core::websocket::handshake::Refusal;
    ///
    /// let refusal = Refusal::custom(401, "Unknown token: log in again.\n");
    /// assert_eq!(refusal.to_string(), "401 Unauthorized: Unknown token: log in again.\n");
    /// assert_eq!(Refusal::custom(200, "All is well.").status(), 403);
    /// ```
    #[must_use]
    pub fn custom(status: u16, body: impl Into<Cow<'static, str>>) -> Self {
        let status = StatusCode::from_u16(status).ok();
        let status = status.filter(|status| status.is_client_error() || status.is_server_error());
        Self::Custom { status: status.unwrap_or(StatusCode::FORBIDDEN), body: body.into() }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UpgradeRequired(_) => StatusCode::UPGRADE_REQUIRED,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::HeadTooLarge(_) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Custom { status, .. } => *status,
        }
    }

    /// A name that does not change between releases, for metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::BadRequest(bad) => bad.name(),
            Self::Forbidden(Forbidden::Origin) => "origin",
            Self::Forbidden(Forbidden::NoOrigin) => "no origin",
            Self::NotFound => "not found",
            Self::MethodNotAllowed => "method",
            Self::UpgradeRequired(UpgradeRequired::Upgrade) => "no upgrade",
            Self::UpgradeRequired(UpgradeRequired::Version) => "websocket version",
            Self::TooManyRequests { .. } => "too many requests",
            Self::HeadTooLarge(HeadTooLarge::Bytes) => "head too long",
            Self::HeadTooLarge(HeadTooLarge::Headers) => "too many headers",
            Self::Unavailable { .. } => "unavailable",
            Self::Custom { .. } => "custom",
        }
    }

    /// One sentence for a person: what is wrong with the request.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::BadRequest(bad) => bad.reason(),
            Self::Forbidden(Forbidden::Origin) => {
                "Pages of this origin may not open a WebSocket here. By default only pages of the server's own host and port may."
            }
            Self::Forbidden(Forbidden::NoOrigin) => "The request needs an Origin header.",
            Self::NotFound => "Nothing is served under this path.",
            Self::MethodNotAllowed => "A request for a WebSocket must use GET.",
            Self::UpgradeRequired(UpgradeRequired::Upgrade) => {
                "This path serves WebSockets: the request needs the header Upgrade: websocket."
            }
            Self::UpgradeRequired(UpgradeRequired::Version) => "Sec-WebSocket-Version must be 13.",
            Self::TooManyRequests { .. } => "Too many requests or connections: try again later.",
            Self::HeadTooLarge(HeadTooLarge::Bytes) => "The request line and headers are too long.",
            Self::HeadTooLarge(HeadTooLarge::Headers) => "The request has too many headers.",
            Self::Unavailable { .. } => "The server accepts no more connections now: try again later.",
            Self::Custom { body, .. } => body,
        }
    }

    /// The response, for a host whose HTTP server adds the headers of the connection.
    #[must_use]
    pub fn response(&self) -> Response<Cow<'static, str>> {
        let mut response = Response::new(self.body());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        match self {
            Self::MethodNotAllowed => {
                headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
            }
            Self::BadRequest(BadRequest::WebSocketVersion) => {
                headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            Self::UpgradeRequired(_) => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            Self::TooManyRequests { retry_after } | Self::Unavailable { retry_after } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*retry_after));
            }
            _ => {}
        }
        response
    }

    /// The bytes of the response, after which the connection must be closed. An answer to HEAD must have no body:
    /// use [`Handshake::refuse`](super::Handshake::refuse), which handles that.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        response_bytes(&self.response().map(Cow::into_owned))
    }

    fn body(&self) -> Cow<'static, str> {
        match self {
            Self::Custom { body, .. } => body.clone(),
            _ => Cow::Owned(format!("{}\n", self.reason())),
        }
    }
}

impl BadRequest {
    const fn name(self) -> &'static str {
        match self {
            Self::Head => "bad head",
            Self::Version => "http version",
            Self::Host => "bad host",
            Self::Connection => "bad connection",
            Self::Body => "body",
            Self::Length => "bad length",
            Self::Key => "bad key",
            Self::WebSocketVersion => "bad websocket version",
            Self::Protocols => "bad protocols",
            Self::Extensions => "bad extensions",
            Self::NoCommonProtocol => "no common protocol",
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::Head => "The request is not HTTP/1.1.",
            Self::Version => "A request for a WebSocket must use HTTP/1.1, or extended CONNECT over HTTP/2.",
            Self::Host => "The request needs one Host header that names a host.",
            Self::Connection => "The request needs the header Connection: Upgrade.",
            Self::Body => {
                "A request for a WebSocket must have no body: omit Content-Length and Transfer-Encoding."
            }
            Self::Length => {
                "It is not clear where the request's body ends: send one Content-Length, or Transfer-Encoding: chunked."
            }
            Self::Key => "The request needs one Sec-WebSocket-Key: 16 bytes in base64.",
            Self::WebSocketVersion => "The request needs one Sec-WebSocket-Version, which must be 13.",
            Self::Protocols => "Sec-WebSocket-Protocol must be a list of tokens.",
            Self::Extensions => "Sec-WebSocket-Extensions must be a list of extensions.",
            Self::NoCommonProtocol => "Sec-WebSocket-Protocol must offer a subprotocol of this server.",
        }
    }
}

impl From<BadRequest> for Refusal {
    fn from(bad: BadRequest) -> Self {
        Self::BadRequest(bad)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status(), self.reason())
    }
}

impl core::error::Error for Refusal {}
