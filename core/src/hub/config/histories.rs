//! The limits of all histories, and which rooms have one by their name.

use super::{ConfigError, Must};
use crate::hub::room_config::History;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::time::Duration;

/// The limits of all [histories](History), and which rooms have one by their name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histories {
    /// The history of each room whose name begins so, unless the room's own config has one; of several beginnings the longest
    /// applies. `""` is for every room. A change applies to rooms that are made from then on. Default: none.
    pub by_prefix: BTreeMap<String, History>,
    /// Most rooms without members that exist only for their history. One more ends the one that was left, or published to, longest
    /// ago. Default: 100,000.
    pub idle_rooms: u32,
    /// Most messages that a client gets when it joins from a position. They must also fit in its outbox, beside what waits there:
    /// with the defaults, 256. If there are more, it gets none. Default: 300.
    pub recover_messages: u32,
    /// Most bytes of these messages. Default: 1 MiB.
    pub recover_bytes: u32,
    /// Most messages that one call of [`Hub::history`](crate::Hub::history) may ask for. Default: 1,000.
    pub page: u32,
    /// Most idempotency keys that the hub remembers. A publish with one more is refused. Default: 65,536.
    pub keys: u32,
    /// Longest idempotency key in bytes. Default: 255.
    pub key_bytes: u32,
    /// How long a key is remembered. Default: 5 min.
    pub key_age: Duration,
}

impl Default for Histories {
    fn default() -> Self {
        Self {
            by_prefix: BTreeMap::new(),
            idle_rooms: 100_000,
            recover_messages: 300,
            recover_bytes: 1 << 20,
            page: 1_000,
            keys: 65_536,
            key_bytes: 255,
            key_age: Duration::from_mins(5),
        }
    }
}

impl Histories {
    /// The history of rooms of this name, by the longest prefix. O(prefixes).
    pub(in crate::hub) fn of(&self, room: &str) -> Option<History> {
        let fitting = self.by_prefix.iter().filter(|(prefix, _)| room.starts_with(prefix.as_str()));
        fitting.max_by_key(|(prefix, _)| prefix.len()).map(|(_, history)| *history)
    }

    pub(super) fn validate(&self, epoch_seed: u64) -> Result<(), ConfigError> {
        let fail = |field, value, must| Err(ConfigError { field, value, must });
        for history in self.by_prefix.values() {
            history.validate()?;
        }
        if epoch_seed == 0 && !self.by_prefix.is_empty() {
            return fail("host.epoch_seed", 0, Must::BeRandom);
        }
        for (field, value) in [
            ("history.idle_rooms", self.idle_rooms),
            ("history.recover_messages", self.recover_messages),
            ("history.recover_bytes", self.recover_bytes),
            ("history.page", self.page),
            ("history.keys", self.keys),
            ("history.key_bytes", self.key_bytes),
        ] {
            if value == 0 {
                return fail(field, 0, Must::BePositive);
            }
        }
        if self.key_age.is_zero() { fail("history.key_age", 0, Must::BePositive) } else { Ok(()) }
    }
}
