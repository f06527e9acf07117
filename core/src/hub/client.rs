//! The cold state of a connection, which a broadcast does not touch.

use super::memberships::List;
use crate::outbox::NONE;
use crate::rate::Bucket;
use crate::timer::Timer;

/// The cold state of one connection, beside its hot [entry](crate::outbox::Entry).
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) memberships: List,
    /// The user's slot. `user_position` is the position in the user's list of clients.
    pub(super) user: u32,
    pub(super) user_position: u32,
    /// The address's slot.
    pub(super) address: u32,
    /// The position in the list of all clients.
    pub(super) position: u32,
    pub(super) timer: Timer,
    /// The number of clients opened before this one.
    pub(super) opened: u64,
    /// When anything last arrived; later if the ping was written late: see [`Hub::ping_sent`](super::Hub).
    pub(super) heard: u64,
    /// When a message last arrived.
    pub(super) last_in: u64,
    /// The deadline of the phase: of the handshake, of the drain, or of closing.
    pub(super) deadline: u64,
    pub(super) next_ping: u64,
    pub(super) write_deadline: u64,
    pub(super) controls: Bucket,
    /// The host was asked to end the transport.
    pub(super) aborted: bool,
    /// The peer's close frame has arrived.
    pub(super) peer_closed: bool,
    /// The application has not finished with the last message, and the host does not read.
    pub(super) working: bool,
    /// A ping was written to the client, and nothing has arrived since.
    pub(super) asked: bool,
}

const _: () = assert!(size_of::<Client>() <= 88, "a client is small");

/// What a client has used of its message rates. Kept only if such rates are configured, or were.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    pub(super) messages: Bucket,
    pub(super) bytes: Bucket,
    /// When reading continues; `NEVER` if it is not paused.
    pub(super) resume_at: u64,
    /// Dropped messages over the rate that are not reported yet.
    pub(super) over_rate: u32,
}

impl Usage {
    pub(super) const NONE: Self =
        Self { messages: Bucket::new(), bytes: Bucket::new(), resume_at: NEVER, over_rate: 0 };
}

/// A deadline that is not set.
pub(super) const NEVER: u64 = u64::MAX;

impl Client {
    pub(super) fn new(timer: Timer, deadline: u64) -> Self {
        Self {
            memberships: List::EMPTY,
            user: NONE,
            user_position: NONE,
            address: NONE,
            position: NONE,
            timer,
            opened: 0,
            heard: 0,
            last_in: 0,
            deadline,
            next_ping: NEVER,
            write_deadline: NEVER,
            controls: Bucket::new(),
            aborted: false,
            peer_closed: false,
            working: false,
            asked: false,
        }
    }

    /// Notes that something arrived.
    pub(super) fn hear(&mut self, now: u64) {
        self.heard = now;
        self.asked = false;
    }
}
