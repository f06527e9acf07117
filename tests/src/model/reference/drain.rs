//! Draining and shutting down.

use super::connection::{Connection, Phase};
use super::{Model, NEVER};
use crate::model::limits::Cause;
use throng_core::ClientId;
use throng_core::hub::{Action, Drain, State};

/// A drain under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draining {
    idle: u64,
    spread: u64,
    pub(super) since: u64,
    /// Open clients when it began, and how many were given their moment.
    clients: u64,
    given: u64,
}

/// What the next timeout does with every connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sweep {
    GiveMoments,
    Close,
}

impl Model {
    pub(super) fn begin_drain(&mut self, plan: Drain) {
        if self.state != State::Running {
            return;
        }
        self.state = State::Draining;
        self.drain = Some(Draining {
            idle: plan.idle.as_nanos() as u64,
            spread: plan.spread.as_nanos() as u64,
            since: self.now,
            clients: self.clients.len() as u64,
            given: 0,
        });
        self.sweep = Some(Sweep::GiveMoments);
    }

    pub(super) fn shut_down(&mut self) {
        if self.stopping || (self.state == State::Stopped && self.connections.is_empty()) {
            return;
        }
        self.state = State::Stopped;
        self.drain = None;
        self.stopping = true;
        self.sweep = Some(Sweep::Close);
    }

    /// Visits the connections in the order of their places.
    pub(super) fn do_sweep(&mut self) {
        let Some(sweep) = self.sweep.take() else { return };
        let mut all: Vec<_> = self.connections.iter().map(|connection| connection.id).collect();
        all.sort_by_key(|client| client.index());
        for client in all {
            match (sweep, self.of(client).phase) {
                (Sweep::GiveMoments, Phase::Open) => self.give_moment(client),
                (Sweep::Close, Phase::Open) => self.end_for(client, Cause::ShutDown),
                (Sweep::Close, Phase::Accepted | Phase::Reserved) => self.abandon_handshake(client),
                _ => {}
            }
        }
    }

    /// When a drain closes a client: within a tenth of the time given if it is idle, else at a random point of its own
    /// share of that time.
    pub(super) fn give_moment(&mut self, client: ClientId) {
        let Some(mut drain) = self.drain else { return };
        let random = u128::from(random(self.limits.seed, client.index() as u64));
        let part_of = |length: u64| ((u128::from(length) * random) >> 64) as u64;
        let clients = drain.clients.max(1);
        let share = drain.given.min(clients - 1);
        drain.given += 1;
        let is_idle = drain.idle > 0 && self.of(client).last_active() + drain.idle <= self.now;
        let after = if is_idle {
            part_of(drain.spread / 10)
        } else {
            drain.spread * share / clients + part_of(drain.spread / clients)
        };
        assert!(after <= drain.spread, "everybody goes within the time given");
        self.of(client).deadline = drain.since + after;
        self.drain = Some(drain);
        self.arm(client);
    }

    /// When a client has been idle long enough to go ahead of its moment. Who goes within the first tenth of the time
    /// given anyway, as those do who were idle when the drain began, goes at its moment, whatever it says meanwhile.
    pub(super) fn drain_idle_deadline(&self, connection: &Connection) -> u64 {
        let Some(drain) = self.drain else { return NEVER };
        let idle_at = connection.last_active() + drain.idle;
        if drain.idle == 0 || idle_at <= drain.since || connection.deadline <= drain.since + drain.spread / 10
        {
            return NEVER;
        }
        idle_at
    }

    /// A drain is done when nobody is left that was admitted, a shutdown when nobody is left at all.
    pub(super) fn finish_drain(&mut self) {
        let is_done = match self.state {
            _ if self.stopping => self.connections.is_empty() && self.sweep.is_none(),
            State::Draining => self.connections.iter().all(|connection| connection.phase == Phase::Accepted),
            _ => false,
        };
        if !is_done {
            return;
        }
        self.state = State::Stopped;
        self.stopping = false;
        self.drain = None;
        self.sweep = None;
        if !self.stop_is_told {
            self.stop_is_told = true;
            self.tell(Action::Stopped);
        }
    }
}

/// SplitMix64, of which the hub makes its jitter.
pub(super) fn random(seed: u64, index: u64) -> u64 {
    let state = seed.wrapping_add((index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
