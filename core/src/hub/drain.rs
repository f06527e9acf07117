//! Draining and shutting down: everybody is closed, nobody all at once, and nobody slips in afterwards.
//!
//! A sweep visits the clients, and then the connections that have none, in [slices](super::work), one per timeout, so that no
//! single event costs O(connections). A drain's sweep gives each client its moment; a shutdown's sweep closes.

use super::client::NEVER;
use super::connection::Row;
use super::sweep::{Draining, Sweep, Task};
use super::work::{CLIENT, Slice, TIMER, VISIT};
use super::{Action, Drain, Hub, Notice, State};
use crate::cause::Cause;
use crate::outbox::{NONE, Phase};
use crate::time::nanos;

/// Clients that are idle when the drain begins are closed within this fraction of its time.
const IDLE_SHARE: u64 = 10;

impl Hub {
    pub(super) fn handle_drain(&mut self, plan: Drain) {
        if self.state != State::Running {
            return;
        }
        self.state = State::Draining;
        let clients = self.all.len() as u64 - u64::from(self.phases.detached);
        self.draining = Some(Draining { plan, since: self.now, clients, given: 0 });
        self.sweep = Some(Sweep { next: 0, task: Task::Schedule });
    }

    pub(super) fn handle_shutdown(&mut self) {
        if self.stopping || (self.state == State::Stopped && self.is_empty()) {
            return;
        }
        self.state = State::Stopped;
        self.draining = None;
        self.stopping = true;
        self.sweep = Some(Sweep { next: 0, task: Task::Close });
    }

    /// Does one slice of a sweep.
    pub(super) fn sweep_slice(&mut self) {
        let Some(mut sweep) = self.sweep else { return };
        let mut slice = Slice::of(self.config.host.slice);
        // Nobody is reserved while a sweep runs, so that the clients do not become more.
        let clients = self.outboxes.entries.len();
        let end = match sweep.task {
            Task::Schedule => clients,
            Task::Close => clients + self.connections.end(),
        };
        while !slice.is_over() && sweep.next < end {
            slice.spend(VISIT);
            match sweep.next.checked_sub(clients) {
                None => self.sweep_client(sweep.next as u32, sweep.task, &mut slice),
                Some(row) => self.sweep_connection(Row(row as u32), &mut slice),
            }
            sweep.next += 1;
        }
        self.sweep = (sweep.next < end).then_some(sweep);
    }

    fn sweep_client(&mut self, index: u32, task: Task, slice: &mut Slice) {
        match (task, self.outboxes.entries[index].phase) {
            (Task::Schedule, Phase::Open) => {
                slice.spend(TIMER);
                self.schedule(index);
            }
            // Nobody returns to a hub that drains.
            (Task::Schedule, Phase::Away) => {
                self.work_on(index, slice, |hub| hub.end_for(index, Cause::Draining));
            }
            (Task::Close, Phase::Open | Phase::Away) => {
                self.work_on(index, slice, |hub| hub.end_for(index, Cause::ShutDown));
            }
            (Task::Close, Phase::Reserved) => {
                slice.spend(CLIENT);
                if let Some(row) = self.row_of(index) {
                    self.abandon_handshake(row);
                }
            }
            _ => {}
        }
    }

    /// Ends a handshake in a shutdown.
    fn sweep_connection(&mut self, row: Row, slice: &mut Slice) {
        if self.connections.is_live(row) && self.connections[row].client().is_none() {
            slice.spend(CLIENT);
            self.abandon_handshake(row);
        }
    }

    /// Sets the time at which the drain closes a client: soon if it is idle; otherwise evenly spread over the drain's
    /// time, at a random point of the client's own share.
    fn schedule(&mut self, index: u32) {
        let Some(draining) = &mut self.draining else { return };
        if self.outboxes.entries[index].phase != Phase::Open {
            return;
        }
        let row = self.outboxes.entries[index].connection.index;
        if row == NONE {
            return;
        }
        let row = Row(row);
        let plan = draining.plan;
        let spread = nanos(plan.spread);
        let jitter = jitter(self.config.host.seed, u64::from(index));
        let share = draining.given.min(draining.clients.saturating_sub(1));
        draining.given += 1;
        let (since, clients) = (draining.since, draining.clients.max(1));
        let idle = !plan.idle.is_zero() && self.last_active(row, index) + plan.idle <= self.now;
        let after = if idle {
            scale(spread / IDLE_SHARE, jitter)
        } else {
            // The start of the share, plus a random part of its length.
            (u128::from(spread) * u128::from(share) / u128::from(clients)) as u64
                + scale(spread / clients, jitter)
        };
        self.connections[row].deadline = since.as_nanos().saturating_add(after);
        self.arm(row);
    }

    /// Schedules a client that was reserved before the drain and opens during it.
    pub(super) fn schedule_late_drain(&mut self, index: u32) {
        if self.state == State::Draining {
            self.schedule(index);
        }
    }

    /// When a client has been idle long enough for the drain to close it before its scheduled time.
    pub(super) fn drain_idle_deadline(&self, row: Row, index: u32) -> u64 {
        match &self.draining {
            Some(draining) if !draining.plan.idle.is_zero() => {
                let idle = (self.last_active(row, index) + draining.plan.idle).as_nanos();
                // A client that was idle when the drain began keeps its early time, even if it becomes active again: no
                // timer would be set to an earlier one.
                let soon = draining.since.as_nanos().saturating_add(nanos(draining.plan.spread) / IDLE_SHARE);
                let has_moment = self.connections[row].deadline <= soon;
                if has_moment || idle <= draining.since.as_nanos() { NEVER } else { idle }
            }
            _ => NEVER,
        }
    }

    /// Whether there is neither a connection nor a client.
    fn is_empty(&self) -> bool {
        self.connections.len() == 0 && self.has_no_client()
    }

    /// Whether no client is reserved, open, away or closing.
    pub(super) fn has_no_client(&self) -> bool {
        self.admitted() == 0 && self.phases.detached == 0
    }

    /// Ends a drain when no reserved, open or closing connection is left, and a shutdown when no connection is left.
    pub(super) fn finish_drain(&mut self) {
        let is_done = match self.state {
            _ if self.stopping => self.is_empty() && self.sweep.is_none(),
            State::Draining => self.has_no_client(),
            _ => false,
        };
        if !is_done {
            return;
        }
        self.state = State::Stopped;
        self.stopping = false;
        self.draining = None;
        self.sweep = None;
        self.ending.clear();
        self.forget_closed_rooms();
        if !core::mem::replace(&mut self.stop_is_told, true) {
            self.notices.push_back(Notice::Action(Action::Stopped));
        }
    }
}

/// A pseudo-random number that depends only on the seed and the client (SplitMix64).
pub(super) fn jitter(seed: u64, index: u64) -> u64 {
    let mut mixed = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A random part of a length; `random` is uniform over all `u64`.
pub(super) fn scale(length: u64, random: u64) -> u64 {
    ((u128::from(length) * u128::from(random)) >> 64) as u64
}
