//! Which rooms have presence by their name.

use super::{ConfigError, Must};
use crate::hub::Presence;
use alloc::collections::BTreeMap;
use alloc::string::String;

/// Which rooms have [presence](Presence) by their name, and how many members are listed at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presences {
    /// The presence of each room whose name begins so, unless the room's own config has one; of several beginnings the longest
    /// applies. `""` is for every room. A change applies to rooms that are made from then on. Default: none.
    pub by_prefix: BTreeMap<String, Presence>,
    /// Most members in one page of [`Hub::presence`](crate::Hub::presence). Default: 1,000.
    pub page: u32,
}

impl Default for Presences {
    fn default() -> Self {
        Self { by_prefix: BTreeMap::new(), page: 1_000 }
    }
}

impl Presences {
    /// The presence of rooms of this name, by the longest prefix. O(prefixes).
    pub(crate) fn of(&self, room: &str) -> Option<Presence> {
        let fitting = self.by_prefix.iter().filter(|(prefix, _)| room.starts_with(prefix.as_str()));
        fitting.max_by_key(|(prefix, _)| prefix.len()).map(|(_, presence)| *presence)
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        self.by_prefix.values().try_for_each(Presence::validate)?;
        if self.page == 0 {
            return Err(ConfigError { field: "presence.page", value: 0, must: Must::BePositive });
        }
        Ok(())
    }
}

/// So many users are told in one event at most.
const MOST_USERS: u32 = 1 << 16;

/// Longer than a message may be by default, and harmless to copy.
const MOST_INFO: u32 = 1 << 20;

impl Presence {
    /// Checks every field.
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid field and its value.
    pub fn validate(&self) -> Result<(), ConfigError> {
        for (field, value, most) in
            [("presence.users", self.users, MOST_USERS), ("presence.info_bytes", self.info_bytes, MOST_INFO)]
        {
            if value > most {
                return Err(ConfigError { field, value: value.into(), must: Must::BeAtMost(most.into()) });
            }
        }
        Ok(())
    }
}
