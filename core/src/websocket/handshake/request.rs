//! A request, and whether it opens a WebSocket (RFC 6455 section 4.2).

use super::{
    head::{Head, HeadError, HeadLimits, HeadReader},
    negotiate::{Extensions, Protocols, lists_token},
    origin::{Host, check_origin, only},
    policy::Policy,
    refusal::{BadRequest, HeadTooLarge, Refusal, UpgradeRequired},
    upgrade::Upgrade,
};
use alloc::vec;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header, request::Parts};

/// Reads one request, in whatever pieces it comes.
///
/// A head over the [`HeadLimits`] is refused as soon as it passes them. Every byte is looked at once to find
/// the end of the head, and once to parse it: O(n), even byte by byte. What is held until the head is
/// complete is what has come of it, afterwards nothing.
#[derive(Debug)]
pub struct Handshake {
    reader: HeadReader,
    status: Status,
}

#[derive(Clone, Debug)]
enum Status {
    Reading,
    Done,
    Refused(Refusal),
}

impl Handshake {
    /// A reader that has read nothing.
    #[must_use]
    pub const fn new(limits: HeadLimits) -> Self {
        Self { reader: HeadReader::new(limits), status: Status::Reading }
    }

    /// Takes input until the head is complete, or all of it. `input` is moved past what was taken: what is
    /// left beside a request is the client's first frames, for the [`Decoder`](crate::websocket::Decoder).
    /// `None` says that more is needed.
    ///
    /// The request may be any that HTTP/1 allows: whether it opens a WebSocket is for
    /// [`Request::upgrade`] to say, and whether it asks for a page or for health is for the host.
    /// After a request there is only `None`, and nothing is taken.
    ///
    /// # Errors
    /// The refusal to be sent: 431 or 400. Terminal: every later call says the same.
    pub fn receive(&mut self, input: &mut &mut [u8]) -> Result<Option<Request>, Refusal> {
        match &self.status {
            Status::Reading => {}
            Status::Done => return Ok(None),
            Status::Refused(refusal) => return Err(refusal.clone()),
        }
        let result = match self.reader.receive(input) {
            Ok(head) => head.as_ref().map(Request::parse).transpose(),
            Err(error) => Err(error.into()),
        };
        self.status = match &result {
            Ok(None) => return Ok(None),
            Ok(Some(_)) => Status::Done,
            Err(refusal) => Status::Refused(refusal.clone()),
        };
        self.reader.clear();
        result
    }
}

impl From<HeadError> for Refusal {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::Malformed => BadRequest::Head.into(),
            HeadError::TooLong => Self::HeadTooLarge(HeadTooLarge::Bytes),
            HeadError::TooManyHeaders => Self::HeadTooLarge(HeadTooLarge::Headers),
        }
    }
}

/// The head of a request: read by a [`Handshake`], or made of the parts that another HTTP server has read.
#[derive(Clone, Debug)]
pub struct Request {
    parts: Parts,
}

impl From<Parts> for Request {
    fn from(parts: Parts) -> Self {
        Self { parts }
    }
}

impl<Body> From<http::Request<Body>> for Request {
    fn from(request: http::Request<Body>) -> Self {
        request.into_parts().0.into()
    }
}

impl Request {
    fn parse(head: &Head<'_>) -> Result<Self, Refusal> {
        let mut headers = vec![httparse::EMPTY_HEADER; head.headers];
        let mut parsed = httparse::Request::new(&mut headers);
        if parsed.parse(head.bytes) != Ok(httparse::Status::Complete(head.bytes.len())) {
            return Err(BadRequest::Head.into());
        }
        Self::from_parsed(&parsed).ok_or_else(|| BadRequest::Head.into())
    }

    fn from_parsed(parsed: &httparse::Request<'_, '_>) -> Option<Self> {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.method = Method::from_bytes(parsed.method?.as_bytes()).ok()?;
        parts.uri = Uri::try_from(parsed.path?).ok()?;
        parts.version = if parsed.version? == 0 { Version::HTTP_10 } else { Version::HTTP_11 };
        parts.headers = header_map(parsed.headers)?;
        Some(parts.into())
    }

    /// Whether this request opens a WebSocket, as RFC 6455 section 4.2.1 wants it and `policy` allows it.
    ///
    /// # Errors
    /// The first thing that is wrong, in this order: method (405), HTTP version, Host (400), Upgrade (426),
    /// Connection (400), WebSocket version (426, several 400), key, offered subprotocols, offered extensions
    /// (400), origin (403).
    pub fn upgrade(&self, policy: &Policy) -> Result<Upgrade, Refusal> {
        Upgrade::check(&self.parts, policy)
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The target as it was sent.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.parts.uri
    }

    /// The path, percent-encoded as it was sent.
    #[must_use]
    pub fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// What follows the question mark, percent-encoded as it was sent.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.parts.uri.query()
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// All of it, extensions of the HTTP server included.
    #[must_use]
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// All of it, extensions of the HTTP server included.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        self.parts
    }
}

pub(super) fn header_map(parsed: &[httparse::Header<'_>]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(parsed.len());
    for header in parsed {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(header.value).ok()?);
    }
    Some(headers)
}

impl Upgrade {
    /// The same as [`Request::upgrade`], of the parts that another HTTP server has read.
    ///
    /// # Errors
    /// See [`Request::upgrade`].
    pub fn check(request: &Parts, policy: &Policy) -> Result<Self, Refusal> {
        if request.method != Method::GET {
            return Err(Refusal::MethodNotAllowed);
        }
        if request.version != Version::HTTP_11 {
            return Err(BadRequest::Version.into());
        }
        let headers = &request.headers;
        let host = Host::of(headers)?;
        if !lists_token(headers, &header::UPGRADE, "websocket") {
            return Err(Refusal::UpgradeRequired(UpgradeRequired::Upgrade));
        }
        if !lists_token(headers, &header::CONNECTION, "upgrade") {
            return Err(BadRequest::Connection.into());
        }
        check_version(headers)?;
        let key = only(headers, &header::SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes()));
        let key = key.ok_or(BadRequest::Key)?;
        let protocols = Protocols::parse(headers)?;
        let extensions = Extensions::parse(headers)?;
        check_origin(&policy.origin, policy.absent_origin, &host, request)?;
        Ok(Self::new(key.as_bytes(), protocols, extensions, policy))
    }
}

fn check_version(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut versions = headers.get_all(header::SEC_WEBSOCKET_VERSION).iter();
    match (versions.next(), versions.next()) {
        (Some(version), None) if version == "13" => Ok(()),
        (Some(_), Some(_)) => Err(BadRequest::WebSocketVersion.into()),
        _ => Err(Refusal::UpgradeRequired(UpgradeRequired::Version)),
    }
}

/// Whether `key` is the base64 of 16 bytes: 21 characters of six bits, one of two bits, padding.
pub(super) fn is_key(key: &[u8]) -> bool {
    let six_bits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    match key {
        [whole @ .., b'A' | b'Q' | b'g' | b'w', b'=', b'='] => {
            whole.len() == 21 && whole.iter().all(six_bits)
        }
        _ => false,
    }
}
