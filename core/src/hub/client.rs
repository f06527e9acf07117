//! The part of a connection that a broadcast does not touch.

use crate::outbox::NONE;
use crate::rate::Bucket;
use crate::timer::Timer;
use alloc::vec::Vec;

/// A room that a client is in, and where the room lists it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Membership {
    pub(super) room: u32,
    pub(super) position: u32,
}

/// The cold state of one connection, beside its hot [entry](crate::outbox::Entry).
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) memberships: Vec<Membership>,
    /// The user's slot, and where the user lists this client.
    pub(super) user: u32,
    pub(super) user_position: u32,
    /// The address's slot.
    pub(super) address: u32,
    /// Where the list of all clients has it.
    pub(super) position: u32,
    pub(super) timer: Timer,
    /// Messages over the rate that are not told yet.
    pub(super) over_rate: u32,
    /// Clients opened before it.
    pub(super) opened: u64,
    /// When anything last arrived, and when a message did.
    pub(super) heard: u64,
    pub(super) last_in: u64,
    /// The phase's own deadline: of the handshake, of the drain, of closing.
    pub(super) deadline: u64,
    pub(super) next_ping: u64,
    pub(super) write_deadline: u64,
    /// When reading may go on; `NEVER` if it is not paused.
    pub(super) resume_at: u64,
    pub(super) messages: Bucket,
    pub(super) bytes: Bucket,
    pub(super) controls: Bucket,
    /// The host was asked to end the transport.
    pub(super) aborted: bool,
    /// The peer's close frame has arrived.
    pub(super) peer_closed: bool,
}

/// A deadline that is not set.
pub(super) const NEVER: u64 = u64::MAX;

impl Client {
    pub(super) fn new(timer: Timer, deadline: u64) -> Self {
        Self {
            memberships: Vec::new(),
            user: NONE,
            user_position: NONE,
            address: NONE,
            position: NONE,
            timer,
            over_rate: 0,
            opened: 0,
            heard: 0,
            last_in: 0,
            deadline,
            next_ping: NEVER,
            write_deadline: NEVER,
            resume_at: NEVER,
            messages: Bucket::new(),
            bytes: Bucket::new(),
            controls: Bucket::new(),
            aborted: false,
            peer_closed: false,
        }
    }
}
