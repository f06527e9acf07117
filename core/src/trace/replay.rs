//! A log through a fresh hub.

use super::read::Entry;
use super::{ActionHash, Beginning, Checkpoint, OwnedEvent, Reader, State, TraceError, read};
use crate::hub::{Action, Error, Event, Hub, Outcome, Sink, Stats, Unreached};
use crate::outbox::Batch;
use crate::time::Instant;
use alloc::vec::Vec;
use core::hash::Hasher;

/// What a replay came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replayed {
    /// How many events there were in the run, those included that a flight recorder had overwritten.
    pub events: u64,
    /// How many of them were handled.
    pub handled: u64,
    /// How many checkpoints the replay agreed with.
    pub checkpoints: u64,
    /// One number for all outcomes, leases and actions: that of the [recorder](super::Recorder::hash), if nothing was cut.
    pub hash: u64,
    /// The hub's numbers at the end.
    pub stats: Stats,
    /// Bytes of a torn tail.
    pub cut: usize,
}

/// Passes a log through a fresh hub of the recorded config, under any hash key.
///
/// # Errors
/// If the log cannot be read to its end (a torn tail is cut), or the run differs from the recorded one: the error names
/// the first checkpoint at which it does.
pub fn replay(log: &[u8], hash_key: [u64; 2]) -> Result<Replayed, TraceError> {
    let mut replay = Replay::new(log, hash_key)?;
    let mut handled = 0;
    while let Some(step) = replay.step() {
        step?;
        handled += 1;
    }
    Ok(Replayed {
        events: replay.events(),
        handled,
        checkpoints: replay.checkpoints(),
        hash: replay.hash(),
        stats: replay.hub().stats(),
        cut: replay.reader().cut(),
    })
}

/// A replay, event by event.
///
/// ```
/// use throng_core::hub::{Config, Event, Hub};
/// use throng_core::time::Instant;
/// use throng_core::trace::{Recorder, Replay};
///
/// let config = Config::default();
/// let mut recorder = Recorder::new(&config);
/// let mut hub = Hub::new(config)?;
/// recorder.handle(&mut hub, Instant::from_nanos(7), Event::Accept { address: None, lane: 0 })?;
///
/// let mut replay = Replay::new(recorder.log(), [0; 2])?;
/// while let Some(step) = replay.step() {
///     let step = step?;
///     println!("{} at {:?}: {:?} led to {:?}", step.number, step.now, step.event.as_event(), step.result);
///     replay.hub().check()?;
/// }
/// assert_eq!(replay.hub().connection_count(), 1);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    reader: Reader<'a>,
    hub: Hub,
    hash: ActionHash,
    events: u64,
    /// The first event, once it is known which that is.
    first: Option<u64>,
    /// Where a window begins without a state, until one is found.
    without_state: Option<u64>,
    checkpoints: u64,
    agreed: Option<Checkpoint>,
    failed: bool,
    /// What the last event was given to fill.
    batch: Batch,
    unreached: Vec<Unreached>,
}

/// One event of a replay, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step<'a> {
    /// Which event of the run: the first is 1.
    pub number: u64,
    /// When it happened.
    pub now: Instant,
    /// What happened.
    pub event: OwnedEvent<'a>,
    /// What the hub answered.
    pub result: Result<Outcome, Error>,
    /// The actions that followed.
    pub actions: Vec<Action>,
}

impl<'a> Replay<'a> {
    /// Begins a replay, under any hash key.
    ///
    /// # Errors
    /// If the log cannot be read as far as its first event.
    pub fn new(log: &'a [u8], hash_key: [u64; 2]) -> Result<Self, TraceError> {
        let reader = read(log)?;
        let mut config = reader.config().clone();
        config.host.hash_key = hash_key;
        // Memory ahead of its use: nothing but time depends on it, and a log must not make its reader allocate at will.
        config.host.capacity = 0;
        let hub = Hub::new(config).map_err(TraceError::Config)?;
        Ok(Self {
            reader,
            hub,
            hash: ActionHash::new(),
            events: 0,
            first: None,
            without_state: None,
            checkpoints: 0,
            agreed: None,
            failed: false,
            batch: Batch::default(),
            unreached: Vec::new(),
        })
    }

