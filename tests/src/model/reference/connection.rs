//! One connection: what a transport has, with a client or without.

use super::NEVER;
use super::rates::Bucket;
use throng_core::{Address, ClientId, ConnectionId};

#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) lane: u8,
    pub(crate) address: Option<Address>,
    /// None before it is reserved, and none after its reservation is given up.
    pub(crate) client: Option<ClientId>,
    /// When anything last arrived, and when a message did.
    pub(super) heard: u64,
    pub(super) last_in: u64,
    /// Of the handshake, of the drain, of closing.
    pub(super) deadline: u64,
    pub(super) next_ping: u64,
    pub(super) write_deadline: u64,
    /// Bytes that the transport has taken since the write deadline was set.
    pub(super) write_taken: u64,
    /// While reading is paused: when it goes on.
    pub(super) resume_at: u64,
    pub(super) controls: Bucket,
    /// The host was asked to end the transport.
    pub(crate) aborted: bool,
    pub(super) peer_closed: bool,
    /// Its client was separated from it, and it gets no other.
    pub(super) is_left: bool,
    pub(super) working: bool,
    /// A ping was written to it, and nothing has arrived since.
    pub(super) asked: bool,
    /// When the hub looks at it next, and the number of the setting of that timer.
    pub(super) timer: (u64, u64),
}

impl Connection {
    pub(super) fn new(id: ConnectionId, lane: u8, address: Option<Address>, deadline: u64) -> Self {
        Self {
            id,
            lane,
            address,
            client: None,
            heard: 0,
            last_in: 0,
            deadline,
            next_ping: NEVER,
            write_deadline: NEVER,
            write_taken: 0,
            resume_at: NEVER,
            controls: Bucket::default(),
            aborted: false,
            peer_closed: false,
            is_left: false,
            working: false,
            asked: false,
            timer: (deadline, 0),
        }
    }

    /// Something arrived.
    pub(super) fn hear(&mut self, now: u64) {
        self.heard = now;
        self.asked = false;
    }

    pub(super) fn moments(&mut self) -> [&mut u64; 7] {
        [
            &mut self.heard,
            &mut self.last_in,
            &mut self.deadline,
            &mut self.next_ping,
            &mut self.write_deadline,
            &mut self.resume_at,
            &mut self.timer.0,
        ]
    }
}
