//! What has happened and is not told yet.

use crate::state::mailbox::{Disconnected, End};
use crate::state::waiters::Waiters;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::task::Waker;
use core::time::Duration;
use core::{fmt, mem};
use throng_core::hub::Dropped;
use throng_core::id::{ClientId, Name};
use throng_core::websocket::Message;

/// How much may wait for an application that lags, and what happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventsOptions {
    /// Events that may wait, at least one. Default 4,096.
    ///
    /// To these come, for each connection at most: its beginning, its end, and one message under [`Lag::Pause`].
    pub events: u32,
    /// Bytes of messages that may wait; the one that reaches the bound is still taken whole. Default 16 MiB.
    pub bytes: u64,
    /// What becomes of messages at the bound. Default [`Lag::Pause`].
    pub lag: Lag,
}

/// What becomes of the messages for which an application that lags has no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lag {
    /// Whoever sends one is not read from until half of what waited is taken: nothing is lost, and the peers feel it. An application
    /// that is stuck until `deadlines.pong` loses the clients that wait for it, by 1011.
    #[default]
    Pause,
    /// They are dropped, and [counted](crate::HubEvent::Lagged) where they would have been: for what is soon out of date.
    Drop,
    /// Whoever sends one is closed, with 1013 unless [told otherwise](crate::Builder::close_code).
    Close,
}

impl Default for EventsOptions {
    fn default() -> Self {
        Self { events: 4096, bytes: 16 << 20, lag: Lag::default() }
    }
}

/// A hub has no events to hand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoEvents {
    /// It was not [built](crate::Builder::events) to have them.
    NotAsked,
    /// They were handed out before.
    Taken,
}

impl fmt::Display for NoEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAsked => "the hub was not built to have events",
            Self::Taken => "somebody has the hub's events already",
        })
    }
}

impl core::error::Error for NoEvents {}

/// Events that the stream takes at a time: enough that the hub's lock is seldom asked for, few enough that what the
/// application has not seen still counts.
const TAKEN: usize = 64;

/// Something that has happened; `C` is what it is about: a client.
pub(crate) enum Happened<C> {
    Connected { client: C, user: Option<Name> },
    Message { client: C, message: Message },
    Disconnected { client: C, disconnected: Disconnected },
    Lagged { messages: u64, bytes: u64 },
}

/// A queue behind the hub's lock, in the hub's order.
pub(crate) struct Backlog<C> {
    options: EventsOptions,
    queue: VecDeque<Happened<C>>,
    /// Of the messages in the queue.
    bytes: u64,
    /// Events that the stream has and their bytes, until it comes for more.
    taken: usize,
    taken_bytes: u64,
    /// Events that the application has been told and is done with.
    told: u64,
    /// What there was of each client, by the index of its id.
    tallies: Vec<Tally>,
    is_handed_out: bool,
    /// The stream's, while it waits for the next event.
    pub(crate) waker: Option<Waker>,
    /// Clients and handshakes that wait for room.
    pub(crate) waiting: Waiters,
    /// Tasks of clients that have ended when the application has been told this event: by its number and the client's index.
    ending: BTreeMap<(u64, usize), Waker>,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    received: u64,
    received_bytes: u64,
    dropped: u64,
    dropped_bytes: u64,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queued {
    /// The application will be told, or is told that it was dropped.
    Done,
    /// The same, and nothing more is to be read from its client until there is room.
    Full,
    /// There was no room, and its client is to be closed.
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
            is_handed_out: false,
            waker: None,
            waiting: Waiters::default(),
            ending: BTreeMap::new(),
        }
    }

    pub(crate) fn hand_out(&mut self) -> Result<(), NoEvents> {
        if mem::replace(&mut self.is_handed_out, true) { Err(NoEvents::Taken) } else { Ok(()) }
    }

    /// Whether the application lags.
    pub(crate) fn is_full(&self) -> bool {
        self.queue.len() + self.taken >= self.options.events.max(1) as usize
            || self.bytes + self.taken_bytes >= self.options.bytes.max(1)
    }

    /// The number of the last event that has happened.
    pub(crate) fn last(&self) -> u64 {
        self.told + (self.taken + self.queue.len()) as u64
    }

    /// Whether the application has been told an event, and all before it.
    pub(crate) const fn is_told(&self, number: u64) -> bool {
        self.told >= number
    }

    /// Has a client's task woken when an event is told, in place of what it was told before. What comes back is to be dropped
    /// after the lock.
    pub(crate) fn wait(&mut self, number: u64, client: ClientId, waker: &Waker) -> Option<Waker> {
        self.ending.insert((number, client.index()), waker.clone())
    }

    pub(crate) fn leave(&mut self, number: u64, client: ClientId) -> Option<Waker> {
        self.ending.remove(&(number, client.index()))
    }

    /// Those who waited for what is told by now; all of them, if nothing will be told any more.
    pub(crate) fn take_ending(&mut self, is_over: bool) -> BTreeMap<(u64, usize), Waker> {
        if is_over || self.ending.is_empty() {
            return mem::take(&mut self.ending);
        }
        let later = self.ending.split_off(&(self.told + 1, 0));
        mem::replace(&mut self.ending, later)
    }

    /// Whether half of all that may wait is free, but for what is being told.
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

    /// A message of an open client arrived; whatever becomes of it, it is counted.
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

    /// A message of an open client is to be told.
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

    /// One message more is missing at the end of the queue.
    fn miss(&mut self, bytes: u64) {
        match self.queue.back_mut() {
            Some(Happened::Lagged { messages, bytes: sum }) => {
                *messages += 1;
                *sum += bytes;
            }
            _ => self.queue.push_back(Happened::Lagged { messages: 1, bytes }),
        }
    }

    /// Hands the next events over to the stream, which has told all it had. Says whether there is room again for those who
    /// wait.
    pub(crate) fn take(&mut self, into: &mut VecDeque<Happened<C>>) -> bool {
        // What is being told is not all that may wait, or nobody would go on before it is told.
        let most = TAKEN.min(self.options.events as usize / 2).max(1);
        self.told += self.taken as u64;
        self.taken = self.queue.len().min(most);
        into.extend(self.queue.drain(..self.taken));
        self.taken_bytes = into.iter().map(bytes_of).sum();
        self.bytes -= self.taken_bytes;
        if self.queue.is_empty() && self.queue.capacity() > KEPT {
            self.queue = VecDeque::new();
        }
        self.is_low()
    }
}

/// A queue that grew over so many events is not kept when it is empty.
const KEPT: usize = 4096;

fn bytes_of<C>(event: &Happened<C>) -> u64 {
    match event {
        Happened::Message { message, .. } => message.len() as u64,
        _ => 0,
    }
}
