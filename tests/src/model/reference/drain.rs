//! Draining and shutting down.

use super::client::{Client, Phase};
use super::connection::Connection;
use super::marked::{CLIENT, TIMER, VISIT};
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

/// What timeouts do, as far as they have come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sweep {
    task: Task,
    /// How many [stops](Model::stops) are behind it.
    done: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    GiveMoments,
    Close,
}

/// A place at which a sweep looks. There may be nobody.
enum Stop {
    Client(usize),
    Connection(usize),
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
            clients: self.open.len() as u64 - u64::from(self.detached()),
            given: 0,
        });
        self.sweep = Some(Sweep { task: Task::GiveMoments, done: 0 });
    }

    pub(super) fn shut_down(&mut self) {
        let is_empty = self.connections.is_empty() && self.clients.is_empty();
        if self.stopping || (self.state == State::Stopped && is_empty) {
            return;
        }
        self.state = State::Stopped;
        self.drain = None;
        self.stopping = true;
        self.sweep = Some(Sweep { task: Task::Close, done: 0 });
    }

    /// Visits as many clients and connections as there are units of work, in the order of their places; one at least.
    pub(super) fn do_sweep(&mut self) {
        let Some(Sweep { task, mut done }) = self.sweep else { return };
        let stops = self.stops(task);
        let mut spent = 0;
        while spent < self.limits.slice && done < stops.len() {
            spent += VISIT;
            spent += match stops[done] {
                Stop::Client(place) => self.sweep_client(task, place),
                Stop::Connection(place) => self.sweep_connection(place),
            };
            done += 1;
        }
        self.sweep = (done < stops.len()).then_some(Sweep { task, done });
    }

    /// All clients, and behind them, if everything is to be closed, all connections.
    fn stops(&self, task: Task) -> Vec<Stop> {
        let mut stops: Vec<_> = (0..self.client_ids.places()).map(Stop::Client).collect();
        if task == Task::Close {
            stops.extend((0..self.connection_ids.places()).map(Stop::Connection));
        }
        stops
    }

    /// For how much work that was.
    fn sweep_client(&mut self, task: Task, place: usize) -> u32 {
        let there = self.clients.iter().find(|client| client.id.index() == place);
        let Some((client, phase)) = there.map(|client| (client.id, client.phase)) else { return 0 };
        match (task, phase) {
            (Task::GiveMoments, Phase::Open) => {
                self.give_moment(client);
                TIMER
            }
            (Task::GiveMoments, Phase::Away) => {
                self.work_on(client, |model| model.end_for(client, Cause::Draining))
            }
            (Task::Close, Phase::Open | Phase::Away) => {
                self.work_on(client, |model| model.end_for(client, Cause::ShutDown))
            }
            (Task::Close, Phase::Reserved) => {
                let connection = self.connection_of(client).id;
                self.abandon_handshake(connection);
                CLIENT
            }
            _ => 0,
        }
    }

    /// Whoever has a client was closed with it.
    fn sweep_connection(&mut self, place: usize) -> u32 {
        let there = self.connections.iter().find(|connection| connection.id.index() == place);
        let Some(handshake) = there.filter(|connection| connection.client.is_none()) else { return 0 };
        self.abandon_handshake(handshake.id);
        CLIENT
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
        let is_idle = drain.idle > 0 && self.last_active(client) + drain.idle <= self.now;
        let after = if is_idle {
            part_of(drain.spread / 10)
        } else {
            drain.spread * share / clients + part_of(drain.spread / clients)
        };
        assert!(after <= drain.spread, "everybody goes within the time given");
        self.connection_of(client).deadline = drain.since + after;
        self.drain = Some(drain);
        self.arm_client(client);
    }

    /// When a client has been idle long enough to go ahead of its moment. Who goes within the first tenth of the time
    /// given anyway, as those do who were idle when the drain began, goes at its moment, whatever it says meanwhile.
    pub(super) fn drain_idle_deadline(&self, connection: &Connection, client: &Client) -> u64 {
        let Some(drain) = self.drain else { return NEVER };
        let idle_at = connection.last_in.max(client.last_out) + drain.idle;
        if drain.idle == 0 || idle_at <= drain.since || connection.deadline <= drain.since + drain.spread / 10
        {
            return NEVER;
        }
        idle_at
    }

    /// When a message last came from it or was queued for it.
    fn last_active(&mut self, client: ClientId) -> u64 {
        self.of(client).last_out.max(self.connection_of(client).last_in)
    }

    /// A drain is done when nobody is left that was admitted, a shutdown when nobody is left at all.
    pub(super) fn finish_drain(&mut self) {
        let is_done = match self.state {
            _ if self.stopping => {
                self.connections.is_empty() && self.clients.is_empty() && self.sweep.is_none()
            }
            State::Draining => self.clients.is_empty(),
            _ => false,
        };
        if !is_done {
            return;
        }
        self.state = State::Stopped;
        self.stopping = false;
        self.drain = None;
        self.sweep = None;
        self.closed.clear();
        self.marked.clear();
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
