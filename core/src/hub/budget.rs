//! Makes room when the hub's budget is used up: first by shedding queued frames, then by ending clients that hold memory by
//! a partly written frame.
//!
//! A partly written frame cannot be dropped, since the rest must follow or the stream is broken. A peer that takes a byte
//! now and then could hold its frame until its write deadline, and many such peers could hold all of the budget, so that
//! no client would get messages. Therefore the hub ends them before it drops a message for all recipients.

use super::memberships::Membership;
use super::reach::Reach;
use super::{Hub, Policy};
use crate::close::ClosedBy;
use crate::frame::Frame;
use crate::id::ClientId;
use crate::outbox::{DropReason, Dropped, Full, Phase};

/// Connections that one publish ends at most. If that does not make room, the next publish ends more.
pub(super) const SLICE: usize = 64;

/// A publish for which there is no room yet.
pub(super) struct Meant<'a> {
    pub(super) frame: &'a Frame,
    pub(super) reach: &'a [Reach],
    pub(super) except: &'a [ClientId],
    pub(super) policy: Policy,
    /// Whether the room keeps the frame in its history.
    pub(super) is_of_history: bool,
}

impl Hub {
    /// Makes room for a publish and for the queue entries that `recipients` may need. Returns how many of its recipients
    /// ended for that, for which the message counts as dropped.
    ///
    /// O(n) for all clients, and O(log n) for each that sheds. Afterwards an eighth of the budget is free, or the next publishes
    /// free more, since a publish drops no more messages than it needs to or [thousands](crate::outbox). Otherwise the rest is on
    /// lease, and the hub does not look again before a lease has come back.
    #[cold]
    pub(super) fn make_room(&mut self, meant: &Meant<'_>, recipients: usize) -> u32 {
        let Some(target) = self.outboxes.shed_for(meant.frame.held(), recipients) else { return 0 };
        if self.outboxes.used_bytes() <= target {
            return 0;
        }
        let begun = self.outboxes.begun_frames();
        let mut dropped = 0;
        for &index in begun.iter().take(SLICE) {
            if self.outboxes.used_bytes() <= target {
                return dropped;
            }
            dropped += u32::from(self.end_for_budget(index, meant));
        }
        if begun.len() <= SLICE && self.outboxes.used_bytes() > target {
            self.outboxes.remember_shortage();
        }
        dropped
    }

    /// Ends a connection that holds memory, without a close frame, as a partly written frame is not finished. Returns
    /// whether the publish was for this client.
    fn end_for_budget(&mut self, index: u32, meant: &Meant<'_>) -> bool {
        self.totals.ended_for_budget += 1;
        match self.outboxes.entries[index].phase {
            Phase::Open | Phase::Away => {}
            Phase::Ending => {
                self.outboxes.stop_sending(index);
                self.end_marked(index);
                return false;
            }
            _ => {
                if let Some(row) = self.row_of(index) {
                    self.abort(row);
                }
                return false;
            }
        }
        let is_meant = self.is_meant(index, meant);
        if is_meant {
            let bytes = u64::from(meant.frame.size());
            let of_history = meant.is_of_history;
            let dropped = Dropped { frames: 1, bytes, of_history, reason: DropReason::HubFull };
            self.outboxes.count_drop(index, dropped, of_history.into());
            if meant.policy == Policy::Wait {
                self.outboxes.list_unreached(index, Full::Hub);
            }
        }
        self.end_abruptly(index, "out of memory for its messages", ClosedBy::Hub);
        is_meant
    }

    /// Whether a publish is for a client. O(targets + rooms of the client).
    fn is_meant(&self, index: u32, meant: &Meant<'_>) -> bool {
        let client = &self.clients[index as usize];
        let is_reached = |reach: &Reach| match *reach {
            Reach::Client(other) => other == index,
            Reach::User(slot) => client.user == slot,
            // With many targets, the rooms are marked.
            Reach::Room(slot) => meant.reach.len() == 1 && self.membership(index, slot).is_some(),
            Reach::Watchers(slot) => meant.reach.len() == 1 && self.is_watcher(index, slot),
            Reach::All => true,
        };
        let mut memberships = self.memberships.iter(client.memberships);
        let is_in_named = |(_, membership): (u32, Membership)| {
            let slot = membership.room;
            self.rooms.get(slot).is_some_and(|room| room.named)
                || self
                    .attendance(slot)
                    .is_some_and(|room| room.named && room.is_watching_at(membership.position))
        };
        (meant.reach.iter().any(is_reached) || memberships.any(is_in_named))
            && !meant.except.contains(&self.outboxes.entries.id(index))
    }
}
