//! The events of a random run, by what happens.

use super::happening::Happening;
use super::random::{Out, World};
use super::random_config::{BUSY, Random, another};
use crate::close::{CloseCode, ClosedBy};
use crate::frame::{Frame, MessageKind, Place};
use crate::hub::{
    AskId, Dedup, Epoch, Event, Fate, Flush, History, Hub, Incumbent, Lifetime, Members, OnResume, Policy,
    Position, Presence, Publishers, Recover, RoomConfig, Target,
};
use crate::id::{Address, ClientId, ConnectionId};
use crate::outbox::{Progress, Transport, Written};
use crate::trace::OwnedEvent;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;

/// Longer than the limit of [`config`].
static PAYLOAD: [u8; 700] = [b'x'; 700];
static ROOMS: [&str; 14] =
    ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "eight by", "", "far too long"];
static SESSIONS: [&str; 8] = ["tab", "phone", "tablet", "desk", "car", "tv", "", "a-long-name"];
static USERS: [&str; 12] =
    ["ada", "bob", "cleo", "dan", "eve", "fay", "gus", "hal", "ida", "joe", "", "far too long"];
static KEYS: [Option<&str>; 6] = [None, Some(""), Some("k"), Some("l"), Some("m"), Some("too long")];
const PRICES: History = History { messages: 2, ..History::OFF };
const INVALID: History = History { bytes: 0, ..PRICES };
const COUNTS: Presence = Presence { users: 0, ..BUSY };
const HUGE: Presence = Presence { users: u32::MAX, ..BUSY };
static INFOS: [&[u8]; 4] = [b"", b"a", b"b", b"long"];
static REASONS: [&str; 3] = ["", "enough", "a reason"];

