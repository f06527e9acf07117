//! The hub's limits as small numbers, which a generator can choose, shrink and print.

use std::time::Duration;
use throng_core::hub::{
    self, Admission, Asks, Closes, Config, Deadlines, EndedBy, History, Host, Inbound, Outbox, OverRate,
    PerUser, Policy, Presence, Rooms, SecondConnection, Sessions,
};
use throng_core::{CloseCode, CloseFrame, MAX_HEAD, Rate};

/// A rate: one unit every so many milliseconds, up to `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every {
    /// Milliseconds for one unit.
    pub millis: u32,
    /// Units at once.
    pub burst: u32,
}

/// What a hub of the model allows. Times are in milliseconds; `None` means "no limit". The defaults are small, so that
/// a few operations reach them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "`config` below shows which field of the hub's config each of them sets")]
pub struct Limits {
    pub connections: Option<u32>,
    pub handshakes: Option<u32>,
    pub per_address: Option<u32>,
    pub connect_rate: Option<Every>,
    pub per_user: PerUser,
    pub rooms_of_client: Option<u32>,
    pub members: Option<u32>,
    pub rooms: Option<u32>,
    pub name_bytes: u32,
    pub message_bytes: u32,
    pub messages: u32,
    pub bytes: u32,
    pub policy: Policy,
    pub hub_bytes: u64,
    pub written_messages: Option<Every>,
    pub client_messages: Option<Every>,
    pub client_bytes: Option<Every>,
    pub user_messages: Option<Every>,
    pub user_bytes: Option<Every>,
    pub control: Option<Every>,
    pub over_rate: OverRate,
    pub handshake: u32,
    pub ping: Option<u32>,
    pub pong: Option<u32>,
    pub write: u32,
    /// Bytes a second.
    pub write_rate: Option<u32>,
    pub close: u32,
    pub idle: Option<u32>,
    pub idle_inbound: Option<u32>,
    pub standstill: u32,
    pub expiry_notice: Option<u32>,
    /// Questions to one client.
    pub asks: u32,
    /// Chooses the close codes: 0 for the default codes, any other number for different ones, which `farewell` derives from it.
    pub codes: u8,
    pub lanes: u16,
    pub seed: u64,
    /// Units of work of an event.
    pub slice: u32,
    /// Whether newcomers have sessions. If so, `hub_bytes` is so large that the hub never sheds: a message of a client that has
    /// returned may be in two outboxes, and the model does not know which one the hub would shed.
    pub named: bool,
    pub grace: Option<u32>,
    pub away_messages: u32,
    pub away_bytes: u32,
    pub away: Option<u32>,
    pub away_of_user: Option<u32>,
    pub away_of_address: Option<u32>,
    pub ended_by: EndedBy,
    pub second: SecondConnection,
    pub session_bytes: u32,
    /// The histories of rooms whose names begin with "r" or "g". With these the hub has memory for all of it, and an event does
    /// all of its work at once.
    pub history: Option<Histories>,
    /// The presence of rooms whose names begin with "r" or "b".
    pub presence: Option<Presences>,
}

/// The presence of rooms; a tick is in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the hub's config")]
pub struct Presences {
    pub users: u32,
    pub info_bytes: u32,
    pub tick: u32,
}

impl Presences {
    fn of_room(self) -> Presence {
        Presence { users: self.users, info_bytes: self.info_bytes, tick: time(self.tick) }
    }

    fn config(self) -> hub::Presences {
        let by_prefix = ["r", "b"].map(|prefix| (prefix.into(), self.of_room())).into();
        hub::Presences { by_prefix, ..hub::Presences::default() }
    }
}

/// Histories of rooms; times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the hub's config")]
pub struct Histories {
    pub messages: u32,
    pub bytes: u32,
    pub age: u32,
    pub meta_age: u32,
    pub idle_rooms: u32,
    pub recover_messages: u32,
    pub recover_bytes: u32,
    pub keys: u32,
    pub key_age: u32,
}

/// The longest idempotency key.
pub(super) const KEY_BYTES: u32 = 5;

impl Histories {
    fn settled(self) -> Self {
        let age = self.age.clamp(1, 100_000);
        Self {
            messages: self.messages.clamp(1, 8),
            bytes: self.bytes.clamp(1, 1_000),
            age,
            meta_age: self.meta_age.clamp(age, 200_000),
            idle_rooms: self.idle_rooms.max(1),
            recover_messages: self.recover_messages.max(1),
            recover_bytes: self.recover_bytes.max(1),
            keys: self.keys.max(1),
            key_age: self.key_age.max(1),
        }
    }

    /// That of a room.
    pub(super) fn of_room(self) -> History {
        let Self { messages, bytes, age, meta_age, .. } = self;
        History { messages, bytes, age: time(age), meta_age: time(meta_age) }
    }

