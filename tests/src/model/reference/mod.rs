//! The reference model: what a hub is meant to do, written so that it can be seen to be right. Lists are searched from
//! end to end, whatever can be counted is counted anew, nothing is cached, and no memory is used again.
//!
//! It takes the hub's own events and predicts the outcome with the ids in it, the actions, the leases and the numbers. Two
//! things it leaves to the hub and only checks: when the hub asks for a timeout, and how many outboxes must shed and how
//! many clients end for the hub's budget ([`Shedding`]), which depends on how many queue entries there are: no more than
//! there can be need for, and no fewer before a message is for nobody.
//!
//! A [`Connection`] is what a transport has, a [`Client`] is the member. Each names the other, from `Reserve` until the
//! reservation is given up, the transport is gone, or the client goes away or over to another connection. A connection that still
//! writes after that has a *rest*, which stands among the clients and is none.

mod admission;
mod asks;
mod client;
mod closing;
mod connection;
mod drain;
mod expiry;
mod history;
mod ids;
mod inbound;
mod lanes;
mod marked;
mod numbers;
mod outbox;
mod pacing;
mod place;
mod presence;
mod publish;
mod rates;
mod reconfigure;
mod room_config;
mod rooms;
mod sessions;
mod standstill;
mod timeouts;
mod transmit;
mod users;

pub(super) use client::{Client, Phase};
pub(super) use connection::Connection;
pub(super) use history::Story;
pub(super) use outbox::{Sending, Thing};
pub(super) use presence::Roll;
pub(super) use publish::{NoRoom, Shedding};
pub(super) use timeouts::NEVER;
pub(super) use transmit::Expected;

use super::limits::Limits;
use drain::{Draining, Sweep};
use history::{Key, Told};
use ids::Ids;
use lanes::Lane;
use marked::NOTICE;
use numbers::Numbers;
use presence::Changes;
use rates::Bucket;
use standstill::Standstill;
use throng_core::hub::{Action, Dropped, Error, Event, Outcome, RoomConfig, State, Unreached};
use throng_core::{Address, ClientId, CloseCode, ConnectionId, Name};

/// Bytes of a queue entry, as the hub counts them.
pub(super) const ENTRY_BYTES: u64 = 12;

/// A hub, naively.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) limits: Limits,
    /// What the next config says, which is all that the model can read.
    pub(super) asked: Limits,
    pub(super) now: u64,
    standstill: Standstill,
    pub(super) state: State,
    /// In the order of accepting.
    pub(super) connections: Vec<Connection>,
    /// In the order of reserving.
    pub(super) clients: Vec<Client>,
    connection_ids: Ids,
    client_ids: Ids,
    /// Open clients; when one ends, the last takes its place.
    pub(super) open: Vec<ClientId>,
    pub(super) rooms: Vec<Room>,
    pub(super) users: Vec<User>,
    addresses: Vec<(Address, Bucket)>,
    lanes: Vec<Lane>,
    notices: Vec<Notice>,
    /// Drops that become notices when an event is over: so many an event. What was told before its turn is no more there,
    /// but keeps its place.
    fresh: Vec<(ClientId, Option<Dropped>)>,
    /// Whom the hub is to end, one after the other. Some have ended meanwhile.
    marked: Vec<ClientId>,
    /// Rooms that were closed, whose members are told one after the other; and how many ever were.
    closed: Vec<Closed>,
    rooms_closed: u64,
    /// Clients that lost a frame while somebody waits for room in their outbox.
    relieved: Vec<ClientId>,
    drain: Option<Draining>,
    sweep: Option<Sweep>,
    stopping: bool,
    stop_is_told: bool,
    /// How often any timer was set: of timers for the same moment the one set first comes first.
    timers_set: u64,
    pub(super) numbers: Numbers,
    /// How often a number for an epoch was made.
    epochs: u64,
    /// Rooms that exist only for their history: the one that was used longest ago is the first.
    pub(super) idle: Vec<String>,
    /// Idempotency keys, the oldest first.
    keys: Vec<Key>,
    pub(super) told: Told,
    changes: Changes,
    /// The leases of the last transmit.
    pub(super) batch: Vec<Expected>,
    /// Whom the last publish that may wait has not reached.
    pub(super) unreached: Vec<Unreached>,
    /// More was shed or refused for the hub's budget than it needed.
    pub(super) wasted: bool,
}

/// A room: its members in the order of joining; when one leaves, the last takes its place.
#[derive(Clone, Debug)]
pub(super) struct Room {
    pub(super) name: String,
    pub(super) members: Vec<ClientId>,
    pub(super) config: RoomConfig,
    pub(super) story: Option<Story>,
    pub(super) roll: Option<Roll>,
}

