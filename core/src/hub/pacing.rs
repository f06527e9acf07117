//! Leases under a rate of outbound messages, and the timers of paced clients.

use super::Hub;
use super::client::NEVER;
use super::work::{Slice, TIMER};
use crate::outbox::NONE;

impl Hub {
    /// Leases what the rate allows to the next clients of a lane. Clients for which it allows nothing yet are skipped, a
    /// slice of them at each event: each is paced until its timer fires, and is not looked at before.
    pub(super) fn lease_ready_at_pace(&mut self, lane: u8, connections: u32, budget: u32) -> u32 {
        self.outboxes.begin_transmit(lane);
        let (mut last, mut count) = (NONE, 0);
        let mut slice = Slice::of(self.config.host.slice);
        while count < connections
            && !slice.is_over()
            && let Some(index) = self.outboxes.pick(lane)
        {
            match self.outboxes.lease_at_pace(index, budget, last, self.now) {
                Some(run) => (last, count) = (run, count + 1),
                None => {
                    slice.spend(TIMER);
                    self.arm_client(index);
                }
            }
        }
        count
    }

    pub(super) fn lease_one_at_pace(&mut self, index: u32, budget: u32) -> u32 {
        if !self.outboxes.pick_one(index) {
            return 0;
        }
        match self.outboxes.lease_at_pace(index, budget, NONE, self.now) {
            Some(_) => 1,
            None => {
                self.arm_client(index);
                0
            }
        }
    }

    /// Makes a paced client ready when its time has come.
    pub(super) fn unpace_if_due(&mut self, index: u32) {
        if self.outboxes.paced_until(index).is_some_and(|until| until <= self.now) {
            self.outboxes.unpace(index);
        }
    }

    /// When a paced client becomes ready; `NEVER` if it is not paced.
    pub(super) fn paced_until(&self, index: u32) -> u64 {
        self.outboxes.paced_until(index).map_or(NEVER, crate::time::Instant::as_nanos)
    }
}