    fn config(self) -> hub::Histories {
        let history = self.of_room();
        hub::Histories {
            by_prefix: [("r".into(), history), ("g".into(), History { messages: 2, ..history })].into(),
            idle_rooms: self.idle_rooms,
            recover_messages: self.recover_messages,
            recover_bytes: self.recover_bytes,
            page: 100,
            keys: self.keys,
            key_bytes: KEY_BYTES,
            key_age: time(self.key_age),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: None,
            handshakes: None,
            per_address: None,
            connect_rate: None,
            per_user: PerUser::Unlimited,
            rooms_of_client: None,
            members: None,
            rooms: None,
            name_bytes: 10,
            message_bytes: 100,
            messages: 6,
            bytes: 300,
            policy: Policy::DropNewest,
            hub_bytes: 1 << 20,
            written_messages: None,
            client_messages: None,
            client_bytes: None,
            user_messages: None,
            user_bytes: None,
            control: None,
            over_rate: OverRate::Drop,
            handshake: 500,
            ping: None,
            pong: None,
            write: 300,
            write_rate: None,
            close: 200,
            idle: None,
            idle_inbound: None,
            standstill: 1_000,
            expiry_notice: Some(40),
            asks: 2,
            codes: 0,
            lanes: 1,
            seed: 0,
            slice: 4_096,
            named: false,
            grace: None,
            away_messages: 4,
            away_bytes: 200,
            away: None,
            away_of_user: None,
            away_of_address: None,
            ended_by: EndedBy::NormalClose,
            second: SecondConnection::TakesOver,
            session_bytes: 10,
            history: None,
            presence: None,
        }
    }
}

impl Limits {
    /// The nearest limits that a hub accepts: whatever a generator chose, the hub can be made.
    #[must_use]
    pub fn settled(&self) -> Self {
        let positive = |limit: Option<u32>| limit.map(|limit| limit.max(1));
        let rate = |rate: Option<Every>| {
            rate.map(|Every { millis, burst }| Every { millis: millis.max(1), burst: burst.max(1) })
        };
        let message_bytes = self.message_bytes.clamp(1, 1 << 16);
        let bytes = self.bytes.clamp(message_bytes + MAX_HEAD as u32, 1 << 20);
        let ping = positive(self.ping);
        let longer = ping.map_or(1, |ping| ping.saturating_add(1));
        let history = self.history.map(Histories::settled);
        Self {
            connections: positive(self.connections),
            handshakes: positive(self.handshakes),
            per_address: positive(self.per_address),
            connect_rate: rate(self.connect_rate),
            per_user: match self.per_user {
                PerUser::RefuseNewest(limit) => PerUser::RefuseNewest(limit.max(1)),
                PerUser::EvictOldest(limit) => PerUser::EvictOldest(limit.max(1)),
                any => any,
            },
            rooms_of_client: positive(self.rooms_of_client),
            members: positive(self.members),
            rooms: positive(self.rooms),
            name_bytes: self.name_bytes.max(1),
            message_bytes,
            messages: self.messages.max(1),
            bytes,
            policy: if self.policy == Policy::Wait { Policy::DropNewest } else { self.policy },
            hub_bytes: match history.is_some() || self.named {
                true => 1 << 20,
                false => self.hub_bytes.max(u64::from(bytes)),
            },
            written_messages: rate(self.written_messages),
            client_messages: rate(self.client_messages),
            client_bytes: rate(self.client_bytes),
            user_messages: rate(self.user_messages),
            user_bytes: rate(self.user_bytes),
            control: rate(self.control),
            over_rate: self.over_rate,
            handshake: self.handshake.max(1),
            ping,
            pong: self.pong.map(|pong| pong.max(longer)),
            write: self.write.max(1),
            write_rate: positive(self.write_rate),
            close: self.close.max(1),
            idle: positive(self.idle),
            idle_inbound: positive(self.idle_inbound),
            standstill: self.standstill.max(1),
            expiry_notice: self.expiry_notice.map(|notice| notice.max(1)),
            asks: self.asks.max(1),
            codes: self.codes,
            lanes: self.lanes.clamp(1, 8),
            seed: self.seed,
            slice: if history.is_some() { 1 << 20 } else { self.slice.max(1) },
            named: self.named,
            grace: positive(self.grace),
            away_messages: self.away_messages.max(1),
            away_bytes: self.away_bytes.max(1),
            away: positive(self.away),
            away_of_user: positive(self.away_of_user),
            away_of_address: positive(self.away_of_address),
            ended_by: self.ended_by,
            second: self.second,
            session_bytes: self.session_bytes.max(1),
            history,
            presence: self.presence.map(|presence| Presences {
                users: presence.users.min(100),
                info_bytes: presence.info_bytes.min(100),
                tick: presence.tick.clamp(1, 10_000),
            }),
        }
    }