impl World {
    /// Makes an event of a kind, if there is a connection for it.
    pub(super) fn event(&mut self, happening: Happening, hub: &Hub) -> Option<OwnedEvent<'static>> {
        let random = &mut self.random;
        let (client, connection) = if random.percent(90) {
            let pair = random.pick(&self.open);
            (pair.map(|pair| pair.client), pair.map(|pair| pair.connection))
        } else {
            let connection = random.pick(&self.connections);
            (connection.and_then(|connection| hub.client_of(connection)), connection)
        };
        // Some peers send nothing, and some only answer pings.
        let loud = connection.filter(|peer| peer.index() % 8 > 1 && !self.paused.contains(peer));
        let alive = connection.filter(|peer| peer.index() % 8 > 0);
        Some(match happening {
            Happening::Accept => Event::Accept {
                address: random.percent(90).then(|| Address([random.below(9) as u8; 16])),
                lane: random.below(3) as u8 + u8::from(random.percent(1)),
            }
            .into(),
            Happening::Reserve => self.reserve()?,
            Happening::Open => Event::Open { connection: random.take(&mut self.reserved)? }.into(),
            Happening::SetUser => self.set_user(client, hub)?,
            Happening::Join => self.join(hub, loud.and(client)?)?.into(),
            Happening::Watch => self.watch(client?, hub)?,
            Happening::RemoveHistory => Event::RemoveHistory { room: random.pick(&ROOMS)? }.into(),
            Happening::Leave => Event::Leave { client: client?, room: random.pick(&ROOMS)? }.into(),
            Happening::LeaveAll => Event::LeaveAll { client: client? }.into(),
            Happening::Publish => self.publish(hub)?,
            Happening::PublishAs => {
                let client = client?;
                self.publish(hub)?.on_behalf_of(client)
            }
            Happening::Place => self.place(hub)?,
            Happening::ConfigureRoom => self.configure_room()?,
            Happening::CloseRoom => self.close_room()?,
            Happening::Received => {
                let kind = random.pick(&[MessageKind::Text, MessageKind::Binary])?;
                Event::Received { connection: loud?, kind, bytes: random.below(2_000) as u32 }.into()
            }
            Happening::Ping => {
                Event::Ping { connection: loud?, payload: &PAYLOAD[..random.below(140) as usize] }.into()
            }
            Happening::Pong => Event::Pong { connection: alive? }.into(),
            Happening::Heard => Event::Heard { connection: alive? }.into(),
            Happening::Working => Event::Working { connection: alive? }.into(),
            Happening::PeerClosed => {
                let code = random.pick(&[None, Some(CloseCode::NORMAL), Some(CloseCode(4_000))])?;
                Event::PeerClosed { connection: connection?, code, reason: random.pick(&REASONS)? }.into()
            }
            Happening::HalfClosed => Event::HalfClosed { connection: connection? }.into(),
            Happening::Close => self.close(client?)?,
            Happening::Vanish => Event::Gone { connection: connection? }.into(),
            Happening::Obey => Event::Gone { connection: random.take(&mut self.ending)? }.into(),
            Happening::Transmit => {
                Event::Transmit { connection: connection?, budget: random.below(1_500) as u32 }.into()
            }
            Happening::TransmitReady => Event::TransmitReady {
                lane: random.below(3) as u8 + u8::from(random.percent(1)),
                connections: random.below(40) as u32,
                budget: random.below(1_500) as u32,
            }
            .into(),
            Happening::Transmitted => self.transmitted(),
            Happening::Writable => Event::Writable { connection: random.take(&mut self.blocked)? }.into(),
            Happening::Timeout => self.timeout(hub)?,
            Happening::Misuse => self.misuse()?,
            Happening::Reconfigure => OwnedEvent::reconfigure(another(random, hub.config())),
        })
    }

    /// A member of a room with presence begins to watch, or ends; now and then it is somebody else, or another room.
    fn watch(&mut self, client: ClientId, hub: &Hub) -> Option<OwnedEvent<'static>> {
        let random = &mut self.random;
        let watches = random.percent(70);
        let watched = ROOMS.map(|room| hub.presence_config(room).map(|_| room));
        let is_in = |room: &&str| hub.rooms_of(client).any(|name| *name == **room);
        let known: Vec<_> = watched.into_iter().flatten().filter(is_in).collect();
        let known = if random.percent(90) { random.pick(&known) } else { None };
        let room = known.or_else(|| random.pick(&ROOMS))?;
        Some(match watches {
            true => Event::WatchPresence { client, room }.into(),
            false => Event::UnwatchPresence { client, room }.into(),
        })
    }

    fn reserve(&mut self) -> Option<OwnedEvent<'static>> {
        let random = &mut self.random;
        let connection = random.take(&mut self.accepted)?;
        let mut user = if random.percent(70) { random.pick(&USERS) } else { None };
        let rooms = if random.percent(20) {
            random.pick(&ROOMS).map(Into::into).into_iter().collect()
        } else {
            Vec::new()
        };
        let at = random.below(SESSIONS.len() as u64) as usize;
        let session = random.percent(60).then_some(SESSIONS[at]);
        if session.is_some() && random.percent(90) {
            // The user who has the session in most cases.
            user = Some(USERS[at]);
        }
        Some(OwnedEvent::reserve(connection, user, session, rooms))
    }

    fn set_user(&mut self, client: Option<ClientId>, hub: &Hub) -> Option<OwnedEvent<'static>> {
        let random = &mut self.random;
        let user = if random.percent(80) { random.pick(&USERS) } else { None };
        if random.percent(30) {
            let session = random.pick(&SESSIONS);
            return Some(Event::Identify { client: client?, user, session }.into());
        }
        if random.percent(60) {
            let client = client?;
            let asks: Vec<_> = hub.asks_of(client).collect();
            let ask = AskId::from_u64(random.below(60));
            let ask = if random.percent(80) { random.pick(&asks) } else { Some(ask) };
            let ask = ask.unwrap_or(AskId::from_u64(1));
            return Some(match random.below(6) {
                0 => Event::CancelAsk { client, ask }.into(),
                1 => Event::Replied { client, ask }.into(),
                at => {
                    let lasts = Duration::from_millis(random.below(300));
                    let on_resume = if at < 4 { OnResume::Fails } else { OnResume::AskedAgain };
                    Event::Ask { client, lasts, on_resume }.into()
                }
            });
        }
        if random.percent(20) {
            let after = Duration::from_millis(random.below(1_500));
            let at = random.percent(85).then_some(self.now + after);
            let code = random.percent(30).then_some(CloseCode(3005));
            let reason = random.pick(&REASONS)?;
            return Some(Event::SetExpiry { client: client?, at, code, reason }.into());
        }
        Some(Event::SetUser { client: client?, user }.into())
    }

    fn configure_room(&mut self) -> Option<OwnedEvent<'static>> {
        let random = &mut self.random;
        let event = Event::ConfigureRoom {
            room: random.pick(&ROOMS)?,
            config: RoomConfig {
                members: random.percent(40).then(|| random.below(12) as u32),
                publishers: random.pick(&[
                    Publishers::Anybody,
                    Publishers::Members,
                    Publishers::Application,
                ])?,
                policy: random.pick(&[
                    None,
                    None,
                    Some(Policy::DropOldest),
                    Some(Policy::Conflate(9)),
                    Some(Policy::Wait),
                ])?,
                lifetime: random.pick(&[Lifetime::Members, Lifetime::Kept])?,
                history: random.pick(&[None, None, Some(PRICES), Some(History::OFF), Some(INVALID)])?,
                presence: random.pick(&[
                    None,
                    None,
                    Some(BUSY),
                    Some(Presence::OFF),
                    Some(COUNTS),
                    Some(HUGE),
                ])?,
            },
        }
        .into();
        Some(event)
    }

    fn close_room(&mut self) -> Option<OwnedEvent<'static>> {
        let random = &mut self.random;
        let reason = random.pick(&REASONS)?;
        let ends = Members::Disconnect { code: CloseCode(4_001), reason };
        let members = if random.percent(97) { Members::Leave } else { ends };
        Some(Event::CloseRoom { room: random.pick(&ROOMS)?, members }.into())
    }

    fn close(&mut self, client: ClientId) -> Option<OwnedEvent<'static>> {
        let random = &mut self.random;
        let event = Event::Close {
            client,
            code: random.pick(&[CloseCode::NORMAL, CloseCode::PROTOCOL_ERROR, CloseCode::ABNORMAL])?,
            reason: random.pick(&REASONS)?,
            flush: random.pick(&[Flush::First, Flush::Never])?,
            by: random.pick(&[ClosedBy::Application, ClosedBy::Hub])?,
        }
        .into();
        Some(event)
    }

    /// A host is sometimes early, and now and then late.
    fn timeout(&mut self, hub: &Hub) -> Option<OwnedEvent<'static>> {
        let random = &mut self.random;
        let due = hub.poll_timeout()?;
        if random.percent(20) || self.connections.len() < 3 {
            self.now = self.now.max(due);
        }
        Some(Event::Timeout.into())
    }

    fn publish(&mut self, hub: &Hub) -> Option<OwnedEvent<'static>> {
        let random = &mut self.random;
        let len = match random.below(20) {
            0 => random.below(700),
            1..4 => random.below(600),
            _ => random.below(90),
        };
        let head = random.below(11) as usize;
        let kind = random.pick(&[None, Some(MessageKind::Text), Some(MessageKind::Binary)])?;
        let payload = Bytes::from_static(&PAYLOAD[..len as usize]);
        let mut frame = Frame::new(kind, &PAYLOAD[..head], payload)?;
        if head == 4 && len >= 20 {
            frame = frame.with_place(Place::decimal(len as usize / 20)).ok()?.sealed(random.below(1 << 40));
        }
        if head == 2 {
            let deflated = Frame::new(None, &PAYLOAD[..2], Bytes::from_static(&PAYLOAD[..len as usize / 3]))?;
            frame = frame.with_deflated(deflated);
        }
        let targets = (0..random.pick(&[1, 1, 1, 1, 2, 3, 0])?)
            .filter_map(|_| match random.below(100) {
                0 => Some(Target::All),
                1..25 => random.pick(&self.open).map(|pair| Target::Client(pair.client)),
                25..45 => random.pick(&USERS).map(Target::User),
                45..50 => random.pick(&ROOMS).map(Target::Watchers),
                _ => random.pick(&ROOMS).map(Target::Room),
            })
            .collect::<Vec<_>>();
        let except = (0..random.pick(&[0, 0, 0, 1, 4])?)
            .filter_map(|_| hub.client_of(random.pick(&self.connections)?))
            .collect::<Vec<_>>();
        let key = random.below(3);
        let policy = match random.below(12) {
            0 => Some(Policy::DropNewest),
            1 => Some(Policy::DropOldest),
            2 | 3 => Some(Policy::Conflate(key)),
            4 if random.percent(10) => Some(Policy::Disconnect),
            5 | 6 => Some(Policy::Wait),
            _ => None,
        };
        // `Wait` is mostly for one client, and now and then for any targets.
        let targets = match random.pick(&self.open) {
            Some(pair) if policy == Some(Policy::Wait) && random.percent(90) => {
                Vec::from([Target::Client(pair.client)])
            }
            _ => targets,
        };
        let publish = OwnedEvent::publish(targets, except, frame, policy);
        let key = random.pick(&KEYS).flatten();
        let version = random.percent(30).then(|| random.below(20));
        Some(if random.percent(15) { publish.once(Dedup { key, version }) } else { publish })
    }

    fn join(&mut self, hub: &Hub, client: ClientId) -> Option<Event<'static>> {
        let random = &mut self.random;
        let room = random.pick(&ROOMS)?;
        let top = hub.position(random.pick(&[room, room, room, "a"])?);
        let offset = match (random.below(8), top) {
            (0, _) | (_, None) => random.next(),
            (1, Some(top)) => top.offset + 1,
            (back, Some(top)) => top.offset.saturating_sub(back - 2),
        };
        let epoch = top.map(|top| top.epoch).filter(|_| random.percent(90));
        let since = epoch.or_else(|| Epoch::from_u64(random.next())).map(|epoch| Position { epoch, offset });
        let recover = match random.below(4) {
            0 => None,
            1 => Some(Recover::Latest),
            _ => since.map(Recover::Since),
        };
        let info = random.pick(&INFOS)?;
        Some(match random.below(3) {
            0 => Event::JoinWithInfo { client, room, recover, info },
            _ => Event::Join { client, room, recover },
        })
    }

    fn place(&mut self, hub: &Hub) -> Option<OwnedEvent<'static>> {
        let random = &mut self.random;
        let client = if random.percent(80) {
            random.take(&mut self.reserved).and_then(|connection| hub.client_of(connection))
        } else {
            random.pick(&self.open).map(|pair| pair.client)
        };
        let (client, user) = (client?, random.pick(&USERS)?);
        let others = hub.clients_of(user).filter(|&other| other != client);
        let mut fate = |client| {
            let fate = if random.percent(15) { Fate::Goes } else { Fate::Stays };
            Incumbent { client, fate }
        };
        let mut among: Vec<_> = others.map(&mut fate).collect();
        // Now and then the application's list of clients is out of date.
        if random.percent(10) {
            among.pop();
        }
        Some(OwnedEvent::place(client, user, among, CloseCode(4_002), random.pick(&REASONS)?))
    }

    /// Returns some of the leases that are out: written completely, in part, blocked or failed.
    fn transmitted(&mut self) -> OwnedEvent<'static> {
        let random = &mut self.random;
        let count = random.below(30);
        let mut results = Vec::new();
        for _ in 0..count {
            let Some(out) = random.take(&mut self.out) else { break };
            let (progress, transport) = match random.below(100) {
                0..55 => (Progress::All, Transport::Ready),
                55..65 => (Progress::All, Transport::Blocked),
                65..92 => (part(random, &out), Transport::Blocked),
                92..98 => (part(random, &out), Transport::Ready),
                98 => (part(random, &out), Transport::Failed),
                _ => (Progress::All, Transport::Failed),
            };
            results.push(out.lease.written(progress, transport));
            if random.percent(1) {
                results.push(out.lease.written(progress, transport));
            }
        }
        OwnedEvent::transmitted(results)
    }

    fn misuse(&mut self) -> Option<OwnedEvent<'static>> {
        let random = &mut self.random;
        // An invented id, or one that was right once.
        let is_invented = random.percent(20);
        let connection = pick_of(&self.stale, random).filter(|_| !is_invented);
        let connection = connection.or_else(|| is_invented.then(|| ConnectionId::from_u64(random.next())))?;
        let client = pick_of(&self.ended, random).filter(|_| !is_invented);
        let client = client.or_else(|| is_invented.then(|| ClientId::from_u64(random.next())))?;
        let (progress, transport) = (Progress::All, Transport::Blocked);
        let written = Vec::from([Written { connection, client, progress, transport }]);
        let room = random.pick(&ROOMS)?;
        let reason = random.pick(&REASONS)?;
        Some(match random.below(14) {
            0 => Event::Reserve { connection, user: random.pick(&USERS), session: None, rooms: &[] }.into(),
            1 => Event::Open { connection }.into(),
            2 => Event::SetUser { client, user: None }.into(),
            3 => Event::Join { client, room, recover: None }.into(),
            4 => Event::Leave { client, room }.into(),
            5 => Event::LeaveAll { client }.into(),
            6 => Event::Received { connection, kind: MessageKind::Text, bytes: 1 }.into(),
            7 => Event::Ping { connection, payload: &[] }.into(),
            8 => Event::PeerClosed { connection, code: None, reason }.into(),
            9 => Event::Gone { connection }.into(),
            10 => Event::Transmit { connection, budget: 1 }.into(),
            11 => OwnedEvent::transmitted(written),
            12 => Event::Writable { connection }.into(),
            _ => {
                let (code, flush, by) = (CloseCode::NORMAL, Flush::First, ClosedBy::Application);
                Event::Close { client, code, reason, flush, by }.into()
            }
        })
    }
}

fn pick_of<T: Copy>(ids: &VecDeque<T>, random: &mut Random) -> Option<T> {
    if ids.is_empty() { None } else { ids.get(random.below(ids.len() as u64) as usize).copied() }
}

/// A part of a lease, at least the bytes that were written before.
fn part(random: &mut Random, out: &Out) -> Progress {
    let items = random.below(out.sizes.len() as u64 + 1) as u32;
    let from = if items == 0 { out.lease.skip } else { 0 };
    let bytes = match out.sizes.get(items as usize) {
        Some(&size) if size > from => from + random.below(u64::from(size - from)) as u32,
        _ => from.min(out.sizes.get(items as usize).copied().unwrap_or(0)),
    };
    Progress::part(items, bytes)
}
