//! Parses hosts and ports, of origins and of the Host header.

use super::refusal::{BadRequest, Refusal};
use alloc::string::String;
use http::{HeaderMap, HeaderValue, header, request::Parts, uri::Authority};

/// Scheme, host and port (RFC 6454 section 4), in lower case; a missing port is the scheme's default.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SerializedOrigin {
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

impl SerializedOrigin {
    pub(super) fn parse(origin: &str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let scheme_char = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        if scheme.is_empty() || !scheme.bytes().all(scheme_char) {
            return None;
        }
        let Host { name, port } = Host::parse(authority.as_bytes())?;
        let (scheme, host) = (scheme.to_ascii_lowercase(), name.to_ascii_lowercase());
        let port = port.or_else(|| default_port(&scheme));
        Some(Self { scheme, host, port })
    }

    pub(super) fn is_at(&self, host: &Host<'_>) -> bool {
        self.host.eq_ignore_ascii_case(host.name)
            && self.port == host.port.or_else(|| default_port(&self.scheme))
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

/// A host, and the port if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Host<'a> {
    name: &'a str,
    port: Option<u16>,
}

impl<'a> Host<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        Authority::try_from(bytes).ok()?;
        let text = core::str::from_utf8(bytes).ok()?;
        // Brackets enclose an IPv6 address, whose colons do not begin a port.
        let name_len = match text.strip_prefix('[') {
            Some(rest) => rest.find(']')? + 2,
            None => text.find([':', '[', ']']).unwrap_or(text.len()),
        };
        let (name, port) = text.split_at(name_len);
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            None => return None,
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
            Some(_) => return None,
        };
        (!name.is_empty() && !name.contains('@')).then_some(Self { name, port })
    }

    /// Parses the Host header of a request, which must be there exactly once.
    pub(super) fn of(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        only(headers, &header::HOST)
            .and_then(|value| Self::parse(value.as_bytes()))
            .ok_or_else(|| BadRequest::Host.into())
    }

    /// Parses the host of a request over HTTP/1.1. If its target names one, as in `GET http://example.com/chat`, that counts and not the
    /// Host header (RFC 9112 section 3.2.2), which must be there all the same.
    pub(super) fn of_target(request: &'a Parts) -> Result<Self, Refusal> {
        let host = Self::of(&request.headers)?;
        match request.uri.authority() {
            Some(authority) => {
                Self::parse(authority.as_str().as_bytes()).ok_or_else(|| BadRequest::Host.into())
            }
            None => Ok(host),
        }
    }

    /// Parses the authority of a request over HTTP/2, or the Host header if there is no authority. If there are both, they must
    /// be the same (RFC 9113 section 8.3.1).
    pub(super) fn of_authority(request: &'a Parts) -> Result<Self, Refusal> {
        let Some(authority) = request.uri.authority() else { return Self::of(&request.headers) };
        let authority = Self::parse(authority.as_str().as_bytes()).ok_or(BadRequest::Host)?;
        let is_same =
            |host: Host<'_>| host.port == authority.port && host.name.eq_ignore_ascii_case(authority.name);
        match request.headers.contains_key(header::HOST) {
            true if !Self::of(&request.headers).is_ok_and(is_same) => Err(BadRequest::Host.into()),
            _ => Ok(authority),
        }
    }
}

/// The value of a header; `None` if the header is missing or repeated.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}
