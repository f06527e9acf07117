//! Clients that are marked to be ended in a later slice: their outbox was full under `Policy::Disconnect`.
//!
//! From the event that marks it, such a client gets nothing more: events for it are answered with
//! [`Error::NotOpen`](super::Error::NotOpen), and no publish reaches it. Until it ends it is still listed and counted as a
//! client, a member of its rooms and a client of its user, since the application has not been told yet. Frames queued
//! before may still be written.

use super::Hub;
use super::closing::cut;
use super::work::{CLIENT, Slice};
use crate::cause::Cause;
use crate::close::{CloseFrame, ClosedBy};
use crate::outbox::Phase;

/// The capacity that the list keeps when it is empty.
const KEPT: usize = 1024;

impl Hub {
    /// Marks the clients whose outbox was full under `Policy::Disconnect`, and ends the first of them.
    #[cold]
    pub(super) fn end_doomed(&mut self) {
        let mut doomed = core::mem::take(&mut self.outboxes.doomed);
        for index in doomed.drain(..) {
            let entry = &self.outboxes.entries[index];
            if entry.phase.is_open() {
                // Whoever comes with its session now is a new client.
                self.drop_session(index);
                self.outboxes.entries[index].phase = Phase::Ending;
                self.ending.push_back(self.outboxes.entries.id(index));
            }
        }
        self.outboxes.doomed = doomed;
        self.end_marked_slice();
    }

    /// Ends the next slice of marked clients.
    pub(super) fn end_marked_slice(&mut self) {
        let mut slice = Slice::of(self.config.host.slice);
        while !slice.is_over()
            && let Some(client) = self.ending.pop_front()
        {
            slice.spend(CLIENT);
            // The client may have ended meanwhile.
            let Some(index) = self.outboxes.entries.find(client) else { continue };
            if self.outboxes.entries[index].phase == Phase::Ending {
                slice.spend(self.load(index));
                self.end_marked(index);
            }
        }
        if self.ending.is_empty() {
            self.ending.shrink_to(KEPT);
        }
    }

    /// Ends a marked client with a close frame.
    pub(super) fn end_marked(&mut self, index: u32) {
        self.outboxes.entries[index].phase = Phase::Open;
        self.end_for(index, Cause::TooSlow);
    }

    /// Ends a marked client whose transport has gone, without a close frame.
    pub(super) fn leave_marked(&mut self, index: u32) {
        let CloseFrame { code, reason } = self.config.closes[Cause::TooSlow].clone();
        self.totals.count_cause(Cause::TooSlow);
        self.leave_hub(index, code, cut(&reason), ClosedBy::Hub);
    }
}
