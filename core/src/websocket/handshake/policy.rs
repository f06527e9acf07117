//! What a server demands of an upgrade, and what it offers.

use super::{
    negotiate::is_token,
    origin::{AbsentOrigin, Origin},
};
use alloc::vec::Vec;
use core::fmt;
use http::HeaderValue;

/// What a server demands of an upgrade, and what it offers. The default: same origin, or none; no
/// subprotocol.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Policy {
    /// Which pages may open a WebSocket here.
    pub origin: Origin,
    /// What to do without an Origin header.
    pub absent_origin: AbsentOrigin,
    /// The subprotocols that are spoken here, most wanted first.
    pub protocols: Vec<Protocol>,
}

/// The name of a subprotocol: a token (RFC 6455 section 11.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol(HeaderValue);

impl Protocol {
    /// The subprotocol of this name. Case matters.
    ///
    /// # Errors
    /// [`BadProtocol`] if the name is not a token.
    pub fn new(name: &str) -> Result<Self, BadProtocol> {
        match HeaderValue::from_str(name) {
            Ok(value) if is_token(name.as_bytes()) => Ok(Self(value)),
            _ => Err(BadProtocol),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(super) const fn value(&self) -> &HeaderValue {
        &self.0
    }
}

/// A name that no subprotocol can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadProtocol;

impl fmt::Display for BadProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a subprotocol is a token: letters, digits and !#$%&'*+-.^_`|~")
    }
}

impl core::error::Error for BadProtocol {}
