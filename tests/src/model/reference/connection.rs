//! One connection.

use super::NEVER;
use super::outbox::{Outbox, Sending};
use super::rates::Bucket;
use throng_core::{Address, ClientId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Accepted,
    Reserved,
    Open,
    /// To be ended, and its turn has not come.
    Marked,
    Closing,
}

#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) id: ClientId,
    pub(crate) lane: u8,
    pub(crate) address: Option<Address>,
    pub(crate) user: Option<String>,
    pub(crate) phase: Phase,
    /// Clients opened before it.
    pub(super) opened: u64,
    /// In the order of joining.
    pub(crate) rooms: Vec<String>,
    pub(crate) outbox: Outbox,
    /// When anything last arrived, when a message did, when something was last queued.
    pub(super) heard: u64,
    pub(super) last_in: u64,
    pub(super) last_out: u64,
    /// Of the handshake, of the drain, of closing.
    pub(super) deadline: u64,
    pub(super) next_ping: u64,
    pub(super) write_deadline: u64,
    /// Bytes that its transport has taken since the write deadline was set.
    pub(super) write_taken: u64,
    /// While reading is paused: when it goes on.
    pub(super) resume_at: u64,
    pub(super) messages: Bucket,
    pub(super) bytes: Bucket,
    pub(super) controls: Bucket,
    /// Messages that were written to it.
    pub(super) written: Bucket,
    pub(crate) aborted: bool,
    pub(super) peer_closed: bool,
    pub(super) working: bool,
    /// A ping was written to it, and nothing has arrived since.
    pub(super) asked: bool,
    /// When the hub looks at it next, and the number of the setting of that timer.
    pub(super) timer: (u64, u64),
}

impl Connection {
    pub(super) fn new(id: ClientId, lane: u8, address: Option<Address>, deadline: u64) -> Self {
        Self {
            id,
            lane,
            address,
            user: None,
            phase: Phase::Accepted,
            opened: 0,
            rooms: Vec::new(),
            outbox: Outbox::default(),
            heard: 0,
            last_in: 0,
            last_out: 0,
            deadline,
            next_ping: NEVER,
            write_deadline: NEVER,
            write_taken: 0,
            resume_at: NEVER,
            messages: Bucket::default(),
            bytes: Bucket::default(),
            controls: Bucket::default(),
            written: Bucket::default(),
            aborted: false,
            peer_closed: false,
            working: false,
            asked: false,
            timer: (deadline, 0),
        }
    }

    /// Whether nothing can be written to an open client any more.
    pub(crate) fn has_failed(&self) -> bool {
        self.phase == Phase::Open && self.outbox.sending == Sending::Ended
    }

    /// Something arrived.
    pub(super) fn hear(&mut self, now: u64) {
        self.heard = now;
        self.asked = false;
    }

    pub(super) fn moments(&mut self) -> [&mut u64; 8] {
        [
            &mut self.heard,
            &mut self.last_in,
            &mut self.last_out,
            &mut self.deadline,
            &mut self.next_ping,
            &mut self.write_deadline,
            &mut self.resume_at,
            &mut self.timer.0,
        ]
    }

    pub(super) fn last_active(&self) -> u64 {
        self.last_in.max(self.last_out)
    }
}
