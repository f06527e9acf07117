//! Ends a hub by a drain or a shutdown, and checks that this comes to an end and leaves nothing in the hub.

use super::driver::{Driver, Wrong, ensure};
use super::reference::{Client, Connection, Sending};
use std::time::Duration;
use throng_core::ConnectionId;
use throng_core::hub::{Drain, Event, Members, State};
use throng_core::outbox::{Progress, Transport, Written};

/// Many more rounds than any case needs.
const ROUNDS: usize = 3000;

impl Driver {
    /// Drains or shuts down the hub, does what a host does, and lets time pass, until the hub waits for nothing more.
    pub(super) fn settle(&mut self) -> Result<(), Wrong> {
        self.linger = 0;
        self.poll()?;
        let plan = Drain { idle: Duration::from_millis(50), spread: Duration::from_millis(500) };
        let gently = self.model.limits.seed.is_multiple_of(2);
        self.event(if gently { Event::Drain(plan) } else { Event::Shutdown })?;
        for _ in 0..ROUNDS {
            self.serve()?;
            if self.hub.poll_timeout().is_none() {
                return self.check_the_end();
            }
            self.timeout_when_due()?;
        }
        Err(format!("after {ROUNDS} timeouts the hub still wants one at {:?}", self.hub.poll_timeout()))
    }

    /// Writes all that the hub leases, and ends every transport that the hub has asked to end.
    fn serve(&mut self) -> Result<(), Wrong> {
        loop {
            for connection in self.aborted() {
                self.event(Event::Gone { connection })?;
            }
            for Client { connection, .. } in self.those_that_are(Sending::Blocked) {
                self.event(Event::Writable { connection })?;
            }
            for lane in 0..self.model.limits.lanes as u8 {
                self.event(Event::TransmitReady { lane, connections: 3, budget: 70 })?;
            }
            let leased = self.those_that_are(Sending::Leased);
            let result = |one: &Client| Written {
                connection: one.connection,
                client: one.id,
                progress: Progress::All,
                transport: Transport::Ready,
            };
            let results: Vec<_> = leased.iter().map(result).collect();
            if results.is_empty() && self.aborted().is_empty() {
                return Ok(());
            }
            self.event(Event::Transmitted { results: &results })?;
        }
    }

    /// Connections that the hub has asked to end.
    fn aborted(&self) -> Vec<ConnectionId> {
        let is_aborted = |one: &&Connection| one.aborted;
        self.model.connections.iter().filter(is_aborted).map(|one| one.id).collect()
    }

    fn those_that_are(&self, sending: Sending) -> Vec<Client> {
        self.model.clients.iter().filter(|one| one.outbox.sending == sending).cloned().collect()
    }

    fn check_the_end(&mut self) -> Result<(), Wrong> {
        self.poll_ready()?;
        // A room that the application has configured to be kept stays after its last member has left.
        for room in self.hub.room_names().collect::<Vec<_>>() {
            self.event(Event::CloseRoom { room: &room, members: Members::Leave })?;
        }
        let (hub, stats) = (&self.hub, self.hub.stats());
        ensure!(hub.state() == State::Stopped, "the hub is {:?} at the end, not Stopped", hub.state());
        ensure!(hub.connection_count() == 0, "{} connections are left", hub.connection_count());
        let left = [
            ("messages", stats.pending()),
            ("frames", u64::from(stats.frames)),
            ("bytes", stats.queued_bytes),
            ("memberships", stats.memberships),
            ("rooms", u64::from(stats.rooms)),
            ("users", u64::from(stats.users)),
        ];
        for (what, count) in left {
            ensure!(count == 0, "{count} {what} are left in the hub at the end");
        }
        self.ledger.check_the_end()
    }
}
