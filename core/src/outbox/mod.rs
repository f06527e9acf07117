//! The outboxes: the frames that are queued for each client, and the leases by which hosts write them.
//!
//! A frame is stored once, in the log of the room it was published to. A recipient's queue is a list of *spans*
//! of such logs: a client that gets every message of a room has one span, however many messages are queued, and
//! queuing one more only increments its count. A transmit moves a queue into a *run* that the host has on lease.
//! Clients with equal queues share the run; comparing two spans takes two comparisons. All reference counts are
//! plain integers, changed once for a whole publish or run.
//!
//! ```text
//! Idle ──push──▶ Ready ──lease──▶ Leased ──all written──▶ Idle, or Ready if more came
//!                  ▲                 └─────would block──▶ Blocked ──writable──▶ Ready
//!                  └─────────────────────────────────────────────────────────────┘
//! ```
//!
//! The history of a room refers to the last frames of its log. A client that recovers gets them as a span, which the next publish to
//! the room extends like the spans of all others.
//!
//! If `outbox.rate` is set, a client that is ready before its rate allows a message is *paced* instead of leased. A client
//! without a connection, or whose transport has failed while it may return, is *detached*: what is published to it waits, and nothing is
//! leased.

mod attach;
mod batch;
mod begun;
mod check;
mod conflate;
mod controls;
pub(crate) mod drops;
mod dump;
mod entry;
mod extras;
mod frames;
mod lease;
pub(crate) mod limits;
mod nodes;
mod paced;
mod pacing;
mod publication;
mod queue;
mod ready;
mod rings;
mod runs;
mod shed;
#[cfg(feature = "trace")]
mod snapshot;
pub(crate) mod unreached;
mod written;

#[cfg(test)]
mod tests;

pub use batch::{Batch, Control, Item, Lease, Then};
use drops::Tallies;
pub(crate) use drops::{DropReason, Dropped};
pub(crate) use entry::{Entries, Flags, NONE, NOWHERE, Phase, Sending};
pub(crate) use frames::LogEnd;
pub(crate) use lease::Returned;
pub(crate) use limits::{Outbox, Policy};
pub(crate) use publication::Tally;
pub(crate) use ready::{BULK, Class};
pub(crate) use rings::{Extent, RingBounds};
#[cfg(feature = "trace")]
pub(crate) use snapshot::{PutFrame, TakeFrame};
pub(crate) use unreached::{Full, Unreached};
pub use written::{Progress, Transport, Written};

use crate::close::CloseCode;
use crate::id::{ClientId, ConnectionId, Name};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::Bytes;
use conflate::Lookups;
use controls::Controls;
use extras::Extras;
use frames::Frames;
use nodes::Nodes;
use pacing::Pacing;
use ready::Ready;
use rings::Rings;
use runs::Runs;
use slab::Slab;

/// All outboxes of a hub.
#[derive(Clone, Debug)]
pub(crate) struct Outboxes {
    pub(crate) entries: Entries,
    nodes: Nodes,
    frames: Frames,
    runs: Runs,
    /// The histories of rooms.
    rings: Rings,
    ready: Ready,
    extras: Slab<Extras>,
    tallies: Tallies,
    /// Clients whose tally is to be announced. Some may have ended meanwhile; their tally was announced then.
    pub(crate) untold: VecDeque<ClientId>,
    /// Clients to be closed by `Policy::Disconnect`, found while publishing.
    pub(crate) doomed: Vec<u32>,
    /// Clients that a publish waits for and that lost a frame by a drop: their outbox may be low now.
    pub(crate) relieved: Vec<u32>,
    /// Clients with a failed transport, for which a frame was queued since.
    undeliverable: Vec<u32>,
    /// The batch of the host, while a transmit fills it: empty otherwise. Here, and not an argument, it takes no register from the
    /// loop over clients.
    batch: Batch,
    /// The number of blocked entries.
    pub(crate) blocked: u32,
    /// The rate of outbound messages and what each client used of it, if there is a rate.
    pacing: Option<Box<Pacing>>,
    /// The clients that the current publish did not reach, in the order of its delivery.
    pub(crate) unreached: Vec<Unreached>,
    /// The bytes in use when shedding last did not help; `None` once it may help again.
    shortage: Option<u64>,
    /// Frames that are off a queue within one call, kept so that its memory is used again.
    scratch: Vec<u32>,
    /// What spans hold of the key that the current publish replaces.
    lookups: Lookups,
    limits: Outbox,
    /// The most messages and bytes of an away client with which it gets one more.
    away: (u32, u32),
    /// The sequence number of the last publish.
    sequence: u64,
    /// Counters over the life of the hub.
    pub(crate) totals: Totals,
}

