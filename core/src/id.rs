//! Names for things: client ids, interned names, network addresses.

use alloc::sync::Arc;
use core::fmt;

/// A client of the hub: an index and a generation. Once the client's connection has ended the id is stale,
/// and every use of it is an error; it never means somebody else (an index is reused under a new generation,
/// and 2³² reuses of one index pass before a generation returns).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl ClientId {
    /// Where a host may keep what belongs to this client: indexes are dense and reused.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }

    /// The id as a number, for logs, wire formats and tables.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        (self.generation as u64) << 32 | self.index as u64
    }

    /// The id that [`to_u64`](Self::to_u64) made a number of.
    #[must_use]
    pub const fn from_u64(id: u64) -> Self {
        Self { index: id as u32, generation: (id >> 32) as u32 }
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.generation)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The name of a room or a user, interned: cloning costs one reference count.
pub type Name = Arc<str>;

/// Where a connection comes from, as far as limits per address go. The host decides what counts as one
/// address; the runtimes take an IPv4 address whole and an IPv6 address by its /64 network.
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
