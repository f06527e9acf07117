//! What has happened and is not told yet.

use super::{EventsOptions, HubEvent, Lag, NoEvents};
use crate::handles::client::Client;
use crate::state::inner::Waiters;
use crate::state::mailbox::{Disconnected, End};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;
use core::task::Waker;
use core::time::Duration;
use throng_core::hub::Dropped;
use throng_core::id::{ClientId, Name};
use throng_core::websocket::Message;

/// Events that the stream takes at a time: enough that the hub's lock is seldom asked for, few enough that what the
/// application has not seen still counts.
const TAKEN: usize = 64;

/// A queue behind the hub's lock, in the hub's order.
pub(crate) struct Backlog {
    options: EventsOptions,
    queue: VecDeque<HubEvent>,
    /// Of the messages in the queue.
    bytes: u64,
    /// Events that the stream has and their bytes, until it comes for more.
    taken: usize,
    taken_bytes: u64,
    /// What there was of each client, by the index of its id.
    tallies: Vec<Tally>,
    is_handed_out: bool,
    /// The stream's, while it waits for the next event.
    pub(crate) waker: Option<Waker>,
    /// Clients and handshakes that wait for room.
    pub(crate) waiting: Waiters,
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
pub(super) enum Queued {
    /// The application will be told, or is told that it was dropped.
    Done,
    /// The same, and nothing more is to be read from its client until there is room.
    Full,
    /// There was no room, and its client is to be closed.
    Refused,
}

impl Backlog {
    pub(crate) fn new(options: EventsOptions) -> Self {
        Self {
            options,
            queue: VecDeque::new(),
            bytes: 0,
            taken: 0,
            taken_bytes: 0,
            tallies: Vec::new(),
            is_handed_out: false,
            waker: None,
            waiting: Waiters::default(),
        }
    }

    pub(super) fn hand_out(&mut self) -> Result<(), NoEvents> {
        if mem::replace(&mut self.is_handed_out, true) { Err(NoEvents::Taken) } else { Ok(()) }
    }

    /// Whether the application lags.
    pub(crate) fn is_full(&self) -> bool {
        self.queue.len() + self.taken >= self.options.events.max(1) as usize
            || self.bytes + self.taken_bytes >= self.options.bytes.max(1)
    }

    /// Whether half of all that may wait is free, but for what is being told.
    fn is_low(&self) -> bool {
        self.queue.len() <= self.options.events as usize / 2 && self.bytes <= self.options.bytes / 2
    }

    pub(super) fn connected(&mut self, client: Client, user: Option<Name>) {
        let index = client.id().index();
        if self.tallies.len() <= index {
            self.tallies.resize_with(index + 1, Tally::default);
        }
        self.tallies[index] = Tally::default();
        self.queue.push_back(HubEvent::Connected { client, user });
    }

    /// A message of an open client arrived; whatever becomes of it, it is counted.
    pub(super) fn received(&mut self, client: ClientId, bytes: u32) {
        if let Some(tally) = self.tallies.get_mut(client.index()) {
            tally.received += 1;
            tally.received_bytes += u64::from(bytes);
        }
    }

    pub(super) fn dropped(&mut self, client: ClientId, dropped: &Dropped) {
        if let Some(tally) = self.tallies.get_mut(client.index()) {
            tally.dropped += u64::from(dropped.frames);
            tally.dropped_bytes += dropped.bytes;
        }
    }

    pub(super) fn disconnected(&mut self, client: Client, end: End, duration: Duration) {
        let tally = self.tallies.get_mut(client.id().index()).map(mem::take).unwrap_or_default();
        let Tally { received, received_bytes, dropped, dropped_bytes } = tally;
        let End { code, reason, by } = end;
        let (sent, sent_bytes) = client.member.sent.get();
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
        self.queue.push_back(HubEvent::Disconnected { client, disconnected });
    }

    /// A message of an open client is to be told.
    pub(super) fn message(&mut self, client: Client, message: Message) -> Queued {
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
        self.queue.push_back(HubEvent::Message { client, message });
        if self.options.lag == Lag::Pause && self.is_full() { Queued::Full } else { Queued::Done }
    }

    /// One message more is missing at the end of the queue.
    fn miss(&mut self, bytes: u64) {
        match self.queue.back_mut() {
            Some(HubEvent::Lagged { messages, bytes: sum }) => {
                *messages += 1;
                *sum += bytes;
            }
            _ => self.queue.push_back(HubEvent::Lagged { messages: 1, bytes }),
        }
    }

    /// Hands the next events over to the stream, which has told all it had. Says whether there is room again for those who
    /// wait.
    pub(super) fn take(&mut self, into: &mut VecDeque<HubEvent>) -> bool {
        // What is being told is not all that may wait, or nobody would go on before it is told.
        let most = TAKEN.min(self.options.events as usize / 2).max(1);
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

fn bytes_of(event: &HubEvent) -> u64 {
    match event {
        HubEvent::Message { message, .. } => message.len() as u64,
        _ => 0,
    }
}
