//! The table of connections: what the hub knows of each transport, whether or not it has a client yet.

use crate::id::ConnectionId;
use crate::outbox::NONE;
use crate::rate::Bucket;
use crate::timer::Timer;
use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

/// A deadline that is not set.
pub(super) const NEVER: u64 = u64::MAX;

/// The place of a connection in the table. (Of its own type, so that it is not taken for the index of a client.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row(pub(super) u32);

/// One connection, from accept until its transport is gone. Whatever arrives from a peer touches this and the hot
/// [entry](crate::outbox::Entry) of its client.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) generation: u32,
    /// The index of the client that is attached; `NONE` if there is none. In a free row: the next free row.
    pub(super) client: u32,
    /// When anything last arrived; later if the ping was written late: see [`Hub::ping_sent`](super::Hub).
    pub(super) heard: u64,
    /// When a message last arrived.
    pub(super) last_in: u64,
    /// The deadline of the phase: of the handshake, of the drain, or of closing.
    pub(super) deadline: u64,
    pub(super) next_ping: u64,
    pub(super) write_deadline: u64,
    /// How much of the rate of control frames the peer has used.
    pub(super) controls: Bucket,
    pub(super) timer: Timer,
    /// The slot of the address.
    pub(super) address: u32,
    /// Bytes that the transport has taken since the write deadline was set.
    pub(super) taken: u32,
    pub(super) lane: u8,
    pub(super) marks: Marks,
}

const _: () = assert!(size_of::<Connection>() <= 72, "a connection is small");

/// What is known of a connection, each a bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(pub(super) u8);

impl Marks {
    /// The row is in use.
    pub(super) const LIVE: u8 = 1;
    /// The host was asked to end the transport.
    pub(super) const ABORTED: u8 = 2;
    /// The peer's close frame has arrived.
    pub(super) const PEER_CLOSED: u8 = 4;
    /// The application has not finished with the last message, and the host does not read.
    pub(super) const WORKING: u8 = 8;
    /// A ping was written, and nothing has arrived since.
    pub(super) const ASKED: u8 = 16;
    /// Its client was separated from it: it gets no other, and is to be ended.
    pub(super) const LEFT: u8 = 32;
    /// Its client was separated from it, and it is still written its close frame.
    pub(super) const PARTED: u8 = 64;
    /// Its reservation was given up for another connection of the same session.
    pub(super) const REPLACED: u8 = 128;
    /// All marks.
    #[cfg(feature = "trace")]
    pub(super) const ALL: u8 = 255;

    /// Whether it has one of these marks.
    pub(super) const fn has(self, mark: u8) -> bool {
        self.0 & mark != 0
    }

    pub(super) const fn set(&mut self, mark: u8) {
        self.0 |= mark;
    }

    pub(super) const fn clear(&mut self, mark: u8) {
        self.0 &= !mark;
    }
}

impl Connection {
    /// An accepted connection without a client, with the deadline of its handshake.
    pub(super) fn new(timer: Timer, deadline: u64, address: u32, lane: u8) -> Self {
        Self {
            generation: 0,
            client: NONE,
            heard: 0,
            last_in: 0,
            deadline,
            next_ping: NEVER,
            write_deadline: NEVER,
            controls: Bucket::new(),
            timer,
            address,
            taken: 0,
            lane,
            marks: Marks(Marks::LIVE),
        }
    }

    pub(super) fn is(&self, mark: u8) -> bool {
        self.marks.has(mark)
    }

    /// The index of its client, if it has one.
    pub(super) fn client(&self) -> Option<u32> {
        (self.client != NONE).then_some(self.client)
    }

    /// Notes that something arrived.
    pub(super) fn hear(&mut self, now: u64) {
        self.heard = now;
        self.marks.clear(Marks::ASKED);
    }
}

/// All connections. A freed row is used again under a new generation; the row freed last is used first.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    pub(super) list: Vec<Connection>,
    pub(super) free: u32,
    /// The number of rows in use.
    pub(super) len: u32,
}

impl Connections {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { list: Vec::with_capacity(capacity), free: NONE, len: 0 }
    }

    /// The row that [`insert`](Self::insert) will use; `None` when all 2³² − 1 are in use.
    pub(super) fn next(&self) -> Option<Row> {
        if self.free != NONE {
            return Some(Row(self.free));
        }
        u32::try_from(self.list.len()).ok().filter(|&row| row < NONE).map(Row)
    }

    /// Puts a connection into the [next](Self::next) row.
    pub(super) fn insert(&mut self, row: Row, connection: Connection) -> ConnectionId {
        self.len += 1;
        let Some(slot) = self.list.get_mut(row.0 as usize) else {
            self.list.push(connection);
            return ConnectionId { index: row.0, generation: 0 };
        };
        self.free = slot.client;
        let generation = slot.generation;
        *slot = Connection { generation, ..connection };
        ConnectionId { index: row.0, generation }
    }

    /// Frees a row. Its timer must have been removed before.
    pub(super) fn remove(&mut self, row: Row) {
        self.len -= 1;
        let next = core::mem::replace(&mut self.free, row.0);
        let slot = &mut self[row];
        slot.generation = slot.generation.wrapping_add(1);
        slot.client = next;
        slot.marks = Marks::default();
    }

    /// The row of an id; `None` if the id is stale.
    #[inline]
    pub(super) fn find(&self, connection: ConnectionId) -> Option<Row> {
        let slot = self.list.get(connection.index as usize)?;
        let is_it = slot.generation == connection.generation && slot.is(Marks::LIVE);
        is_it.then_some(Row(connection.index))
    }

    pub(super) fn id(&self, row: Row) -> ConnectionId {
        ConnectionId { index: row.0, generation: self[row].generation }
    }

    /// Whether a row is in use.
    pub(super) fn is_live(&self, row: Row) -> bool {
        self.list.get(row.0 as usize).is_some_and(|slot| slot.is(Marks::LIVE))
    }

    /// The rows in use, in their order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        (0..).zip(&self.list).filter(|(_, slot)| slot.is(Marks::LIVE)).map(|(row, _)| Row(row))
    }

    /// The number of rows, free ones included.
    pub(super) fn end(&self) -> usize {
        self.list.len()
    }

    /// The number of connections.
    pub(super) fn len(&self) -> u32 {
        self.len
    }
}

impl Index<Row> for Connections {
    type Output = Connection;
    #[inline]
    fn index(&self, row: Row) -> &Connection {
        &self.list[row.0 as usize]
    }
}

impl IndexMut<Row> for Connections {
    #[inline]
    fn index_mut(&mut self, row: Row) -> &mut Connection {
        &mut self.list[row.0 as usize]
    }
}
