//! Sessions: names under which a newcomer continues a client, and clients that are away.

use super::client::{Away, Client, NOWHERE, Phase};
use super::outbox::{Begun, Outbox, Sending, Thing};
use super::timeouts::nanos;
use super::{Model, NEVER};
use crate::model::limits::Cause;
use throng_core::hub::{Action, EndedBy, Error, Refusal, SecondConnection, State};
use throng_core::outbox::Control;
use throng_core::{ClientId, CloseCode, ClosedBy, ConnectionId, Name};

/// How a connection was lost.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    pub(super) code: CloseCode,
    pub(super) by: ClosedBy,
    pub(super) reason: Option<Name>,
}

impl Model {
    /// The open client of a session.
    pub(super) fn holder(&self, session: &str) -> Option<&Client> {
        let has = |one: &&Client| one.session.as_deref() == Some(session);
        self.clients.iter().filter(has).find(|one| matches!(one.phase, Phase::Open | Phase::Away))
    }

    /// The reservation of a session.
    fn heir(&self, session: &str) -> Option<&Client> {
        let has = |one: &&Client| one.session.as_deref() == Some(session);
        self.clients.iter().filter(has).find(|one| one.phase == Phase::Reserved)
    }

    /// The client that a reservation is to continue.
    pub(super) fn continued_by(&self, reserved: ClientId) -> Option<ClientId> {
        let one = self.find(reserved).filter(|one| one.phase == Phase::Reserved)?;
        self.holder(one.session.as_deref()?).map(|holder| holder.id)
    }

    /// Whether a client is a reservation that continues one of its own user, for whom it does not count.
    pub(super) fn continues_own(&self, client: ClientId) -> bool {
        let holder = self.continued_by(client).and_then(|holder| self.find(holder));
        holder.zip(self.find(client)).is_some_and(|(holder, one)| holder.user == one.user)
    }

    fn check_session_name(&self, name: &str) -> Result<(), Refusal> {
        let limit = self.limits.session_bytes;
        if name.is_empty() {
            return Err(Refusal::EmptyName);
        }
        if name.len() > limit as usize { Err(Refusal::NameTooLong { limit }) } else { Ok(()) }
    }

    /// Whether a reservation may be this user's and have this session; whom it continues.
    pub(super) fn check_identity(
        &self,
        own: Option<ClientId>,
        user: Option<&str>,
        session: Option<&str>,
    ) -> Result<Option<ClientId>, Error> {
        let mut continued = None;
        if let Some(name) = session {
            self.check_session_name(name)?;
            continued = self.check_takeover(own, user, name)?;
        }
        if let Some(user) = user {
            match continued {
                Some(_) => self.check_name(user)?,
                None => self.check_user(own, user)?,
            }
        }
        Ok(continued)
    }

    fn check_takeover(
        &self,
        own: Option<ClientId>,
        user: Option<&str>,
        name: &str,
    ) -> Result<Option<ClientId>, Refusal> {
        let (holder, heir) = (self.holder(name), self.heir(name));
        let Some(first) = holder.or(heir) else { return Ok(None) };
        if own == Some(first.id) {
            return Ok(None);
        }
        if first.user.as_deref() != user {
            return Err(Refusal::SessionOfAnotherUser);
        }
        let is_away = holder.is_some_and(|holder| holder.phase == Phase::Away);
        let is_wanted = heir.is_some_and(|heir| own != Some(heir.id));
        if self.limits.second == SecondConnection::Refused && (!is_away || is_wanted) {
            return Err(Refusal::SessionInUse);
        }
        Ok(holder.map(|holder| holder.id))
    }

    pub(super) fn identify(
        &mut self,
        client: ClientId,
        user: Option<&str>,
        session: Option<&str>,
    ) -> Result<Option<ClientId>, Error> {
        match self.phase(client)? {
            Phase::Reserved => {
                let continued = self.check_identity(Some(client), user, session)?;
                self.take_session(client, session);
                self.assign_user(client, user);
                Ok(continued)
            }
            Phase::Open => {
                if let Some(name) = session {
                    self.check_session_name(name)?;
                    let own = self.find(client).and_then(|one| one.session.as_deref());
                    let is_known = self.holder(name).or(self.heir(name)).is_some();
                    if is_known && own != Some(name) {
                        return Err(Refusal::SessionInUse.into());
                    }
                }
                if let Some(user) = user {
                    self.check_user(Some(client), user)?;
                }
                self.take_session(client, session);
                self.assign_user(client, user);
                self.evict_others(client);
                Ok(None)
            }
            _ => Err(Error::NotOpen),
        }
    }

    /// A client has this session from now on. Who was to have it, or its old one, is not waited for any more.
    pub(super) fn take_session(&mut self, client: ClientId, session: Option<&str>) {
        if self.of(client).session.as_deref() == session {
            return;
        }
        self.drop_session(client);
        let Some(name) = session else { return };
        let given_up = match self.of(client).phase {
            Phase::Reserved => self.heir(name).map(|heir| (heir.id, heir.connection)),
            _ => None,
        };
        self.of(client).session = Some(name.to_owned());
        if let Some((heir, connection)) = given_up {
            self.of(heir).session = None;
            self.abandon_handshake(connection);
        }
    }

