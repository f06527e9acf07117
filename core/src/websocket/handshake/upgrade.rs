//! The response that opens a WebSocket (RFC 6455 section 4.2.2, RFC 8441 section 5).

use super::{
    negotiate::{Extensions, Protocols},
    policy::{Policy, Protocol},
    respond::{push_headers, push_status},
};
use alloc::vec::Vec;
use core::fmt;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use tungstenite::handshake::derive_accept_key;

/// A valid request for a WebSocket: what the client offers, and the response so far.
///
/// The subprotocol is at first the server's most preferred one that the client offers, or none if they have none
/// in common.
#[derive(Clone, Debug)]
pub struct Upgrade {
    offered_protocols: Protocols,
    offered_extensions: Extensions,
    protocol: Option<Protocol>,
    status: StatusCode,
    headers: HeaderMap,
}

impl Upgrade {
    /// `key` is that of a request over HTTP/1.1; an extended CONNECT has none, and its answer needs no proof.
    pub(super) fn new(
        key: Option<&[u8]>,
        offered_protocols: Protocols,
        offered_extensions: Extensions,
        policy: &Policy,
    ) -> Self {
        let protocol =
            policy.protocols.iter().find(|protocol| offered_protocols.contains(protocol.name())).cloned();
        let (status, headers) = key.map_or((StatusCode::OK, HeaderMap::new()), switching_protocols);
        Self { offered_protocols, offered_extensions, protocol, status, headers }
    }

    /// Chooses a subprotocol instead of the policy's choice.
    ///
    /// # Errors
    /// [`NotOffered`] if the client did not offer it: it would have to fail the connection (section 4.1).
    pub fn choose_protocol(&mut self, protocol: Protocol) -> Result<(), NotOffered> {
        if !self.offered_protocols.contains(protocol.name()) {
            return Err(NotOffered);
        }
        self.protocol = Some(protocol);
        Ok(())
    }

    /// Chooses no subprotocol.
    pub fn choose_no_protocol(&mut self) {
        self.protocol = None;
    }

    /// Accepts an extension: adds this value of Sec-WebSocket-Extensions to the response. The decoder must then
    /// [allow](crate::websocket::Decoder::allow) the extension's reserved bits.
    pub fn accept_extension(&mut self, extension: HeaderValue) {
        self.headers.append(header::SEC_WEBSOCKET_EXTENSIONS, extension);
    }

    /// Adds a header to the response, such as a cookie.
    ///
    /// # Errors
    /// [`ReservedHeader`] for a header that the handshake itself sets.
    pub fn add_header(&mut self, name: HeaderName, value: HeaderValue) -> Result<(), ReservedHeader> {
        let reserved = [
            header::CONNECTION,
            header::UPGRADE,
            header::CONTENT_LENGTH,
            header::TRANSFER_ENCODING,
            header::SEC_WEBSOCKET_ACCEPT,
            header::SEC_WEBSOCKET_EXTENSIONS,
            header::SEC_WEBSOCKET_PROTOCOL,
        ];
        if reserved.contains(&name) {
            return Err(ReservedHeader);
        }
        self.headers.append(name, value);
        Ok(())
    }

    /// The chosen subprotocol.
    #[must_use]
    pub const fn protocol(&self) -> Option<&Protocol> {
        self.protocol.as_ref()
    }

    /// The subprotocols that the client offers.
    #[must_use]
    pub const fn offered_protocols(&self) -> &Protocols {
        &self.offered_protocols
    }

    /// The extensions that the client offers.
    #[must_use]
    pub const fn offered_extensions(&self) -> &Extensions {
        &self.offered_extensions
    }

    /// The response, for a host whose HTTP server writes it: 101, or 200 to an extended CONNECT.
    #[must_use]
    pub fn response(&self) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        if let Some(protocol) = &self.protocol {
            response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol.value().clone());
        }
        response
    }

    /// The bytes of the response over HTTP/1.1. Frames follow it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let response = self.response();
        let mut out = Vec::with_capacity(256);
        push_status(&mut out, response.status());
        push_headers(&mut out, response.headers(), |_| true);
        out.extend_from_slice(b"\r\n");
        out
    }
}

/// The status and headers that prove to a client that its key was understood.
fn switching_protocols(key: &[u8]) -> (StatusCode, HeaderMap) {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    // Base64 is always a valid header value.
    if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key)) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    (StatusCode::SWITCHING_PROTOCOLS, headers)
}

/// A subprotocol or extension that the client did not offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOffered;

impl fmt::Display for NotOffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client did not offer this subprotocol or extension")
    }
}

impl core::error::Error for NotOffered {}

/// A header that only the handshake itself may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReservedHeader;

impl fmt::Display for ReservedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only the handshake may set this header")
    }
}

impl core::error::Error for ReservedHeader {}
