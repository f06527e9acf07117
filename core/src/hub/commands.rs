//! Typed commands: each makes an event, passes it to `handle` and unpacks the outcome.
//!
//! A macro writes them for `Hub` and for [`RecordedHub`](crate::trace::RecordedHub). With a trait instead, every caller of
//! `hub.join(…)` would have to import it.

use super::{
    AskId, ClosedBy, Config, ConfigError, Dedup, Drain, Error, Event, Flush, Hub, Incumbent, Joined, Members,
    OnResume, Outcome, Policy, Published, Recover, Reserved, RoomConfig, Sink, Target, Unreached, Verdict,
};
use crate::close::{CloseCode, CloseFrame};
use crate::frame::{Frame, MessageKind};
use crate::id::{Address, ClientId, ConnectionId, Name};
use crate::outbox::{Batch, Written};
use crate::time::Instant;
use alloc::vec::Vec;
use core::time::Duration;

/// Unpacks an outcome. `dispatch` decides which kind of outcome each event has.
macro_rules! unpack {
    ($result:expr, $pattern:pat => $value:expr) => {
        match $result? {
            $pattern => Ok($value),
            other => unreachable!("another event's outcome: {other:?}"),
        }
    };
}

/// The commands of a type that has a method `handle`. The types named here must be in scope where it is used.
#[rustfmt::skip]
macro_rules! commands { ($hub:ident) => {
/// Each command calls `handle` with one event and has its errors.
#[allow(clippy::missing_errors_doc)]
impl $hub {
    /// Hands in [`Event::Accept`] and returns the connection's id.
    pub fn accept(&mut self, now: Instant, address: Option<Address>, lane: u8) -> Result<ConnectionId, Error> {
        unpack!(self.handle(now, Event::Accept { address, lane }), Outcome::Accepted(connection) => connection)
    }

    /// Hands in [`Event::Reserve`] and returns the client's id.
    pub fn reserve(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        user: Option<&str>,
    ) -> Result<ClientId, Error> {
        self.reserve_for(now, connection, user, &[])
    }

    /// Hands in [`Event::Reserve`] for a client that will join these rooms at once.
    pub fn reserve_for(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        user: Option<&str>,
        rooms: &[Name],
    ) -> Result<ClientId, Error> {
        self.reserve_session(now, connection, user, None, rooms).map(|reserved| reserved.client)
    }

    /// Hands in [`Event::Reserve`] with a session, and says whether the connection will continue a client.
    pub fn reserve_session(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        user: Option<&str>,
        session: Option<&str>,
        rooms: &[Name],
    ) -> Result<Reserved, Error> {
        let event = Event::Reserve { connection, user, session, rooms };
        unpack!(self.handle(now, event), Outcome::Reserved(reserved) => reserved)
    }

    /// Hands in [`Event::Identify`] and returns the client that the connection will continue.
    pub fn identify(
        &mut self,
        now: Instant,
        client: ClientId,
        user: Option<&str>,
        session: Option<&str>,
    ) -> Result<Option<ClientId>, Error> {
        let event = Event::Identify { client, user, session };
        unpack!(self.handle(now, event), Outcome::Identified(resumes) => resumes)
    }

    /// Hands in [`Event::Open`].
    pub fn open(&mut self, now: Instant, connection: ConnectionId) -> Result<(), Error> {
        self.handle(now, Event::Open { connection }).map(drop)
    }

    /// Accepts, reserves and opens a client on lane 0, for a host whose handshake is over or that has none. Its
    /// connection is in [`Action::Connected`](crate::hub::Action::Connected); [`Hub::connection_of`] returns it, too.
    pub fn admit(&mut self, now: Instant, user: Option<&str>) -> Result<ClientId, Error> {
        let connection = self.accept(now, None, 0)?;
        let reserved = self.reserve(now, connection, user);
        let admitted = reserved.and_then(|client| self.open(now, connection).map(|()| client));
        if admitted.is_err() {
            self.gone(now, connection)?;
        }
        admitted
    }

    /// Hands in [`Event::SetUser`].
    pub fn set_user(&mut self, now: Instant, client: ClientId, user: Option<&str>) -> Result<(), Error> {
        self.handle(now, Event::SetUser { client, user }).map(drop)
    }

    /// Hands in [`Event::SetExpiry`], with a close frame of the application's choice or, for `None`, the config's.
    pub fn set_expiry(
        &mut self,
        now: Instant,
        client: ClientId,
        at: Option<Instant>,
        close: Option<&CloseFrame>,
    ) -> Result<(), Error> {
        let (code, reason) = (close.map(|close| close.code), close.map_or("", |close| &close.reason));
        self.handle(now, Event::SetExpiry { client, at, code, reason }).map(drop)
    }

    /// Hands in [`Event::Ask`] and returns the id of the question.
    pub fn ask(
        &mut self,
        now: Instant,
        client: ClientId,
        lasts: Duration,
        on_resume: OnResume,
    ) -> Result<AskId, Error> {
        let event = Event::Ask { client, lasts, on_resume };
        unpack!(self.handle(now, event), Outcome::Asked(ask) => ask)
    }

    /// Hands in [`Event::Replied`].
    pub fn replied(&mut self, now: Instant, client: ClientId, ask: AskId) -> Result<(), Error> {
        self.handle(now, Event::Replied { client, ask }).map(drop)
    }

    /// Hands in [`Event::CancelAsk`], and says whether the question was still without a reply.
    pub fn cancel_ask(&mut self, now: Instant, client: ClientId, ask: AskId) -> Result<bool, Error> {
        unpack!(self.handle(now, Event::CancelAsk { client, ask }), Outcome::Cancelled(was_open) => was_open)
    }

    /// Hands in [`Event::Place`].
    pub fn place(
        &mut self,
        now: Instant,
        client: ClientId,
        user: &str,
        among: &[Incumbent],
        code: CloseCode,
        reason: &str,
    ) -> Result<(), Error> {
        self.handle(now, Event::Place { client, user, among, code, reason }).map(drop)
    }

    /// Hands in [`Event::Join`], without recovery.
    pub fn join(&mut self, now: Instant, client: ClientId, room: &str) -> Result<Joined, Error> {
        let event = Event::Join { client, room, recover: None };
        unpack!(self.handle(now, event), Outcome::Joined(joined) => joined)
    }

    /// Hands in [`Event::Join`] for a client that wants messages of the room's history.
    pub fn join_from(
        &mut self,
        now: Instant,
        client: ClientId,
        room: &str,
        recover: Recover,
    ) -> Result<Joined, Error> {
        let event = Event::Join { client, room, recover: Some(recover) };
        unpack!(self.handle(now, event), Outcome::Joined(joined) => joined)
    }

    /// Hands in [`Event::JoinWithInfo`].
    pub fn join_with_info(
        &mut self,
        now: Instant,
        client: ClientId,
        room: &str,
        recover: Option<Recover>,
        info: &[u8],
    ) -> Result<Joined, Error> {
        let event = Event::JoinWithInfo { client, room, recover, info };
        unpack!(self.handle(now, event), Outcome::Joined(joined) => joined)
    }

    /// Hands in [`Event::WatchPresence`].
    pub fn watch_presence(&mut self, now: Instant, client: ClientId, room: &str) -> Result<(), Error> {
        self.handle(now, Event::WatchPresence { client, room }).map(drop)
    }

    /// Hands in [`Event::UnwatchPresence`].
    pub fn unwatch_presence(&mut self, now: Instant, client: ClientId, room: &str) -> Result<(), Error> {
        self.handle(now, Event::UnwatchPresence { client, room }).map(drop)
    }

    /// Hands in [`Event::Leave`].
    pub fn leave(&mut self, now: Instant, client: ClientId, room: &str) -> Result<(), Error> {
        self.handle(now, Event::Leave { client, room }).map(drop)
    }

    /// Hands in [`Event::LeaveAll`] and returns the number of rooms left.
    pub fn leave_all(&mut self, now: Instant, client: ClientId) -> Result<u32, Error> {
        unpack!(self.handle(now, Event::LeaveAll { client }), Outcome::Left(rooms) => rooms)
    }

    /// Hands in [`Event::Publish`]: the application publishes. [`publish_as`](Self::publish_as) publishes for a client.
    pub fn publish(
        &mut self,
        now: Instant,
        targets: &[Target<'_>],
        except: &[ClientId],
        frame: &Frame,
        policy: Option<Policy>,
    ) -> Result<Published, Error> {
        let event = Event::Publish { publisher: None, targets, except, frame, policy, dedup: None };
        unpack!(self.handle(now, event), Outcome::Published(published) => published)
    }

    /// Publishes as [`publish`](Self::publish) does, to a room with a history, unless the message is no new one.
    pub fn publish_once(
        &mut self,
        now: Instant,
        targets: &[Target<'_>],
        except: &[ClientId],
        frame: &Frame,
        policy: Option<Policy>,
        dedup: Option<&Dedup<'_>>,
    ) -> Result<Published, Error> {
        let event = Event::Publish { publisher: None, targets, except, frame, policy, dedup };
        unpack!(self.handle(now, event), Outcome::Published(published) => published)
    }

    /// Publishes as [`publish`](Self::publish) does. Clients whose outbox was full under [`Policy::Wait`] are added to `unreached`.
    pub fn publish_listing(
        &mut self,
        now: Instant,
        targets: &[Target<'_>],
        except: &[ClientId],
        frame: &Frame,
        policy: Option<Policy>,
        unreached: &mut Vec<Unreached>,
    ) -> Result<Published, Error> {
        let event = Event::Publish { publisher: None, targets, except, frame, policy, dedup: None };
        let sink = Sink::Unreached(unreached);
        unpack!(self.handle_into(now, event, sink), Outcome::Published(published) => published)
    }

    /// Hands in [`Event::Publish`] with a publisher: relays what a client says, which is refused if the client has ended or the
    /// [`Publishers`](crate::hub::Publishers) of a room do not include it. The client gets the frame too if a target reaches it; name it in
    /// `except` to send to everybody but the sender.
    pub fn publish_as(
        &mut self,
        now: Instant,
        client: ClientId,
        targets: &[Target<'_>],
        except: &[ClientId],
        frame: &Frame,
        policy: Option<Policy>,
    ) -> Result<Published, Error> {
        let event = Event::Publish { publisher: Some(client), targets, except, frame, policy, dedup: None };
        unpack!(self.handle(now, event), Outcome::Published(published) => published)
    }

    /// Hands in [`Event::ConfigureRoom`].
    pub fn configure_room(&mut self, now: Instant, room: &str, config: RoomConfig) -> Result<(), Error> {
        self.handle(now, Event::ConfigureRoom { room, config }).map(drop)
    }

    /// Hands in [`Event::RemoveHistory`].
    pub fn remove_history(&mut self, now: Instant, room: &str) -> Result<(), Error> {
        self.handle(now, Event::RemoveHistory { room }).map(drop)
    }

    /// Hands in [`Event::CloseRoom`] and returns the number of members that the room had.
    pub fn close_room(&mut self, now: Instant, room: &str, members: Members<'_>) -> Result<u32, Error> {
        unpack!(self.handle(now, Event::CloseRoom { room, members }), Outcome::RoomClosed(count) => count)
    }

    /// Hands in [`Event::Received`] and returns the verdict.
    pub fn received(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        kind: MessageKind,
        bytes: u32,
    ) -> Result<Verdict, Error> {
        let event = Event::Received { connection, kind, bytes };
        unpack!(self.handle(now, event), Outcome::Verdict(verdict) => verdict)
    }

    /// Hands in [`Event::Close`], by the application.
    pub fn close(
        &mut self,
        now: Instant,
        client: ClientId,
        code: CloseCode,
        reason: &str,
        flush: Flush,
    ) -> Result<(), Error> {
        let by = ClosedBy::Application;
        self.handle(now, Event::Close { client, code, reason, flush, by }).map(drop)
    }

    /// Hands in [`Event::CloseConnection`].
    pub fn close_connection(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        code: CloseCode,
        reason: &str,
        flush: Flush,
    ) -> Result<(), Error> {
        self.handle(now, Event::CloseConnection { connection, code, reason, flush }).map(drop)
    }

    /// Hands in [`Event::Gone`].
    pub fn gone(&mut self, now: Instant, connection: ConnectionId) -> Result<(), Error> {
        self.handle(now, Event::Gone { connection }).map(drop)
    }

    /// Hands in [`Event::Transmit`] and returns the number of leases added to the batch, 0 or 1.
    pub fn transmit(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        budget: u32,
        batch: &mut Batch,
    ) -> Result<u32, Error> {
        let event = Event::Transmit { connection, budget };
        unpack!(self.handle_into(now, event, Sink::Batch(batch)), Outcome::Leased(leases) => leases)
    }

    /// Hands in [`Event::TransmitReady`] and returns the number of leases added to the batch.
    pub fn transmit_ready(
        &mut self,
        now: Instant,
        lane: u8,
        connections: u32,
        budget: u32,
        batch: &mut Batch,
    ) -> Result<u32, Error> {
        let event = Event::TransmitReady { lane, connections, budget };
        unpack!(self.handle_into(now, event, Sink::Batch(batch)), Outcome::Leased(leases) => leases)
    }

    /// Hands in [`Event::Transmitted`].
    pub fn transmitted(&mut self, now: Instant, results: &[Written]) -> Result<(), Error> {
        self.handle(now, Event::Transmitted { results }).map(drop)
    }

    /// Hands in [`Event::Timeout`].
    pub fn timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.handle(now, Event::Timeout).map(drop)
    }

    /// Hands in [`Event::Drain`].
    pub fn drain(&mut self, now: Instant, plan: Drain) -> Result<(), Error> {
        self.handle(now, Event::Drain(plan)).map(drop)
    }

    /// Hands in [`Event::Shutdown`].
    pub fn shutdown(&mut self, now: Instant) -> Result<(), Error> {
        self.handle(now, Event::Shutdown).map(drop)
    }
}
}}

#[cfg(feature = "trace")]
pub(crate) use {commands, unpack};

commands!(Hub);

impl Hub {
    /// Hands in [`Event::Reconfigure`].
    ///
    /// ```
    /// use throng_core::hub::{Config, Hub};
    /// use throng_core::Instant;
    ///
    /// let mut hub = Hub::new(Config::default())?;
    /// let mut config = hub.config().clone();
    /// config.rooms.members = Some(500);
    /// hub.reconfigure(Instant::ORIGIN, &config)?;
    ///
    /// config.rooms.members = Some(0);
    /// let refused = hub.reconfigure(Instant::ORIGIN, &config);
    /// assert_eq!(refused.map_err(|error| error.field), Err("rooms.members"));
    /// assert_eq!(hub.config().rooms.members, Some(500));
    /// # Ok::<(), throng_core::hub::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] names the first field that is invalid or cannot change; the hub keeps its config then.
    pub fn reconfigure(&mut self, now: Instant, config: &Config) -> Result<(), ConfigError> {
        match self.handle(now, Event::Reconfigure { config }) {
            Ok(_) => Ok(()),
            // The hub did not change, so `validate_change` finds the same error, with the field.
            Err(_) => config.validate_change(&self.config),
        }
    }
}
