//! From operations, which are relative, to events.

use super::driver::{Driver, Wrong};
use super::limits::Limits;
use super::named::{on_of, who_of};
use super::op::{
    Full, How, INFOS, On, Op, ROOMS, Returned, SESSIONS, Seen, Since, Size, Then, To, USERS, Who, Wrote,
};
use super::reference::Thing;
use bytes::Bytes;
use std::time::Duration;
use throng_core::hub::{
    AskId, Drain, Epoch, Event, Fate, Flush, Incumbent, OnResume, Outcome, Policy, Position, Recover, Target,
};
use throng_core::outbox::{Progress, Transport, Written};
use throng_core::{Address, ClientId, CloseCode, ClosedBy, Frame, Instant, MessageKind, Name, Place};

const MILLI: u64 = 1_000_000;
pub(super) const CODES: [CloseCode; 7] = [
    CloseCode::NORMAL,
    CloseCode::PROTOCOL_ERROR,
    CloseCode::POLICY,
    CloseCode::NO_STATUS,
    CloseCode::ABNORMAL,
    CloseCode::TRY_AGAIN_LATER,
    CloseCode(4000),
];
/// Longer than a reason may be, with characters of several bytes at the end of what fits.
const REASON: &str = "ümläut ümläut ümläut ümläut ümläut ümläut ümläut ümläut ümläut ümläut ümläut ümläut ümläut ümläut \
                      ümläut ümläut ümläut ümläut ümläut ümläut";
const PAYLOAD: [u8; 256] = [b'p'; 256];

impl Driver {
    pub(super) fn apply(&mut self, op: &Op) -> Result<(), Wrong> {
        self.linger = self.linger.saturating_sub(1);
        if matches!(op, Op::Accept { .. } | Op::Admit { .. } | Op::Arrive { .. }) && self.is_crowded() {
            return Ok(());
        }
        match op {
            Op::Accept { address, lane } => {
                let lane = (u16::from(*lane) % (self.model.limits.lanes + 1)) as u8;
                self.event(Event::Accept { address: address_of(*address), lane })
            }
            Op::Admit { user } => self.admit(None, user_of(*user), None),
            Op::Arrive { address, user, session } => {
                self.admit(address_of(*address), user_of(*user), self.session_of(*session))
            }
            Op::Publish { to, except, size, full } => self.publish(None, to, except, *size, *full),
            Op::PublishAs { who, to, except, size, full } => match self.pick(*who) {
                Some(client) => self.publish(Some(client), to, except, *size, *full),
                None => Ok(()),
            },
            Op::Place { who, user, seen, goes } => self.place(*who, *user, *seen, *goes),
            Op::Configure { .. }
            | Op::RemoveHistory { .. }
            | Op::ConfigureHistory { .. }
            | Op::ConfigurePresence { .. }
            | Op::PublishToWatchers { .. }
            | Op::PublishOnce { .. }
            | Op::CloseRoom { .. } => self.apply_to_room(op),
            Op::Transmitted { results } => self.transmitted(results),
            Op::TransmitReady { lane, connections, budget } => {
                let lane = (u16::from(*lane) % (self.model.limits.lanes + 1)) as u8;
                let (connections, budget) = (u32::from(*connections), u32::from(*budget) * 2);
                self.event(Event::TransmitReady { lane, connections, budget })
            }
            Op::Pass { millis } => self.pass(u64::from(*millis) * MILLI),
            Op::Sleep { seconds } => self.pass(u64::from(*seconds) * 1000 * MILLI),
            Op::Back { millis } => {
                self.clock = self.clock.saturating_sub(u64::from(*millis) * MILLI);
                Ok(())
            }
            Op::Timeout => self.event(Event::Timeout),
            Op::TimeoutWhenDue => self.timeout_when_due(),
            Op::Drain { idle, spread } => {
                let millis = |millis: &u8| Duration::from_millis(u64::from(*millis) * 4);
                self.event(Event::Drain(Drain { idle: millis(idle), spread: millis(spread) }))
            }
            Op::Shutdown => self.event(Event::Shutdown),
            Op::Reconfigure { field, value } => {
                self.model.asked = self.model.limits.changed(*field, *value);
                self.event(Event::Reconfigure { config: &self.model.asked.config() })
            }
            Op::PollReady => self.poll_ready(),
            Op::Linger { ops } => {
                self.linger = *ops;
                Ok(())
            }
            to_one => match on_of(to_one) {
                Some(on) => self.apply_to_connection(to_one, on),
                None => self.apply_to_client(to_one),
            },
        }
    }

