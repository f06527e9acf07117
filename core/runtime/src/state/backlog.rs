//! Events that have happened and were not yet delivered to the application.

use crate::notice::expiry::Expiring;
use crate::state::mailbox::{Away, Disconnected, End, Resumed};
use crate::state::waiters::Waiters;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::task::Waker;
use core::time::Duration;
use core::{fmt, mem};
use throng_core::hub::{Dropped, PresenceChange};
use throng_core::websocket::Message;
use throng_core::{ClientId, Name};

/// How many events may wait for an application that lags, and what happens at the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventsOptions {
    /// Limit of waiting events, at least 1. Default 4,096.
    ///
    /// Beyond the limit, each connection may add its beginning, its end, and one message under [`Lag::Pause`].
    pub events: u32,
    /// Limit of the bytes of waiting messages; the message that reaches it is still taken whole. Default 16 MiB.
    pub bytes: u64,
    /// What happens to messages at the limit. Default [`Lag::Pause`].
    pub lag: Lag,
}

/// What happens to messages while an application that lags has no room for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lag {
    /// A client that sends one is not read until half of the limit is free: no message is lost, and peers feel the
    /// backpressure. If the application is stuck until `deadlines.pong`, the clients that wait are closed with 1011.
    #[default]
    Pause,
    /// Messages are dropped and [counted](crate::HubEvent::Lagged) in their place: for data that is soon outdated.
    Drop,
    /// A client that sends one is closed, with 1013 unless [`Builder::close_code`](crate::Builder::close_code) says
    /// otherwise.
    Close,
}

impl Default for EventsOptions {
    fn default() -> Self {
        Self { events: 4096, bytes: 16 << 20, lag: Lag::default() }
    }
}

/// Why [`Hub::events`](crate::Hub::events) returned no stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoEvents {
    /// The hub was not [built](crate::Builder::events) with events.
    NotAsked,
    /// The stream was returned before.
    Taken,
}

impl fmt::Display for NoEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAsked => "the hub has no event stream: call Builder::events before build",
            Self::Taken => "the hub's event stream was taken before",
        })
    }
}

impl core::error::Error for NoEvents {}

/// Events that the stream takes at a time: enough to take the hub's lock seldom, few enough that unseen events still
/// count against the limit.
const TAKEN: usize = 64;

/// An event; `C` is the client's type.
pub(crate) enum Happened<C> {
    Connected { client: C, user: Option<Name> },
    Message { client: C, message: Message },
    Away { client: C, away: Away },
    Resumed { client: C, resumed: Resumed },
    Expiring { client: C, expiring: Expiring },
    PresenceChanged { room: Name, change: Box<PresenceChange> },
    Disconnected { client: C, disconnected: Disconnected },
    Lagged { messages: u64, bytes: u64 },
}

/// A queue behind the hub's lock, in the hub's order.
pub(crate) struct Backlog<C> {
    options: EventsOptions,
    queue: VecDeque<Happened<C>>,
    /// Bytes of the messages in the queue.
    bytes: u64,
    /// Events that the stream holds, and their bytes, until it asks for more.
    taken: usize,
    taken_bytes: u64,
    /// Number of events that the application has received and is done with.
    told: u64,
    /// Counters of each client, by the index of its id.
    tallies: Vec<Tally>,
    /// The event of each room whose presence has changed, by its number, while it is in the queue.
    presence: BTreeMap<Name, u64>,
    is_handed_out: bool,
    /// The waker of the stream while it waits for the next event.
    pub(crate) waker: Option<Waker>,
    /// Clients and handshakes that wait for room.
    pub(crate) waiting: Waiters,
    /// Tasks of closing clients that wait until the application has received an event, by its number and the client's
    /// index.
    ending: BTreeMap<(u64, usize), Waker>,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    received: u64,
    received_bytes: u64,
    dropped: u64,
    dropped_bytes: u64,
}

/// The fate of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queued {
    /// It is queued, or counted as dropped.
    Done,
    /// It is queued, and its client must not be read until there is room.
    Full,
    /// There was no room, and its client must be closed.
    Refused,
}

impl<C> Backlog<C> {
    pub(crate) fn new(options: EventsOptions) -> Self {
        Self {
            options,
            queue: VecDeque::new(),
            bytes: 0,
            taken: 0,
            taken_bytes: 0,
            told: 0,
            tallies: Vec::new(),
            presence: BTreeMap::new(),
            is_handed_out: false,
            waker: None,
            waiting: Waiters::default(),
            ending: BTreeMap::new(),
        }
    }

    pub(crate) fn hand_out(&mut self) -> Result<(), NoEvents> {
        if mem::replace(&mut self.is_handed_out, true) { Err(NoEvents::Taken) } else { Ok(()) }
    }

    /// Whether the limit is reached.
    pub(crate) fn is_full(&self) -> bool {
        self.queue.len() + self.taken >= self.options.events.max(1) as usize
            || self.bytes + self.taken_bytes >= self.options.bytes.max(1)
    }

    /// The number of the latest event.
    pub(crate) fn last(&self) -> u64 {
        self.told + (self.taken + self.queue.len()) as u64
    }

    /// Whether the application has received this event and all before it.
    pub(crate) const fn is_told(&self, number: u64) -> bool {
        self.told >= number
    }

    /// Wakes a client's task when this event has been delivered; replaces an earlier waker. Drop the returned waker
    /// after the lock is released.
    pub(crate) fn wait(&mut self, number: u64, client: ClientId, waker: &Waker) -> Option<Waker> {
        self.ending.insert((number, client.index()), waker.clone())
    }