/// A room that was closed.
#[derive(Clone, Debug)]
struct Closed {
    number: u64,
    name: String,
    /// Those who are not told.
    members: Vec<ClientId>,
    /// With what they are disconnected.
    end: Option<(CloseCode, String)>,
}

/// A user, never forgotten: that the hub forgets those whose buckets are full must make no difference.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: String,
    /// Reserved ones included.
    pub(super) clients: Vec<ClientId>,
    messages: Bucket,
    bytes: Bucket,
}

/// An action that waits to be polled.
#[derive(Clone, Debug)]
enum Notice {
    Action(Action),
    /// Goes on adding up until it is polled.
    Dropped(ClientId, Dropped),
    /// Likewise.
    OverRate(ClientId, u32),
}

impl Model {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            now: 0,
            standstill: Standstill::default(),
            state: State::Running,
            connections: Vec::new(),
            clients: Vec::new(),
            connection_ids: Ids::default(),
            client_ids: Ids::default(),
            open: Vec::new(),
            rooms: Vec::new(),
            users: Vec::new(),
            addresses: Vec::new(),
            lanes: vec![Lane::default(); usize::from(limits.lanes)],
            notices: Vec::new(),
            fresh: Vec::new(),
            marked: Vec::new(),
            closed: Vec::new(),
            rooms_closed: 0,
            relieved: Vec::new(),
            drain: None,
            sweep: None,
            stopping: false,
            stop_is_told: false,
            timers_set: 0,
            numbers: Numbers::default(),
            epochs: 0,
            idle: Vec::new(),
            keys: Vec::new(),
            told: Told::default(),
            changes: Changes::default(),
            batch: Vec::new(),
            unreached: Vec::new(),
            wasted: false,
            asked: limits.clone(),
            limits,
        }
    }

    /// What the hub must answer. `shedding` is what it did for its budget; `asked` is when it asked for an event, before this
    /// one.
    pub(super) fn handle(
        &mut self,
        now: u64,
        asked: Option<u64>,
        event: Event<'_>,
        shedding: &Shedding,
    ) -> Result<Outcome, Error> {
        self.pass_time(now, asked);
        let result = self.dispatch(event, shedding);
        if let Err(Error::Refused(refusal)) = result {
            self.numbers.count_refusal(refusal);
        }
        self.tell_drops();
        while let Some(client) = self.relieved.pop() {
            self.tell_low(client);
        }
        self.finish_drain();
        result
    }

    fn dispatch(&mut self, event: Event<'_>, shedding: &Shedding) -> Result<Outcome, Error> {
        let done = |()| Outcome::Done;
        match event {
            Event::SetUser { client, user } => self.set_user(client, user).map(done),
            Event::SetExpiry { client, at, code, reason } => {
                self.set_expiry(client, at, code, reason).map(done)
            }
            Event::Ask { client, lasts, on_resume } => self.ask(client, lasts, on_resume).map(Outcome::Asked),
            Event::Replied { client, ask } => self.replied(client, ask).map(done),
            Event::CancelAsk { client, ask } => self.cancel_ask(client, ask).map(Outcome::Cancelled),
            Event::Identify { client, user, session } => {
                self.identify(client, user, session).map(Outcome::Identified)
            }
            Event::Join { client, room, recover } => {
                self.join(client, room, recover, None).map(Outcome::Joined)
            }
            Event::JoinWithInfo { client, room, recover, info } => {
                self.join(client, room, recover, Some(info)).map(Outcome::Joined)
            }
            Event::WatchPresence { client, room } => self.watch(client, room, true).map(done),
            Event::UnwatchPresence { client, room } => self.watch(client, room, false).map(done),
            Event::Leave { client, room } => self.leave(client, room).map(done),
            Event::LeaveAll { client } => self.leave_all(client).map(Outcome::Left),
            Event::Publish { publisher: None, targets, except, frame, policy, dedup } => {
                self.publish(targets, except, frame, (policy, dedup), shedding).map(Outcome::Published)
            }
            Event::Publish { publisher: Some(client), targets, except, frame, policy, dedup } => self
                .publish_as(client, targets, except, frame, (policy, dedup), shedding)
                .map(Outcome::Published),
            Event::Place { client, user, among, code, reason } => {
                self.place(client, user, among, code, reason).map(done)
            }
            Event::RemoveHistory { room } => self.remove_history(room).map(done),
            Event::ConfigureRoom { room, config } => self.configure_room(room, config).map(done),
            Event::CloseRoom { room, members } => self.close_room(room, members).map(Outcome::RoomClosed),
            Event::Close { client, code, reason, flush, by } => {
                self.close(client, code, reason, flush, by).map(done)
            }
            Event::TransmitReady { lane, connections, budget } => {
                self.transmit_ready(lane, connections, budget).map(Outcome::Leased)
            }
            Event::Transmitted { results } => {
                self.transmitted(results, shedding);
                Ok(Outcome::Done)
            }
            Event::Timeout => {
                self.timeout();
                Ok(Outcome::Done)
            }
            Event::Drain(plan) => {
                self.begin_drain(plan);
                Ok(Outcome::Done)
            }
            Event::Shutdown => {
                self.shut_down();
                Ok(Outcome::Done)
            }
            Event::Reconfigure { config } => self.reconfigure(config, shedding).map(done),
            of_a_transport => self.dispatch_of_transport(of_a_transport),
        }
    }

    /// What names a connection.
    fn dispatch_of_transport(&mut self, event: Event<'_>) -> Result<Outcome, Error> {
        let done = |()| Outcome::Done;
        match event {
            Event::Accept { address, lane } => self.accept(address, lane).map(Outcome::Accepted),
            Event::Reserve { connection, user, session, rooms } => {
                self.reserve(connection, user, session, rooms).map(Outcome::Reserved)
            }
            Event::CloseConnection { connection, code, reason, flush } => {
                self.close_connection(connection, code, reason, flush).map(done)
            }
            Event::Open { connection } => self.open(connection).map(done),
            Event::Received { connection, bytes, .. } => {
                self.received(connection, bytes).map(Outcome::Verdict)
            }
            Event::Ping { connection, payload } => self.ping(connection, payload).map(done),
            Event::Pong { connection } => self.control_arrived(connection).map(drop).map(done),
            Event::Heard { connection } => self.heard(connection).map(done),
            Event::Working { connection } => self.working(connection).map(done),
            Event::PeerClosed { connection, code, reason } => {
                self.peer_closed(connection, code, reason).map(done)
            }
            Event::HalfClosed { connection } => self.half_closed(connection).map(done),
            Event::Gone { connection } => self.gone(connection).map(done),
            Event::Transmit { connection, budget } => self.transmit(connection, budget).map(Outcome::Leased),
            Event::Writable { connection } => self.writable(connection).map(done),
            other => unreachable!("an event that the model does not know: {other:?}"),
        }
    }

    /// All actions that wait.
    pub(super) fn poll_actions(&mut self) -> Vec<Action> {
        let notices = std::mem::take(&mut self.notices).into_iter();
        let actions = notices.map(|notice| match notice {
            Notice::Action(action) => action,
            Notice::Dropped(client, dropped) => Action::Dropped { client, dropped },
            Notice::OverRate(client, messages) => Action::OverRate { client, messages },
        });
        actions.collect()
    }

    pub(super) fn find(&self, client: ClientId) -> Option<&Client> {
        self.clients.iter().find(|one| one.id == client)
    }

    /// A client that is known to be there.
    pub(super) fn of(&mut self, client: ClientId) -> &mut Client {
        let found = self.clients.iter_mut().find(|one| one.id == client);
        found.expect("the client is there")
    }

    pub(super) fn find_connection(&self, connection: ConnectionId) -> Option<&Connection> {
        self.connections.iter().find(|one| one.id == connection)
    }

    /// A connection that is known to be there.
    fn at(&mut self, connection: ConnectionId) -> &mut Connection {
        let found = self.connections.iter_mut().find(|one| one.id == connection);
        found.expect("the connection is there")
    }

    /// The connection of a client that is known to be there.
    fn connection_of(&mut self, client: ClientId) -> &mut Connection {
        let connection = self.of(client).connection;
        self.at(connection)
    }

    /// The client of a connection that is known to be there.
    fn client_on(&self, connection: &Connection) -> Option<&Client> {
        connection.client.and_then(|client| self.find(client))
    }

    fn phase(&self, client: ClientId) -> Result<Phase, Error> {
        self.find(client).map(|client| client.phase).ok_or(Error::Gone)
    }

    fn need_open(&self, client: ClientId) -> Result<(), Error> {
        let is_open = matches!(self.phase(client)?, Phase::Open | Phase::Away);
        if is_open { Ok(()) } else { Err(Error::NotOpen) }
    }

    /// The client of a connection, if it has one.
    fn need_connection(&self, connection: ConnectionId) -> Result<Option<ClientId>, Error> {
        self.find_connection(connection).map(|connection| connection.client).ok_or(Error::Gone)
    }

    /// The client of a connection, which must be open.
    fn need_open_on(&self, connection: ConnectionId) -> Result<ClientId, Error> {
        let client = self.need_connection(connection)?.ok_or(Error::NotOpen)?;
        self.need_open(client)?;
        Ok(client)
    }

    pub(super) fn count(&self, phase: Phase) -> u32 {
        self.clients.iter().filter(|client| client.phase == phase).count() as u32
    }

    /// Connections without a client.
    pub(super) fn handshakes(&self) -> u32 {
        self.connections.iter().filter(|connection| connection.client.is_none()).count() as u32
    }

    /// A client is no more: its connection has none from now on.
    fn forget(&mut self, client: ClientId) {
        if self.of(client).on().is_some() {
            self.connection_of(client).client = None;
        }
        self.clients.retain(|one| one.id != client);
        self.client_ids.take_back(client.index());
    }

    fn tell(&mut self, action: Action) {
        self.notices.push(Notice::Action(action));
    }

    fn tell_drops(&mut self) {
        let most = self.fresh.len().min(self.limits.slice.div_ceil(NOTICE) as usize);
        for (client, dropped) in self.fresh.drain(..most) {
            self.notices.extend(dropped.map(|dropped| Notice::Dropped(client, dropped)));
        }
    }

    /// Tells at once what a client that ends has lost.
    fn tell_drops_of(&mut self, client: ClientId) {
        for (of, dropped) in &mut self.fresh {
            if *of == client {
                self.notices.extend(dropped.take().map(|dropped| Notice::Dropped(client, dropped)));
            }
        }
    }

    /// Whether the hub has more to do at once.
    pub(super) fn is_busy(&self) -> bool {
        let away = self.clients.iter().filter_map(|one| one.away.as_ref()).map(|away| away.timer);
        let mut timers = self.connections.iter().map(|connection| connection.timer).chain(away);
        let is_due = timers.any(|timer| timer.0 <= self.now);
        let rare = self
            .clients
            .iter()
            .flat_map(|one| [one.asks_timer.0, one.expiry.as_ref().map_or(NEVER, |expiry| expiry.timer.0)]);
        let is_due = is_due || rare.min().is_some_and(|due| due <= self.now);
        let is_due = is_due || self.next_story().is_some_and(|(timer, _)| timer.0 <= self.now);
        let is_due = is_due || self.next_told().is_some_and(|(timer, _)| timer.0 <= self.now);
        let is_working = self.sweep.is_some() || !self.closed.is_empty() || !self.marked.is_empty();
        is_working || !self.fresh.is_empty() || is_due
    }

    /// A drop that the application hears of, added to what it has not heard yet.
    fn note_drop(&mut self, client: ClientId, dropped: Dropped) {
        let told = self.notices.iter_mut().filter_map(|notice| match notice {
            Notice::Dropped(of, sum) if *of == client => Some(sum),
            _ => None,
        });
        let fresh = self.fresh.iter_mut().filter(|(of, _)| *of == client).filter_map(|(_, sum)| sum.as_mut());
        if let Some(sum) = told.chain(fresh).next() {
            sum.frames += dropped.frames;
            sum.bytes += dropped.bytes;
            sum.of_history |= dropped.of_history;
            sum.reason = dropped.reason;
            return;
        }
        self.fresh.push((client, Some(dropped)));
    }

    fn check_name(&self, name: &str) -> Result<(), throng_core::hub::Refusal> {
        use throng_core::hub::Refusal;
        let limit = self.limits.name_bytes;
        if name.is_empty() {
            return Err(Refusal::EmptyName);
        }
        if name.len() > limit as usize { Err(Refusal::NameTooLong { limit }) } else { Ok(()) }
    }
}

/// Removes one of a list in which the last takes the place of whoever leaves.
fn swap_out<T: PartialEq>(list: &mut Vec<T>, one: &T) {
    if let Some(at) = list.iter().position(|other| other == one) {
        list.swap_remove(at);
    }
}

/// The reason as it fits in a close frame: 123 bytes, whole characters; none if it is empty.
fn reason_in_frame(reason: &str) -> Option<Name> {
    let mut fits = String::new();
    for character in reason.chars() {
        if fits.len() + character.len_utf8() > 123 {
            break;
        }
        fits.push(character);
    }
    if fits.is_empty() { None } else { Some(fits.into()) }
}