    /// Whether there are as many connections as the model can tell apart in time, where it may have to say which of them were
    /// shed.
    fn is_crowded(&self) -> bool {
        const MOST: usize = 16;
        let may_shed = self.model.limits.hub_bytes < Limits::default().hub_bytes;
        may_shed && self.model.connections.len() >= MOST
    }

    /// What happens to one client; nothing if there is none of the kind.
    fn apply_to_client(&mut self, op: &Op) -> Result<(), Wrong> {
        let Some(client) = who_of(op).and_then(|who| self.pick(who)) else { return Ok(()) };
        let event = match *op {
            Op::SetUser { user, .. } => Event::SetUser { client, user: user_of(user) },
            Op::SetExpiry { after, code, .. } => {
                let after = (after != u8::MAX).then(|| u64::from(after) * 3 * MILLI);
                let at = after.map(|after| (self.clock + after).saturating_sub(48 * MILLI));
                let reason = if code.is_multiple_of(2) { "expired" } else { "" };
                let code = CODES.get(usize::from(code) % (CODES.len() + 1)).copied();
                Event::SetExpiry { client, at: at.map(Instant::from_nanos), code, reason }
            }
            Op::Ask { millis, again, .. } => {
                let lasts = Duration::from_millis(millis.into());
                let on_resume = if again.is_multiple_of(2) { OnResume::Fails } else { OnResume::AskedAgain };
                Event::Ask { client, lasts, on_resume }
            }
            Op::Reply { ask, .. } => Event::Replied { client, ask: self.ask(client, ask) },
            Op::CancelAsk { ask, .. } => Event::CancelAsk { client, ask: self.ask(client, ask) },
            Op::Identify { user, session, .. } => {
                Event::Identify { client, user: user_of(user), session: self.session_of(session) }
            }
            Op::Join { room, .. } => Event::Join { client, room: room_of(room), recover: None },
            Op::Recover { room, since, .. } => {
                let (room, recover) = (room_of(room), self.recover(room_of(room), since));
                Event::Join { client, room, recover }
            }
            Op::JoinWithInfo { room, info, .. } => Event::JoinWithInfo {
                client,
                room: room_of(room),
                recover: None,
                info: INFOS[usize::from(info) % INFOS.len()].as_bytes(),
            },
            Op::Watch { room, off, .. } if off.is_multiple_of(2) => {
                Event::WatchPresence { client, room: room_of(room) }
            }
            Op::Watch { room, .. } => Event::UnwatchPresence { client, room: room_of(room) },
            Op::Leave { room, .. } => Event::Leave { client, room: room_of(room) },
            Op::LeaveAll { .. } => Event::LeaveAll { client },
            Op::Close { code, reason, how, .. } => {
                let (flush, by) = match how {
                    How::AfterFlush => (Flush::First, ClosedBy::Application),
                    How::AtOnce => (Flush::Never, ClosedBy::Application),
                    How::ByHubAfterFlush => (Flush::First, ClosedBy::Hub),
                    How::ByHubAtOnce => (Flush::Never, ClosedBy::Hub),
                };
                let code = CODES[usize::from(code) % CODES.len()];
                Event::Close { client, code, reason: reason_of(reason), flush, by }
            }
            _ => return Ok(()),
        };
        self.event(event)
    }

