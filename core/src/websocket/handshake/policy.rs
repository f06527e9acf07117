//! What a server demands of an upgrade, and what it offers.

use super::{
    negotiate::is_token,
    origin::{AbsentOrigin, Origin},
};
use alloc::{string::String, vec::Vec};
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
    /// What to do with a request that offers none of them.
    pub unmatched_protocol: UnmatchedProtocol,
}

/// What to do with a request that offers no subprotocol that is spoken here, or none at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum UnmatchedProtocol {
    /// Open the WebSocket without a subprotocol.
    #[default]
    Open,
    /// Refuse it, by 400.
    Refuse,
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
            _ => Err(BadProtocol { name: name.into() }),
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
#[derive(Clone, PartialEq, Eq)]
pub struct BadProtocol {
    name: String,
}

impl BadProtocol {
    /// The name as it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for BadProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        write!(f, "subprotocol {name:?}: a name is made of letters, digits and !#$%&'*+-.^_`|~")
    }
}

/// The same sentence: what `main` returns is printed by `Debug`.
impl fmt::Debug for BadProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for BadProtocol {}
