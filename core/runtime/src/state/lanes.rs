//! The lanes behind the lock: which of them sleep or wait for more messages, their inboxes, and when each is woken.

use crate::state::types::{Inner, LaneNotice};
use core::mem;

impl Inner {
    /// The next lane, in turn.
    pub(crate) fn choose_lane(&mut self) -> u8 {
        let lane = self.next_lane;
        self.next_lane = (lane + 1) % self.lanes.len().max(1);
        // A config has at most 256 lanes.
        lane as u8
    }

    /// Notes whether a lane sleeps.
    pub(crate) fn set_asleep(&mut self, lane: u8, asleep: bool) {
        let lane = &mut self.lanes[usize::from(lane)];
        self.asleep -= usize::from(lane.asleep);
        self.asleep += usize::from(asleep);
        lane.asleep = asleep;
    }

    /// Makes a lane wait for more messages; returns whether it waits. It does not if an outbox is half full or a
    /// blocked transport takes bytes again.
    pub(crate) fn set_waiting(&mut self, lane: u8, waits: bool) -> bool {
        let lane = &mut self.lanes[usize::from(lane)];
        self.waiting -= usize::from(lane.waits);
        lane.waits = waits && !self.hub.is_pressed() && !lane.inbox.iter().any(LaneNotice::is_urgent);
        self.waiting += usize::from(lane.waits);
        lane.waits
    }

    pub(crate) fn tell_lane(&mut self, lane: u8, notice: LaneNotice) {
        if let Some(lane) = self.lanes.get_mut(usize::from(lane)) {
            if lane.waits && notice.is_urgent() {
                lane.waits = false;
                self.waiting -= 1;
                self.wakes.more_from(lane.waker.as_ref());
            }
            lane.inbox.push(notice);
        }
    }

    /// Wakes sleeping lanes that have work.
    pub(super) fn wake_lanes(&mut self) {
        // Not `0..`, which would overflow after the last of 256 lanes.
        for (lane, index) in self.lanes.iter_mut().zip(0..=u8::MAX) {
            if lane.asleep && (!lane.inbox.is_empty() || self.hub.has_ready(index)) {
                lane.asleep = false;
                self.asleep -= 1;
                self.wakes.more_from(lane.waker.as_ref());
            }
        }
    }

    /// An outbox is half full: lanes that delay must write now, or the next messages might be dropped.
    #[cold]
    pub(super) fn hurry_lanes(&mut self) {
        for lane in &mut self.lanes {
            if mem::take(&mut lane.waits) {
                self.waiting -= 1;
                self.wakes.more_from(lane.waker.as_ref());
            }
        }
    }
}
