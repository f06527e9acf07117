//! The room hub: a state machine that takes events and returns actions.
//!
//! Only [`Hub::handle`] changes state; the typed methods ([`join`](Hub::join), [`publish`](Hub::publish), …) make
//! an event and call it. After each event, or each batch of events, a host drains
//! [`poll_action`](Hub::poll_action), writes to the connections that [`poll_ready`](Hub::poll_ready) returns, and sets
//! its timer to [`poll_timeout`](Hub::poll_timeout).

mod action;
mod admission;
mod arrivals;
mod ask;
mod asked;
mod asks;
mod attach;
mod attendance;
mod away;
mod budget;
mod cause;
mod check;
mod check_presences;
mod check_rare;
mod check_sessions;
mod check_streams;
mod client;
mod closing;
pub(crate) mod commands;
mod config;
mod configure_room;
mod connection;
mod dispatch;
mod drain;
mod dump;
mod end_for;
mod ending;
mod ending_later;
mod event;
mod expiries;
mod expiry;
mod fate;
mod history;
mod host_time;
mod inbound;
mod keys;
mod load;
mod memberships;
mod names;
mod occupancy;
mod outcome;
mod pacing;
mod per_client;
mod place;
mod presence;
mod presences;
mod present;
mod publish;
mod publish_to_history;
mod queries;
mod reach;
mod reconfigure;
mod recover;
mod resume;
mod room;
mod room_close;
mod room_config;
mod rooms;
mod session;
mod sessions;
mod sink;
#[cfg(feature = "trace")]
mod snapshot;
#[cfg(feature = "trace")]
mod snapshot_connections;
#[cfg(feature = "trace")]
mod snapshot_histories;
#[cfg(feature = "trace")]
mod snapshot_presences;
#[cfg(feature = "trace")]
mod snapshot_rare;
mod standstill;
mod stats;
mod stream;
mod streams;
mod sweep;
mod tally;
mod timeouts;
mod totals;
mod transmit;
mod user;
mod users;
mod work;

#[cfg(test)]
mod tests;

pub use crate::cause::Cause;
pub use crate::invariant::{Broken, Invariant};
pub use crate::outbox::drops::{DropReason, Dropped};
pub use crate::outbox::limits::{Outbox, Policy};
pub use crate::outbox::unreached::{Full, Unreached};
pub use crate::position::{Epoch, Position, Recover, Recovery, Unrecoverable, Unrecovered};
pub use action::Action;
pub use ask::{AskEnd, AskId, OnResume};
pub use config::{
    Admission, Asks, Closes, Config, ConfigError, Deadlines, DrainPlan, EndedBy, Histories, Hooks, Host,
    Inbound, Must, OverRate, PerUser, Presences, Rooms, SecondConnection, Sessions, Websocket,
};
pub use dump::Dump;
pub use ending::{Drain, Flush, Members};
pub use event::{Dedup, Event, Target};
pub use fate::{Fate, Incumbent};
pub use history::{HistoryMessage, HistoryPage, Order};
pub use outcome::{Error, Ignored, Joined, Outcome, Published, Refusal, Reserved, State, Verdict};
pub use presence::{
    Appeared, Follow, Presence, PresenceChange, PresenceCounts, PresenceMember, PresencePage, PresentAs,
    UserChanges,
};
pub use room_config::{History, Lifetime, Publishers, RoomConfig};
pub use sink::Sink;
pub use stats::Stats;
pub use tally::{Ends, Refusals};

use crate::close::ClosedBy;
use crate::id::{ClientId, ConnectionId};
use crate::outbox::{LogEnd, NONE, Outboxes, Phase};
use crate::time::{Instant, nanos};
use crate::timer::{Timer, Wheel};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use asked::Asked;
use attendance::PresenceTotals;
use client::{Client, Usage};
use connection::{Connections, Row};
use expiries::Expiries;
use host_time::Standstill;
use keys::Keys;
use memberships::Memberships;
use names::Names;
use per_client::PerClient;
use reach::Reach;
use room::{ClosedRoom, Room};
use session::Session;
use stream::{IdleRooms, StreamTotals};
use sweep::{Draining, Sweep};
use totals::Totals;
use user::{Origin, User};
use work::{NOTICE, Slice};