    /// A client that stays has no session any more.
    pub(super) fn drop_session(&mut self, client: ClientId) {
        let is_open = matches!(self.of(client).phase, Phase::Open | Phase::Away);
        let Some(name) = self.of(client).session.take() else { return };
        self.of(client).away = None;
        let heir = self.heir(&name).filter(|_| is_open).map(|heir| heir.connection);
        if let Some(connection) = heir {
            self.abandon_handshake(connection);
        }
    }

    /// A reservation becomes a client, or is over because its connection continues another one.
    pub(super) fn open_or_resume(&mut self, reserved: ClientId) -> Result<(), Error> {
        if self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        let Some(client) = self.continued_by(reserved) else { return self.open_client(reserved) };
        if self.of(reserved).user.clone() != self.of(client).user {
            return Err(Refusal::SessionOfAnotherUser.into());
        }
        if self.of(client).phase == Phase::Open && self.limits.second == SecondConnection::Refused {
            return Err(Refusal::SessionInUse.into());
        }
        let connection = self.of(reserved).connection;
        self.assign_user(reserved, None);
        let expiry = self.of(reserved).expiry.take();
        if expiry.is_some() {
            self.of(client).expiry = expiry;
        }
        self.forget(reserved);
        if self.of(client).phase == Phase::Open {
            let old = self.of(client).connection;
            self.tell(Action::Replaced { client, connection: old });
            let (code, reason) = self.limits.farewell(Cause::Replaced);
            self.numbers.causes.push(Cause::Replaced);
            self.part(client, Some(code), super::reason_in_frame(&reason));
        }
        let one = self.of(client);
        one.away = None;
        one.phase = Phase::Open;
        one.connection = connection;
        one.outbox.sending = Sending::Idle;
        let waits = !one.outbox.queue.is_empty();
        self.at(connection).client = Some(client);
        self.numbers.resumed += 1;
        self.tell(Action::Resumed { client, connection });
        if waits {
            self.wake_slow(client);
        }
        self.begin_to_hear(connection);
        self.begin_controls(connection);
        if self.state == State::Draining {
            self.give_moment(client);
        }
        self.arm(connection);
        self.begin_expiry(client);
        self.resume_asks(client, connection);
        self.tell_low(client);
        Ok(())
    }

    /// Whether an open client stays without its connection, if there is room for one more.
    pub(super) fn has_grace(&self, client: ClientId) -> bool {
        let one = self.find(client);
        self.limits.grace.is_some()
            && self.state == State::Running
            && one.is_some_and(|one| one.phase == Phase::Open && one.session.is_some())
    }

    /// Whether the peer says by its close frame that it will not return.
    pub(super) fn is_farewell(&self, code: Option<CloseCode>) -> bool {
        match self.limits.ended_by {
            EndedBy::AnyClose => true,
            EndedBy::NormalClose => match code {
                None | Some(CloseCode(1000)) => true,
                Some(CloseCode(code)) => (3000..5000).contains(&code),
            },
            _ => false,
        }
    }

    /// Clients without a connection.
    pub(super) fn detached(&self) -> u32 {
        self.clients.iter().filter(|one| one.connection == NOWHERE).count() as u32
    }

    /// A client that is about to lose its connection goes away, if it may.
    fn goes_away(&mut self, client: ClientId, loss: &Loss) -> bool {
        if !self.has_grace(client) {
            return false;
        }
        let (user, connection) = (self.of(client).user.clone(), self.of(client).connection);
        let address = self.at(connection).address;
        let away = |is: &dyn Fn(&Client, &Away) -> bool| {
            let all = self.clients.iter().filter_map(|one| Some((one, one.away.as_ref()?)));
            all.filter(|(one, away)| is(one, away)).count() as u32
        };
        let of_user = away(&|one, _| user.is_some() && one.user == user);
        let of_address = away(&|_, away| address.is_some() && away.address == address);
        let limits = &self.limits;
        let fits = limits.away.is_none_or(|limit| self.detached() < limit)
            && limits.away_of_user.is_none_or(|limit| of_user < limit)
            && limits.away_of_address.is_none_or(|limit| of_address < limit);
        if !fits {
            self.numbers.away_refused += 1;
            return false;
        }
        let lasts = limits.grace.map_or(0, nanos);
        let until = self.now + lasts;
        self.timers_set += 1;
        let timer = (self.put_off(seat(client), until, lasts), self.timers_set);
        let one = self.of(client);
        one.phase = Phase::Away;
        one.away = Some(Away { until, lasts, address, timer });
        self.numbers.went_away += 1;
        let Loss { code, by, reason } = loss.clone();
        self.tell(Action::Away { client, code, by, reason });
        true
    }

    /// A client loses its connection, which nothing more is written to. `false`: it does not stay.
    pub(super) fn lose(&mut self, client: ClientId, loss: &Loss) -> bool {
        let stays = self.goes_away(client, loss);
        if stays {
            self.detach(client);
        }
        stays
    }

