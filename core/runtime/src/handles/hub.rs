//! The handle of the hub.

#[cfg(feature = "deflate")]
use crate::compression::CompressionStats;
use crate::handles::client::Client;
use crate::handles::drain::{Drained, Draining};
use crate::host::Host;
use crate::notice::hook::Left;
use crate::notice::message::{IntoFrame, Publish, SendError, published};
use crate::panic::PanicOutput;
use crate::state::inner::Inner;
#[cfg(doc)]
use crate::state::recording::Record;
use crate::state::recording::{NoFlightRecorder, Recording};
use crate::state::settings::Settings;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::fmt;
use core::time::Duration;
use throng_core::close::{CloseCode, ClosedBy};
use throng_core::frame::Frame;
use throng_core::hub;
use throng_core::hub::{Config, ConfigError, Drain, Event, Flush, Joined, Published, State, Stats, Target};
use throng_core::id::{ClientId, Name};

/// A hub that runs. Cloning costs one reference count.
///
/// All methods but [`drain`](Self::drain) return at once: what they ask for is done, or it is refused, when they
/// return; only writing comes later.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

impl Hub {
    pub(crate) fn new(inner: Inner, application: Box<dyn Any + Send + Sync>, settings: Settings) -> Self {
        Self { shared: Arc::new(Shared::new(inner, application, settings)) }
    }

    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Gives the hub the host that drives it; from the second call on it keeps the one it has. For runtime crates:
    /// before the first [`accept`](Self::accept), from a place where the host can spawn.
    pub fn start(&self, host: impl FnOnce() -> Arc<dyn Host>) {
        self.shared.start(host);
    }

    /// Whether what panics in hooks print is to be limited. For runtime crates, which
    /// [limit](crate::limit_panic_output) it when they give the hub its host.
    #[must_use]
    pub fn panic_output(&self) -> PanicOutput {
        self.shared.settings.panic_output
    }

    /// Sends to every client.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long.
    pub fn broadcast(&self, message: impl IntoFrame) -> Result<Published, SendError> {
        self.publish(&Publish::to(&[Target::All]), message)
    }

    /// Sends to the members of a room.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, or there is no such room.
    pub fn send_to_room(&self, room: &str, message: impl IntoFrame) -> Result<Published, SendError> {
        self.publish(&Publish::to(&[Target::Room(room)]), message)
    }

    /// Sends to the clients of a user.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, or there is no such user.
    pub fn send_to_user(&self, user: &str, message: impl IntoFrame) -> Result<Published, SendError> {
        self.publish(&Publish::to(&[Target::User(user)]), message)
    }

    /// Sends to one client.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, or the client is gone.
    pub fn send_to(&self, client: ClientId, message: impl IntoFrame) -> Result<Published, SendError> {
        self.publish(&Publish::to(&[Target::Client(client)]), message)
    }

    /// Sends to whom `publish` says.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, or none of the targets exists.
    pub fn publish(&self, publish: &Publish<'_>, message: impl IntoFrame) -> Result<Published, SendError> {
        let frame = &self.shared.deflating.publish(message.into_frame()?);
        let Publish { targets, except, except_user, policy } = *publish;
        if except_user.is_some() {
            let (result, except) = self.shared.publish_by(frame.payload().len(), |inner, now| {
                let except = publish.left_out(&inner.hub);
                (
                    inner.handle(
                        now,
                        Event::Publish { publisher: None, targets, except: &except, frame, policy },
                    ),
                    except,
                )
            });
            drop(except);
            return Ok(published(result)?);
        }
        Ok(published(
            self.shared.publish(None, Event::Publish { publisher: None, targets, except, frame, policy }),
        )?)
    }

    /// Puts a client into a room. The application's own word: no hook is asked.
    ///
    /// # Errors
    /// The client is gone or in the room already, or a limit is reached.
    pub fn join(&self, client: ClientId, room: &str) -> Result<Joined, hub::Error> {
        self.shared.with(|inner, now| inner.join(now, client, room))
    }

    /// Takes a client out of a room. The application's own word: no hook is asked.
    ///
    /// # Errors
    /// The client is gone or not in this room.
    pub fn leave(&self, client: ClientId, room: &str) -> Result<(), hub::Error> {
        self.shared.with(|inner, now| inner.leave(now, client, room, Left::Removed))
    }

    /// Takes a client out of all its rooms; says how many. No hook is asked.
    ///
    /// # Errors
    /// The client is gone.
    pub fn leave_all(&self, client: ClientId) -> Result<u32, hub::Error> {
        self.shared.with(|inner, now| inner.leave_all(now, client, Left::Removed))
    }

    /// Closes a client: it leaves its rooms now, what is queued for it is written first, within the close
    /// deadline. What is over 123 bytes of the reason is cut off.
    ///
    /// # Errors
    /// The client is gone or closing already.
    pub fn close(&self, client: ClientId, code: CloseCode, reason: &str) -> Result<(), hub::Error> {
        let (flush, by) = (Flush::First, ClosedBy::Application);
        self.shared.handle(Event::Close { client, code, reason, flush, by }).map(drop)
    }

    /// Its config: every limit, deadline and rate. The hash key is left out.
    #[must_use]
    pub fn config(&self) -> Config {
        let mut config = self.shared.look(|inner| inner.hub.config().clone());
        config.host.hash_key = [0; 2];
        config
    }

