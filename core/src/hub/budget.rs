//! The hub's budget is used up: what waits is shed, and if that does not help, whoever holds memory by a frame that is
//! written in part is ended.
//!
//! A frame of which a transport has taken a part cannot be dropped: the rest must follow, or the stream is lost. A peer that
//! takes a byte now and then could hold its frame for as long as its write deadline lets it, and enough of them all of the
//! budget, so that nobody gets a message any more. Therefore they end before a message is dropped for everybody.

use super::memberships::Membership;
use super::reach::Reach;
use super::{Hub, Policy};
use crate::close::ClosedBy;
use crate::frame::Frame;
use crate::id::ClientId;
use crate::outbox::{DropReason, Full, Phase};

/// Connections that one publish ends at most: there is room after one slice, or the next publish ends more.
pub(super) const SLICE: usize = 64;

/// A publish for which there is no room yet.
pub(super) struct Meant<'a> {
    pub(super) frame: &'a Frame,
    pub(super) reach: &'a [Reach],
    pub(super) except: &'a [ClientId],
    pub(super) policy: Policy,
}

impl Hub {
    /// Makes room for a publish and for the queue entries that `recipients` may need. Of its recipients some may have ended
    /// then: for so many it is dropped.
    ///
    /// O(n log n) for all clients, and an eighth of the budget is free afterwards; or what is left is on lease, and nothing is
    /// looked at again before a lease has come back.
    #[cold]
    pub(super) fn make_room(&mut self, meant: &Meant<'_>, recipients: usize) -> u32 {
        let target = self.outboxes.shed_for(meant.frame.held(), recipients);
        if self.outboxes.used_bytes() <= target {
            return 0;
        }
        let cut = self.outboxes.cut_frames();
        let mut dropped = 0;
        for &index in cut.iter().take(SLICE) {
            if self.outboxes.used_bytes() <= target {
                return dropped;
            }
            dropped += u32::from(self.end_for_budget(index, meant));
        }
        if cut.len() <= SLICE && self.outboxes.used_bytes() > target {
            self.outboxes.remember_shortage();
        }
        dropped
    }

    /// Ends whoever holds memory; whether the publish was for it. What is half written is not finished, so that no close frame
    /// can follow.
    fn end_for_budget(&mut self, index: u32, meant: &Meant<'_>) -> bool {
        self.totals.ended_for_budget += 1;
        match self.outboxes.entries[index].phase {
            Phase::Open => {}
            Phase::Ending => {
                self.outboxes.stop_sending(index);
                self.end_marked(index);
                return false;
            }
            _ => {
                self.abort(index);
                return false;
            }
        }
        let is_meant = self.is_meant(index, meant);
        if is_meant {
            let bytes = u64::from(meant.frame.size());
            self.outboxes.count_drop(index, 1, bytes, DropReason::HubFull);
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
            // Of many targets the rooms are marked.
            Reach::Room(slot) => meant.reach.len() == 1 && self.membership(index, slot).is_some(),
            Reach::All => true,
        };
        let mut memberships = self.memberships.iter(client.memberships);
        let is_in_named = |(_, membership): (u32, Membership)| {
            self.rooms.get(membership.room).is_some_and(|room| room.named)
        };
        (meant.reach.iter().any(is_reached) || memberships.any(is_in_named))
            && !meant.except.contains(&self.outboxes.entries.id(index))
    }
}
