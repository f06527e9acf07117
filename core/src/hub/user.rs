//! The hub's state of one user and of one address.

use super::names::{Named, bytes};
use crate::id::{Address, Name};
use crate::outbox::LogEnd;
use crate::rate::Bucket;
use crate::timer::Timer;
use alloc::vec::Vec;

/// A user. It outlives its last client until its buckets are full again, so that reconnecting does not reset them.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: Name,
    /// The user's clients, reserved ones included.
    pub(super) clients: Vec<u32>,
    pub(super) messages: Bucket,
    pub(super) bytes: Bucket,
    /// The last frame published to the user.
    pub(super) log: LogEnd,
    /// Set while the user has no client and its buckets are not full.
    pub(super) timer: Option<Timer>,
    /// A target of the current publish names this user.
    pub(super) named: bool,
    /// How many of its clients are away.
    pub(super) away: u32,
}

impl Named for User {
    fn name(&self) -> &[u8] {
        bytes(&self.name)
    }
}

/// A peer address. It outlives its last connection and away client until its bucket is full again.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) address: Address,
    pub(super) connections: u32,
    pub(super) connects: Bucket,
    pub(super) timer: Option<Timer>,
    /// Away clients whose last connection was from this address.
    pub(super) away: u32,
}

impl Origin {
    /// An address without connections whose bucket is full.
    pub(super) fn new(address: Address) -> Self {
        Self { address, connections: 0, connects: Bucket::new(), timer: None, away: 0 }
    }

    /// Connections and away clients, for which the address must be known.
    pub(super) fn holders(&self) -> u32 {
        self.connections + self.away
    }
}

impl Named for Origin {
    fn name(&self) -> &[u8] {
        &self.address.0
    }
}
