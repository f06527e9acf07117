//! Writing the log of a run.

use super::hash::ActionHash;
use super::payloads::Style;
use super::{CHECKPOINT, CONFIG, Checkpoint, MAGIC, Payloads, VERSION, checksum, event};
use crate::field::Field;
use crate::hub::{Action, Config, Error, Event, Hub, Outcome};
use crate::time::Instant;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hash::Hasher;
use core::num::NonZeroU32;

/// Events from one checkpoint to the next.
const CHECKPOINT_INTERVAL: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

/// Records a hub from its first event on: every event goes through [`handle`](Self::handle), every action comes from
/// [`poll_action`](Self::poll_action). All else ([`Hub::poll_ready`], [`Hub::poll_timeout`], [`Hub::swap_batch`], questions) is
/// asked of the hub as ever.
///
/// The log grows in memory until it is [taken](Self::take). One difference shows to a host that polls actions only now and
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
    log: Vec<u8>,
    /// The body of a record while its length is not known.
    body: Vec<u8>,
    last: Instant,
    style: Style,
    message_bytes: u32,
    /// Events from one checkpoint to the next, and those since the last.
    interval: NonZeroU32,
    since: u32,
    hash: ActionHash,
    events: u64,
    actions: VecDeque<Action>,
}

impl Recorder {
    /// A recorder for a hub of this config that has handled nothing yet. The config goes into the log, without its hash
    /// key.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut log = Vec::from(MAGIC);
        log.extend_from_slice(&VERSION.to_le_bytes());
        let mut body = Vec::from([CONFIG]);
        config.put(&mut body);
        put_record(&mut log, &body);
        Self {
            log,
            body,
            last: Instant::ORIGIN,
            message_bytes: config.outbox.message_bytes,
            style: Style::new(Payloads::default(), config.outbox.message_bytes),
            interval: CHECKPOINT_INTERVAL,
            since: 0,
            hash: ActionHash::new(),
            events: 0,
            actions: VecDeque::new(),
        }
    }

    /// Whether payloads are written, from now on. Default: [no](Payloads::Redacted).
    #[must_use]
    pub fn payloads(mut self, payloads: Payloads) -> Self {
        self.style = Style::new(payloads, self.message_bytes);
        self
    }

    /// How many events there are from one checkpoint to the next: so many come into question when a replay departs from
    /// the recorded run. A checkpoint takes some 17 bytes. Default: 1,000.
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
        let now = now.max(hub.now()).max(self.last);
        self.body.clear();
        event::put(&mut self.body, now.as_nanos() - self.last.as_nanos(), &event, self.style);
        put_record(&mut self.log, &self.body);
        self.last = now;
        self.events += 1;
        self.since += 1;
        let result = self.hash.follow(hub, now, event, |action| self.actions.push_back(action));
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
        put_record(&mut self.log, &self.body);
    }

    /// The next action: what [`Hub::poll_action`] is without a recorder.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Hands over what was recorded since the last call. One after another the pieces are the log.
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.log)
    }

    /// What was recorded since the log was last [taken](Self::take): all of it, if it never was.
    #[must_use]
    pub fn log(&self) -> &[u8] {
        &self.log
    }

    /// One number for all outcomes, leases and actions so far: the same after a replay.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash.finish()
    }

    /// How many events were recorded.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }
}

pub(super) fn put_record(log: &mut Vec<u8>, body: &[u8]) {
    (body.len() as u64).put(log);
    log.extend_from_slice(&checksum(body).to_le_bytes());
    log.extend_from_slice(body);
}