    pub(crate) fn leave(&mut self, number: u64, client: ClientId) -> Option<Waker> {
        self.ending.remove(&(number, client.index()))
    }

    /// Removes the wakers of delivered events; of all events if `is_over`.
    pub(crate) fn take_ending(&mut self, is_over: bool) -> BTreeMap<(u64, usize), Waker> {
        if is_over || self.ending.is_empty() {
            return mem::take(&mut self.ending);
        }
        let later = self.ending.split_off(&(self.told + 1, 0));
        mem::replace(&mut self.ending, later)
    }

    /// Whether half of the limit is free, not counting the events that the stream holds.
    fn is_low(&self) -> bool {
        self.queue.len() <= self.options.events as usize / 2 && self.bytes <= self.options.bytes / 2
    }

    pub(crate) fn connected(&mut self, id: ClientId, client: C, user: Option<Name>) {
        let index = id.index();
        if self.tallies.len() <= index {
            self.tallies.resize_with(index + 1, Tally::default);
        }
        self.tallies[index] = Tally::default();
        self.queue.push_back(Happened::Connected { client, user });
    }

    /// Queues an event that needs nothing else.
    pub(crate) fn push(&mut self, happened: Happened<C>) {
        self.queue.push_back(happened);
    }

    /// Queues a change of presence. A room has at most one event in the queue: a later change becomes one with it, and tells of users only
    /// if they are no more than `most`.
    pub(crate) fn presence_changed(&mut self, room: Name, change: Box<PresenceChange>, most: u32) {
        let taken = self.told + self.taken as u64;
        let place = self.presence.get(&room).and_then(|number| number.checked_sub(taken + 1));
        let waiting = place.and_then(|place| self.queue.get_mut(usize::try_from(place).ok()?));
        match waiting {
            Some(Happened::PresenceChanged { change: earlier, .. }) => earlier.append(*change, most),
            _ => {
                self.queue.push_back(Happened::PresenceChanged { room: Name::clone(&room), change });
                self.presence.insert(room, self.last());
            }
        }
    }

    /// Counts a message of an open client, whatever happens to it later.
    pub(crate) fn received(&mut self, client: ClientId, bytes: u32) {
        if let Some(tally) = self.tallies.get_mut(client.index()) {
            tally.received += 1;
            tally.received_bytes += u64::from(bytes);
        }
    }

    pub(crate) fn dropped(&mut self, client: ClientId, dropped: &Dropped) {
        if let Some(tally) = self.tallies.get_mut(client.index()) {
            tally.dropped += u64::from(dropped.frames);
            tally.dropped_bytes += dropped.bytes;
        }
    }

    pub(crate) fn disconnected(
        &mut self,
        id: ClientId,
        client: C,
        end: End,
        duration: Duration,
        (sent, sent_bytes): (u64, u64),
    ) {
        let tally = self.tallies.get_mut(id.index()).map(mem::take).unwrap_or_default();
        let Tally { received, received_bytes, dropped, dropped_bytes } = tally;
        let End { code, reason, by } = end;
        let disconnected = Disconnected {
            code,
            reason,
            by,
            duration,
            received,
            received_bytes,
            sent,
            sent_bytes,
            dropped,
            dropped_bytes,
        };
        self.queue.push_back(Happened::Disconnected { client, disconnected });
    }

    /// Queues a message of an open client.
    pub(crate) fn message(&mut self, client: C, message: Message) -> Queued {
        let is_full = self.is_full();
        match self.options.lag {
            Lag::Drop if is_full => {
                self.miss(message.len() as u64);
                return Queued::Done;
            }
            Lag::Close if is_full => return Queued::Refused,
            Lag::Pause | Lag::Drop | Lag::Close => {}
        }
        self.bytes += message.len() as u64;
        self.queue.push_back(Happened::Message { client, message });
        if self.options.lag == Lag::Pause && self.is_full() { Queued::Full } else { Queued::Done }
    }

    /// Counts one more dropped message at the end of the queue.
    fn miss(&mut self, bytes: u64) {
        match self.queue.back_mut() {
            Some(Happened::Lagged { messages, bytes: sum }) => {
                *messages += 1;
                *sum += bytes;
            }
            _ => self.queue.push_back(Happened::Lagged { messages: 1, bytes }),
        }
    }

    /// Moves the next events to the stream, which has delivered its last ones. Returns whether there is room again for
    /// waiting clients.
    pub(crate) fn take(&mut self, into: &mut VecDeque<Happened<C>>) -> bool {
        // At most half the limit: otherwise waiting clients would go on only after the stream had delivered everything.
        let most = TAKEN.min(self.options.events as usize / 2).max(1);
        self.told += self.taken as u64;
        self.taken = self.queue.len().min(most);
        for happened in self.queue.drain(..self.taken) {
            if let Happened::PresenceChanged { room, .. } = &happened {
                self.presence.remove(room);
            }
            into.push_back(happened);
        }
        self.taken_bytes = into.iter().map(bytes_of).sum();
        self.bytes -= self.taken_bytes;
        if self.queue.is_empty() && self.queue.capacity() > KEPT {
            self.queue = VecDeque::new();
        }
        self.is_low()
    }
}

/// A larger queue is freed when it is empty.
const KEPT: usize = 4096;

fn bytes_of<C>(event: &Happened<C>) -> u64 {
    match event {
        Happened::Message { message, .. } => message.len() as u64,
        _ => 0,
    }
}
