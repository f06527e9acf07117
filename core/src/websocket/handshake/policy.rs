//! The server's policy for upgrades: origins and subprotocols.

use super::{
    negotiate::is_token,
    origin::{AbsentOrigin, Origin},
};
use crate::hub::{ConfigError, Must};
use alloc::{string::String, vec::Vec};
use core::fmt;
use http::HeaderValue;

/// The server's policy for upgrades. The default allows requests of the same origin or without an Origin header,
/// and has no subprotocol.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Policy {
    /// Which pages may open a WebSocket. Default: [`Origin::Same`].
    pub origin: Origin,
    /// What to do with a request without an Origin header. Default: allow it.
    pub absent_origin: AbsentOrigin,
    /// The subprotocols of the server, in its order of preference. Default: none.
    pub protocols: Vec<Protocol>,
    /// What to do with a request that offers none of the server's subprotocols. Default: open the WebSocket.
    pub unmatched_protocol: UnmatchedProtocol,
}

impl Policy {
    /// Checks that some request can open a WebSocket: with [`UnmatchedProtocol::Refuse`] and no subprotocol, all would be
    /// refused. throng-runtime checks it when a hub is built; a host of your own that sets these fields does so at its start.
    ///
    /// ```
    /// use throng_core::websocket::handshake::{Policy, Protocol, UnmatchedProtocol};
    ///
    /// let mut policy = Policy::default();
    /// policy.unmatched_protocol = UnmatchedProtocol::Refuse;
    /// assert!(policy.validate().is_err());
    /// policy.protocols.push(Protocol::new("chat")?);
    /// assert!(policy.validate().is_ok());
    /// # Ok::<(), throng_core::websocket::handshake::BadProtocol>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] names the field `subprotocols`.
    pub const fn validate(&self) -> Result<(), ConfigError> {
        match self.unmatched_protocol {
            UnmatchedProtocol::Refuse if self.protocols.is_empty() => {
                Err(ConfigError { field: "subprotocols", value: 0, must: Must::NameASubprotocol })
            }
            _ => Ok(()),
        }
    }
}

/// What to do with a request that offers none of the server's subprotocols, or no subprotocol at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnmatchedProtocol {
    /// Open the WebSocket without a subprotocol.
    #[default]
    Open,
    /// Refuse the request with 400. The server must have a subprotocol: [`Policy::validate`].
    Refuse,
}

/// The name of a subprotocol: a token (RFC 6455 section 11.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol(HeaderValue);

impl Protocol {
    /// Makes the subprotocol of this name. Case matters.
    ///
    /// # Errors
    /// [`BadProtocol`] if the name is not a token.
    pub fn new(name: &str) -> Result<Self, BadProtocol> {
        match HeaderValue::from_str(name) {
            Ok(value) if is_token(name.as_bytes()) => Ok(Self(value)),
            _ => Err(BadProtocol { name: name.into() }),
        }
    }

    /// The name of the subprotocol.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(super) const fn value(&self) -> &HeaderValue {
        &self.0
    }
}

/// An invalid name of a subprotocol.
#[derive(Clone, PartialEq, Eq)]
pub struct BadProtocol {
    name: String,
}

impl BadProtocol {
    /// The invalid name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for BadProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        write!(f, "subprotocol {name:?}: a name is one or more letters, digits and !#$%&'*+-.^_`|~")
    }
}

/// Prints the same sentence as `Display`, since `main` prints the error that it returns by `Debug`.
impl fmt::Debug for BadProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for BadProtocol {}
