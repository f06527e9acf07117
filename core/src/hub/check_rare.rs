//! Checks what few clients have: an expiry, and questions that wait for a reply.

use super::{Hub, Owner};
use crate::invariant::Invariant as I;
use crate::invariant::{Broken, ensure};
use crate::outbox::Phase;

impl Hub {
    /// Checks that each expiry is one of a client that has not ended, and has a timer.
    pub(super) fn check_expiries(&self) -> Result<(), Broken> {
        self.expiries.wheel.check()?;
        let mut counted = 0;
        for index in 0..self.outboxes.entries.len() as u32 {
            let Some(expiry) = self.expiries.get(index) else { continue };
            counted += 1;
            let phase = self.outboxes.entries[index].phase;
            ensure(phase.is_client() || phase == Phase::Reserved, I::Expiries, index)?;
            let Some((deadline, owner)) = self.expiries.wheel.get(expiry.timer) else {
                return Err(Broken { invariant: I::TimerOwner, slot: index });
            };
            ensure(owner == index, I::TimerOwner, index)?;
            // Nothing is told of a reservation.
            let due = if phase == Phase::Reserved { expiry.at } else { expiry.due() };
            ensure(deadline <= due, I::TimerLate, index)?;
        }
        let (known, timers) = (self.expiries.len(), self.expiries.wheel.len());
        ensure((counted, counted) == (known, timers), I::Expiries, 0)
    }

    /// Checks that each question is one of a client that has not ended, once, and that their timer fires in time.
    pub(super) fn check_asks(&self) -> Result<(), Broken> {
        let (mut clients, mut open) = (0, 0);
        for index in 0..self.outboxes.entries.len() as u32 {
            let Some(asked) = self.asks.get(index) else { continue };
            (clients, open) = (clients + 1, open + asked.asks.len());
            ensure(self.outboxes.entries[index].phase.is_client(), I::Asks, index)?;
            let is_sorted = asked.asks.is_sorted_by(|one, next| one.id < next.id);
            let is_known = asked.asks.last().is_some_and(|last| last.id.0 <= self.totals.asked);
            ensure(is_sorted && is_known, I::Asks, index)?;
            ensure(asked.asks.len() <= self.loosest().asks.per_client as usize, I::AskLimit, index)?;
            let Some((deadline, Owner::Asks(owner))) = self.wheel.get(asked.timer) else {
                return Err(Broken { invariant: I::TimerOwner, slot: index });
            };
            ensure(owner == index, I::TimerOwner, index)?;
            let first = asked.asks.iter().map(|ask| self.ask_deadline(index, ask)).min();
            ensure(first.is_some_and(|first| deadline.as_nanos() <= first), I::TimerLate, index)?;
        }
        ensure(clients == self.asks.len() && open == self.asks_open as usize, I::Asks, 0)?;
        let totals = &self.totals;
        let ended = [
            totals.answered,
            totals.asks_late,
            totals.asks_cancelled,
            totals.asks_not_resumed,
            totals.asks_ended,
        ];
        ensure(totals.asked == ended.iter().sum::<u64>() + open as u64, I::Asks, 0)
    }
}
