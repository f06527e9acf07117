//! Replays a log on a fresh hub.

use super::read::Entry;
use super::{ActionHash, Beginning, Checkpoint, HubState, OwnedEvent, Reader, TraceError, read};
use crate::hub::{Action, Error, Event, Hub, Outcome, Sink, Stats, Unreached};
use crate::outbox::Batch;
use crate::time::Instant;
use alloc::vec::Vec;
use core::hash::Hasher;

/// The result of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replayed {
    /// The number of events of the run, including those that a flight recorder had overwritten.
    pub events: u64,
    /// The number of events that the replay handled.
    pub handled: u64,
    /// The number of checkpoints, all equal to the replay.
    pub checkpoints: u64,
    /// The hash of all outcomes, leases and actions: equal to [`Recorder::hash`](super::Recorder::hash), if nothing was
    /// cut.
    pub hash: u64,
    /// The hub's numbers at the end.
    pub stats: Stats,
    /// The bytes of a torn tail, which was cut off.
    pub cut: usize,
}

/// Replays a log on a fresh hub of the recorded config, under any hash key.
///
/// # Errors
/// The log cannot be read to its end (a torn tail is cut off), or the replay differs from the recorded run: the error has
/// the first checkpoint that differs.
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
/// use throng_core::Instant;
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
    /// The number of the first event, once it is known.
    first: Option<u64>,
    /// The number of events before a window without a state, until a state is found.
    without_state: Option<u64>,
    checkpoints: u64,
    agreed: Option<Checkpoint>,
    failed: bool,
    /// What the last event was given to fill.
    batch: Batch,
    unreached: Vec<Unreached>,
}

/// One event of a replay and its results.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step<'a> {
    /// The number of the event in the run, from 1.
    pub number: u64,
    /// When the event happened.
    pub now: Instant,
    /// The event.
    pub event: OwnedEvent<'a>,
    /// The hub's answer.
    pub result: Result<Outcome, Error>,
    /// The actions that followed.
    pub actions: Vec<Action>,
}

impl<'a> Replay<'a> {
    /// Begins a replay, under any hash key.
    ///
    /// # Errors
    /// The log cannot be read up to the end of its config, or the config is invalid.
    pub fn new(log: &'a [u8], hash_key: [u64; 2]) -> Result<Self, TraceError> {
        let reader = read(log)?;
        let mut config = reader.config().clone();
        config.host.hash_key = hash_key;
        // The capacity only saves time, and a log must not decide how much its reader allocates.
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

    /// Handles the next event; `None` at the end of the log and after an error.
    pub fn step(&mut self) -> Option<Result<Step<'a>, TraceError>> {
        if self.failed {
            return None;
        }
        let step = self.next_step().transpose();
        self.failed = matches!(step, Some(Err(_)));
        step
    }

    /// The hub after the last event that was handled.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The number of events of the run so far, including those that a flight recorder had overwritten.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The number of the first event that the replay handles; `None` before it is known.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.first
    }

    /// The hash of all outcomes, leases and actions so far.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash.finish()
    }

    /// The number of checkpoints so far, all equal to the replay.
    #[must_use]
    pub fn checkpoints(&self) -> u64 {
        self.checkpoints
    }

    /// The last checkpoint, or the beginning of a window. Up to it the replay is known to equal the recorded run; later
    /// events have not been compared.
    #[must_use]
    pub fn agreed(&self) -> Option<Checkpoint> {
        self.agreed
    }

    /// The reader of the log.
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
                // Events before the first state cannot be replayed.
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
        // A refusal is part of the run and of its hash.
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

    /// Restores the hub at the start of a window, unless the replay has arrived there by itself.
    fn begin(&mut self, beginning: Beginning, state: &HubState<'_>, at: usize) -> Result<(), TraceError> {
        if !self.has_come_to(beginning)? {
            let host = self.hub.config().host;
            self.hub = state.restore(host).map_err(|_| TraceError::Malformed { at })?;
            self.events = beginning.events;
            self.first.get_or_insert(beginning.events + 1);
        }
        self.go_on_from(beginning);
        Ok(())
    }

    /// Whether the replay has arrived at the beginning of a window; an error if its hash differs.
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