    /// What happens to one connection; nothing if there is none of the kind.
    fn apply_to_connection(&mut self, op: &Op, on: On) -> Result<(), Wrong> {
        let Some(connection) = self.pick_connection(on) else { return Ok(()) };
        let event = match *op {
            Op::Reserve { user, .. } => {
                let rooms = &first_rooms(user);
                return self.event(Event::Reserve { connection, user: user_of(user), session: None, rooms });
            }
            Op::Return { user, session, .. } => {
                let session = self.session_of(session);
                Event::Reserve { connection, user: user_of(user), session, rooms: &first_rooms(user) }
            }
            Op::CloseConnection { code, how, .. } => {
                let flush = match how {
                    How::AfterFlush | How::ByHubAfterFlush => Flush::First,
                    How::AtOnce | How::ByHubAtOnce => Flush::Never,
                };
                let code = CODES[usize::from(code) % CODES.len()];
                Event::CloseConnection { connection, code, reason: "host", flush }
            }
            Op::Open { .. } => Event::Open { connection },
            Op::Receive { bytes, .. } => {
                Event::Received { connection, kind: MessageKind::Text, bytes: u32::from(bytes) }
            }
            Op::Ping { len, .. } => Event::Ping { connection, payload: &PAYLOAD[..usize::from(len)] },
            Op::Pong { .. } => Event::Pong { connection },
            Op::Heard { .. } => Event::Heard { connection },
            Op::Working { .. } => Event::Working { connection },
            Op::PeerClose { code, reason, .. } => {
                let code = CODES.get(usize::from(code) % (CODES.len() + 1)).copied();
                Event::PeerClosed { connection, code, reason: reason_of(reason) }
            }
            Op::HalfClose { .. } => Event::HalfClosed { connection },
            Op::Gone { .. } => Event::Gone { connection },
            Op::Transmit { budget, .. } => Event::Transmit { connection, budget: u32::from(budget) * 2 },
            Op::Writable { .. } => Event::Writable { connection },
            _ => return Ok(()),
        };
        self.event(event)
    }

    /// Accept, reserve and open, as far as they succeed.
    fn admit(
        &mut self,
        address: Option<Address>,
        user: Option<&'static str>,
        session: Option<&'static str>,
    ) -> Result<(), Wrong> {
        let Ok(Outcome::Accepted(connection)) = self.answer_to(Event::Accept { address, lane: 0 })? else {
            return Ok(());
        };
        let reserved = self.answer_to(Event::Reserve { connection, user, session, rooms: &[] })?;
        let event = if reserved.is_ok() { Event::Open { connection } } else { Event::Gone { connection } };
        self.event(event)
    }

    /// One of a client's questions, or of all.
    fn ask(&self, client: ClientId, ask: u8) -> AskId {
        let own = self.model.find(client).map_or(&[][..], |one| &one.asks);
        match own.len() {
            1.. if ask < 192 => own[usize::from(ask) % own.len()].id,
            _ => AskId::from_u64(u64::from(ask) % (self.hub.stats().asked + 2)),
        }
    }

