//! Why a request does not become a WebSocket, and the HTTP response that says so.

use super::respond::response_bytes;
use alloc::{borrow::Cow, format, vec::Vec};
use core::fmt;
use http::{HeaderValue, Response, StatusCode, header};

/// A request is answered by an HTTP response instead of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// 400: the request is not what RFC 6455 section 4.2.1 asks for.
    BadRequest(BadRequest),
    /// 403: the origin may not open a WebSocket here (section 10.2).
    Forbidden(Forbidden),
    /// 404: nothing is served under this path.
    NotFound,
    /// 405: a method other than GET.
    MethodNotAllowed,
    /// 426: the path speaks WebSocket, version 13, and the request does not (section 4.4).
    UpgradeRequired(UpgradeRequired),
    /// 429: too many requests from here. May be tried again after so many seconds.
    TooManyRequests {
        /// Seconds.
        retry_after: u32,
    },
    /// 431: the head passes a limit.
    HeadTooLarge(HeadTooLarge),
    /// 503: full, draining or stopped. May be tried again after so many seconds.
    Unavailable {
        /// Seconds.
        retry_after: u32,
    },
    /// Whatever the application answers: a status and a plain text.
    Custom {
        /// The status, which should be one of 400 to 599.
        status: StatusCode,
        /// The text.
        body: Cow<'static, str>,
    },
}

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BadRequest {
    /// The head is not HTTP/1 (RFC 9112).
    Head,
    /// An HTTP version other than 1.1 (RFC 6455 section 4.2.1).
    Version,
    /// No Host header, several, or one that is no host and port (RFC 9112 section 3.2).
    Host,
    /// Upgrade without `upgrade` in the Connection header (RFC 6455 section 4.2.1).
    Connection,
    /// A body is announced, by Content-Length or Transfer-Encoding, where the WebSocket is to begin.
    Body,
    /// No Sec-WebSocket-Key, several, or one that is not the base64 of 16 bytes (RFC 6455 section 4.2.1).
    Key,
    /// Several Sec-WebSocket-Version headers (RFC 6455 section 11.3.5).
    WebSocketVersion,
    /// A Sec-WebSocket-Protocol that is no list of tokens (RFC 6455 section 11.3.4).
    Protocols,
    /// A Sec-WebSocket-Extensions that breaks the grammar of RFC 6455 section 9.1.
    Extensions,
    /// None of the subprotocols that are spoken here is offered, and the policy
    /// [demands one](super::UnmatchedProtocol::Refuse).
    NoCommonProtocol,
}

/// Why an origin is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Forbidden {
    /// It is not among those allowed, or there are several.
    Origin,
    /// There is none, and the policy wants one.
    NoOrigin,
}

/// What is missing for an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UpgradeRequired {
    /// The Upgrade header does not name `websocket`: a plain HTTP request.
    Upgrade,
    /// The Sec-WebSocket-Version is not 13, or is missing.
    Version,
}

/// Which limit a head passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadTooLarge {
    /// Over [`HeadLimits::max_bytes`](super::HeadLimits::max_bytes).
    Bytes,
    /// Over [`HeadLimits::max_headers`](super::HeadLimits::max_headers).
    Headers,
}

impl Refusal {
    /// The status code.
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

    /// A name that does not change between releases: for metrics.
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

    /// What is wrong, for a person: one sentence.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::BadRequest(bad) => bad.reason(),
            Self::Forbidden(Forbidden::Origin) => "This origin may not open a WebSocket here.",
            Self::Forbidden(Forbidden::NoOrigin) => "A WebSocket is opened here only with an Origin header.",
            Self::NotFound => "Nothing is served under this path.",
            Self::MethodNotAllowed => "A WebSocket is opened with GET.",
            Self::UpgradeRequired(UpgradeRequired::Upgrade) => {
                "This path speaks WebSocket: the request needs the header Upgrade: websocket."
            }
            Self::UpgradeRequired(UpgradeRequired::Version) => "Sec-WebSocket-Version must be 13.",
            Self::TooManyRequests { .. } => "Too many requests: try again later.",
            Self::HeadTooLarge(HeadTooLarge::Bytes) => "The request line and headers are too long.",
            Self::HeadTooLarge(HeadTooLarge::Headers) => "The request has too many headers.",
            Self::Unavailable { .. } => "No more connections are taken just now: try again later.",
            Self::Custom { body, .. } => body,
        }
    }

    /// The response, without what belongs to the connection: for a host whose HTTP server adds that.
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

    /// The response as it is written, after which the connection is closed. The answer to a HEAD has no body:
    /// [`Handshake::refuse`](super::Handshake::refuse) knows that.
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
            Self::Key => "bad key",
            Self::WebSocketVersion => "several websocket versions",
            Self::Protocols => "bad protocols",
            Self::Extensions => "bad extensions",
            Self::NoCommonProtocol => "no common protocol",
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::Head => "The request is not HTTP/1.1.",
            Self::Version => "A WebSocket is opened with HTTP/1.1.",
            Self::Host => "The request needs one Host header that names a host.",
            Self::Connection => "The request needs the header Connection: Upgrade.",
            Self::Body => {
                "A request for a WebSocket has no body: leave out Content-Length and Transfer-Encoding."
            }
            Self::Key => "The request needs one Sec-WebSocket-Key: 16 bytes in base64.",
            Self::WebSocketVersion => "The request needs one Sec-WebSocket-Version.",
            Self::Protocols => "Sec-WebSocket-Protocol must be a list of tokens.",
            Self::Extensions => "Sec-WebSocket-Extensions must be a list of extensions.",
            Self::NoCommonProtocol => "Sec-WebSocket-Protocol must offer a subprotocol that is spoken here.",
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
