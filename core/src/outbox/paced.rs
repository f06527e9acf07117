//! Leases no faster than the rate of outbound messages.

use super::entry::{Flags, NONE, Sending};
use super::pacing::Pacing;
use super::{Class, Outboxes};
use crate::rate::{Rate, RateChange};
use crate::time::Instant;

impl Outboxes {
    /// Whether a rate is set.
    #[inline]
    pub(crate) fn is_paced(&self) -> bool {
        self.pacing.is_some()
    }

    /// Begins a transmit to a lane; [`pick`](Self::pick) then returns its clients.
    pub(crate) fn begin_transmit(&mut self, lane: u8) {
        self.ready.release(lane);
    }

    /// Takes the next ready client of a lane, for [`lease_at_pace`](Self::lease_at_pace).
    pub(crate) fn pick(&mut self, lane: u8) -> Option<u32> {
        self.ready.take(lane)
    }

    /// Begins a transmit to one client and takes it out of its ready list; `false` if it is not ready.
    pub(crate) fn pick_one(&mut self, index: u32) -> bool {
        let entry = &mut self.entries[index];
        if entry.sending != Sending::Ready {
            entry.flags.clear(Flags::OFFERED);
            return false;
        }
        let lane = entry.lane;
        self.ready.release(lane);
        self.ready.remove(&mut self.entries, index);
        true
    }

    /// Leases as much of a picked entry's queue as the rate allows, with the run `last` if its items are the same.
    /// Returns the run that the next entry may share; `None` if the rate allows nothing yet, so that the entry is paced.
    pub(crate) fn lease_at_pace(&mut self, index: u32, budget: u32, last: u32, now: Instant) -> Option<u32> {
        let spare =
            self.pacing.as_ref().map_or(u32::MAX, |pacing| pacing.bucket(index).spare(&pacing.rate, now));
        // What is begun must be finished.
        let begun = self.begun_items(index).map_or(0, |items| items.messages);
        let most = spare.max(begun);
        if self.entries[index].messages <= most {
            return Some(self.lease(index, budget, last));
        }
        if most == 0 && !self.has_prompt(index) {
            let entry = &mut self.entries[index];
            entry.sending = Sending::Paced;
            entry.flags.clear(Flags::OFFERED);
            return None;
        }
        let entry = &mut self.entries[index];
        entry.sending = Sending::Leased;
        entry.flags.clear(Flags::OFFERED | Flags::WRITABLE);
        let begun = self.begun(index);
        let (run, then) = self.build(index, budget, most);
        self.runs.get_mut(run).give();
        let entry = &mut self.entries[index];
        entry.link = run;
        self.batch.leases.push(entry.lease(index, self.batch.ends.len() as u32 - 1, begun, then));
        Some(NONE)
    }

    /// When a paced entry becomes ready again; `None` if it is not paced.
    #[inline]
    pub(crate) fn paced_until(&self, index: u32) -> Option<Instant> {
        if self.entries[index].sending != Sending::Paced {
            return None;
        }
        Some(self.pacing.as_ref().map_or(Instant::ORIGIN, |pacing| pacing.next_at(index)))
    }

    /// Makes a paced entry ready, in the bulk list.
    pub(crate) fn unpace(&mut self, index: u32) {
        if self.entries[index].sending == Sending::Paced {
            self.entries[index].sending = Sending::Idle;
            self.wake(index, Class::Bulk);
        }
    }

    /// Replaces or removes the rate. Paced entries become ready, and the next transmit checks them again.
    pub(crate) fn set_rate(&mut self, rate: Option<Rate>, now: Instant) {
        let was = self.pacing.take();
        if was.as_ref().map(|pacing| pacing.rate) == rate {
            self.pacing = was;
            return;
        }
        let mut is = Pacing::new(rate);
        if let (Some(was), Some(is)) = (was, &mut is) {
            is.buckets = was.buckets;
            let change = RateChange::new(Some(was.rate), rate, now);
            for bucket in &mut is.buckets {
                change.carry_over(bucket);
            }
        }
        self.pacing = is;
        for index in 0..self.entries.len() as u32 {
            self.unpace(index);
        }
    }
}