    /// Only where newcomers have sessions.
    fn session_of(&self, session: u8) -> Option<&'static str> {
        let session = usize::from(session) % (SESSIONS.len() + 1);
        session.checked_sub(1).filter(|_| self.model.limits.named).map(|session| SESSIONS[session])
    }

    fn place(&mut self, who: Who, user: u8, seen: Seen, goes: u8) -> Result<(), Wrong> {
        let Some(client) = self.pick(who) else { return Ok(()) };
        let user = USERS[usize::from(user) % USERS.len()];
        let others = self.hub.clients_of(user).filter(|&other| other != client);
        let mut others: Vec<_> = others.collect();
        match seen {
            Seen::All => {}
            Seen::TooFew => drop(others.drain(..others.len().min(1))),
            Seen::TooMany => others.extend(self.hub.clients().next()),
        }
        let fate = |at: usize| if goes >> (at % 8) & 1 == 1 { Fate::Goes } else { Fate::Stays };
        let among = others.iter().enumerate().map(|(at, &client)| Incumbent { client, fate: fate(at) });
        let among: Vec<_> = among.collect();
        let code = CODES[usize::from(goes) % CODES.len()];
        self.event(Event::Place { client, user, among: &among, code, reason: reason_of(goes) })
    }

    fn publish(
        &mut self,
        from: Option<ClientId>,
        to: &[To],
        except: &[Who],
        size: Size,
        full: Full,
    ) -> Result<(), Wrong> {
        let target = |to: &To| match *to {
            To::One(who) => self.pick(who).map(Target::Client),
            To::User(user) => Some(Target::User(USERS[usize::from(user) % USERS.len()])),
            To::Room(room) => Some(Target::Room(room_of(room))),
            To::Everybody => Some(Target::All),
        };
        let targets: Vec<_> = to.iter().take(4).filter_map(target).collect();
        if targets.is_empty() && !to.is_empty() {
            return Ok(());
        }
        let except: Vec<_> = except.iter().take(4).filter_map(|who| self.pick(*who)).collect();
        let frame = self.next_frame(size);
        let (targets, except, frame, policy) = (&targets, &except, &frame, policy_of(full));
        self.event(Event::Publish { publisher: from, targets, except, frame, policy, dedup: None })
    }

    /// From where a client recovers.
    fn recover(&self, room: &str, since: Since) -> Option<Recover> {
        let top = self.hub.position(room);
        let forged = |number: u8| Epoch::from_u64(u64::from(number) + 1).expect("it is not zero");
        let anywhere = top.unwrap_or(Position { epoch: forged(0), offset: 0 });
        let at = |offset| Position { offset, ..anywhere };
        Some(Recover::Since(match since {
            Since::Latest => return Some(Recover::Latest),
            Since::Back(back) => at(anywhere.offset.saturating_sub(u64::from(back % 12))),
            Since::Ahead(ahead) => at(anywhere.offset + u64::from(ahead) + 1),
            Since::Told(n) => match self.positions.len() {
                0 => anywhere,
                told => self.positions[usize::from(n) % told],
            },
            Since::Forged(number) => Position { epoch: forged(number), ..anywhere },
            Since::Overflowing => at(u64::MAX),
        }))
    }

    /// A frame with the next number.
    pub(super) fn next_frame(&mut self, size: Size) -> Frame {
        self.frames_made += 1;
        let mut payload = self.frames_made.to_le_bytes().to_vec();
        let variant = variant_of(size);
        let head = &b"head"[..variant % 3];
        payload.resize(4 + self.filling(size, head.len()), b'.');
        // Of some there is a deflated variant, of which the hub knows no more than that it takes room.
        let deflated = payload[..payload.len() / 2].to_vec();
        let mut frame = with_offset(Frame::new(None, head, Bytes::from(payload)).expect("it is small"));
        if variant.is_multiple_of(4) {
            frame = frame.with_deflated(with_offset(Frame::raw(Bytes::from(deflated))));
        }
        // Others have no place for it.
        frame = frame.sealed(self.frames_made.into());
        frame
    }

    /// Bytes of a payload behind its number.
    fn filling(&self, size: Size, head: usize) -> usize {
        match size {
            Size::Bytes(bytes) => usize::from(bytes),
            Size::LeftOf(n, more) => {
                let outbox = self.pick(Who::Client(n)).and_then(|client| self.hub.outbox_of(client));
                let left = self.model.limits.bytes.saturating_sub(outbox.map_or(0, |outbox| outbox.1));
                let left = left.saturating_add_signed(i32::from(more)).min(1_000) as usize;
                left.saturating_sub(4 + head)
            }
        }
    }

    fn transmitted(&mut self, results: &[Returned]) -> Result<(), Wrong> {
        let written = |returned: &Returned| {
            let client = self.pick(returned.who)?;
            let connection = self.connection_through(client, returned.through)?;
            let progress = self.progress(client, returned.wrote);
            let transport = match returned.then {
                Then::Ready => Transport::Ready,
                Then::Blocks => Transport::Blocked,
                Then::Fails => Transport::Failed,
            };
            Some(Written { connection, client, progress, transport })
        };
        let results: Vec<_> = results.iter().filter_map(written).collect();
        self.event(Event::Transmitted { results: &results })
    }

    /// How much was written, as far as that can be with what is on lease.
    fn progress(&self, client: ClientId, wrote: Wrote) -> Progress {
        let (items, bytes, more) = match wrote {
            Wrote::Whole => return Progress::All,
            Wrote::Part(items, bytes) => (items, bytes, None),
            Wrote::Begun(items, bytes, begun) => (items, bytes, Some(begun)),
        };
        let things = self.model.find(client).map_or(&[][..], |found| &found.outbox.lease);
        if things.is_empty() {
            let begun = more.unwrap_or(0).into();
            return Progress::Part { items: items.into(), bytes: bytes.into(), begun };
        }
        let items = usize::from(items) % things.len();
        let begun = more.map_or(0, |more| 1 + usize::from(more) % (things.len() - items));
        let sizes: u32 = things[items..][..begun.max(1)].iter().map(Thing::size).sum();
        let bytes = u32::from(bytes) % sizes.max(1);
        let skip = self.model.batch.iter().find(|lease| lease.client == client).map_or(0, |lease| lease.skip);
        let bytes = if items == 0 { bytes.max(skip) } else { bytes };
        Progress::Part { items: items as u32, bytes, begun: begun as u32 }
    }

    fn pass(&mut self, nanos: u64) -> Result<(), Wrong> {
        self.clock += nanos;
        Ok(())
    }

    pub(super) fn timeout_when_due(&mut self) -> Result<(), Wrong> {
        if let Some(due) = self.hub.poll_timeout() {
            self.clock = self.clock.max(due.as_nanos());
            self.event(Event::Timeout)?;
        }
        Ok(())
    }
}

