//! Reads a request and checks whether it opens a WebSocket (RFC 6455 section 4.2).

use super::{
    authority::{Host, only},
    head::{Head, HeadError, HeadLimits, HeadReader},
    negotiate::{Extensions, Protocols, lists_token},
    origin::check_origin,
    policy::{Policy, UnmatchedProtocol},
    refusal::{BadRequest, HeadTooLarge, Refusal, UpgradeRequired},
    respond::response_bytes_to,
    upgrade::Upgrade,
};
use alloc::{borrow::Cow, vec, vec::Vec};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Uri, Version, header, request::Parts};

/// Reads one request that comes in any pieces.
///
/// A head is refused as soon as it exceeds the [`HeadLimits`]. Every byte is read once to find the end of the
/// head, and once to parse it: O(n), even byte by byte. Until the head is complete, the handshake holds the bytes
/// received so far, afterwards nothing. One empty line before the request is skipped (RFC 9112 section 2.2).
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
    /// Makes a handshake that has read nothing.
    #[must_use]
    pub const fn new(limits: HeadLimits) -> Self {
        Self { reader: HeadReader::of_request(limits), status: Status::Reading }
    }

    /// Takes input until the head is complete or the input is used up. `input` is moved past the bytes taken.
    /// After a request, the rest is the client's first frames, for the [`Decoder`](crate::websocket::Decoder).
    /// `None`: more input is needed.
    ///
    /// The request may be any that HTTP/1 allows. [`Request::upgrade`] checks whether it opens a WebSocket; the host
    /// may answer other requests, such as for a page or a health check, if they pass [`Request::check`]. After a request this method returns only
    /// `None` and takes nothing.
    ///
    /// # Errors
    /// The refusal to send: 431 or 400. It is terminal: every later call returns the same.
    pub fn receive(&mut self, input: &mut &mut [u8]) -> Result<Option<Request>, Refusal> {
        self.read(input, Request::parse)
    }

    /// [`receive`](Self::receive) for a host whose HTTP server reads the request: by the same rules, but it returns the bytes of the head
    /// as they were sent, an empty line before the request included. They are copied once more if they came in pieces.
    ///
    /// # Errors
    /// See [`receive`](Self::receive), and [`Request::check`].
    pub fn receive_bytes(&mut self, input: &mut &mut [u8]) -> Result<Option<Vec<u8>>, Refusal> {
        self.read(input, |head| {
            Request::parse(head)?.check()?;
            Ok(head.bytes.to_vec())
        })
    }

    /// Takes input until the head is complete, and makes something of it.
    fn read<T>(
        &mut self,
        input: &mut &mut [u8],
        make: impl FnOnce(&Head<'_>) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        match &self.status {
            Status::Reading => {}
            Status::Done => return Ok(None),
            Status::Refused(refusal) => return Err(refusal.clone()),
        }
        let result = match self.reader.receive(input) {
            Ok(head) => head.as_ref().map(make).transpose(),
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

    /// The bytes of an answer to the request, like [`response_bytes`](super::response_bytes), also to a request that was
    /// refused before its end. The answer to HEAD has no body (RFC 9110 section 9.3.2). Before the first five bytes the
    /// method is unknown: then the answer has Content-Length 0 and no body.
    #[must_use]
    pub fn respond(&self, response: &Response<impl AsRef<[u8]>>) -> Vec<u8> {
        response_bytes_to(self.reader.method(), response)
    }

    /// The bytes of a refusal as the answer to the request; see [`respond`](Self::respond).
    #[must_use]
    pub fn refuse(&self, refusal: &Refusal) -> Vec<u8> {
        self.respond(&refusal.response().map(Cow::into_owned))
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

/// The head of a request, read by a [`Handshake`] or made of the parts that another HTTP server has read.
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

    /// Checks what HTTP/1.1 demands of every request, of one for a page or for health as well: one Host header, which may be missing only in
    /// HTTP/1.0, and no doubt about where a body ends. A host calls it before it answers. O(headers). A request over HTTP/2 or HTTP/3 always
    /// passes, since its server has checked it.
    ///
    /// # Errors
    /// 400: [`BadRequest::Host`] (RFC 9112 section 3.2) or [`BadRequest::Length`] (section 6.3).
    pub fn check(&self) -> Result<(), Refusal> {
        let Parts { version, headers, .. } = &self.parts;
        if *version > Version::HTTP_11 {
            return Ok(());
        }
        let has_host = headers.contains_key(header::HOST);
        // An empty one is allowed where the target has no host of its own. For a WebSocket, `upgrade` refuses it.
        let is_empty = only(headers, &header::HOST).is_some_and(HeaderValue::is_empty);
        if (has_host || *version == Version::HTTP_11) && !is_empty {
            Host::of(headers)?;
        }
        if length_is_clear(&self.parts) { Ok(()) } else { Err(BadRequest::Length.into()) }
    }

    /// Checks whether this request opens a WebSocket by RFC 6455 section 4.2.1 and `policy`, or, if it came over HTTP/2 or
    /// HTTP/3, by RFC 8441 section 5: an extended CONNECT, which needs no Upgrade, Connection and key.
    ///
    /// The pseudo-header `:protocol` of an extended CONNECT is not among the parts of a request. A request for another protocol
    /// is refused because it has no Sec-WebSocket-Version.
    ///
    /// # Errors
    /// The first violation, in this order: method (405), HTTP version, Host (400), Upgrade (426),
    /// Connection, a body (400), WebSocket version (426, several 400), key, offered subprotocols, offered extensions
    /// (400), origin (403), no subprotocol in common if the policy demands one (400). Over HTTP/2, any method but extended
    /// CONNECT, and a missing or wrong WebSocket version, are answered 400: 405 and 426 name what only HTTP/1.1 has.
    pub fn upgrade(&self, policy: &Policy) -> Result<Upgrade, Refusal> {
        Upgrade::check(&self.parts, policy)
    }

    /// Whether the Upgrade header lists `websocket`, even if the request is otherwise invalid. A server may ignore any
    /// other Upgrade header (RFC 9110 section 7.8). Over HTTP/2, whether the request is an extended CONNECT.
    #[must_use]
    pub fn asks_for_websocket(&self) -> bool {
        is_extended_connect(&self.parts) || lists_token(self.headers(), &header::UPGRADE, "websocket")
    }

    /// The method of the request.
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

    /// The query after the question mark, percent-encoded as it was sent.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.parts.uri.query()
    }

    /// The headers of the request.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// The whole head, with the extensions that the HTTP server added.
    #[must_use]
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The whole head, with the extensions that the HTTP server added.
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
    /// The check of [`Request::upgrade`] for a request that another HTTP server has read.
    ///
    /// # Errors
    /// See [`Request::upgrade`].
    pub fn check(request: &Parts, policy: &Policy) -> Result<Self, Refusal> {
        let headers = &request.headers;
        let (host, key) = if request.version > Version::HTTP_11 {
            (parse_connect(request)?, None)
        } else {
            parse_get(request)?
        };
        let protocols = Protocols::parse(headers)?;
        let extensions = Extensions::parse(headers)?;
        check_origin(&policy.origin, policy.absent_origin, &host, request)?;
        let upgrade = Self::new(key.map(HeaderValue::as_bytes), protocols, extensions, policy);
        match (policy.unmatched_protocol, upgrade.protocol()) {
            (UnmatchedProtocol::Refuse, None) => Err(BadRequest::NoCommonProtocol.into()),
            _ => Ok(upgrade),
        }
    }
}

/// The host and the key of a request over HTTP/1.1.
fn parse_get(request: &Parts) -> Result<(Host<'_>, Option<&HeaderValue>), Refusal> {
    if request.method != Method::GET {
        return Err(Refusal::MethodNotAllowed);
    }
    if request.version != Version::HTTP_11 {
        return Err(BadRequest::Version.into());
    }
    let headers = &request.headers;
    let host = Host::of_target(request)?;
    if !lists_token(headers, &header::UPGRADE, "websocket") {
        return Err(Refusal::UpgradeRequired(UpgradeRequired::Upgrade));
    }
    if !lists_token(headers, &header::CONNECTION, "upgrade") {
        return Err(BadRequest::Connection.into());
    }
    if has_body(headers) {
        return Err(BadRequest::Body.into());
    }
    check_version(headers)?;
    let key = only(headers, &header::SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes()));
    Ok((host, Some(key.ok_or(BadRequest::Key)?)))
}