/// The hub. See the [module](self) for how it is driven.
#[derive(Clone, Debug)]
pub struct Hub {
    config: Config,
    state: State,
    /// The hub's time: the host's time minus all [standstills](standstill).
    now: Instant,
    standstill: Standstill,
    /// `deadlines.standstill` in nanoseconds.
    least_standstill: u64,
    /// The transports. A client and its connection know each other's place.
    connections: Connections,
    /// The clients' hot state and queues. `clients` has the cold state under the same index.
    outboxes: Outboxes,
    clients: Vec<Client>,
    /// How much each client has used of its rates, by the same index. Empty while no rate has been configured. It belongs to the
    /// client and not to the connection, so that a new connection does not begin with full buckets.
    usages: Vec<Usage>,
    /// The indexes of all open clients.
    all: Vec<u32>,
    /// The last frame published to all clients.
    log: LogEnd,
    rooms: Names<Room>,
    users: Names<User>,
    /// Users with a client, reserved ones included.
    users_present: u32,
    addresses: Names<Origin>,
    sessions: Names<Session>,
    memberships: Memberships,
    phases: Phases,
    wheel: Wheel<Owner>,
    /// Until when clients are authorised, with timers of their own.
    expiries: Expiries,
    /// Questions that wait for a reply, by client, and how many there are in all.
    asks: PerClient<Asked>,
    asks_open: u32,
    notices: VecDeque<Notice>,
    /// The resolved targets of a publish, kept so that its memory is used again.
    reach: Vec<Reach>,
    draining: Option<Draining>,
    sweep: Option<Sweep>,
    /// The number of rooms with a history, and the list of those that only their history keeps.
    streams: u32,
    idle_rooms: IdleRooms,
    /// How many numbers were tried as epochs: the next epoch follows from it.
    epochs: u64,
    keys: Keys,
    stream_totals: StreamTotals,
    /// The number of memberships in rooms with presence, and how many of them watch; not those of closed rooms.
    present: u64,
    watchers: u64,
    presence_totals: PresenceTotals,
    /// A timer that is due at once, while frames of histories wait to be released.
    discarding: Option<Timer>,
    /// Rooms that were closed and whose members are not all told yet, and how many memberships of such rooms there are.
    closed_rooms: VecDeque<ClosedRoom>,
    stale: u64,
    /// Clients that are marked to be ended, in order. Some may have ended meanwhile.
    ending: VecDeque<ClientId>,
    /// A shutdown runs: `Action::Stopped` is still to come.
    stopping: bool,
    stop_is_told: bool,
    totals: Totals,
    /// The loosest value that each bound ever had, for [`check`](Self::check). `None` until the first reconfiguration.
    loosest: Option<Box<Config>>,
}

/// How many connections and clients are in each phase. The open clients are in `Hub::all`.
#[derive(Clone, Copy, Debug, Default)]
struct Phases {
    /// Connections without a client: their handshake is open, or they are to be ended.
    accepted: u32,
    reserved: u32,
    closing: u32,
    /// Clients without a connection: away, or marked to be ended.
    detached: u32,
}

/// The owner of a timer: the row of a connection, the slot of a user, of an address or of a room with a history or with presence, or the index of a
/// client that is away or is asked something.
#[derive(Clone, Copy, Debug)]
enum Owner {
    Connection(u32),
    User(u32),
    Address(u32),
    Away(u32),
    Asks(u32),
    Room(u32),
    /// A room in which a change of presence is to be told.
    Presence(u32),
    /// Frames of histories that are to be released.
    Discarded,
}

/// An action that waits to be polled.
#[derive(Clone, Debug)]
enum Notice {
    Action(Action),
    /// A client's count of dropped messages, which grows until it is polled.
    Dropped(u32),
    /// A client's count of messages over a rate, which grows until it is polled.
    OverRate(ClientId),
}

