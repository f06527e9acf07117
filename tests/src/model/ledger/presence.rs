//! The invariants of changes of presence, as they are told.

use super::Ledger;
use crate::model::driver::{Wrong, ensure};
use throng_core::Name;
use throng_core::hub::PresenceChange;

impl Ledger {
    /// Each change of a room continues the one before it, and none tells anything twice.
    pub(super) fn presence_told(&mut self, room: &Name, change: &PresenceChange) -> Result<(), Wrong> {
        let before = self.presence.insert(room.clone(), change.version).unwrap_or(0);
        ensure!(
            before <= change.since && change.since < change.version,
            "{room} was at {before}: {change:?}"
        );
        let counts = change.counts;
        ensure!(counts.users <= counts.clients, "{room} has more users than clients: {counts:?}");
        let Some(users) = &change.users else { return Ok(()) };
        let mut all: Vec<_> = users.appeared.iter().map(|one| &one.who).chain(&users.disappeared).collect();
        ensure!(users.appeared.len() <= counts.users as usize, "too many appear in {room}: {change:?}");
        let told = all.len();
        all.sort();
        all.dedup();
        ensure!(all.len() == told, "somebody is told twice of {room}: {change:?}");
        Ok(())
    }
}