/// Whether the request is a CONNECT with a scheme, which over HTTP/2 only an extended CONNECT has (RFC 8441 section 4).
fn is_extended_connect(request: &Parts) -> bool {
    request.version > Version::HTTP_11 && request.method == Method::CONNECT && request.uri.scheme().is_some()
}

/// The host of a request over HTTP/2 or HTTP/3.
fn parse_connect(request: &Parts) -> Result<Host<'_>, Refusal> {
    if !is_extended_connect(request) {
        return Err(BadRequest::Version.into());
    }
    let host = Host::of_authority(request)?;
    if has_body(&request.headers) {
        return Err(BadRequest::Body.into());
    }
    // Not 426, which asks for an upgrade: HTTP/2 has none (RFC 9113 section 8.6).
    match only(&request.headers, &header::SEC_WEBSOCKET_VERSION) {
        Some(version) if version == "13" => Ok(host),
        _ => Err(BadRequest::WebSocketVersion.into()),
    }
}

/// Whether the head announces a body (RFC 9112 section 6). Frames follow an upgrade: a proxy that takes them for a body, or
/// a body for frames, could be tricked into passing on a smuggled request.
fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get_all(header::CONTENT_LENGTH).iter().any(|length| !is_zero(length.as_bytes()))
}

/// Whether a length is the number zero, of any number of digits (RFC 9110 section 8.6).
fn is_zero(length: &[u8]) -> bool {
    !length.is_empty() && length.iter().all(|&byte| byte == b'0')
}

