//! Who a node is, and ids that are valid in the whole cluster.

use crate::id::{ClientId, Name};
use core::fmt;

/// The id of a node: a text of 1 to [`MAX`](Self::MAX) ASCII letters, digits, `-` and `_`. Cloning costs one reference count.
///
/// No two nodes of a cluster may have the same id at the same time; if they do, the one with the later
/// [incarnation](Identity::incarnation) goes on and the other [stops](super::Action::Superseded).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Name);

impl NodeId {
    /// The length limit, in bytes.
    pub const MAX: usize = 32;

    /// Checks an id. O(length).
    ///
    /// # Errors
    /// The text is empty, too long, or has a byte that an id cannot have.
    pub fn new(id: &str) -> Result<Self, BadNodeId> {
        if id.is_empty() || id.len() > Self::MAX {
            return Err(BadNodeId::Length { length: id.len() });
        }
        match id.bytes().find(|&byte| !is_of_id(byte)) {
            Some(byte) => Err(BadNodeId::Byte { byte }),
            None => Ok(Self(id.into())),
        }
    }

    /// Whether a text can be an id. O(length).
    pub(super) fn is_valid(id: &str) -> bool {
        (1..=Self::MAX).contains(&id.len()) && id.bytes().all(is_of_id)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_of_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

// As the text does: equal and of the same order and hash.
impl core::borrow::Borrow<str> for NodeId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a [`NodeId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BadNodeId {
    /// It is empty, or longer than [`NodeId::MAX`].
    Length {
        /// Its length in bytes.
        length: usize,
    },
    /// It has a byte that is no ASCII letter, digit, `-` or `_`.
    Byte {
        /// The first such byte.
        byte: u8,
    },
}

impl fmt::Display for BadNodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { length } => {
                write!(f, "node id of {length} bytes: it must have 1 to {}", NodeId::MAX)
            }
            Self::Byte { byte } => write!(
                f,
                "node id with the byte {byte:#04x}: only ASCII letters, digits, '-' and '_' are allowed"
            ),
        }
    }
}

impl core::error::Error for BadNodeId {}

/// Who this node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id of the node. A random one for each start is fine; a node that keeps its id over restarts is told apart by its incarnation.
    pub node: NodeId,
    /// Which start of the node this is: a later start under the same id must have a greater number, for example the nanoseconds since
    /// 1970. If it has a smaller one, because the system's clock went back, the other nodes ignore the node until they have forgotten
    /// its former incarnation ([`Config::forget`](super::Config::forget)).
    pub incarnation: u64,
    /// A random number, from which the jitter of times and the contents of probes are made.
    pub seed: u64,
}

/// The id of a client that is valid on each node of the cluster.
///
/// It never means another client, also after the node has started again: the id has the incarnation of the node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlobalId {
    /// The node of the client.
    pub node: NodeId,
    /// The incarnation of that node.
    pub incarnation: u64,
    /// The id of the client in the hub of that node.
    pub client: ClientId,
}

/// `node/incarnation/client`, both numbers in hexadecimal, which [`FromStr`](core::str::FromStr) reads.
impl fmt::Display for GlobalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:x}/{:x}", self.node, self.incarnation, self.client.to_u64())
    }
}

impl fmt::Debug for GlobalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no [`GlobalId`]: it must be `node/incarnation/client`, the last two hexadecimal numbers of 1 to 16 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BadGlobalId;

impl fmt::Display for BadGlobalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "no id of a client in a cluster: it must be node/incarnation/client, the last two in hexadecimal",
        )
    }
}

impl core::error::Error for BadGlobalId {}

impl core::str::FromStr for GlobalId {
    type Err = BadGlobalId;

    fn from_str(text: &str) -> Result<Self, BadGlobalId> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(BadGlobalId);
        let node = NodeId::new(next()?).map_err(|_| BadGlobalId)?;
        let (incarnation, client) = (hexadecimal(next()?)?, hexadecimal(next()?)?);
        if next().is_ok() {
            return Err(BadGlobalId);
        }
        Ok(Self { node, incarnation, client: ClientId::from_u64(client) })
    }
}

/// Not `from_str_radix` alone, which takes a sign.
fn hexadecimal(digits: &str) -> Result<u64, BadGlobalId> {
    let are_digits = digits.len() <= 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if are_digits { u64::from_str_radix(digits, 16).map_err(|_| BadGlobalId) } else { Err(BadGlobalId) }
}
