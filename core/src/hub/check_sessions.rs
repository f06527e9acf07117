//! Checks sessions, and the clients that are away.

use super::session::Session;
use super::{Hub, Owner};
use crate::invariant::Invariant as I;
use crate::invariant::{Broken, ensure};
use crate::outbox::{NONE, Phase};
use alloc::vec;

impl Hub {
    /// Checks that sessions, their clients and their reservations refer to each other, and that clients that are away are counted and
    /// have a timer.
    pub(super) fn check_sessions(&self) -> Result<(), Broken> {
        let mut named = 0;
        for (slot, session) in self.sessions.slots() {
            ensure(self.sessions.find(session.name.as_bytes()) == Some(slot), I::Names, slot)?;
            ensure(!session.is_over(), I::Sessions, slot)?;
            let (held, phases) = ([session.client, session.reserved], [Phase::Open, Phase::Reserved]);
            for (index, phase) in held.into_iter().zip(phases).filter(|&(index, _)| index != NONE) {
                named += 1;
                let is = self.outboxes.entries.phase(index);
                ensure(is == phase || (phase == Phase::Open && is == Phase::Away), I::Sessions, slot)?;
                ensure(self.clients[index as usize].session == slot, I::Sessions, slot)?;
            }
            self.check_away(slot, session)?;
        }
        let entries = &self.outboxes.entries;
        let live = (0..entries.len() as u32).filter(|&index| entries[index].phase != Phase::Vacant);
        let with = live.filter(|&index| self.clients[index as usize].session != NONE).count();
        ensure(with == named, I::Sessions, 0)?;
        self.check_away_counts()
    }

    fn check_away(&self, slot: u32, session: &Session) -> Result<(), Broken> {
        let is_away = self.outboxes.entries.phase(session.client) == Phase::Away;
        ensure(is_away == session.away.is_some(), I::Away, slot)?;
        let Some(away) = &session.away else { return Ok(()) };
        let Some((deadline, Owner::Away(index))) = self.wheel.get(away.timer) else {
            return Err(Broken { invariant: I::TimerOwner, slot });
        };
        ensure(index == session.client, I::TimerOwner, slot)?;
        ensure(deadline.as_nanos() <= self.grace_over(index, away), I::TimerLate, slot)
    }

    fn check_away_counts(&self) -> Result<(), Broken> {
        let entries = &self.outboxes.entries;
        let away = || self.sessions.iter().filter(|session| session.away.is_some());
        let counted = (0..entries.len() as u32).filter(|&index| entries[index].phase == Phase::Away).count();
        ensure(counted == away().count(), I::Away, 0)?;
        let limits = &self.loosest().sessions;
        ensure(limits.total.is_none_or(|limit| counted <= limit as usize), I::AwayLimit, 0)?;
        for (slot, user) in self.users.slots() {
            let of_user = user.clients.iter().filter(|&&index| entries[index].phase == Phase::Away).count();
            ensure(of_user == user.away as usize, I::Away, slot)?;
        }
        let end = self.addresses.slots().map(|(slot, _)| slot as usize + 1).max().unwrap_or(0);
        let mut from = vec![0; end];
        for away in away().filter_map(|session| session.away.as_ref()).filter(|away| away.address != NONE) {
            let count = from.get_mut(away.address as usize);
            let Some(count) = count else { return Err(Broken { invariant: I::Away, slot: away.address }) };
            *count += 1;
        }
        for (slot, origin) in self.addresses.slots() {
            ensure(from[slot as usize] == origin.away, I::Away, slot)?;
            from[slot as usize] = 0;
            ensure(limits.per_address.is_none_or(|limit| origin.away <= limit), I::AwayLimit, slot)?;
        }
        ensure(from.iter().all(|&left| left == 0), I::Away, 0)
    }
}
