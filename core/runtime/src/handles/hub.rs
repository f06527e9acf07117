//! The handle of the hub.

#[cfg(feature = "deflate")]
use crate::compression::CompressionStats;
use crate::handles::client::Client;
use crate::handles::drain::{DrainError, Drained, Draining};
use crate::notice::hook::Left;
use crate::notice::message::{IntoFrame, Publish, SendError, published};
use crate::state::inner::Inner;
#[cfg(doc)]
use crate::state::recording::Record;
use crate::state::recording::Recording;
use crate::state::settings::Settings;
use crate::state::shared::Shared;
use crate::state::types::Tasks;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::fmt;
use core::future::Future;
use core::time::Duration;
use throng_core::hub::{Config, ConfigError, Drain, Event, Flush, Joined, Published, State, Stats, Target};
use throng_core::{ClientId, CloseCode, ClosedBy, Frame, Name, hub};

/// A handle of a running hub. Cloning costs one reference count.
///
/// [`drain`](Self::drain) and [`stopped`](Self::stopped) return futures. Every other method has done or refused what it was asked
/// for when it returns; only the writing to sockets happens later.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

impl Hub {
    pub(crate) fn new(
        inner: Inner,
        application: Box<dyn Any + Send + Sync>,
        settings: Settings,
        tasks: Tasks,
    ) -> Self {
        Self { shared: Arc::new(Shared::new(inner, application, settings, tasks)) }
    }

    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Sends a message to every client.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long.
    pub fn broadcast(&self, message: impl IntoFrame) -> Result<Published, SendError> {
        self.publish(&Publish::to(&[Target::All]), message)
    }

    /// Sends a message to the members of a room.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, or there is no such room.
    pub fn send_to_room(&self, room: &str, message: impl IntoFrame) -> Result<Published, SendError> {
        self.publish(&Publish::to(&[Target::Room(room)]), message)
    }

    /// Sends a message to the clients of a user.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, or there is no such user.
    pub fn send_to_user(&self, user: &str, message: impl IntoFrame) -> Result<Published, SendError> {
        self.publish(&Publish::to(&[Target::User(user)]), message)
    }

    /// Sends a message to one client.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, or the client is gone.
    pub fn send_to(&self, client: ClientId, message: impl IntoFrame) -> Result<Published, SendError> {
        self.publish(&Publish::to(&[Target::Client(client)]), message)
    }

    /// Sends a message to the recipients that `publish` describes.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, or none of the targets exists.
    pub fn publish(&self, publish: &Publish<'_>, message: impl IntoFrame) -> Result<Published, SendError> {
        let frame = &self.shared.deflating.publish(message.into_frame()?);
        let Publish { targets, except, except_user, policy, .. } = *publish;
        let dedup = publish.dedup();
        let dedup = dedup.as_ref();
        if except_user.is_some() {
            let (result, except) = self.shared.publish_by(frame.payload().len(), |inner, now| {
                let except = publish.left_out(&inner.hub);
                let event =
                    Event::Publish { publisher: None, targets, except: &except, frame, policy, dedup };
                let result = inner.handle(now, event);
                (inner.relayed(now, publish, frame, result), except)
            });
            drop(except);
            return Ok(published(result)?);
        }
        let event = Event::Publish { publisher: None, targets, except, frame, policy, dedup };
        if self.shared.settings.readiness.is_none() {
            return Ok(published(self.shared.publish(None, event))?);
        }
        let (result, ()) = self.shared.publish_by(frame.payload().len(), |inner, now| {
            let result = inner.handle(now, event);
            (inner.relayed(now, publish, frame, result), ())
        });
        Ok(published(result)?)
    }

    /// Puts a client into a room, without asking the `before_join` hook.
    ///
    /// # Errors
    /// The client is gone or in the room already, or a limit is reached.
    pub fn join(&self, client: ClientId, room: &str) -> Result<Joined, hub::Error> {
        self.shared.with(|inner, now| inner.join(now, client, room, None, None))
    }

    /// Takes a client out of a room, without asking the `before_leave` hook.
    ///
    /// # Errors
    /// The client is gone or not in this room.
    pub fn leave(&self, client: ClientId, room: &str) -> Result<(), hub::Error> {
        self.shared.with(|inner, now| inner.leave(now, client, room, Left::Removed))
    }

