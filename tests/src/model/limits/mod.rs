//! The hub's limits as small numbers, which a generator can choose, shrink and print.

mod causes;
mod changed;
mod config;
mod of_rooms;

pub(super) use causes::Cause;
pub(super) use of_rooms::KEY_BYTES;
pub use of_rooms::{Histories, Presences};

use std::time::Duration;
use throng_core::MAX_HEAD;
use throng_core::hub::{EndedBy, History, OverRate, PerUser, Policy, Presence, SecondConnection};

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
}

fn time(millis: u32) -> Duration {
    Duration::from_millis(u64::from(millis))
}
