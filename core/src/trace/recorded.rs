//! A hub with an optional recorder.

use super::Recorder;
use crate::close::{CloseCode, CloseFrame, ClosedBy};
use crate::frame::{Frame, MessageKind};
use crate::hub::commands::{commands, unpack};
use crate::hub::{
    Action, AskId, Config, ConfigError, Dedup, Drain, Error, Event, Flush, Hub, Incumbent, Joined, Members,
    OnResume, Outcome, Policy, Published, Recover, Reserved, RoomConfig, Sink, Target, Unreached, Verdict,
};
use crate::id::{Address, ClientId, ConnectionId, Name};
use crate::outbox::{Batch, Written};
use crate::time::Instant;
use alloc::vec::Vec;
use core::time::Duration;

/// A hub with an optional [`Recorder`], so that a host can decide at its start whether to record.
///
/// It has the typed methods of a [`Hub`] ([`join`](Self::join), [`publish`](Self::publish), …), and passes each event and
/// action through the recorder if there is one. Getters, which are not recorded, are methods of [`hub`](Self::hub).
///
/// ```
/// use throng_core::hub::{Config, Hub};
/// use throng_core::trace::{RecordedHub, Recorder, replay};
/// use throng_core::Instant;
///
/// let config = Config::default();
/// let recorder = Recorder::new(&config);
/// let mut hub = RecordedHub::new(Hub::new(config)?, Some(recorder));
/// let now = Instant::ORIGIN;
/// let ada = hub.admit(now, Some("ada"))?;
/// hub.join(now, ada, "lobby")?;
/// while let Some(action) = hub.poll_action() {
///     // The host handles the action here.
/// #   drop(action);
/// }
/// assert_eq!(hub.hub().member_count("lobby"), 1);
///
/// let (_, recorder) = hub.into_parts();
/// let recorder = recorder.expect("the hub has a recorder");
/// assert_eq!(replay(recorder.log(), [1, 2])?.hash, recorder.hash());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RecordedHub {
    hub: Hub,
    recorder: Option<Recorder>,
}

impl RecordedHub {
    /// Records this hub if `recorder` is given. A recorder of a [log](Recorder::new) needs a hub that has handled no event
    /// yet; a [flight recorder](Recorder::ring) may begin at any time.
    #[must_use]
    pub fn new(hub: Hub, recorder: Option<Recorder>) -> Self {
        Self { hub, recorder }
    }

    /// Calls [`Hub::handle`], and records the event.
    ///
    /// # Errors
    /// Those of [`Hub::handle`]. The event is recorded then, too.
    pub fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<Outcome, Error> {
        self.handle_into(now, event, Sink::Nowhere)
    }

    /// [`Hub::handle_into`], recorded.
    ///
    /// # Errors
    /// Those of [`Hub::handle`]. The event is recorded then, too.
    pub fn handle_into(&mut self, now: Instant, event: Event<'_>, sink: Sink<'_>) -> Result<Outcome, Error> {
        match &mut self.recorder {
            Some(recorder) => recorder.handle_into(&mut self.hub, now, event, sink),
            None => self.hub.handle_into(now, event, sink),
        }
    }

    /// The next action, as [`Hub::poll_action`] returns it.
    pub fn poll_action(&mut self) -> Option<Action> {
        match &mut self.recorder {
            Some(recorder) => recorder.poll_action(),
            None => self.hub.poll_action(),
        }
    }

    /// Calls [`Hub::poll_ready`].
    pub fn poll_ready(&mut self) -> Option<ConnectionId> {
        self.hub.poll_ready()
    }

    /// Calls [`Hub::poll_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.hub.poll_timeout()
    }

    /// Calls [`Hub::reconfigure`], and records the event.
    ///
    /// # Errors
    /// [`ConfigError`] names the first field that is invalid or cannot change; the hub keeps its config then.
    pub fn reconfigure(&mut self, now: Instant, config: &Config) -> Result<(), ConfigError> {
        match self.handle(now, Event::Reconfigure { config }) {
            Ok(_) => Ok(()),
            // Nothing has changed: that tells the field, too.
            Err(_) => config.validate_change(self.hub.config()),
        }
    }

    /// The hub, for its getters.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The recorder, if there is one, for example to [take](Recorder::take) its log.
    #[must_use]
    pub fn recorder(&mut self) -> Option<&mut Recorder> {
        self.recorder.as_mut()
    }

    /// Splits this into the hub and its recorder.
    #[must_use]
    pub fn into_parts(self) -> (Hub, Option<Recorder>) {
        (self.hub, self.recorder)
    }
}

commands!(RecordedHub);
