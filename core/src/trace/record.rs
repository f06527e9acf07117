//! Writes the log of a run.

use super::hash::ActionHash;
use super::payloads::Style;
use super::ring::{Overwritten, Ring};
use super::state::Beginning;
use super::{CHECKPOINT, CONFIG, Checkpoint, MAGIC, Payloads, VERSION, event, head, state};
use crate::field::Field;
use crate::hub::{Action, Config, Error, Event, Hub, Outcome, Policy, Sink, Unreached};
use crate::time::Instant;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hash::Hasher;
use core::num::NonZeroU32;

/// Events from one checkpoint to the next.
const CHECKPOINT_INTERVAL: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

/// Records the run of a hub, from its first event or, as a [flight recorder](Self::ring), its end. The host passes every
/// event to [`handle`](Self::handle) and gets every action from [`poll_action`](Self::poll_action). It calls all other
/// methods ([`Hub::poll_ready`], [`Hub::poll_timeout`], getters) on the hub as usual.
///
/// One difference is visible to a host that does not poll after each event: drops of several events do not add up
/// in one action.
///
/// ```
/// use throng_core::hub::{Config, Event, Hub};
/// use throng_core::Instant;
/// use throng_core::trace::{Recorder, replay};
///
/// let config = Config::default();
/// let mut recorder = Recorder::new(&config);
/// let mut hub = Hub::new(config)?;
/// recorder.handle(&mut hub, Instant::from_nanos(7), Event::Accept { address: None, lane: 0 })?;
/// while let Some(action) = recorder.poll_action() {
///     // The host handles the action here.
/// #   drop(action);
/// }
/// let replayed = replay(recorder.log(), [1, 2])?;
/// assert_eq!(replayed.hash, recorder.hash());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recorder {
    records: Records,
    /// The begin of every log: magic, version and the record of the config.
    header: Vec<u8>,
    /// The body of the current record; `head` has its length and checksums.
    body: Vec<u8>,
    head: Vec<u8>,
    last: Instant,
    style: Style,
    message_bytes: u32,
    /// Events from one checkpoint to the next; `since` counts those since the last checkpoint.
    interval: NonZeroU32,
    since: u32,
    hash: ActionHash,
    events: u64,
    actions: VecDeque<Action>,
    /// The unreached clients of a publish whose host does not ask for them, since they are in the hash.
    unreached: Vec<Unreached>,
}

/// The memory that records are written to.
#[derive(Clone, Debug)]
enum Records {
    Log(Vec<u8>),
    Ring { ring: Ring, most_state: usize },
}

