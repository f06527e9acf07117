//! What waits to be written, for whom, and who may write it.
//!
//! A frame is stored once, in the log of the room it was published to. A recipient's queue is a list of *spans*
//! of such logs: who hears every message of a room has one span, however many messages wait, and to queue one
//! more is to count one up. A transmit moves a queue into a *run* that the host has on lease; clients whose
//! queues are the same, which for spans is two comparisons, share the run. All reference counts are plain
//! integers, kept for whole publishes and whole runs at a time.
//!
//! ```text
//! Idle ──push──▶ Ready ──lease──▶ Leased ──all written──▶ Idle, or Ready if more came
//!                  ▲                 └─────would block──▶ Blocked ──writable──▶ Ready
//!                  └─────────────────────────────────────────────────────────────┘
//! ```
//!
//! Where messages have a rate, a client that is ready before it may be written to is *paced* instead of leased.

mod batch;
mod check;
mod controls;
mod drops;
mod dump;
mod entry;
mod extras;
mod frames;
mod half_written;
mod lease;
mod limits;
mod nodes;
mod paced;
mod pacing;
mod publication;
mod queue;
mod ready;
mod runs;
mod shed;
#[cfg(feature = "trace")]
mod snapshot;
mod unreached;
mod written;

#[cfg(test)]
mod tests;

pub use batch::{Batch, Control, Item, Lease, Then};
pub use drops::{DropReason, Dropped};
pub(crate) use entry::{Entries, Flags, NONE, Phase, Sending};
pub(crate) use frames::LogEnd;
pub(crate) use lease::Returned;
pub use limits::{Outbox, Policy};
pub(crate) use publication::Tally;
pub(crate) use ready::{BULK, Class};
#[cfg(feature = "trace")]
pub(crate) use snapshot::{PutFrame, TakeFrame};
pub use unreached::{Full, Unreached};
pub use written::{Progress, Transport, Written};

use crate::close::CloseCode;
use crate::id::{ClientId, Name};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use controls::Controls;
use extras::Extras;
use frames::Frames;
use nodes::Nodes;
use pacing::Pacing;
use ready::Ready;
use runs::Runs;
use slab::Slab;

/// All outboxes of a hub.
#[derive(Clone, Debug)]
pub(crate) struct Outboxes {
    pub(crate) entries: Entries,
    nodes: Nodes,
    frames: Frames,
    runs: Runs,
    ready: Ready,
    extras: Slab<Extras>,
    tallies: Slab<(ClientId, Dropped)>,
    /// Tallies begun since the hub last looked.
    pub(crate) fresh_tallies: Vec<u32>,
    /// Clients to be closed by `Policy::Disconnect`, found while publishing.
    pub(crate) doomed: Vec<u32>,
    /// Clients with a waiter that lost a frame by a drop: their outbox may be low now.
    pub(crate) relieved: Vec<u32>,
    /// Clients whose transport failed and for whom a frame was queued since.
    undeliverable: Vec<u32>,
    /// The batch of the host, while a transmit fills it: empty otherwise. Here, and not an argument, it takes no register from the
    /// loop over clients.
    batch: Batch,
    /// Entries that are blocked.
    pub(crate) blocked: u32,
    /// How fast each is written to at most, if there is a rate.
    pacing: Option<Box<Pacing>>,
    /// Whom the publish under way has not reached, in the order in which it would have.
    pub(crate) unreached: Vec<Unreached>,
    /// What was used when shedding last did not help; `None` once it may help again.
    shortage: Option<u64>,
    /// Frames taken off a queue for a moment: memory that is used again.
    scratch: Vec<u32>,
    limits: Outbox,
    /// The sequence of the last publish.
    sequence: u64,
    /// Counted over the life of the hub.
    pub(crate) totals: Totals,
}

/// Frames counted over the life of the hub, once for each recipient: queued = written + dropped + pending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) queued: u64,
    pub(crate) written: u64,
    pub(crate) dropped: [u64; 4],
    /// How often the largest outboxes were shed.
    pub(crate) sheds: u64,
}

impl Outboxes {
    pub(crate) fn new(limits: Outbox, lanes: usize, capacity: usize) -> Self {
        Self {
            entries: Entries::with_capacity(capacity),
            nodes: Nodes::new(),
            frames: Frames::default(),
            runs: Runs::default(),
            ready: Ready::new(lanes),
            extras: Slab::new(),
            tallies: Slab::new(),
            fresh_tallies: Vec::new(),
            doomed: Vec::new(),
            relieved: Vec::new(),
            undeliverable: Vec::new(),
            batch: Batch::default(),
            blocked: 0,
            pacing: Pacing::new(limits.rate),
            unreached: Vec::new(),
            shortage: None,
            scratch: Vec::new(),
            limits,
            sequence: 0,
            totals: Totals::default(),
        }
    }

    /// Other bounds from now on.
    pub(crate) fn set_limits(&mut self, limits: Outbox) {
        self.limits = limits;
        self.shortage = None;
    }

    pub(crate) fn lanes(&self) -> usize {
        self.ready.lanes()
    }

    pub(crate) fn has_ready(&self, lane: u8) -> bool {
        self.ready.has_ready(lane)
    }

    pub(crate) fn is_pressed(&self) -> bool {
        self.ready.is_pressed()
    }

    /// Entries that are ready. O(lanes).
    pub(crate) fn ready_count(&self) -> u32 {
        self.ready.count()
    }

