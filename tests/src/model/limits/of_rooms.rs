//! What rooms keep: their histories and their presence, as small numbers.

use super::time;
use throng_core::hub::{self, History, Presence};

/// The presence of rooms; a tick is in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the hub's config")]
pub struct Presences {
    pub users: u32,
    pub info_bytes: u32,
    pub tick: u32,
}

impl Presences {
    pub(super) fn of_room(self) -> Presence {
        Presence { users: self.users, info_bytes: self.info_bytes, tick: time(self.tick) }
    }

    pub(super) fn config(self) -> hub::Presences {
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
pub(in crate::model) const KEY_BYTES: u32 = 5;

impl Histories {
    pub(super) fn settled(self) -> Self {
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

    pub(super) fn config(self) -> hub::Histories {
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
