//! Ids of connections and clients, interned names and network addresses.

use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

/// Declares an id: an index and a generation. Both kinds are numbers of the same form and different types, so that
/// the compiler refuses one in the place of the other.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $owner:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            pub(crate) index: u32,
            pub(crate) generation: u32,
        }

        impl $name {
            #[doc = concat!("An index for a host's table of its own data of the ", $owner, ". Indexes are dense and reused.")]
            #[must_use]
            pub const fn index(self) -> usize {
                self.index as usize
            }

            /// The id as a number, for logs, wire formats and tables.
            #[must_use]
            pub const fn to_u64(self) -> u64 {
                (self.generation as u64) << 32 | self.index as u64
            }

            /// The id from the number that [`to_u64`](Self::to_u64) returned.
            #[must_use]
            pub const fn from_u64(id: u64) -> Self {
                Self { index: id as u32, generation: (id >> 32) as u32 }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}.{}", self.index, self.generation)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self, f)
            }
        }

        /// Reads what [`Display`](fmt::Display) writes.
        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let (index, generation) = text.split_once('.').ok_or(BadId)?;
                Ok(Self { index: number(index)?, generation: number(generation)? })
            }
        }
    };
}

/// A text that is no [`ClientId`] or [`ConnectionId`]: it must be two numbers of at most 32 bits with a dot between them, `3.1` for
/// example, as `Display` writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BadId;

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id must be two numbers of at most 32 bits with a dot between them, such as 3.1")
    }
}

impl core::error::Error for BadId {}

/// A number as it is displayed: `parse` would accept a sign and leading zeros, and two texts would be one id.
fn number(digits: &str) -> Result<u32, BadId> {
    let is_number =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| is_number).ok_or(BadId)
}

id!(
    /// The id of a connection: a transport, from its accept until it is gone, that has a WebSocket or is about to get one.
    ///
    /// What the host and the hub tell each other about a transport names its connection: what arrived, what is leased,
    /// that it is writable, blocked or gone. When the transport has ended, the id is stale, and every use of it is an
    /// error. It never means another connection: an index is reused under a new generation, and a generation returns
    /// only after 2³² reuses of one index.
    ConnectionId,
    "connection"
);

id!(
    /// The id of a client: the hub's member, which has a user, rooms and an outbox.
    ///
    /// What the application asks, and what it is told, names the client. The hub gives the id when a connection is
    /// [reserved](crate::Hub::reserve). When the client has ended, with its connection or later, the id is stale, and every use of it
    /// is an error. It never means another client: an index is reused under a new generation, and a generation returns
    /// only after 2³² reuses of one index. Indexes of clients and of connections are counted apart.
    ClientId,
    "client"
);

/// The name of a room, a user or a session, interned: cloning costs one reference count.
pub type Name = Arc<str>;

/// The peer's address, for limits per address. The host decides what counts as one address; the runtimes use the
/// whole IPv4 address, and the /64 network of an IPv6 address, as does `From<IpAddr>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub [u8; 16]);

impl From<core::net::IpAddr> for Address {
    fn from(address: core::net::IpAddr) -> Self {
        match address.to_canonical() {
            core::net::IpAddr::V4(v4) => Self(v4.to_ipv6_mapped().octets()),
            core::net::IpAddr::V6(v6) => {
                let mut octets = v6.octets();
                octets[8..].fill(0);
                Self(octets)
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&core::net::Ipv6Addr::from(self.0).to_canonical(), f)
    }
}
