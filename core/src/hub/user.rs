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
}

impl Named for User {
    fn name(&self) -> &[u8] {
        bytes(&self.name)
    }
}

/// A peer address. It outlives its last connection until its bucket is full again.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) address: Address,
    pub(super) connections: u32,
    pub(super) connects: Bucket,
    pub(super) timer: Option<Timer>,
}

impl Named for Origin {
    fn name(&self) -> &[u8] {
        &self.address.0
    }
}
