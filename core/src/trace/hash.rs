//! The hash of a hub's output.

use crate::hub::{Action, Error, Event, Hub, Outcome, Sink};
use crate::outbox::{Batch, Control, Item, Lease, Then};
use crate::time::Instant;
use core::hash::{Hash, Hasher};
use siphasher::sip::SipHasher13;

/// The number of entries in a sink.
#[derive(Clone, Copy, Default)]
struct Extent {
    leases: usize,
    runs: usize,
    items: usize,
}

impl Extent {
    fn of(sink: &Sink<'_>) -> Self {
        match sink {
            Sink::Nowhere => Self::default(),
            Sink::Batch(Batch { leases, ends, items, .. }) => {
                Self { leases: leases.len(), runs: ends.len(), items: items.len() }
            }
            Sink::Unreached(list) => Self { items: list.len(), ..Self::default() },
        }
    }
}

/// A [`Hasher`] with the same result on every machine: it hashes integers in little-endian, `usize` and `isize` as
/// 64 bits. It has no key.
///
/// The standard library hashes slices of integers wider than a byte in the machine's byte order: hash such integers one
/// by one instead.
#[derive(Clone, Debug)]
pub struct ActionHash(SipHasher13);

impl ActionHash {
    /// Makes a hasher that has hashed nothing.
    #[must_use]
    pub fn new() -> Self {
        Self(SipHasher13::new())
    }

    /// Makes a hasher that begins with this hash, for the next segment.
    pub(super) fn after(hash: u64) -> Self {
        let mut after = Self::new();
        after.write_u64(hash);
        after
    }

    /// Passes an event to a hub, hashes the outcome, the leases and all actions, and passes each action to `tell`. Of a
    /// frame it hashes the sequence number and the size, of a pong the size, so that a log without payloads has the same
    /// hash.
    // Always: called, it would copy the event.
    #[inline(always)]
    pub(super) fn follow(
        &mut self,
        hub: &mut Hub,
        now: Instant,
        event: Event<'_>,
        mut sink: Sink<'_>,
        mut tell: impl FnMut(Action),
    ) -> Result<Outcome, Error> {
        let before = Extent::of(&sink);
        let result = match &mut sink {
            Sink::Nowhere => hub.handle(now, event),
            sink => hub.handle_into(now, event, sink.reborrow()),
        };
        result.hash(self);
        match (result, sink) {
            (Ok(Outcome::Leased(_)), Sink::Batch(batch)) => self.write_batch(batch, before),
            (Ok(Outcome::Published(published)), Sink::Unreached(list)) if published.refused > 0 => {
                list[before.items..].hash(self);
            }
            _ => {}
        }
        while let Some(action) = hub.poll_action() {
            self.write_u8(1);
            action.hash(self);
            tell(action);
        }
        self.write_u8(0);
        result
    }

    /// Hashes the leases that were added to a batch. Runs and items are numbered from the first added.
    fn write_batch(&mut self, batch: &Batch, before: Extent) {
        for lease in &batch.leases[before.leases..] {
            self.write_lease(lease, lease.run - before.runs as u32);
        }
        for end in &batch.ends[before.runs..] {
            self.write_u32(*end - before.items as u32);
        }
        let items = &batch.items[before.items..];
        for (item, sequence) in items.iter().zip(&batch.sequences[before.items..]) {
            self.write_item(item, *sequence);
        }
    }

    /// One write for all fields, since a broadcast has a lease for each recipient. The client is not in it: an action has told
    /// which client is on the connection.
    #[inline]
    fn write_lease(&mut self, lease: &Lease, run: u32) {
        let Lease { connection, begun, skip, then, run: _, client: _ } = lease;
        let then = match then {
            Then::Continue => 0,
            Then::EndSending => 1,
        };
        let has_begun = u32::from(*begun > 0);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&connection.to_u64().to_le_bytes());
        // A batch has fewer than 2^30 runs.
        bytes[8..12].copy_from_slice(&(run << 2 | has_begun << 1 | then).to_le_bytes());
        bytes[12..].copy_from_slice(&skip.to_le_bytes());
        self.write(&bytes);
        if has_begun > 0 {
            self.write_u32(*begun);
        }
    }

    fn write_item(&mut self, item: &Item, sequence: u64) {
        match item {
            Item::Frame(frame) => {
                self.write_u8(0);
                self.write_u64(sequence);
                self.write_u32(frame.size());
                if let Some(offset) = frame.offset() {
                    self.write_u64(offset);
                }
            }
            Item::Control(Control::Ping) => self.write_u8(1),
            Item::Control(Control::Pong(payload)) => {
                self.write_u8(2);
                self.write_usize(payload.len());
            }
            Item::Control(Control::Close { code, reason }) => {
                self.write_u8(3);
                code.hash(self);
                reason.hash(self);
            }
        }
    }
}

impl Default for ActionHash {
    fn default() -> Self {
        Self::new()
    }
}

/// Hashes each integer with the same width and byte order on every machine.
macro_rules! portable {
    ($($method:ident($type:ty as $wide:ty)),+ $(,)?) => {$(
        fn $method(&mut self, value: $type) {
            self.0.write(&(value as $wide).to_le_bytes());
        }
    )+};
}

impl Hasher for ActionHash {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }

    portable! {
        write_u8(u8 as u8), write_u16(u16 as u16), write_u32(u32 as u32), write_u64(u64 as u64),
        write_u128(u128 as u128), write_usize(usize as u64),
        write_i8(i8 as i8), write_i16(i16 as i16), write_i32(i32 as i32), write_i64(i64 as i64),
        write_i128(i128 as i128), write_isize(isize as i64),
    }
}
