//! Writing the log of a run.

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

/// Records a hub, from its first event on or, as a [flight recorder](Self::ring), the last of its run: every event goes through [`handle`](Self::handle), every action comes from
/// [`poll_action`](Self::poll_action). All else ([`Hub::poll_ready`], [`Hub::poll_timeout`], questions) is asked of the hub as ever.
///
/// One difference shows to a host that polls actions only now and
/// then: drops of several events do not add up in one action.
///
/// ```
/// use throng_core::hub::{Config, Event, Hub};
/// use throng_core::time::Instant;
/// use throng_core::trace::{Recorder, replay};
///
/// let config = Config::default();
/// let mut recorder = Recorder::new(&config);
/// let mut hub = Hub::new(config)?;
/// recorder.handle(&mut hub, Instant::from_nanos(7), Event::Accept { address: None, lane: 0 })?;
/// while let Some(action) = recorder.poll_action() {
///     // What a host does with it.
/// #   drop(action);
/// }
/// let replayed = replay(recorder.log(), [1, 2])?;
/// assert_eq!(replayed.hash, recorder.hash());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recorder {
    records: Records,
    /// The config's record and what is before it.
    header: Vec<u8>,
    /// The body of a record, and what stands before it.
    body: Vec<u8>,
    head: Vec<u8>,
    last: Instant,
    style: Style,
    message_bytes: u32,
    /// Events from one checkpoint to the next, and those since the last.
    interval: NonZeroU32,
    since: u32,
    hash: ActionHash,
    events: u64,
    actions: VecDeque<Action>,
    /// Whom a publish has not reached, if its host does not ask: a replay cannot know that, and it is in the hash.
    unreached: Vec<Unreached>,
}

/// Where records go.
#[derive(Clone, Debug)]
enum Records {
    Log(Vec<u8>),
    Ring { ring: Ring, most_state: usize },
}

impl Recorder {
    /// A recorder for a hub of this config that has handled nothing yet. The config goes into the log, without its hash
    /// key. The log grows until it is [taken](Self::take).
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let header = header(config);
        Self::with(config, Records::Log(header.clone()), header)
    }

    /// A flight recorder: the last of a run, in a fixed amount of memory. It may begin at any time.
    ///
    /// `bytes` are taken at once and never more, beside what one event's record takes while it is written. A quarter of them
    /// is for the state of the hub at the start of a [segment](super), some 100 bytes a connection; with less than it takes
    /// there is no state, and what is recorded can be read but not replayed. Less than 64 KiB count as 64 KiB.
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

    /// Whether payloads are written, from now on. Default: [no](Payloads::Redacted).
    #[must_use]
    pub fn payloads(mut self, payloads: Payloads) -> Self {
        self.style = Style::new(payloads, self.message_bytes);
        self
    }

    /// How many events there are from one checkpoint to the next: so many come into question when a replay departs from
    /// the recorded run. A checkpoint takes some 19 bytes. Default: 1,000.
    #[must_use]
    pub fn checkpoint_every(mut self, events: NonZeroU32) -> Self {
        self.interval = events;
        self
    }

    /// [`Hub::handle`], recorded. All actions that the event leads to are polled at once and wait here.
    ///
    /// # Errors
    /// Those of [`Hub::handle`]. The event is recorded then, too.
    pub fn handle(&mut self, hub: &mut Hub, now: Instant, event: Event<'_>) -> Result<Outcome, Error> {
        self.handle_into(hub, now, event, Sink::Nowhere)
    }

    /// [`Hub::handle_into`], recorded.
    ///
    /// # Errors
    /// Those of [`Hub::handle`]. The event is recorded then, too, unless it is a transmit without a batch.
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

    /// Writes a checkpoint now, unless nothing has happened since the last: a log that ends with one is known to be
    /// replayed right to its end.
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

    /// The next action: what [`Hub::poll_action`] is without a recorder.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Hands over what was recorded since the last call. One after another the pieces are the log.
    ///
    /// Of a flight recorder it is a copy of all that there is, each time a log of its own: O(bytes).
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

    /// What was recorded since the log was last [taken](Self::take): all of it, if it never was. Nothing of a flight
    /// recorder, whose records do not lie in one piece.
    #[must_use]
    pub fn log(&self) -> &[u8] {
        match &self.records {
            Records::Log(log) => log,
            Records::Ring { .. } => &[],
        }
    }

    /// One number for all outcomes, leases and actions so far: the same after a replay. A flight recorder goes on with
    /// another number at each segment, as its replay does.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash.finish()
    }

    /// How many events were recorded, those included that were overwritten.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What a flight recorder does not have any more.
    #[must_use]
    pub fn overwritten(&self) -> Overwritten {
        match &self.records {
            Records::Log(_) => Overwritten::default(),
            Records::Ring { ring, .. } => ring.overwritten(),
        }
    }

    /// Bytes of memory that it holds, actions that are not polled left out.
    #[must_use]
    pub fn memory(&self) -> usize {
        let records = match &self.records {
            Records::Log(log) => log.capacity(),
            Records::Ring { ring, .. } => ring.capacity(),
        };
        records + self.header.capacity() + self.body.capacity() + self.head.capacity()
    }

    /// Writes what `body` holds.
    fn write(&mut self, events: u64) {
        match &mut self.records {
            Records::Log(log) => put_record(log, &self.body),
            Records::Ring { ring, .. } => {
                self.head.clear();
                head::put(&mut self.head, &self.body);
                ring.push([&self.head, &self.body], events);
                // One long record must not hold its memory for ever.
                if self.body.capacity() > MOST_SCRATCH {
                    self.body = Vec::new();
                }
            }
        }
    }

    /// Begins a segment with the state of the hub as it is before the next event.
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

/// What a flight recorder may keep for the next record.
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