    /// Likewise, and the connection is closed.
    pub(super) fn lose_closing(&mut self, client: ClientId, answer: Option<CloseCode>, loss: &Loss) -> bool {
        let stays = self.goes_away(client, loss);
        if stays {
            self.part(client, answer, None);
        }
        stays
    }

    /// The transport of an open client is of no use any more: the client goes away, or ends.
    pub(super) fn cut_off(&mut self, client: ClientId, reason: &str, by: ClosedBy) {
        let connection = self.of(client).connection;
        let loss = Loss { code: CloseCode::ABNORMAL, by, reason: super::reason_in_frame(reason) };
        if self.lose(client, &loss) {
            self.abort(connection);
        } else {
            self.end_abruptly(client, reason, by);
        }
    }

    /// All that waits for a client, is begun or on lease waits for its next connection, in order. What was its connection's is over.
    pub(super) fn hold_back(&mut self, client: ClientId) {
        self.unready(client);
        let outbox = &mut self.of(client).outbox;
        let again = outbox.lease.drain(..).chain(outbox.begun.things.drain(..));
        let mut queue: Vec<_> = again
            .filter_map(|thing| match thing {
                Thing::Message(message) => Some(message),
                Thing::Control(_) => None,
            })
            .collect();
        queue.append(&mut outbox.queue);
        let awaited = outbox.awaited;
        *outbox = Outbox { queue, awaited, sending: Sending::Held, ..Outbox::default() };
    }

    fn detach(&mut self, client: ClientId) {
        self.hold_back(client);
        let connection = self.connection_of(client);
        connection.client = None;
        connection.is_left = true;
        connection.write_deadline = NEVER;
        connection.resume_at = NEVER;
        self.of(client).connection = NOWHERE;
    }

    /// A client and its connection go separate ways, and the connection closes. What it has begun or has on lease it finishes, though
    /// the client keeps it, too.
    fn part(&mut self, client: ClientId, code: Option<CloseCode>, reason: Option<Name>) {
        let connection = self.of(client).connection;
        let outbox = self.of(client).outbox.clone();
        if matches!(outbox.sending, Sending::Ended | Sending::Held) {
            self.detach(client);
            return self.abort(connection);
        }
        self.hold_back(client);
        self.of(client).connection = NOWHERE;
        let is_leased = outbox.sending == Sending::Leased;
        let begun = if is_leased || outbox.begun.count > 0 { outbox.begun } else { Begun::default() };
        let rest = ClientId::from_u64(self.client_ids.give());
        let mut one = Client::new(rest, connection);
        one.is_rest = true;
        one.phase = Phase::Closing;
        one.outbox = Outbox {
            sending: if is_leased || outbox.sending == Sending::Blocked {
                outbox.sending
            } else {
                Sending::Idle
            },
            lease: outbox.lease,
            begun,
            writable_meanwhile: outbox.writable_meanwhile,
            discard: is_leased,
            close: Some(Control::Close {
                code: code.filter(|code| code.may_be_sent()),
                reason: reason.filter(|_| code.is_some_and(CloseCode::may_be_sent)),
            }),
            ..Outbox::default()
        };
        self.numbers.queued += u64::from(one.outbox.sums().0);
        self.clients.push(one);
        let deadline = self.now + nanos(self.limits.close);
        let of = self.at(connection);
        of.client = Some(rest);
        of.resume_at = NEVER;
        of.deadline = deadline;
        self.wake_for_control(rest);
        self.arm(connection);
    }

    /// When the grace of a client that is away is over.
    pub(super) fn grace_over(&self, client: &Client) -> u64 {
        client.away.as_ref().map_or(NEVER, |away| self.put_off(seat(client.id), away.until, away.lasts))
    }

    /// The hub looks at a client that is away.
    pub(super) fn away_timer_fires(&mut self, client: ClientId) {
        let one = self.of(client).clone();
        let until = self.grace_over(&one);
        if until > self.now {
            self.timers_set += 1;
            let set = self.timers_set;
            if let Some(away) = &mut self.of(client).away {
                away.timer = (until, set);
            }
            return;
        }
        self.numbers.not_returned += 1;
        self.stop_sending(client);
        let reason = super::reason_in_frame("did not return in time");
        self.leave_hub(client, CloseCode::ABNORMAL, reason, ClosedBy::Hub);
        self.forget(client);
    }

    pub(super) fn close_connection(
        &mut self,
        connection: ConnectionId,
        code: CloseCode,
        reason: &str,
        flush: throng_core::hub::Flush,
    ) -> Result<(), Error> {
        let client = self.need_open_on(connection)?;
        self.numbers.told.push(code);
        self.end(client, code, reason, flush, ClosedBy::Hub);
        Ok(())
    }
}

/// By what the jitter of a client without a connection is chosen: its place.
pub(super) fn seat(client: ClientId) -> ConnectionId {
    ConnectionId::from_u64(client.index() as u64)
}
