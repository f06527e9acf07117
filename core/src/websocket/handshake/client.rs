//! The client's side of the handshake, for tools and tests (RFC 6455 section 4.1).

use super::{
    authority::only,
    head::{Head, HeadError, HeadLimits, HeadReader},
    negotiate::lists_token,
    request::{header_map, is_key},
    respond::{push_header, push_headers},
};
use alloc::{string::String, vec, vec::Vec};
use core::fmt;
use http::{HeaderMap, Response, StatusCode, header, uri::Authority, uri::PathAndQuery};
use tungstenite::handshake::derive_accept_key;

/// Why a client's handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientHandshakeError {
    /// The host is not `host` or `host:port`.
    Host,
    /// The path does not begin with a slash, or holds invalid characters.
    Path,
    /// The key is not the base64 of 16 bytes.
    Key,
    /// The response is not HTTP/1.1, or its head exceeds a limit.
    Response,
    /// The server refused the WebSocket with this status.
    Refused(StatusCode),
    /// The 101 has a wrong Upgrade, Connection or Sec-WebSocket-Accept header.
    NotAccepted,
}

impl fmt::Display for ClientHandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("the host must be `host` or `host:port`"),
            Self::Path => f.write_str("the path must begin with `/` and be a valid path"),
            Self::Key => f.write_str("the key must be the base64 of 16 bytes"),
            Self::Response => f.write_str("the response is not HTTP/1.1, or its head is too long"),
            Self::Refused(status) => write!(f, "the server refused the WebSocket: {status}"),
            Self::NotAccepted => {
                f.write_str("the 101 has a wrong Upgrade, Connection or Sec-WebSocket-Accept")
            }
        }
    }
}

impl core::error::Error for ClientHandshakeError {}

/// A client's handshake that waits for the response.
#[derive(Debug)]
pub struct ClientHandshake {
    accept: String,
    reader: HeadReader,
}

impl ClientHandshake {
    /// Makes a handshake and the bytes of its request, to be sent. `key` is the base64 of 16 random bytes;
    /// `headers` are sent in addition, such as Origin, Sec-WebSocket-Protocol or cookies.
    ///
    /// # Errors
    /// [`Host`](ClientHandshakeError::Host), [`Path`](ClientHandshakeError::Path) or [`Key`](ClientHandshakeError::Key) if that argument is invalid.
    pub fn new(
        host: &str,
        path: &str,
        key: &str,
        headers: &HeaderMap,
    ) -> Result<(Self, Vec<u8>), ClientHandshakeError> {
        let host: Authority = host.parse().map_err(|_| ClientHandshakeError::Host)?;
        let path = path
            .parse::<PathAndQuery>()
            .ok()
            .filter(|_| path.starts_with('/'))
            .ok_or(ClientHandshakeError::Path)?;
        if !is_key(key.as_bytes()) {
            return Err(ClientHandshakeError::Key);
        }
        let mut out = Vec::with_capacity(256);
        for piece in ["GET ", path.as_str(), " HTTP/1.1\r\n"] {
            out.extend_from_slice(piece.as_bytes());
        }
        push_header(&mut out, "Host", host.as_str().as_bytes());
        push_header(&mut out, "Connection", b"Upgrade");
        push_header(&mut out, "Upgrade", b"websocket");
        push_header(&mut out, "Sec-WebSocket-Version", b"13");
        push_header(&mut out, "Sec-WebSocket-Key", key.as_bytes());
        push_headers(&mut out, headers, |_| true);
        out.extend_from_slice(b"\r\n");
        Ok((
            Self {
                accept: derive_accept_key(key.as_bytes()),
                reader: HeadReader::of_response(HeadLimits::default()),
            },
            out,
        ))
    }

    /// Takes input until the response is complete or the input is used up. After a response, the rest of `input` is
    /// the server's first frames. `None`: more input is needed. Do not call it again after a response or an error.
    ///
    /// # Errors
    /// [`Response`](ClientHandshakeError::Response), [`Refused`](ClientHandshakeError::Refused) or
    /// [`NotAccepted`](ClientHandshakeError::NotAccepted).
    pub fn receive(&mut self, input: &mut &mut [u8]) -> Result<Option<Response<()>>, ClientHandshakeError> {
        let Some(head) = self.reader.receive(input)? else { return Ok(None) };
        let response = parse(&head).ok_or(ClientHandshakeError::Response)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(ClientHandshakeError::Refused(response.status()));
        }
        let headers = response.headers();
        let accepted = only(headers, &header::SEC_WEBSOCKET_ACCEPT)
            .is_some_and(|value| value == self.accept.as_str())
            && lists_token(headers, &header::UPGRADE, "websocket")
            && lists_token(headers, &header::CONNECTION, "upgrade");
        if accepted { Ok(Some(response)) } else { Err(ClientHandshakeError::NotAccepted) }
    }
}

impl From<HeadError> for ClientHandshakeError {
    fn from(_: HeadError) -> Self {
        Self::Response
    }
}

fn parse(head: &Head<'_>) -> Option<Response<()>> {
    let mut headers = vec![httparse::EMPTY_HEADER; head.headers];
    let mut parsed = httparse::Response::new(&mut headers);
    let status = parsed.parse(head.bytes).ok()?;
    if status != httparse::Status::Complete(head.bytes.len()) || parsed.version != Some(1) {
        return None;
    }
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(parsed.code?).ok()?;
    *response.headers_mut() = header_map(parsed.headers)?;
    Some(response)
}