/// Frames over the life of the hub, counted once for each recipient: queued = written + dropped + pending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) queued: u64,
    pub(crate) written: u64,
    pub(crate) dropped: [u64; 4],
    /// How many of the dropped frames were of a history.
    pub(crate) dropped_of_history: u64,
    /// How often the largest outboxes were shed.
    pub(crate) sheds: u64,
}

impl Outboxes {
    pub(crate) fn new(limits: Outbox, away: (u32, u32), lanes: usize, capacity: usize) -> Self {
        Self {
            entries: Entries::with_capacity(capacity),
            nodes: Nodes::new(),
            frames: Frames::default(),
            runs: Runs::default(),
            rings: Rings::default(),
            ready: Ready::new(lanes),
            extras: Slab::new(),
            tallies: Tallies::default(),
            untold: VecDeque::new(),
            doomed: Vec::new(),
            relieved: Vec::new(),
            undeliverable: Vec::new(),
            batch: Batch::default(),
            blocked: 0,
            pacing: Pacing::new(limits.rate),
            unreached: Vec::new(),
            shortage: None,
            scratch: Vec::new(),
            lookups: Lookups::default(),
            limits,
            away,
            sequence: 0,
            totals: Totals::default(),
        }
    }

    /// Replaces the bounds.
    pub(crate) fn set_limits(&mut self, limits: Outbox, away: (u32, u32)) {
        (self.limits, self.away) = (limits, away);
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

    /// The number of ready entries. O(lanes).
    pub(crate) fn ready_count(&self) -> u32 {
        self.ready.count()
    }

    /// The sequence number of the last publish that was not refused.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(crate) fn poll_ready(&mut self) -> Option<ConnectionId> {
        let index = self.ready.offer(&mut self.entries)?;
        Some(self.entries[index].connection)
    }

    /// Lets a transmit add its leases to the batch of the host.
    #[inline]
    pub(crate) fn lease_into(&mut self, batch: &mut Batch) {
        core::mem::swap(&mut self.batch, batch);
    }

    /// The bytes of unique frames and of the queue entries.
    pub(crate) fn used_bytes(&self) -> u64 {
        self.frames.bytes() + u64::from(self.nodes.used()) * size_of::<nodes::Node>() as u64
    }

    /// The number of unique frames that are queued or on lease.
    pub(crate) fn frames(&self) -> usize {
        self.frames.len()
    }

    /// Queues a pong, unless nothing more is written for the entry.
    pub(crate) fn push_pong(&mut self, index: u32, payload: Bytes) {
        self.push_control(index, |controls| controls.push_pong(payload));
    }

    /// Queues a ping, unless one is queued already or nothing more is written for the entry.
    pub(crate) fn push_ping(&mut self, index: u32) {
        self.push_control(index, Controls::push_ping);
    }

    /// Queues the close frame behind everything else.
    pub(crate) fn push_close(&mut self, index: u32, code: Option<CloseCode>, reason: Option<Name>) {
        self.push_control(index, |controls| controls.set_close(Control::Close { code, reason }));
    }

    fn push_control(&mut self, index: u32, push: impl FnOnce(&mut Controls)) {
        match self.entries[index].sending {
            Sending::Ended | Sending::Detached => return,
            // Control frames do not wait for the rate.
            Sending::Paced => self.entries[index].sending = Sending::Idle,
            _ => {}
        }
        push(&mut self.extras_mut(index).controls);
        self.wake(index, Class::Prompt);
    }

    /// Makes an idle entry ready after something was queued for it.
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