impl Hub {
    /// Makes a hub without clients.
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid field of `config` and its value.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.validate()?;
        let capacity = config.host.capacity as usize;
        let mut wheel = Wheel::new();
        wheel.reserve(capacity);
        Ok(Self {
            state: State::Running,
            now: Instant::ORIGIN,
            standstill: Standstill::default(),
            least_standstill: nanos(config.deadlines.standstill),
            connections: Connections::with_capacity(capacity),
            outboxes: Outboxes::new(
                config.outbox.clone(),
                config.sessions.bounds(),
                usize::from(config.host.lanes),
                capacity,
            ),
            clients: Vec::with_capacity(capacity),
            usages: Vec::with_capacity(if config.inbound.has_rates() { capacity } else { 0 }),
            all: Vec::with_capacity(capacity),
            log: LogEnd::default(),
            rooms: Names::new(config.host.hash_key),
            users: Names::new(config.host.hash_key),
            users_present: 0,
            addresses: Names::new(config.host.hash_key),
            sessions: Names::new(config.host.hash_key),
            memberships: Memberships::new(config.host.hash_key),
            phases: Phases::default(),
            wheel,
            expiries: Expiries::new(),
            asks: PerClient::new(),
            asks_open: 0,
            notices: VecDeque::new(),
            reach: Vec::new(),
            draining: None,
            sweep: None,
            streams: 0,
            idle_rooms: IdleRooms::default(),
            epochs: 0,
            keys: Keys::new(config.host.hash_key),
            stream_totals: StreamTotals::default(),
            present: 0,
            watchers: 0,
            presence_totals: PresenceTotals::default(),
            discarding: None,
            closed_rooms: VecDeque::new(),
            stale: 0,
            ending: VecDeque::new(),
            stopping: false,
            stop_is_told: false,
            totals: Totals::default(),
            loosest: None,
            config,
        })
    }

    /// Applies `event`, which happens at `now`. All state changes come this way. A `now` earlier than the previous one
    /// counts as the previous one. Time during which the host stood still ([`Deadlines::standstill`]) does not count.
    ///
    /// # Errors
    /// The id is stale, the client is not open, or the hub refuses the event. The state is unchanged then, except
    /// for the count of refusals. Of a transmit [`Error::NeedsBatch`].
    #[inline]
    pub fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<Outcome, Error> {
        self.act(now, event, Sink::Nowhere)
    }

    /// Like [`handle`](Self::handle), for events whose outcome only counts: adds the leases of a transmit to the host's
    /// batch, and the clients that a publish did not reach to a list. ([`transmit`](Self::transmit),
    /// [`transmit_ready`](Self::transmit_ready) and [`publish_listing`](Self::publish_listing) call it.)
    ///
    /// # Errors
    /// Those of [`handle`](Self::handle).
    #[inline]
    pub fn handle_into(&mut self, now: Instant, event: Event<'_>, sink: Sink<'_>) -> Result<Outcome, Error> {
        self.act(now, event, sink)
    }

    /// What both doors do. Always: most events come by the one that fills nothing, and pay nothing for the other.
    #[inline(always)]
    fn act(&mut self, now: Instant, event: Event<'_>, sink: Sink<'_>) -> Result<Outcome, Error> {
        self.advance(now);
        let result = self.dispatch(event, sink);
        if let Err(Error::Refused(refusal)) = result {
            self.totals.count_refusal(refusal);
        }
        self.settle();
        result
    }

    /// The next action: something the host must do or tell the application. Call it until it returns `None` after
    /// each event or batch of events. Drops that are not polled yet add up in one action per client.
    pub fn poll_action(&mut self) -> Option<Action> {
        loop {
            let counted = match self.notices.pop_front()? {
                Notice::Action(action) => return Some(action),
                Notice::Dropped(tally) => self.dropped_action(tally),
                Notice::OverRate(client) => self.over_rate_action(client),
            };
            if counted.is_some() {
                return counted;
            }
        }
    }

    /// The action of a client's dropped messages; `None` if another has told of them.
    // Never inlined, as the next method: most actions are ready to be returned, and would be copied field by field.
    #[inline(never)]
    fn dropped_action(&mut self, tally: u32) -> Option<Action> {
        let (client, dropped) = self.outboxes.take_tally(tally)?;
        Some(Action::Dropped { client, dropped })
    }

    /// The action of a client's messages over a rate; `None` if the client has ended, or another has told of them.
    #[inline(never)]
    fn over_rate_action(&mut self, client: ClientId) -> Option<Action> {
        let index = self.outboxes.entries.find(client)?;
        let messages = self.take_over_rate(index);
        (messages > 0).then_some(Action::OverRate { client, messages })
    }

    /// The next connection that has something to write. Each ready connection is returned once, until
    /// [`Event::Transmit`] leases its frames. A host that serves whole lanes by [`Event::TransmitReady`] does not
    /// need this method.
    pub fn poll_ready(&mut self) -> Option<ConnectionId> {
        self.outboxes.poll_ready()
    }

    /// When [`Event::Timeout`] is due. The time may be early, never late. `None`: the hub needs no timeout before
    /// the next event. O(1).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = if self.outboxes.has_untold() { Some(self.now) } else { self.next_timeout() };
        due.map(|due| self.for_host(due))
    }

    /// [`poll_timeout`](Self::poll_timeout) without the drops that wait to be announced: the hub judges by it whether its host
    /// [stood still](Deadlines::standstill). How many drops wait depends on when the host polls, and nothing else may. O(1).
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.next_timeout().map(|due| self.for_host(due))
    }

    /// [`next_deadline`](Self::next_deadline) in the hub's own time.
    fn next_timeout(&self) -> Option<Instant> {
        if self.is_working() {
            return Some(self.now);
        }
        let due = self.wheel.poll_timeout();
        if self.expiries.len() == 0 {
            return due;
        }
        let expiry = self.expiries.wheel.poll_timeout().map(|at| self.for_hub(at));
        due.into_iter().chain(expiry).min()
    }

    /// Whether an event with consequences for many clients is not worked off yet.
    fn is_working(&self) -> bool {
        self.sweep.is_some() || !self.closed_rooms.is_empty() || !self.ending.is_empty()
    }

    /// Whether any client of this lane has something to write. O(1).
    #[must_use]
    pub fn has_ready(&self, lane: u8) -> bool {
        self.outboxes.has_ready(lane)
    }

    /// The sequence number of the last publish that was not refused. [`Batch::sequences_of`](crate::outbox::Batch::sequences_of) gives the same numbers for the
    /// items of a lease.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.outboxes.sequence()
    }

    /// Queues a notice for clients whose count of drops has begun, at most a slice of them at each event.
    fn tell_tallies(&mut self) {
        let mut slice = Slice::of(self.config.host.slice);
        while !slice.is_over()
            && let Some(client) = self.outboxes.untold.pop_front()
        {
            slice.spend(NOTICE);
            if let Some(index) = self.outboxes.entries.find(client) {
                self.tell_tally(index);
            }
        }
    }

    /// Queues a notice for the drops of one client, if there is none yet.
    fn tell_tally(&mut self, index: u32) {
        if let Some(tally) = self.outboxes.announce_tally(index) {
            self.notices.push_back(Notice::Dropped(tally));
        }
    }

    /// Queues the actions that follow from an event. Most events have none.
    // Always: three comparisons are shorter than the call.
    #[inline(always)]
    fn settle(&mut self) {
        if self.outboxes.has_untold() {
            self.tell_tallies();
        }
        if !self.outboxes.relieved.is_empty() {
            self.tell_relieved();
        }
        if self.state != State::Running {
            self.finish_drain();
        }
    }

    /// The index of an open client, which may be away; else `Error::Gone` or `Error::NotOpen`.
    #[inline]
    fn open_index(&self, client: ClientId) -> Result<u32, Error> {
        let index = self.outboxes.entries.find(client).ok_or(Error::Gone)?;
        if self.outboxes.entries[index].phase.is_open() { Ok(index) } else { Err(Error::NotOpen) }
    }

    /// The row and the client's index of a connection whose client is open; else `Error::Gone` or `Error::NotOpen`.
    #[inline]
    fn open_connection(&self, connection: ConnectionId) -> Result<(Row, u32), Error> {
        let row = self.connections.find(connection).ok_or(Error::Gone)?;
        let index = self.connections[row].client;
        if self.outboxes.entries.phase(index) == Phase::Open { Ok((row, index)) } else { Err(Error::NotOpen) }
    }

    /// The row of a client's connection, if it is attached to one.
    #[inline]
    fn row_of(&self, index: u32) -> Option<Row> {
        let row = self.outboxes.entries[index].connection.index;
        (row != NONE).then_some(Row(row))
    }
}
