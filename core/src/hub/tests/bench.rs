//! A test bench for a hub: a clock, transports that take all bytes until they are stalled, and a record of what
//! each transport has taken.

use crate::close::CloseCode;
use crate::frame::{Frame, MessageKind};
use crate::hub::connection::Connection;
use crate::hub::{Action, Config, Error, Event, Flush, Hub, Policy, Published, Target, Unreached, Verdict};
use crate::id::{Address, ClientId, ConnectionId};
use crate::outbox::{Batch, NONE, Progress, Then, Transport, Written};
use crate::time::Instant;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// Bytes in a lease, where it does not matter how many.
pub(super) const PLENTY: u32 = 1 << 20;

pub(super) use super::frames::*;
pub(super) use super::words::*;

pub(super) struct Bench {
    pub(super) hub: Hub,
    pub(super) now: Instant,
    /// The leases of the last transmit.
    pub(super) batch: Batch,
    /// Whom the last publish by a policy of its own has not reached.
    pub(super) unreached: Vec<Unreached>,
    /// Whether each client that connects gets a session of its own.
    gives_sessions: bool,
    /// The connections of clients, those of clients that have ended included.
    connections: BTreeMap<ClientId, ConnectionId>,
    stalled: BTreeSet<ClientId>,
    wires: BTreeMap<ClientId, Vec<String>>,
}

/// Whatever names a connection: its id, or its client.
pub(super) trait OnConnection: Copy {
    fn connection(self, bench: &Bench) -> ConnectionId;
}

impl OnConnection for ConnectionId {
    fn connection(self, _: &Bench) -> ConnectionId {
        self
    }
}

impl OnConnection for ClientId {
    fn connection(self, bench: &Bench) -> ConnectionId {
        let now = bench.hub.connection_of(self);
        now.or_else(|| bench.connections.get(&self).copied()).expect("a client of this bench")
    }
}

/// The lease of one client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) client: ClientId,
    pub(super) run: u32,
    pub(super) begun: u32,
    pub(super) skip: u32,
    pub(super) items: Vec<String>,
    pub(super) then: Then,
}