    /// Handles the next event; `None` at the end of the log. An error is the last thing it gives.
    pub fn step(&mut self) -> Option<Result<Step<'a>, TraceError>> {
        if self.failed {
            return None;
        }
        let step = self.next_step().transpose();
        self.failed = matches!(step, Some(Err(_)));
        step
    }

    /// The hub as it is after the last event.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// How many events of the run have happened, those included that a flight recorder had overwritten.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The number of the first event that the replay has, or would have, handled; `None` before that is known.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.first
    }

    /// One number for all outcomes, leases and actions so far.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash.finish()
    }

    /// How many checkpoints the replay has agreed with.
    #[must_use]
    pub fn checkpoints(&self) -> u64 {
        self.checkpoints
    }

    /// The last of them, or where a window of the run begins: as far as this the replay is known to be the recorded run.
    /// What came after it has been compared with nothing.
    #[must_use]
    pub fn agreed(&self) -> Option<Checkpoint> {
        self.agreed
    }

    /// The log as far as it has been read.
    #[must_use]
    pub fn reader(&self) -> &Reader<'a> {
        &self.reader
    }

    fn next_step(&mut self) -> Result<Option<Step<'a>>, TraceError> {
        loop {
            let at = self.reader.position();
            match self.reader.next().transpose()? {
                None => {
                    return self
                        .without_state
                        .map_or(Ok(None), |events| Err(TraceError::WithoutState { events }));
                }
                Some(Entry::State(beginning, state)) => self.begin(beginning, &state, at)?,
                // Nothing can be done with what comes before the first state.
                Some(Entry::Event(..) | Entry::Checkpoint(_)) if self.without_state.is_some() => {}
                Some(Entry::Event(now, event)) => return Ok(Some(self.happen(now, event))),
                Some(Entry::Checkpoint(checkpoint)) => self.compare(checkpoint, at)?,
                Some(Entry::WithoutState(beginning)) if self.has_come_to(beginning)? => {
                    self.go_on_from(beginning);
                }
                Some(Entry::WithoutState(beginning)) => {
                    self.without_state.get_or_insert(beginning.events);
                }
            }
        }
    }

    fn happen(&mut self, now: Instant, event: OwnedEvent<'a>) -> Step<'a> {
        let mut actions = Vec::new();
        // A refusal is part of the run, and in the hash.
        self.batch.clear();
        self.unreached.clear();
        let sink = match event.as_event() {
            Event::Publish { .. } => Sink::Unreached(&mut self.unreached),
            _ => Sink::Batch(&mut self.batch),
        };
        let tell = |action| actions.push(action);
        let result = self.hash.follow(&mut self.hub, now, event.as_event(), sink, tell);
        self.events += 1;
        self.first.get_or_insert(self.events);
        Step { number: self.events, now, event, result, actions }
    }

    /// At the start of a window the hub is restored, unless the replay has come there by itself.
    fn begin(&mut self, beginning: Beginning, state: &State<'_>, at: usize) -> Result<(), TraceError> {
        if !self.has_come_to(beginning)? {
            let host = self.hub.config().host;
            self.hub = state.restore(host).map_err(|_| TraceError::Malformed { at })?;
            self.events = beginning.events;
            self.first.get_or_insert(beginning.events + 1);
        }
        self.go_on_from(beginning);
        Ok(())
    }

    /// Whether the replay has come to where a window begins, and if so, to the same.
    fn has_come_to(&self, beginning: Beginning) -> Result<bool, TraceError> {
        if self.first.is_none() || self.without_state.is_some() || self.events != beginning.events {
            return Ok(false);
        }
        if beginning.hash == self.hash() {
            return Ok(true);
        }
        let checkpoint = Checkpoint { events: beginning.events, hash: beginning.hash };
        Err(TraceError::Diverged { checkpoint, since: self.agreed.map_or(0, |agreed| agreed.events) })
    }

    fn go_on_from(&mut self, beginning: Beginning) {
        self.without_state = None;
        self.hash = ActionHash::after(beginning.hash);
        self.agreed = Some(Checkpoint { events: beginning.events, hash: beginning.hash });
    }

    fn compare(&mut self, checkpoint: Checkpoint, at: usize) -> Result<(), TraceError> {
        if checkpoint.events != self.events {
            return Err(TraceError::Malformed { at });
        }
        if checkpoint.hash != self.hash() {
            let since = self.agreed.map_or(0, |agreed| agreed.events);
            return Err(TraceError::Diverged { checkpoint, since });
        }
        self.checkpoints += 1;
        self.agreed = Some(checkpoint);
        Ok(())
    }
}
