//! Writes the table of connections as bytes and reads it back: a part of the [snapshot](super::snapshot) of a hub.

use super::Hub;
use super::client::NEVER;
use super::connection::{Connection, Marks, Row};
use super::snapshot::{put_time, take_time};
use crate::field::{Field, Input, Wrong};
use crate::id::ConnectionId;
use crate::outbox::{NONE, Phase};
use crate::pool::within;
use crate::timer::Timer;
use alloc::vec::Vec;

impl Hub {
    /// Writes all rows, and the order in which the free ones will be used. `None` if more than `most` bytes would be written.
    pub(super) fn put_connections(&self, log: &mut Vec<u8>, most: usize) -> Option<()> {
        (self.connections.end() as u64).put(log);
        for row in (0..self.connections.end() as u32).map(Row) {
            self.put_connection(row, log);
            within(log, most)?;
        }
        let mut free = self.connections.free;
        while free != NONE {
            free.put(log);
            free = self.connections[Row(free)].client;
        }
        within(log, most)
    }

    fn put_connection(&self, row: Row, log: &mut Vec<u8>) {
        let slot = &self.connections[row];
        slot.marks.0.put(log);
        slot.generation.put(log);
        if !slot.is(Marks::LIVE) {
            return;
        }
        slot.lane.put(log);
        for number in [slot.client, slot.address] {
            number.wrapping_add(1).put(log);
        }
        for time in slot.times() {
            put_time(time, self.now.as_nanos(), log);
        }
        slot.controls.put(log);
        slot.taken.put(log);
    }

    /// Reads what [`put_connections`](Self::put_connections) wrote.
    pub(super) fn take_connections(&mut self, input: &mut Input<'_>) -> Result<(), Wrong> {
        let mut vacant = 0;
        for _ in 0..input.count()? {
            let slot = self.take_connection(input)?;
            vacant += u32::from(!slot.is(Marks::LIVE));
            self.connections.list.push(slot);
        }
        self.connections.len = self.connections.end() as u32 - vacant;
        let mut before = NONE;
        for _ in 0..vacant {
            let free = u32::take(input)?;
            self.connections.list.get(free as usize).ok_or(Wrong::Malformed)?;
            match before {
                NONE => self.connections.free = free,
                before => self.connections[Row(before)].client = free,
            }
            before = free;
        }
        Ok(())
    }

    fn take_connection(&mut self, input: &mut Input<'_>) -> Result<Connection, Wrong> {
        let marks = Marks(u8::take(input)? & Marks::ALL);
        let generation = Field::take(input)?;
        // A placeholder: `take_timers` gives the connection its timer later.
        let mut slot = Connection { generation, marks, ..Connection::new(Timer::none(), NEVER, NONE, 0) };
        if !marks.has(Marks::LIVE) {
            return Ok(slot);
        }
        slot.lane = Field::take(input)?;
        for number in [&mut slot.client, &mut slot.address] {
            *number = u32::take(input)?.wrapping_sub(1);
        }
        for time in slot.times_mut() {
            *time = take_time(self.now.as_nanos(), input)?;
        }
        slot.controls = Field::take(input)?;
        slot.taken = Field::take(input)?;
        if usize::from(slot.lane) >= self.outboxes.lanes() {
            return Err(Wrong::Malformed);
        }
        if let Some(origin) = self.addresses.get_mut(slot.address) {
            origin.connections += 1;
        } else if slot.address != NONE {
            return Err(Wrong::Malformed);
        }
        Ok(slot)
    }

    /// Attaches each client to its connection, and counts the clients that have none as detached.
    pub(super) fn take_attachments(&mut self) -> Result<(), Wrong> {
        for (slot, row) in self.connections.list.iter().zip(0..) {
            if !slot.is(Marks::LIVE) {
                continue;
            }
            let Some(index) = slot.client() else {
                self.phases.accepted += 1;
                continue;
            };
            // If two connections name the same client, the check of the whole hub finds that later.
            if self.outboxes.entries.phase(index) == Phase::Vacant {
                return Err(Wrong::Malformed);
            }
            self.outboxes.entries[index].connection =
                ConnectionId { index: row, generation: slot.generation };
        }
        let entries = &self.outboxes.entries;
        let is_detached =
            |&index: &u32| entries[index].phase != Phase::Vacant && entries[index].connection.index == NONE;
        self.phases.detached = (0..entries.len() as u32).filter(is_detached).count() as u32;
        Ok(())
    }
}

impl Connection {
    fn times(&self) -> [u64; 5] {
        [self.heard, self.last_in, self.deadline, self.next_ping, self.write_deadline]
    }

    fn times_mut(&mut self) -> [&mut u64; 5] {
        [
            &mut self.heard,
            &mut self.last_in,
            &mut self.deadline,
            &mut self.next_ping,
            &mut self.write_deadline,
        ]
    }
}