impl Bench {
    /// A hub of the default config without pings, so that tests may let time pass.
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A hub like `new` with changes to the config.
    pub(super) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.deadlines.ping = None;
        config.deadlines.pong = None;
        change(&mut config);
        Self::of(config)
    }

    /// A hub like `new`, with a grace of an hour and a session for each client that connects.
    pub(super) fn with_grace(change: impl FnOnce(&mut Config)) -> Self {
        let mut bench = Self::with(|config| {
            config.sessions.grace = Some(Duration::from_secs(3600));
            change(config);
        });
        bench.gives_sessions = true;
        bench
    }

    pub(super) fn of(config: Config) -> Self {
        let mut hub = Hub::new(config).expect("a valid config");
        tell_ids_apart(&mut hub);
        let now = Instant::from_nanos(1_000_000_000_000);
        let (batch, unreached) = (Batch::default(), Vec::new());
        let (connections, stalled, wires) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { hub, now, batch, unreached, gives_sessions: false, connections, stalled, wires }
    }

    // Time.

    /// Lets time pass, with a timeout whenever the hub asks for one.
    pub(super) fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(at) = self.hub.poll_timeout()
            && at <= end
        {
            self.now = self.now.max(at);
            self.timeout();
        }
        self.now = end;
    }

    /// Lets time pass without an event.
    pub(super) fn oversleep(&mut self, duration: Duration) {
        self.now = self.now + duration;
    }

    /// Hands in one timeout. The next must be in the future, or a host would spin, unless a sweep continues.
    pub(super) fn timeout(&mut self) {
        self.hub.timeout(self.now).expect("a timeout is never an error");
        let next = self.hub.poll_timeout();
        let goes_on = self.hub.is_working() || self.hub.outboxes.has_untold();
        let is_due = || {
            let (mut hub, steps) = (self.hub.clone(), &mut u32::MAX.clone());
            hub.wheel.pop(hub.now, steps).is_some() || hub.expiries.wheel.pop(hub.now(), steps).is_some()
        };
        assert!(goes_on || next.is_none_or(|next| next > self.now) || is_due(), "the host would spin");
    }

    // Connections.

    /// The connection of a client, also of one that has ended.
    pub(super) fn on(&self, connection: impl OnConnection) -> ConnectionId {
        connection.connection(self)
    }

    /// The client that is or was on a connection.
    pub(super) fn client_on(&self, connection: ConnectionId) -> ClientId {
        let known = self.connections.iter().find(|(_, known)| **known == connection);
        known.map(|(client, _)| *client).expect("a client of this bench")
    }

    pub(super) fn accept(&mut self) -> ConnectionId {
        self.hub.accept(self.now, None, 0).expect("accepted")
    }

    pub(super) fn accept_from(&mut self, address: u8) -> Result<ConnectionId, Error> {
        self.hub.accept(self.now, Some(Address([address; 16])), 0)
    }

    pub(super) fn reserve(&mut self, user: Option<&str>) -> ClientId {
        let connection = self.accept();
        self.reserve_on(connection, user)
    }

    /// Reserves a client on a connection.
    pub(super) fn reserve_on(&mut self, connection: ConnectionId, user: Option<&str>) -> ClientId {
        let client = self.hub.reserve(self.now, connection, user).expect("reserved");
        self.connections.insert(client, connection);
        client
    }

    pub(super) fn open(&mut self, connection: impl OnConnection) {
        let connection = self.on(connection);
        self.hub.open(self.now, connection).expect("opened");
    }

    pub(super) fn connect(&mut self) -> ClientId {
        let client = self.hub.admit(self.now, None).expect("admitted");
        self.known(client)
    }

    pub(super) fn connect_as(&mut self, user: &str) -> ClientId {
        let client = self.hub.admit(self.now, Some(user)).expect("admitted");
        self.known(client)
    }

    pub(super) fn connect_on(&mut self, lane: u8) -> ClientId {
        let connection = self.hub.accept(self.now, None, lane).expect("accepted");
        let client = self.reserve_on(connection, None);
        self.open(client);
        client
    }

    fn known(&mut self, client: ClientId) -> ClientId {
        self.connections.insert(client, self.on(client));
        if self.gives_sessions {
            let (user, session) = (self.hub.user_of(client), format!("session {client}"));
            let named = self.hub.identify(self.now, client, user.as_deref(), Some(&session));
            assert_eq!(named, Ok(None));
        }
        client
    }

    pub(super) fn connect_many(&mut self, count: usize) -> Vec<ClientId> {
        (0..count).map(|_| self.connect()).collect()
    }

    /// A client in a room.
    pub(super) fn connect_in(&mut self, room: &str) -> ClientId {
        let client = self.connect();
        self.join(client, room);
        client
    }

    pub(super) fn join(&mut self, client: ClientId, room: &str) {
        self.hub.join(self.now, client, room).expect("joined");
    }

    pub(super) fn close(&mut self, client: ClientId, flush: Flush) {
        self.hub.close(self.now, client, CloseCode::NORMAL, "bye", flush).expect("closed");
    }

    pub(super) fn gone(&mut self, connection: impl OnConnection) {
        let connection = self.on(connection);
        self.hub.gone(self.now, connection).expect("known until now");
    }

    pub(super) fn event(&mut self, event: Event<'_>) {
        self.hub.handle(self.now, event).expect("no error");
    }

    // What peers send.

    pub(super) fn hear(&mut self, client: ClientId) {
        self.event(Event::Heard { connection: self.on(client) });
    }

    pub(super) fn ping(&mut self, client: ClientId, payload: &str) {
        self.event(Event::Ping { connection: self.on(client), payload: payload.as_bytes() });
    }

    pub(super) fn pong(&mut self, client: ClientId) {
        self.event(Event::Pong { connection: self.on(client) });
    }

    /// The application has not finished with the last message of a client.
    pub(super) fn working(&mut self, client: ClientId) {
        self.event(Event::Working { connection: self.on(client) });
    }

    pub(super) fn peer_closed(&mut self, client: ClientId, code: Option<CloseCode>, reason: &str) {
        self.event(Event::PeerClosed { connection: self.on(client), code, reason });
    }

    pub(super) fn half_closed(&mut self, client: ClientId) {
        self.event(Event::HalfClosed { connection: self.on(client) });
    }

    pub(super) fn send(&mut self, client: ClientId, bytes: u32) -> Verdict {
        let connection = self.on(client);
        self.hub.received(self.now, connection, MessageKind::Text, bytes).expect("open")
    }

    // Publishing.

    pub(super) fn publish(&mut self, targets: &[Target<'_>], text: &str) -> Result<Published, Error> {
        self.hub.publish(self.now, targets, &[], &frame(text), None)
    }

    pub(super) fn publish_by(
        &mut self,
        policy: Policy,
        target: Target<'_>,
        frame: &Frame,
    ) -> Result<Published, Error> {
        self.unreached.clear();
        self.hub.publish_listing(self.now, &[target], &[], frame, Some(policy), &mut self.unreached)
    }

    /// Publishes one message to one client, with the policy of the hub.
    pub(super) fn tell(&mut self, client: ClientId, text: &str) -> Published {
        self.publish(&[Target::Client(client)], text).expect("published")
    }

    pub(super) fn tell_by(&mut self, policy: Policy, client: ClientId, text: &str) -> Published {
        self.publish_by(policy, Target::Client(client), &frame(text)).expect("published")
    }

    pub(super) fn tell_all(&mut self, text: &str) -> Published {
        self.publish(&[Target::All], text).expect("published")
    }

    // Writing.

    /// Stalls the client's transport: it takes no bytes.
    pub(super) fn stall(&mut self, client: ClientId) {
        self.stalled.insert(client);
    }

    /// Lets the client's transport take bytes again.
    pub(super) fn resume(&mut self, client: ClientId) {
        self.stalled.remove(&client);
        self.writable(client);
    }

    /// Lets the client's transport take bytes again.
    pub(super) fn writable(&mut self, client: ClientId) {
        self.event(Event::Writable { connection: self.on(client) });
    }

    /// Leases the queued frames of one client, if there are any.
    pub(super) fn lease(&mut self, client: impl OnConnection, budget: u32) -> Option<Held> {
        self.transmit(client, budget).expect("a live client");
        self.held().pop()
    }

    /// Leases the queued frames of the next clients of lane 0.
    pub(super) fn lease_ready(&mut self, clients: u32) -> Vec<Held> {
        self.transmit_ready(0, clients, PLENTY).expect("lane 0");
        self.held()
    }

    /// Leases to the bench's batch alone what waits for one client.
    pub(super) fn transmit(&mut self, client: impl OnConnection, budget: u32) -> Result<u32, Error> {
        self.batch.clear();
        let connection = self.on(client);
        self.hub.transmit(self.now, connection, budget, &mut self.batch)
    }

    /// The same of the next clients of a lane.
    pub(super) fn transmit_ready(&mut self, lane: u8, clients: u32, budget: u32) -> Result<u32, Error> {
        self.batch.clear();
        self.hub.transmit_ready(self.now, lane, clients, budget, &mut self.batch)
    }

    fn held(&self) -> Vec<Held> {
        let batch = &self.batch;
        let held = batch.leases().iter().map(|lease| Held {
            client: lease.client,
            run: lease.run,
            begun: lease.begun,
            skip: lease.skip,
            items: batch.run(lease.run).iter().map(shown).collect(),
            then: lease.then,
        });
        held.collect()
    }

    /// Returns a lease to the hub.
    pub(super) fn give_back(&mut self, client: ClientId, progress: Progress, transport: Transport) {
        let written = self.written(client, progress, transport);
        self.hub.transmitted(self.now, &[written]).expect("never an error");
    }

    /// The result of a client's lease.
    pub(super) fn written(&self, client: ClientId, progress: Progress, transport: Transport) -> Written {
        Written { connection: self.on(client), client, progress, transport }
    }

    /// Returns a lease that was written completely.
    pub(super) fn wrote(&mut self, client: ClientId) {
        self.give_back(client, Progress::All, Transport::Ready);
    }

    /// Returns a lease of which `items` and `bytes` of the next item were written before the transport blocked.
    pub(super) fn wrote_part(&mut self, client: ClientId, items: u32, bytes: u32) {
        self.give_back(client, Progress::part(items, bytes), Transport::Blocked);
    }

    /// Writes until no client has anything left that its transport takes.
    pub(super) fn write_all(&mut self) {
        for lane in (0..self.hub.outboxes.lanes()).map(|lane| lane as u8) {
            while self.transmit_ready(lane, 64, PLENTY).expect("a lane") > 0 {
                for held in self.held() {
                    self.write(held);
                }
            }
            assert!(!self.hub.has_ready(lane));
        }
    }

    fn write(&mut self, held: Held) {
        if self.stalled.contains(&held.client) {
            let progress = Progress::part(0, held.skip);
            return self.give_back(held.client, progress, Transport::Blocked);
        }
        self.wires.entry(held.client).or_default().extend(held.items);
        self.wrote(held.client);
    }

    /// The messages that a client's transport has taken since the last call.
    pub(super) fn taken(&mut self, client: ClientId) -> Vec<String> {
        self.wires.remove(&client).unwrap_or_default()
    }

    /// Writes everything, and returns the messages that one client got.
    pub(super) fn write_to(&mut self, client: ClientId) -> Vec<String> {
        self.write_all();
        self.taken(client)
    }

    pub(super) fn waiting(&self, client: ClientId) -> (u32, u32) {
        self.hub.outbox_of(client).expect("a client")
    }

    // What the hub says.

    pub(super) fn actions(&mut self) -> Vec<Action> {
        core::iter::from_fn(|| self.hub.poll_action()).collect()
    }

    /// The action by which the hub wants a transport ended.
    pub(super) fn abort(&self, connection: impl OnConnection) -> Action {
        Action::Abort { connection: self.on(connection) }
    }

    /// The action by which reading from a client continues.
    pub(super) fn reads_again(&self, client: ClientId) -> Action {
        Action::Resume { connection: self.on(client) }
    }

    pub(super) fn connected(&self, client: ClientId) -> Action {
        Action::Connected { client, connection: self.on(client) }
    }

    /// Discards all actions so far.
    pub(super) fn quiet(&mut self) {
        while self.hub.poll_action().is_some() {}
    }

    /// The error of an event; checks that it has no effect except for the count of refusals.
    pub(super) fn refused<T: core::fmt::Debug>(
        &mut self,
        ask: impl FnOnce(&mut Hub, Instant) -> Result<T, Error>,
    ) -> Error {
        let before = self.everything();
        let error = ask(&mut self.hub, self.now).expect_err("an error");
        assert!(before == self.everything(), "something changed, though the answer was: {error}");
        error
    }

    /// All state of the hub, except what a refusal may change: the clock, counts of refusals, scratch memory.
    fn everything(&self) -> String {
        let mut hub = self.hub.clone();
        hub.now = self.now;
        hub.totals.refused = 0;
        hub.totals.refusals = Default::default();
        hub.totals.refused_connections = 0;
        hub.reach.clear();
        format!("{hub:?}")
    }

    /// Checks that nothing is left in the hub after all clients are gone.
    pub(super) fn assert_empty(&mut self) {
        let stats = self.hub.stats();
        let left = [stats.clients, stats.closing, stats.reserved, stats.handshakes, stats.users, stats.rooms];
        assert_eq!(left, [0; 6]);
        assert_eq!((stats.memberships, stats.frames, stats.queued_bytes, stats.pending()), (0, 0, 0, 0));
        assert_eq!(self.hub.connection_count(), 0);
        self.quiet();
        self.wait(Duration::from_secs(3600));
        let remembered = (self.hub.users.len(), self.hub.addresses.len());
        assert_eq!(remembered, (0, 0), "names are not remembered for ever");
        let left = (self.hub.poll_timeout(), self.actions());
        assert_eq!(left, (None, [].into()), "timers are not left behind");
    }
}

/// Lets the first connections be used in another order than the first clients, so that an index of the one kind is not the
/// other's by chance.
fn tell_ids_apart(hub: &mut Hub) {
    let timer = hub.wheel.insert(Instant::FAR_FUTURE, crate::hub::Owner::Connection(0));
    let rows = [(); 5].map(|()| {
        let row = hub.connections.next().expect("a row is free");
        hub.connections.insert(row, Connection::new(timer, 0, NONE, 0));
        row
    });
    for at in [3, 0, 4, 1, 2] {
        hub.connections.remove(rows[at]);
    }
    hub.wheel.remove(timer);
}