    /// The presence that a room gets by its name.
    pub(super) fn presence_of(&self, room: &str) -> Option<Presence> {
        let presence = self.presence?.of_room();
        room.starts_with(['r', 'b']).then_some(presence)
    }

    /// The history that a room gets by its name.
    pub(super) fn history_of(&self, room: &str) -> Option<History> {
        let history = self.history?.of_room();
        match room.chars().next() {
            Some('r') => Some(history),
            Some('g') => Some(History { messages: 2, ..history }),
            _ => None,
        }
    }

    /// Of the hub's epochs; 0 if no room may have a history.
    pub(super) fn epoch_seed(&self) -> u64 {
        if self.history.is_some() { self.seed | 1 } else { 0 }
    }

    /// The same with one field changed to something small. Lanes cannot be changed: a hub refuses that.
    #[must_use]
    pub fn changed(&self, field: u8, value: u8) -> Self {
        let mut limits = self.clone();
        let number = u32::from(value);
        let maybe = |most: u32| (number % (most + 1) > 0).then_some(number % (most + 1));
        let every = |millis: u32, burst: u32| {
            let is_there = !number.is_multiple_of(4);
            is_there.then_some(Every { millis: 1 + number % millis, burst: 1 + number % burst })
        };
        // What is over the last multiple of the fields that were there first has become another one.
        match if field < 252 { field % 36 } else { field - 216 } {
            0 => limits.messages = 1 + number % 9,
            1 => limits.bytes = 114 + 2 * number,
            2 => {
                let policies =
                    [Policy::DropNewest, Policy::DropOldest, Policy::Conflate(1), Policy::Disconnect];
                limits.policy = policies[usize::from(value) % policies.len()];
            }
            3 => limits.members = maybe(4),
            4 => limits.rooms_of_client = maybe(3),
            5 => limits.rooms = maybe(3),
            6 => {
                let over_rate = [OverRate::Drop, OverRate::Pause, OverRate::Close];
                limits.over_rate = over_rate[usize::from(value) % over_rate.len()];
            }
            7 => limits.client_messages = every(50, 4),
            8 => limits.client_bytes = every(3, 250),
            9 => limits.user_messages = every(50, 4),
            10 => limits.user_bytes = every(3, 250),
            11 => limits.control = every(50, 12),
            12 => limits.connect_rate = every(50, 3),
            13 => limits.per_address = maybe(3),
            14 => limits.connections = maybe(9),
            15 => limits.handshakes = maybe(3),
            16 => {
                let per_user = [
                    PerUser::Unlimited,
                    PerUser::RefuseNewest(1),
                    PerUser::EvictOldest(1),
                    PerUser::EvictOldest(2),
                ];
                limits.per_user = per_user[usize::from(value) % per_user.len()];
            }
            17 => limits.ping = maybe(200),
            18 => limits.pong = maybe(250),
            19 => limits.idle = maybe(250),
            20 => limits.handshake = 1 + number,
            21 => (limits.write, limits.close) = (1 + number, 256 - number),
            22 => limits.message_bytes = 1 + number % 120,
            23 => limits.hub_bytes = 114 + u64::from(value),
            24 => limits.lanes += 1,
            25 => limits.written_messages = every(50, 3),
            27 => limits.write_rate = maybe(250),
            28 => limits.idle_inbound = maybe(250),
            26 => limits.standstill = 1 + 4 * number,
            30 => limits.grace = maybe(250),
            31 => (limits.away_messages, limits.away_bytes) = (1 + number % 7, 1 + number),
            32 => limits.away = maybe(3),
            33 => limits.away_of_user = maybe(2),
            34 => limits.away_of_address = maybe(2),
            35 => {
                let ended_by = [EndedBy::AnyClose, EndedBy::NormalClose, EndedBy::NoClose];
                limits.ended_by = ended_by[usize::from(value) % ended_by.len()];
                let second = [SecondConnection::TakesOver, SecondConnection::Refused];
                limits.second = second[usize::from(value / 3) % second.len()];
            }
            36 => {
                limits.history = limits.history.map(|history| Histories {
                    messages: 1 + number % 5,
                    idle_rooms: 1 + number % 2,
                    recover_messages: 1 + number % 7,
                    keys: 1 + number % 3,
                    key_age: 1 + number,
                    ..history
                });
            }
            37 => {
                let other = Presences { users: number % 5, info_bytes: number % 3, tick: 1 + number };
                limits.presence = limits.presence.map(|_| other);
            }
            _ => limits.codes = value,
        }
        limits.settled()
    }

