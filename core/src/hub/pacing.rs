//! Leases of clients that are written to no faster than a rate, and the moments at which they go on.

use super::Hub;
use super::client::NEVER;
use super::work::{Slice, TIMER};
use crate::outbox::NONE;

impl Hub {
    /// Leases what the next clients of a lane may be given now. Those who may be given nothing yet are passed over, so many an
    /// event at most: each waits for its timer then, and is not passed again before.
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
