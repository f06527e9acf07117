//! Random runs: a small generator plays the host, its peers and its application under small limits, so that
//! refusals, drops, sheds and deadlines all happen. A seed determines the run.
//!
//! Only public parts of the crate are used here, so that a test outside of it can include this file.

use super::happening::{Happening, SHARES};
pub(crate) use super::random_config::{Random, config};
use crate::hub::{Action, Drain, Error, Event, Hub, Outcome, Sink, Verdict};
use crate::id::{ClientId, ConnectionId};
use crate::outbox::{Batch, Control, Item, Lease, Transport};
use crate::time::Instant;
use crate::trace::OwnedEvent;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

/// A lease that is out, and the length of each item.
#[derive(Clone, Debug)]
pub(super) struct Out {
    pub(super) lease: Lease,
    pub(super) sizes: Vec<u32>,
}

/// An open client and its connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) client: ClientId,
    pub(super) connection: ConnectionId,
}

/// The host, the peers and the application. It makes the next event from the hub's answers so far.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(super) random: Random,
    pub(super) now: Instant,
    shares: [u64; SHARES.len()],
    /// Connections that are not gone; the lists below have those in certain states.
    pub(crate) connections: Vec<ConnectionId>,
    pub(super) accepted: Vec<ConnectionId>,
    pub(super) open: Vec<Pair>,
    pub(super) reserved: Vec<ConnectionId>,
    pub(super) ending: Vec<ConnectionId>,
    pub(super) blocked: Vec<ConnectionId>,
    /// Connections whose reading is paused.
    pub(super) paused: Vec<ConnectionId>,
    pub(super) out: Vec<Out>,
    /// Ids of connections that are gone, and of clients that have ended.
    pub(super) stale: VecDeque<ConnectionId>,
    pub(super) ended: VecDeque<ClientId>,
    /// The leases of the last transmit.
    batch: Batch,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(!seed),
            now: Instant::ORIGIN,
            shares: SHARES.map(|(_, share)| share),
            connections: Vec::new(),
            accepted: Vec::new(),
            open: Vec::new(),
            reserved: Vec::new(),
            ending: Vec::new(),
            blocked: Vec::new(),
            paused: Vec::new(),
            out: Vec::new(),
            stale: VecDeque::new(),
            ended: VecDeque::new(),
            batch: Batch::default(),
        }
    }

    /// The next event and its time.
    pub(crate) fn next(&mut self, hub: &Hub) -> (Instant, OwnedEvent<'static>) {
        if self.random.percent(50) {
            self.now = self.now + Duration::from_nanos(self.random.below(100_000));
            // The host stands still.
            if self.random.below(1_000) == 0 {
                self.now = self.now + Duration::from_millis(self.random.below(100));
            }
        }
        if self.random.below(400) == 0 {
            self.shares = SHARES.map(|(_, share)| share * [1, 1, 1, 0, 2, 6][self.random.below(6) as usize]);
        }
        loop {
            let happening = self.happening();
            if let Some(event) = self.event(happening, hub) {
                // A clock that runs backwards must make no difference.
                let backwards = if self.random.percent(2) { 1_000_000 } else { 0 };
                return (self.now - Duration::from_nanos(backwards), event);
            }
        }
    }

    /// The next event at the end of a run: timeouts, transports that end, and some others.
    pub(crate) fn next_of_the_end(&mut self, hub: &Hub) -> Option<(Instant, OwnedEvent<'static>)> {
        let connection = self.random.pick(&self.connections)?;
        let event = match self.random.below(10) {
            0..3 => return Some(self.next(hub)),
            3..6 => self.event(Happening::Timeout, hub)?,
            _ => Event::Gone { connection }.into(),
        };
        Some((self.now, event))
    }

    /// Updates the world by the results of an event.
    pub(crate) fn learn(&mut self, event: Event<'_>, result: Result<Outcome, Error>, actions: &[Action]) {
        match (event, result) {
            (_, Ok(Outcome::Accepted(connection))) => {
                self.connections.push(connection);
                self.accepted.push(connection);
            }
            (_, Ok(Outcome::Leased(_))) => self.learn_leases(),
            (Event::Received { connection, .. }, Ok(Outcome::Verdict(Verdict::Pause { .. }))) => {
                self.paused.push(connection);
            }
            (Event::Reserve { connection, .. }, Ok(_)) => self.reserved.push(connection),
            (Event::Gone { connection }, Ok(_)) => {
                self.connections.retain(|&other| other != connection);
                remember(&mut self.stale, connection);
            }
            (Event::Transmitted { results }, _) => {
                let blocked = results.iter().filter(|written| written.transport == Transport::Blocked);
                self.blocked.extend(blocked.map(|written| written.connection));
            }
            _ => {}
        }
        for action in actions {
            match *action {
                Action::Connected { client, connection } => self.open.push(Pair { client, connection }),
                Action::Disconnected { client, .. } => {
                    if let Some(at) = self.open.iter().position(|pair| pair.client == client) {
                        // The others keep their order.
                        let Pair { connection, .. } = self.open.remove(at);
                        self.paused.retain(|&other| other != connection);
                        self.ending.push(connection);
                    }
                    remember(&mut self.ended, client);
                }
                Action::Resumed { client, connection } => {
                    for pair in self.open.iter_mut().filter(|pair| pair.client == client) {
                        pair.connection = connection;
                    }
                }
                Action::Replaced { connection, .. } => self.ending.push(connection),
                Action::Resume { connection } => self.paused.retain(|&other| other != connection),
                Action::Abort { connection } => self.ending.push(connection),
                _ => {}
            }
        }
    }

    /// Where an event puts its leases, which are [learnt](Self::learn) then.
    pub(crate) fn sink(&mut self) -> Sink<'_> {
        self.batch.clear();
        Sink::Batch(&mut self.batch)
    }

    fn learn_leases(&mut self) {
        for lease in self.batch.leases() {
            let sizes = self.batch.run(lease.run).iter().map(size).collect();
            self.out.push(Out { lease: *lease, sizes });
        }
    }

    fn happening(&mut self) -> Happening {
        let total = self.shares.iter().sum::<u64>();
        if total == 0 {
            return Happening::Timeout;
        }
        let mut at = self.random.below(total);
        for (share, (happening, _)) in self.shares.iter().zip(SHARES) {
            if at < *share {
                return happening;
            }
            at -= share;
        }
        Happening::Timeout
    }
}

/// Keeps an id, and forgets the oldest of many.
fn remember<T>(ids: &mut VecDeque<T>, id: T) {
    ids.push_back(id);
    if ids.len() > 50 {
        ids.pop_front();
    }
}

fn size(item: &Item) -> u32 {
    match item {
        Item::Frame(frame) => frame.size(),
        Item::Control(Control::Ping) => 2,
        Item::Control(Control::Pong(payload)) => 2 + payload.len() as u32,
        Item::Control(Control::Close { code, reason }) => {
            2 + code.map_or(0, |_| 2) + reason.as_ref().map_or(0, |reason| reason.len() as u32)
        }
    }
}

/// The drain at the end of a run.
pub(crate) fn drain_plan() -> Drain {
    Drain { idle: Duration::from_millis(50), spread: Duration::from_millis(500) }
}