    /// The hub's config with these limits, which must be [settled](Self::settled).
    #[must_use]
    pub fn config(&self) -> Config {
        let rate =
            |rate: Option<Every>| rate.map(|Every { millis, burst }| Rate::per(1, time(millis)).burst(burst));
        Config {
            admission: Admission {
                connections: self.connections,
                handshakes: self.handshakes,
                per_address: self.per_address,
                connect_rate: rate(self.connect_rate),
                per_user: self.per_user,
                ..Admission::default()
            },
            rooms: Rooms {
                per_client: self.rooms_of_client,
                members: self.members,
                total: self.rooms,
                name_bytes: self.name_bytes,
            },
            sessions: Sessions {
                grace: self.grace.map(time),
                messages: self.away_messages,
                bytes: self.away_bytes,
                total: self.away,
                per_user: self.away_of_user,
                per_address: self.away_of_address,
                ended_by: self.ended_by,
                second: self.second,
                name_bytes: self.session_bytes,
            },
            outbox: Outbox {
                message_bytes: self.message_bytes,
                messages: self.messages,
                bytes: self.bytes,
                policy: self.policy,
                rate: rate(self.written_messages),
                hub_bytes: self.hub_bytes,
            },
            inbound: Inbound {
                messages: rate(self.client_messages),
                bytes: rate(self.client_bytes),
                user_messages: rate(self.user_messages),
                user_bytes: rate(self.user_bytes),
                control: rate(self.control),
                over_rate: self.over_rate,
            },
            deadlines: Deadlines {
                handshake: time(self.handshake),
                ping: self.ping.map(time),
                pong: self.pong.map(time),
                write: time(self.write),
                write_rate: self.write_rate,
                close: time(self.close),
                idle: self.idle.map(time),
                idle_inbound: self.idle_inbound.map(time),
                standstill: time(self.standstill),
                expiry_notice: self.expiry_notice.map(time),
            },
            asks: Asks { per_client: self.asks, ..Asks::default() },
            closes: self.closes(),
            history: self.history.map(Histories::config).unwrap_or_default(),
            presence: self.presence.map(Presences::config).unwrap_or_default(),
            host: Host {
                lanes: self.lanes,
                seed: self.seed,
                epoch_seed: self.epoch_seed(),
                slice: self.slice,
                ..Host::default()
            },
            ..Config::default()
        }
    }

    fn closes(&self) -> Closes {
        if self.codes == 0 {
            return Closes::default();
        }
        let mut closes = Closes::default();
        for (field, cause) in CAUSES {
            let (code, reason) = self.farewell(cause);
            closes[field] = CloseFrame::new(code, reason);
        }
        closes
    }

    /// The code and the reason with which the hub closes a client for this cause.
    pub(super) fn farewell(&self, cause: Cause) -> (CloseCode, String) {
        /// Some of these codes have a meaning of their own in RFC 6455: the hub must treat them as any other.
        const CODES: [u16; 9] = [4000, 1002, 1013, 1007, 3999, 1011, 1009, 4999, 1008];
        let (code, reason) = match cause {
            _ if self.codes > 0 => {
                let code = CODES[(usize::from(self.codes) + cause as usize) % CODES.len()];
                return (CloseCode(code), format!("{cause:?} {}", self.codes));
            }
            Cause::Evicted => (1008, "another client of this user"),
            Cause::Replaced => (1008, "another connection of this session"),
            Cause::Idle => (1000, "idle"),
            Cause::IdleInbound => (1000, "nothing received"),
            Cause::OverRate => (1008, "too many messages"),
            Cause::Controls => (1008, "too many control frames"),
            Cause::TooSlow => (1013, "too slow"),
            Cause::NoAnswer => (1011, "no answer"),
            Cause::Draining => (1001, "going away"),
            Cause::ShutDown => (1001, "shutting down"),
            Cause::Expired => (1008, "authorisation expired"),
        };
        (CloseCode(code), reason.into())
    }
}

/// The causes for which a hub closes a client by itself, as the hub's config and as the model name them.
const CAUSES: [(hub::Cause, Cause); 11] = [
    (hub::Cause::Replaced, Cause::Replaced),
    (hub::Cause::Evicted, Cause::Evicted),
    (hub::Cause::Idle, Cause::Idle),
    (hub::Cause::IdleInbound, Cause::IdleInbound),
    (hub::Cause::OverRate, Cause::OverRate),
    (hub::Cause::Controls, Cause::Controls),
    (hub::Cause::TooSlow, Cause::TooSlow),
    (hub::Cause::NoAnswer, Cause::NoAnswer),
    (hub::Cause::Draining, Cause::Draining),
    (hub::Cause::ShutDown, Cause::ShutDown),
    (hub::Cause::Expired, Cause::Expired),
];

/// Why a hub closes a client by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Evicted,
    Idle,
    OverRate,
    Controls,
    TooSlow,
    NoAnswer,
    Draining,
    ShutDown,
    IdleInbound,
    Replaced,
    Expired,
}

fn time(millis: u32) -> Duration {
    Duration::from_millis(u64::from(millis))
}