    /// Takes a client out of all its rooms, without asking the `before_leave` hook. Returns the number of rooms.
    ///
    /// # Errors
    /// The client is gone.
    pub fn leave_all(&self, client: ClientId) -> Result<u32, hub::Error> {
        self.shared.with(|inner, now| inner.leave_all(now, client, Left::Removed))
    }

    /// Closes a client. It leaves its rooms now. Its queued messages are written before the close frame, all within
    /// `deadlines.close`. A reason of more than 123 bytes is truncated.
    ///
    /// # Errors
    /// The client is gone or closing already.
    pub fn close(&self, client: ClientId, code: CloseCode, reason: &str) -> Result<(), hub::Error> {
        let (flush, by) = (Flush::First, ClosedBy::Application);
        self.shared.handle(Event::Close { client, code, reason, flush, by }).map(drop)
    }

    /// A copy of the hub's config: every limit, deadline and rate. In the copy the secret hash key is zero.
    #[must_use]
    pub fn config(&self) -> Config {
        let mut config = self.shared.look(|inner| inner.hub.config().clone());
        config.host.hash_key = [0; 2];
        config
    }

    /// Replaces the whole config, or changes nothing if a field is invalid. No client is closed; the [config's
    /// docs](Config#at-run-time) say how each field affects present clients. [`host`](Config::host) is ignored.
    ///
    /// ```
    /// use throng_runtime::Hub;
    ///
    /// let hub = Hub::builder().build()?;
    /// let mut config = hub.config(); // or one that was read from a file once more
    /// config.outbox.message_bytes = 16 << 10;
    /// hub.reconfigure(&config)?;
    /// # Ok::<(), throng_core::hub::ConfigError>(())
    /// ```
    ///
    /// Cost: O(1), but O(connections) under the lock if a rate, an outbox limit or a deadline changes.
    ///
    /// # Errors
    /// A field is invalid; the error names the first one, and nothing has changed.
    pub fn reconfigure(&self, config: &Config) -> Result<(), ConfigError> {
        let mut closes = config.closes.clone();
        self.shared.settings.fill(&mut closes);
        self.shared.with(|inner, now| {
            let config = &Config { host: inner.hub.config().host, closes, ..config.clone() };
            if inner.handle(now, Event::Reconfigure { config }).is_err() {
                // The hub's error does not name the field. The same check on the unchanged config does.
                return config.validate_change(inner.hub.config());
            }
            self.shared.settings.config.set(config);
            self.shared.deflating.set_most(config.outbox.message_bytes);
            Ok(())
        })
    }

    /// Stops the hub gracefully. Newcomers are refused. Idle clients are closed within a tenth of [`Drain::spread`], the others
    /// spread over the whole of it, each with 1001 unless [`Config::closes`] has another close frame for
    /// [`Cause::Draining`](hub::Cause::Draining). The future is ready when the last connection and its last hook have ended, or
    /// at once after a [`shutdown`](Self::shutdown).
    ///
    /// A second drain waits for the first and ignores its own `drain`. Cancel-safe: the drain begins with the first poll
    /// and goes on if the future is dropped.
    ///
    /// # Errors
    /// `deadline` has passed; the error has the number of remaining connections. The drain goes on.
    pub fn drain(
        &self,
        drain: Drain,
        deadline: Duration,
    ) -> impl Future<Output = Result<(), DrainError>> + Send + Unpin + use<> {
        Draining::new(Arc::clone(&self.shared), drain, deadline)
    }

    /// Closes all clients now, with 1001 unless [`Config::closes`] has another close frame for
    /// [`Cause::ShutDown`](hub::Cause::ShutDown), and refuses newcomers from now on.
    pub fn shutdown(&self) {
        self.shared.with(|inner, now| {
            // A second shutdown is no error.
            let _ = inner.handle(now, Event::Shutdown);
            inner.is_shut_down = true;
            inner.release_drains();
        });
    }

