//! The hub's config with the limits of a case.

use super::{Every, Histories, Limits, Presences, time};
use throng_core::Rate;
use throng_core::hub::{Admission, Asks, Config, Deadlines, Host, Inbound, Outbox, Rooms, Sessions};

impl Limits {
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
                // Of the seed, so that older inputs stay what they are.
                occupancy: self.seed.rotate_left(9) & 1 == 1,
                ..Host::default()
            },
            ..Config::default()
        }
    }
}