impl Recorder {
    /// Makes a recorder for a hub of this config that has handled no event yet. The config goes into the log, without its
    /// hash key. The log grows until it is [taken](Self::take).
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let header = header(config);
        Self::with(config, Records::Log(header.clone()), header)
    }

    /// Makes a flight recorder, which keeps the end of a run in a fixed amount of memory. It may begin at any time.
    ///
    /// `bytes` are allocated at once; besides, only the record of one event takes memory while it is written. A quarter of
    /// `bytes` is for the state of the hub at the start of a [segment](super), some 100 bytes for each connection. If the
    /// state does not fit, the log can be read but not replayed. Less than 64 KiB count as 64 KiB.
    #[must_use]
    pub fn ring(config: &Config, bytes: usize) -> Self {
        const LEAST: usize = 64 << 10;
        let bytes = bytes.max(LEAST);
        let most_state = bytes / 4;
        let ring = Ring::new(bytes - most_state);
        Self::with(config, Records::Ring { ring, most_state }, header(config))
    }

    fn with(config: &Config, records: Records, header: Vec<u8>) -> Self {
        Self {
            records,
            header,
            body: Vec::new(),
            head: Vec::new(),
            last: Instant::ORIGIN,
            message_bytes: config.outbox.message_bytes,
            style: Style::new(Payloads::default(), config.outbox.message_bytes),
            interval: CHECKPOINT_INTERVAL,
            since: 0,
            hash: ActionHash::new(),
            events: 0,
            actions: VecDeque::new(),
            unreached: Vec::new(),
        }
    }

    /// Sets whether later records have payloads. Default: [`Payloads::Redacted`].
    #[must_use]
    pub fn payloads(mut self, payloads: Payloads) -> Self {
        self.style = Style::new(payloads, self.message_bytes);
        self
    }

    /// Sets the number of events from one checkpoint to the next. If a replay differs from the recorded run, it is known
    /// only between which checkpoints. A checkpoint takes some 19 bytes. Default: 1,000.
    #[must_use]
    pub fn checkpoint_every(mut self, events: NonZeroU32) -> Self {
        self.interval = events;
        self
    }

    /// Records an event and passes it to [`Hub::handle`]. Polls all actions of the event at once and keeps them for
    /// [`poll_action`](Self::poll_action).
    ///
    /// # Errors
    /// Those of [`Hub::handle`]. The event is recorded nevertheless.
    pub fn handle(&mut self, hub: &mut Hub, now: Instant, event: Event<'_>) -> Result<Outcome, Error> {
        self.handle_into(hub, now, event, Sink::Nowhere)
    }

    /// Records an event and passes it to [`Hub::handle_into`].
    ///
    /// # Errors
    /// Those of [`Hub::handle`]. The event is recorded nevertheless, unless it is a transmit without a batch.
    pub fn handle_into(
        &mut self,
        hub: &mut Hub,
        now: Instant,
        event: Event<'_>,
        sink: Sink<'_>,
    ) -> Result<Outcome, Error> {
        let leases = matches!(event, Event::Transmit { .. } | Event::TransmitReady { .. });
        if leases && !matches!(sink, Sink::Batch(_)) {
            return Err(Error::NeedsBatch);
        }
        if let Records::Ring { ring, .. } = &self.records
            && ring.wants_segment()
        {
            self.begin_segment(hub);
        }
        let now = now.max(hub.now()).max(self.last);
        self.body.clear();
        event::put(&mut self.body, now.as_nanos() - self.last.as_nanos(), &event, self.style);
        self.write(1);
        self.last = now;
        self.events += 1;
        self.since += 1;
        let may_wait = matches!(event, Event::Publish { policy: Some(Policy::Wait), .. });
        let sink = if may_wait && !matches!(sink, Sink::Unreached(_)) {
            self.unreached.clear();
            Sink::Unreached(&mut self.unreached)
        } else {
            sink
        };
        let result = self.hash.follow(hub, now, event, sink, |action| self.actions.push_back(action));
        if let (Event::Reconfigure { config }, Ok(_)) = (event, &result) {
            self.message_bytes = config.outbox.message_bytes;
            self.style = Style::new(self.style.payloads, self.message_bytes);
        }
        if self.since >= self.interval.get() {
            self.checkpoint();
        }
        result
    }

    /// Writes a checkpoint now, unless there was no event since the last one. If a log ends with a checkpoint, a replay is
    /// checked to its end.
    pub fn checkpoint(&mut self) {
        if self.since == 0 {
            return;
        }
        self.since = 0;
        self.body.clear();
        self.body.push(CHECKPOINT);
        Checkpoint { events: self.events, hash: self.hash.finish() }.put(&mut self.body);
        self.write(0);
    }

    /// The next action. Call it instead of [`Hub::poll_action`].
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Takes the part of the log since the last call. The parts, one after the other, are the log.
    ///
    /// A flight recorder returns a copy of its whole window instead, as a complete log: O(bytes).
    pub fn take(&mut self) -> Vec<u8> {
        match &mut self.records {
            Records::Log(log) => core::mem::take(log),
            Records::Ring { ring, .. } => {
                let mut log = self.header.clone();
                ring.copy_to(&mut log);
                log
            }
        }
    }

    /// The part of the log since it was last [taken](Self::take). Empty for a flight recorder, whose records do not
    /// lie in one piece.
    #[must_use]
    pub fn log(&self) -> &[u8] {
        match &self.records {
            Records::Log(log) => log,
            Records::Ring { .. } => &[],
        }
    }

    /// The hash of all outcomes, leases and actions so far; a replay has the same. A flight recorder starts a new hash from
    /// the old one at each segment, and its replay does too.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash.finish()
    }

    /// The number of recorded events, overwritten ones included.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The events that a flight recorder has overwritten; none for a log.
    #[must_use]
    pub fn overwritten(&self) -> Overwritten {
        match &self.records {
            Records::Log(_) => Overwritten::default(),
            Records::Ring { ring, .. } => ring.overwritten(),
        }
    }

    /// The bytes of memory that the recorder holds, without the actions that are not polled yet.
    #[must_use]
    pub fn memory(&self) -> usize {
        let records = match &self.records {
            Records::Log(log) => log.capacity(),
            Records::Ring { ring, .. } => ring.capacity(),
        };
        records + self.header.capacity() + self.body.capacity() + self.head.capacity()
    }

    /// Writes `body` as a record.
    fn write(&mut self, events: u64) {
        match &mut self.records {
            Records::Log(log) => put_record(log, &self.body),
            Records::Ring { ring, .. } => {
                self.head.clear();
                head::put(&mut self.head, &self.body);
                ring.push([&self.head, &self.body], events);
                // Frees the memory of an unusually long record.
                if self.body.capacity() > MOST_SCRATCH {
                    self.body = Vec::new();
                }
            }
        }
    }

    /// Begins a segment with the state of the hub before the next event.
    fn begin_segment(&mut self, hub: &mut Hub) {
        let Records::Ring { ring, most_state } = &mut self.records else { return };
        self.last = self.last.max(hub.now());
        let beginning = Beginning { now: self.last, events: self.events, hash: self.hash.finish() };
        let body = state::put(beginning, hub, self.style.payloads, *most_state);
        let body = body.unwrap_or_else(|| state::put_without(beginning));
        self.head.clear();
        head::put(&mut self.head, &body);
        ring.begin([&self.head, &body]);
        self.since = 0;
        self.hash = ActionHash::after(beginning.hash);
    }
}

/// The capacity, in bytes, that a flight recorder may keep for the next record.
const MOST_SCRATCH: usize = 4 << 10;

fn header(config: &Config) -> Vec<u8> {
    let mut log = Vec::from(MAGIC);
    log.extend_from_slice(&VERSION.to_le_bytes());
    let mut body = Vec::from([CONFIG]);
    config.put(&mut body);
    put_record(&mut log, &body);
    log
}

pub(super) fn put_record(log: &mut Vec<u8>, body: &[u8]) {
    head::put(log, body);
    log.extend_from_slice(body);
}