    /// Drops the frames that were queued for failed transports.
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

    /// Notes that a blocked transport takes bytes again.
    pub(crate) fn writable(&mut self, index: u32) {
        let entry = &mut self.entries[index];
        match entry.sending {
            Sending::Blocked => {
                // Whoever is closing has its close frame still to be written, or nothing at all.
                let is_over = entry.phase == Phase::Closing && !entry.has_pending();
                entry.sending = if is_over { Sending::Ended } else { Sending::Idle };
                self.blocked -= 1;
                if entry.has_pending() {
                    self.wake(index, Class::Bulk);
                }
            }
            Sending::Leased => entry.flags.set(Flags::WRITABLE),
            _ => {}
        }
    }

    /// Frees an entry and all it holds, even if its lease is out.
    pub(crate) fn remove(&mut self, index: u32) {
        // If its sending has ended already, it has nothing left.
        if self.entries[index].sending != Sending::Ended {
            self.stop_sending(index);
        }
        if let Some(pacing) = &mut self.pacing {
            pacing.forget(index);
        }
        self.tallies.forget(index);
        self.entries.remove(index);
    }

    /// Ends all writing for this entry: drops its queue and gives up its lease.
    pub(crate) fn stop_sending(&mut self, index: u32) {
        self.forget_shortage();
        match self.entries[index].sending {
            Sending::Leased => self.abandon_lease(index),
            Sending::Ready => self.ready.remove(&mut self.entries, index),
            Sending::Blocked => self.blocked -= 1,
            _ => {}
        }
        self.entries[index].sending = Sending::Ended;
        // A partly written item is not finished, as the transport writes no more.
        self.drop_extras(index);
        self.drop_queue(index, DropReason::Closed);
    }

    /// Drops all queued frames, and those that come back from a lease, except for a partly written one, so that the
    /// close frame goes next.
    pub(crate) fn drop_unsent(&mut self, index: u32) {
        let entry = &mut self.entries[index];
        if entry.sending == Sending::Leased {
            entry.flags.set(Flags::DISCARD);
        }
        self.drop_queue(index, DropReason::Closed);
    }

    /// Counts dropped frames, of which so many were of a history, and adds them to the client's tally.
    #[inline]
    pub(crate) fn count_drop(&mut self, index: u32, dropped: Dropped, of_history: u32) {
        if dropped.frames == 0 {
            return;
        }
        self.totals.dropped[dropped.reason as usize] += u64::from(dropped.frames);
        self.totals.dropped_of_history += u64::from(of_history);
        // After a client's `Disconnected` no action names it.
        if !self.entries[index].phase.is_client() {
            return;
        }
        match self.tallies.get_mut(index) {
            Some(tally) => tally.add(dropped),
            None => {
                let client = self.entries.id(index);
                self.tallies.insert(client, dropped);
                self.untold.push_back(client);
            }
        }
    }

    /// Whether any tally is to be announced.
    #[inline]
    pub(crate) fn has_untold(&self) -> bool {
        !self.untold.is_empty()
    }

    /// Marks the tally of a client as announced and returns it; `None` if there is none, or it was announced before.
    pub(crate) fn announce_tally(&mut self, index: u32) -> Option<u32> {
        self.tallies.announce(index)
    }

    /// Removes a tally, for its `Action::Dropped`.
    pub(crate) fn take_tally(&mut self, tally: u32) -> Option<(ClientId, Dropped)> {
        self.tallies.take(tally)
    }

    /// Whether at least half of a client's outbox is free, in messages and in bytes.
    pub(crate) fn is_low(&self, index: u32) -> bool {
        let (entry, (messages, bytes)) = (&self.entries[index], self.bounds(index));
        entry.messages <= messages / 2 && entry.bytes <= bytes / 2
    }

    /// The most messages and bytes of a client's outbox.
    pub(super) fn bounds(&self, index: u32) -> (u32, u32) {
        let Outbox { messages, bytes, .. } = self.limits;
        if self.entries[index].phase != Phase::Away {
            return (messages, bytes);
        }
        (messages.min(self.away.0), bytes.min(self.away.1))
    }
}