    /// The number of the last publish that was not refused.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(crate) fn poll_ready(&mut self) -> Option<ClientId> {
        let index = self.ready.offer(&mut self.entries)?;
        Some(self.entries.id(index))
    }

    /// Lets a transmit add its leases to the batch of the host.
    #[inline]
    pub(crate) fn lease_into(&mut self, batch: &mut Batch) {
        core::mem::swap(&mut self.batch, batch);
    }

    /// Bytes of unique frames, and of the queues' entries.
    pub(crate) fn used_bytes(&self) -> u64 {
        self.frames.bytes() + u64::from(self.nodes.used()) * size_of::<nodes::Node>() as u64
    }

    /// Frames that wait for anybody.
    pub(crate) fn frames(&self) -> usize {
        self.frames.len()
    }

    /// A pong for a client; nothing if it is closing.
    pub(crate) fn push_pong(&mut self, index: u32, payload: Bytes) {
        self.push_control(index, |controls| controls.push_pong(payload));
    }

    /// A ping for a client; nothing if one waits already.
    pub(crate) fn push_ping(&mut self, index: u32) {
        self.push_control(index, Controls::push_ping);
    }

    /// The close frame, after whatever else is queued.
    pub(crate) fn push_close(&mut self, index: u32, code: Option<CloseCode>, reason: Option<Name>) {
        self.push_control(index, |controls| controls.set_close(Control::Close { code, reason }));
    }

    fn push_control(&mut self, index: u32, push: impl FnOnce(&mut Controls)) {
        match self.entries[index].sending {
            Sending::Ended => return,
            // No rate holds up a control frame.
            Sending::Paced => self.entries[index].sending = Sending::Idle,
            _ => {}
        }
        push(&mut self.extras_mut(index).controls);
        self.wake(index, Class::Prompt);
    }

    /// Something was queued for an entry: it is ready, if nobody has it.
    fn wake(&mut self, index: u32, class: Class) {
        let entry = &mut self.entries[index];
        match entry.sending {
            Sending::Idle => self.ready.push(entry, index, class),
            Sending::Ready if class == Class::Prompt && entry.flags.has(Flags::BULK) => {
                self.ready.promote(&mut self.entries, index);
            }
            Sending::Ended => self.undeliverable.push(index),
            _ => {}
        }
    }

    /// Drops what was queued for transports that have failed.
    fn drop_undeliverable(&mut self) {
        if self.undeliverable.is_empty() {
            return;
        }
        let mut undeliverable = core::mem::take(&mut self.undeliverable);
        for index in undeliverable.drain(..) {
            self.drop_queue(index, DropReason::Closed);
        }
        self.undeliverable = undeliverable;
    }

    /// A blocked transport takes bytes again.
    pub(crate) fn writable(&mut self, index: u32) {
        let entry = &mut self.entries[index];
        match entry.sending {
            Sending::Blocked => {
                entry.sending = Sending::Idle;
                self.blocked -= 1;
                if entry.has_pending() {
                    self.wake(index, Class::Bulk);
                }
            }
            Sending::Leased => entry.flags.set(Flags::WRITABLE),
            _ => {}
        }
    }

    /// Forgets everything of an entry, which may have a lease out, and gives the entry back.
    pub(crate) fn remove(&mut self, index: u32) {
        self.stop_sending(index);
        if let Some(pacing) = &mut self.pacing {
            pacing.forget(index);
        }
        self.entries.remove(index);
    }

    /// Nothing is written for this entry any more: what waits is dropped, what is on lease is let go.
    pub(crate) fn stop_sending(&mut self, index: u32) {
        self.forget_shortage();
        match self.entries[index].sending {
            Sending::Leased => self.abandon_lease(index),
            Sending::Ready => self.ready.remove(&mut self.entries, index),
            Sending::Blocked => self.blocked -= 1,
            _ => {}
        }
        self.entries[index].sending = Sending::Ended;
        // What was half written will not be finished: the rest of the stream is lost with the transport.
        self.drop_extras(index);
        self.drop_queue(index, DropReason::Closed);
    }

    /// The close frame goes next: whatever is queued, or comes back from a lease, is dropped, but for a frame
    /// that is half written.
    pub(crate) fn drop_unsent(&mut self, index: u32) {
        let entry = &mut self.entries[index];
        if entry.sending == Sending::Leased {
            entry.flags.set(Flags::DISCARD);
        }
        self.drop_queue(index, DropReason::Closed);
    }

    /// Counts a drop, and adds it to the client's tally.
    pub(crate) fn count_drop(&mut self, index: u32, frames: u32, bytes: u64, reason: DropReason) {
        if frames == 0 {
            return;
        }
        self.totals.dropped[reason as usize] += u64::from(frames);
        // Once a client has ended, the application has been told, and hears no more of it.
        if self.entries[index].phase != Phase::Open {
            return;
        }
        let dropped = Dropped { frames, bytes, reason };
        let entry = &mut self.entries[index];
        if entry.tally == NONE {
            let client = ClientId { index, generation: entry.generation };
            let tally = self.tallies.insert((client, dropped)) as u32;
            entry.tally = tally;
            self.fresh_tallies.push(tally);
        } else {
            self.tallies[entry.tally as usize].1.add(dropped);
        }
    }

    /// Takes a tally for its action.
    pub(crate) fn take_tally(&mut self, tally: u32) -> Option<(ClientId, Dropped)> {
        let (client, dropped) = self.tallies.try_remove(tally as usize)?;
        if let Some(index) = self.entries.find(client)
            && self.entries[index].tally == tally
        {
            self.entries[index].tally = NONE;
        }
        Some((client, dropped))
    }

    /// Whether half of a client's outbox is free.
    pub(crate) fn is_low(&self, index: u32) -> bool {
        let entry = &self.entries[index];
        entry.messages <= self.limits.messages / 2 && entry.bytes <= self.limits.bytes / 2
    }
}
