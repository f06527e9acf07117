//! Limits of which one field is another.

use super::{Every, Histories, Limits, Presences};
use throng_core::hub::{EndedBy, OverRate, PerUser, Policy, SecondConnection};

impl Limits {
    /// The same with one field changed to something small. Lanes cannot be changed: a hub refuses that.
    #[must_use]
    pub fn changed(&self, field: u8, value: u8) -> Self {
        let mut limits = self.clone();
        // What is over the last multiple of the fields that were there first has become another one.
        let field = if field < 252 { field % 36 } else { field - 216 };
        let is_changed = limits.change_admission(field, value)
            || limits.change_rooms_and_outbox(field, value)
            || limits.change_rates(field, value)
            || limits.change_deadlines(field, value)
            || limits.change_sessions(field, value)
            || limits.change_histories_and_presence(field, value);
        if !is_changed {
            limits.codes = value;
        }
        limits.settled()
    }

    fn change_admission(&mut self, field: u8, value: u8) -> bool {
        match field {
            12 => self.connect_rate = every(value, 50, 3),
            13 => self.per_address = maybe(value, 3),
            14 => self.connections = maybe(value, 9),
            15 => self.handshakes = maybe(value, 3),
            16 => {
                let per_user = [
                    PerUser::Unlimited,
                    PerUser::RefuseNewest(1),
                    PerUser::EvictOldest(1),
                    PerUser::EvictOldest(2),
                ];
                self.per_user = per_user[usize::from(value) % per_user.len()];
            }
            24 => self.lanes += 1,
            _ => return false,
        }
        true
    }

    fn change_rooms_and_outbox(&mut self, field: u8, value: u8) -> bool {
        let number = u32::from(value);
        match field {
            0 => self.messages = 1 + number % 9,
            1 => self.bytes = 114 + 2 * number,
            2 => {
                let policies =
                    [Policy::DropNewest, Policy::DropOldest, Policy::Conflate(1), Policy::Disconnect];
                self.policy = policies[usize::from(value) % policies.len()];
            }
            3 => self.members = maybe(value, 4),
            4 => self.rooms_of_client = maybe(value, 3),
            5 => self.rooms = maybe(value, 3),
            22 => self.message_bytes = 1 + number % 120,
            23 => self.hub_bytes = 114 + u64::from(value),
            _ => return false,
        }
        true
    }

    fn change_rates(&mut self, field: u8, value: u8) -> bool {
        match field {
            6 => {
                let over_rate = [OverRate::Drop, OverRate::Pause, OverRate::Close];
                self.over_rate = over_rate[usize::from(value) % over_rate.len()];
            }
            7 => self.client_messages = every(value, 50, 4),
            8 => self.client_bytes = every(value, 3, 250),
            9 => self.user_messages = every(value, 50, 4),
            10 => self.user_bytes = every(value, 3, 250),
            11 => self.control = every(value, 50, 12),
            25 => self.written_messages = every(value, 50, 3),
            _ => return false,
        }
        true
    }

    fn change_deadlines(&mut self, field: u8, value: u8) -> bool {
        let number = u32::from(value);
        match field {
            17 => self.ping = maybe(value, 200),
            18 => self.pong = maybe(value, 250),
            19 => self.idle = maybe(value, 250),
            20 => self.handshake = 1 + number,
            21 => (self.write, self.close) = (1 + number, 256 - number),
            26 => self.standstill = 1 + 4 * number,
            27 => self.write_rate = maybe(value, 250),
            28 => self.idle_inbound = maybe(value, 250),
            _ => return false,
        }
        true
    }

    fn change_sessions(&mut self, field: u8, value: u8) -> bool {
        let number = u32::from(value);
        match field {
            30 => self.grace = maybe(value, 250),
            31 => (self.away_messages, self.away_bytes) = (1 + number % 7, 1 + number),
            32 => self.away = maybe(value, 3),
            33 => self.away_of_user = maybe(value, 2),
            34 => self.away_of_address = maybe(value, 2),
            35 => {
                let ended_by = [EndedBy::AnyClose, EndedBy::NormalClose, EndedBy::NoClose];
                self.ended_by = ended_by[usize::from(value) % ended_by.len()];
                let second = [SecondConnection::TakesOver, SecondConnection::Refused];
                self.second = second[usize::from(value / 3) % second.len()];
            }
            _ => return false,
        }
        true
    }

    fn change_histories_and_presence(&mut self, field: u8, value: u8) -> bool {
        let number = u32::from(value);
        match field {
            36 => {
                self.history = self.history.map(|history| Histories {
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
                self.presence = self.presence.map(|_| other);
            }
            _ => return false,
        }
        true
    }
}

/// A limit up to the greatest one, or none.
fn maybe(value: u8, most: u32) -> Option<u32> {
    let limit = u32::from(value) % (most + 1);
    (limit > 0).then_some(limit)
}

/// A rate, or none.
fn every(value: u8, millis: u32, burst: u32) -> Option<Every> {
    let number = u32::from(value);
    let is_there = !number.is_multiple_of(4);
    is_there.then_some(Every { millis: 1 + number % millis, burst: 1 + number % burst })
}
