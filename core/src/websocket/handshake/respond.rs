//! Writes HTTP/1.1 responses as bytes.

use super::head::SeenMethod;
use alloc::vec::Vec;
use http::{HeaderMap, Response, StatusCode, header};

/// The bytes of a whole response after which the connection is closed: for refusals, and for health endpoints
/// and pages that a host serves beside its WebSockets. Sets Content-Length and Connection, whatever the
/// response says. An answer to HEAD must have no body: use [`Handshake::respond`](super::Handshake::respond).
#[must_use]
pub fn response_bytes(response: &Response<impl AsRef<[u8]>>) -> Vec<u8> {
    response_bytes_to(SeenMethod::Other, response)
}

/// The bytes of the response to a request of this method.
pub(super) fn response_bytes_to(method: SeenMethod, response: &Response<impl AsRef<[u8]>>) -> Vec<u8> {
    let whole = response.body().as_ref();
    let (length, body) = match method {
        SeenMethod::Other => (whole.len(), whole),
        SeenMethod::Head => (whole.len(), &[][..]),
        SeenMethod::Unknown(_) => (0, &[][..]),
    };
    let mut out = Vec::with_capacity(256 + body.len());
    push_status(&mut out, response.status());
    push_headers(&mut out, response.headers(), |name| {
        ![header::CONTENT_LENGTH, header::CONNECTION, header::TRANSFER_ENCODING].contains(name)
    });
    push_header(&mut out, "Content-Length", alloc::format!("{length}").as_bytes());
    // A response with Upgrade must list it in Connection (RFC 9110 section 7.8).
    let upgrades = response.headers().contains_key(header::UPGRADE);
    push_header(&mut out, "Connection", if upgrades { b"close, upgrade" } else { b"close" });
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out
}

pub(super) fn push_status(out: &mut Vec<u8>, status: StatusCode) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
}

pub(super) fn push_headers(
    out: &mut Vec<u8>,
    headers: &HeaderMap,
    mut wanted: impl FnMut(&http::HeaderName) -> bool,
) {
    for (name, value) in headers {
        if wanted(name) {
            push_header(out, name.as_str(), value.as_bytes());
        }
    }
}

pub(super) fn push_header(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}