/// Which head a frame has, and whether there is a deflated variant: by what the operation itself says, so that it stays the
/// same while other operations are left out.
fn variant_of(size: Size) -> usize {
    match size {
        Size::Bytes(bytes) => bytes.into(),
        Size::LeftOf(n, more) => usize::from(n) + usize::from(more.unsigned_abs()),
    }
}

fn user_of(user: u8) -> Option<&'static str> {
    let user = usize::from(user) % (USERS.len() + 1);
    user.checked_sub(1).map(|user| USERS[user])
}

pub(super) fn policy_of(full: Full) -> Option<Policy> {
    match full {
        Full::AsConfigured => None,
        Full::DropNewest => Some(Policy::DropNewest),
        Full::DropOldest => Some(Policy::DropOldest),
        Full::Conflate(key) => Some(Policy::Conflate(u64::from(key % 3))),
        Full::Disconnect => Some(Policy::Disconnect),
        Full::Wait => Some(Policy::Wait),
    }
}

/// With a place for an offset behind its number, if there is room for one.
fn with_offset(frame: Frame) -> Frame {
    frame.clone().with_place(Place::big_endian(4)).unwrap_or(frame)
}

/// Rooms that some newcomers are to be in: none, one or two.
fn first_rooms(user: u8) -> Vec<Name> {
    let rooms = [user, user.wrapping_add(1)].map(|room| Name::from(room_of(room / 4)));
    let [one, other] = &rooms;
    rooms[..usize::from(user / 8 % 3).min(if one == other { 1 } else { 2 })].to_vec()
}

pub(super) fn room_of(room: u8) -> &'static str {
    ROOMS[usize::from(room) % ROOMS.len()]
}

fn reason_of(bytes: u8) -> &'static str {
    &REASON[..REASON.floor_char_boundary(usize::from(bytes))]
}

fn address_of(address: u8) -> Option<Address> {
    (!address.is_multiple_of(4)).then_some(Address([address % 4; 16]))
}