/// Whether all servers agree where the body of a request over HTTP/1 ends (RFC 9112 section 6.3): it has one length, if repeated the same
/// one, or is in chunks, or neither.
fn length_is_clear(request: &Parts) -> bool {
    let mut codings = request.headers.get_all(header::TRANSFER_ENCODING).iter().peekable();
    let mut lengths = request.headers.get_all(header::CONTENT_LENGTH).iter();
    if codings.peek().is_some() {
        let last = codings.last().and_then(|coding| coding.as_bytes().rsplit(|&byte| byte == b',').next());
        return request.version == Version::HTTP_11
            && last.is_some_and(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"chunked"))
            && lengths.next().is_none();
    }
    let Some(first) = lengths.next().map(HeaderValue::as_bytes) else { return true };
    let is_number = core::str::from_utf8(first).is_ok_and(|digits| {
        digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u64>().is_ok()
    });
    is_number && lengths.all(|length| length == first)
}

fn check_version(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut versions = headers.get_all(header::SEC_WEBSOCKET_VERSION).iter();
    match (versions.next(), versions.next()) {
        (Some(version), None) if version == "13" => Ok(()),
        (Some(_), Some(_)) => Err(BadRequest::WebSocketVersion.into()),
        _ => Err(Refusal::UpgradeRequired(UpgradeRequired::Version)),
    }
}

/// Whether `key` is the base64 of 16 bytes: 22 characters of six bits, and padding. The unused bits of the last character
/// may be anything: the example in RFC 6455 section 4.1 sets some, and no server decodes a key.
pub(super) fn is_key(key: &[u8]) -> bool {
    let six_bits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    matches!(key, [digits @ .., b'=', b'='] if digits.len() == 22 && digits.iter().all(six_bits))
}