    /// Another config from now on: all of it, or nothing. Nobody is thrown out; what each field does to those who are there
    /// stands [there](Config#at-run-time). [`host`](Config::host) is not looked at.
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
    /// O(1), and O(connections) under the lock if a rate, an outbox's bound or a deadline is another.
    ///
    /// # Errors
    /// The first field that cannot stand. Then nothing has changed.
    pub fn reconfigure(&self, config: &Config) -> Result<(), ConfigError> {
        let mut closes = config.closes.clone();
        self.shared.settings.fill(&mut closes);
        self.shared.with(|inner, now| {
            let config = &Config { host: inner.hub.config().host, closes, ..config.clone() };
            if inner.handle(now, Event::Reconfigure { config }).is_err() {
                // Nothing has changed: that tells the field, too.
                return config.validate_change(inner.hub.config());
            }
            self.shared.settings.config.set(config);
            self.shared.deflating.set_most(config.outbox.message_bytes);
            Ok(())
        })
    }

    /// Ends the hub's work gently: newcomers are refused, idle clients go at once, the others spread over a time,
    /// each with 1001, or as [`Cause::Draining`](hub::Cause::Draining) says. Ready when the last connection is gone and its
    /// last hook has returned; at once after a [`shutdown`](Self::shutdown).
    ///
    /// A second drain joins the first, whatever it asks for. Cancel-safe: dropped, the drain goes on; dropped before it was
    /// polled, none has begun.
    ///
    /// # Errors
    /// `deadline` has passed; says how many connections remain. The drain goes on.
    pub fn drain(&self, drain: Drain, deadline: Duration) -> Draining {
        Draining::new(Arc::clone(&self.shared), drain, deadline)
    }

    /// Closes everybody now with 1001, or as [`Cause::ShutDown`](hub::Cause::ShutDown) says. Nobody is admitted afterwards.
    pub fn shutdown(&self) {
        self.shared.with(|inner, now| {
            // A second one is no error.
            let _ = inner.handle(now, Event::Shutdown);
            inner.is_shut_down = true;
            inner.release_drains();
        });
    }

    /// Ready once a drain or a shutdown, whoever asked for it, has ended the last connection and its last hook has
    /// returned. Cancel-safe: dropped, it changes nothing.
    pub fn stopped(&self) -> Drained {
        Drained::new(Arc::clone(&self.shared))
    }

    /// The handle of a client; `None` if it is not open, or not any more.
    #[must_use]
    pub fn client(&self, client: ClientId) -> Option<Client> {
        self.shared.look(|inner| {
            if inner.hub.is_open(client) { inner.member(client).cloned().map(Client::new) } else { None }
        })
    }

    /// All clients.
    #[must_use]
    pub fn clients(&self) -> Vec<ClientId> {
        self.shared.look(|inner| inner.hub.clients().collect())
    }

    /// The clients of a user.
    #[must_use]
    pub fn clients_of(&self, user: &str) -> Vec<ClientId> {
        self.shared.look(|inner| inner.hub.clients_of(user).collect())
    }

    /// How many clients there are. Takes no lock.
    #[must_use]
    pub fn client_count(&self) -> usize {
        self.shared.glance.clients()
    }

    /// How many connections there are: clients, open handshakes, those that are closing.
    /// Takes no lock.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.shared.glance.connections()
    }

    /// The members of a room; none if there is no such room.
    #[must_use]
    pub fn members(&self, room: &str) -> Vec<ClientId> {
        self.shared.look(|inner| inner.hub.members(room).collect())
    }

    /// How many members a room has.
    #[must_use]
    pub fn member_count(&self, room: &str) -> usize {
        self.shared.look(|inner| inner.hub.member_count(room))
    }

    /// Whether there is such a room.
    #[must_use]
    pub fn room_exists(&self, room: &str) -> bool {
        self.shared.look(|inner| inner.hub.room_exists(room))
    }

    /// The names of all rooms.
    #[must_use]
    pub fn room_names(&self) -> Vec<Name> {
        self.shared.look(|inner| inner.hub.room_names().collect())
    }

    /// How many rooms there are. Takes no lock.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.shared.glance.rooms()
    }

    /// Running, draining or stopped.
    #[must_use]
    pub fn state(&self) -> State {
        self.shared.look(|inner| inner.hub.state())
    }

    /// A snapshot of the hub's numbers.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.look(|inner| inner.hub.stats())
    }

    /// What compression has come to.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn compression_stats(&self) -> CompressionStats {
        self.shared.deflating.stats()
    }

    /// A message as a frame, encoded once, and once deflated if anybody takes that: for what is published several times.
    ///
    /// # Errors
    /// The message cannot be encoded.
    pub fn encode(&self, message: impl IntoFrame) -> Result<Frame, SendError> {
        Ok(self.shared.deflating.publish(message.into_frame()?))
    }

    /// Requests that were refused by an HTTP answer since the start, by [`Refusal::name`](throng_core::websocket::Refusal::name).
    #[must_use]
    pub fn refusals(&self) -> BTreeMap<&'static str, u64> {
        self.shared.refusals()
    }

    /// Whether the hub is recorded as [`Record::Last`], so that what [`take_recording`](Self::take_recording) gives is a whole
    /// log each time. Takes no lock.
    ///
    /// # Errors
    /// It is recorded in another way, or not at all.
    pub fn has_flight_recorder(&self) -> Result<(), NoFlightRecorder> {
        self.shared.settings.record.has_flight_recorder()
    }

    /// What was recorded since the last time; `None` if the hub is not
    /// [recorded](crate::Builder::record). Of a flight recorder it is a copy of all that there is, made under the hub's lock: some
    /// 0.1 ms a MiB.
    #[must_use]
    pub fn take_recording(&self) -> Option<Recording> {
        self.shared.with(|inner, _| inner.take_recording())
    }

    /// The same where nobody may wait, as in a panic hook: `None` also if the hub is in use just now, maybe by the very
    /// thread that asks.
    #[must_use]
    pub fn try_take_recording(&self) -> Option<Recording> {
        self.shared.try_with(Inner::take_recording)?
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Client {
    /// The hub it is a client of.
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