    /// Waits until the hub has stopped: after a drain or a shutdown, when the last connection has ended and the last hook has
    /// returned. Cancel-safe: dropping the future changes nothing.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + Sync + Unpin + use<> {
        Drained::new(Arc::clone(&self.shared))
    }

    /// The handle of a client; `None` if the client is not open. A client that is away is open.
    #[must_use]
    pub fn client(&self, client: ClientId) -> Option<Client> {
        self.shared.look(|inner| {
            if inner.hub.is_open(client) { inner.member(client).cloned().map(Client::new) } else { None }
        })
    }

    /// The open client that has this session, whether or not it is [away](Client::is_away); `None` if there is none.
    #[must_use]
    pub fn find_session(&self, session: &str) -> Option<Client> {
        self.shared.look(|inner| {
            let client = inner.hub.find_session(session)?;
            inner.member(client).cloned().map(Client::new)
        })
    }

    /// The ids of all open clients, those that are away included.
    #[must_use]
    pub fn clients(&self) -> Vec<ClientId> {
        self.shared.look(|inner| inner.hub.clients().collect())
    }

    /// The ids of a user's open clients.
    #[must_use]
    pub fn clients_of(&self, user: &str) -> Vec<ClientId> {
        self.shared.look(|inner| inner.hub.clients_of(user).collect())
    }

    /// The number of clients, those that are away included. Takes no lock.
    #[must_use]
    pub fn client_count(&self) -> usize {
        self.shared.snapshot.clients()
    }

    /// The number of connections: clients, open handshakes and closing connections. Takes no lock.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.shared.snapshot.connections()
    }

    /// The members of a room; empty if there is no such room.
    #[must_use]
    pub fn members(&self, room: &str) -> Vec<ClientId> {
        self.shared.look(|inner| inner.hub.members(room).collect())
    }

    /// The number of members of a room; 0 if there is no such room.
    #[must_use]
    pub fn member_count(&self, room: &str) -> usize {
        self.shared.look(|inner| inner.hub.member_count(room))
    }

    /// Whether a room exists.
    #[must_use]
    pub fn room_exists(&self, room: &str) -> bool {
        self.shared.look(|inner| inner.hub.room_exists(room))
    }

    /// The names of all rooms.
    #[must_use]
    pub fn room_names(&self) -> Vec<Name> {
        self.shared.look(|inner| inner.hub.room_names().collect())
    }

    /// The number of rooms. Takes no lock.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.shared.snapshot.rooms()
    }

    /// The hub's state: running, draining or stopped.
    #[must_use]
    pub fn state(&self) -> State {
        self.shared.look(|inner| inner.hub.state())
    }

    /// A snapshot of the hub's counters and gauges.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.look(|inner| inner.hub.stats())
    }

    /// How many messages and bytes were compressed and decompressed so far, and how many open clients accept compression.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn compression_stats(&self) -> CompressionStats {
        self.shared.deflating.stats()
    }

    /// Encodes a message as a frame, and compresses it if any open client accepts compression. Use it for a message that is
    /// published several times: each publish of the frame reuses both.
    ///
    /// # Errors
    /// The message cannot be encoded.
    pub fn encode(&self, message: impl IntoFrame) -> Result<Frame, SendError> {
        Ok(self.shared.deflating.publish(message.into_frame()?))
    }

    /// Takes what was recorded since the last call; `None` if the hub is not [recorded](crate::Builder::record). A
    /// [flight recorder](Record::Last) returns a copy of all that it holds. The hub's lock is held while it is copied, for about
    /// 0.1 ms per MiB.
    #[must_use]
    pub fn take_recording(&self) -> Option<Recording> {
        self.shared.with(|inner, _| inner.take_recording())
    }

    /// Like [`take_recording`](Self::take_recording), but never waits for the hub's lock; `None` if the lock is held. For a panic
    /// hook, which must not wait: the lock may be held by the thread that panics.
    #[cfg(feature = "tracing")]
    pub(crate) fn try_take_recording(&self) -> Option<Recording> {
        self.shared.try_with(Inner::take_recording)?
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Client {
    /// The hub of this client.
    #[must_use]
    pub fn hub(&self) -> Hub {
        Hub::of(Arc::clone(&self.member.shared))
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("state", &self.state()).finish_non_exhaustive()
    }
}
