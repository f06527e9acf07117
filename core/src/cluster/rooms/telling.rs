//! What this node has to tell of its rooms.

use super::record::Key;
use crate::cluster::node_id::NodeId;
use crate::id::Name;
use crate::time::Instant;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

/// The changes that are not told yet, and the questions of other nodes.
#[derive(Debug, Default)]
pub(crate) struct Telling {
    /// The number of the last message of changes.
    pub(crate) version: u64,
    changed: BTreeMap<Name, Changed>,
    /// The records in `changed`.
    records: usize,
    /// When the changes are to be told.
    pub(crate) due: Option<Instant>,
    asked: VecDeque<Asked>,
}

/// What has changed in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The room has ended since it was told: what is there now is another one.
    pub(crate) has_ended: bool,
    pub(crate) members: BTreeSet<u64>,
}

/// A question for a page of this node's roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The node that asks.
    pub(crate) by: NodeId,
    pub(crate) ask: u64,
    pub(crate) after: Option<Key>,
}

/// Changes that are remembered at most. With more, as after hours without a broker, the other nodes have to ask for the whole roster.
const MOST: usize = 1 << 16;

impl Telling {
    fn change(&mut self, room: &Name, due: Instant) -> Option<&mut Changed> {
        self.due.get_or_insert(due);
        if self.records >= MOST {
            self.changed.clear();
            self.records = 0;
            // Nobody gets this version, so everybody asks.
            self.version += 1;
            return None;
        }
        if !self.changed.contains_key(room) {
            self.records += 1;
        }
        Some(self.changed.entry(room.clone()).or_default())
    }

    pub(crate) fn room_changed(&mut self, room: &Name, due: Instant) {
        self.change(room, due);
    }

    pub(crate) fn room_ended(&mut self, room: &Name, due: Instant) {
        let Some(changed) = self.change(room, due) else { return };
        changed.has_ended = true;
        let members = core::mem::take(&mut changed.members).len();
        self.records -= members;
    }

    pub(crate) fn member_changed(&mut self, room: &Name, client: u64, due: Instant) {
        let is_new = self.change(room, due).is_some_and(|changed| changed.members.insert(client));
        self.records += usize::from(is_new);
    }

    /// Takes the first room that has changed.
    pub(crate) fn pop(&mut self) -> Option<(Name, Changed)> {
        let (room, changed) = self.changed.pop_first()?;
        self.records -= 1 + changed.members.len();
        Some((room, changed))
    }

    /// Puts a room back that was not told whole.
    pub(crate) fn put_back(&mut self, room: Name, changed: Changed) {
        self.records += 1 + changed.members.len();
        self.changed.insert(room, changed);
    }

    pub(crate) fn has_changes(&self) -> bool {
        !self.changed.is_empty()
    }

    /// A node asks. Its former question is not answered any more. O(nodes that wait).
    pub(crate) fn ask(&mut self, asked: Asked) {
        self.asked.retain(|other| other.by != asked.by);
        self.asked.push_back(asked);
    }

    pub(crate) fn pop_asked(&mut self) -> Option<Asked> {
        self.asked.pop_front()
    }

    pub(crate) fn is_asked(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Nobody waits for answers any more: the link is another one.
    pub(crate) fn forget_asked(&mut self) {
        self.asked.clear();
    }

    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let records: usize = self.changed.values().map(|changed| 1 + changed.members.len()).sum();
        if records == self.records && records <= MOST + 1 {
            Ok(())
        } else {
            Err("the changes of rooms are counted, and within their bound")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_changes_than_are_remembered_become_a_version_that_nobody_gets() {
        let mut telling = Telling::default();
        let (room, due) = (Name::from("a"), Instant::ORIGIN);
        telling.room_changed(&room, due);
        for client in 0..MOST as u64 - 1 {
            telling.member_changed(&room, client, due);
        }
        assert_eq!((telling.version, telling.records), (0, MOST));
        telling.member_changed(&room, 7, due);
        assert_eq!((telling.version, telling.has_changes()), (1, false));
        telling.member_changed(&room, 7, due);
        assert_eq!((telling.version, telling.records), (1, 2));
        assert_eq!(telling.check(), Ok(()));
    }

    #[test]
    fn only_the_last_question_of_a_node_is_answered() {
        let mut telling = Telling::default();
        let node = |id| NodeId::new(id).unwrap();
        for (by, ask) in [("a", 1), ("b", 1), ("a", 2)] {
            telling.ask(Asked { by: node(by), ask, after: None });
        }
        let mut next = || telling.pop_asked().map(|asked| (asked.by, asked.ask));
        assert_eq!([next(), next(), next()], [Some((node("b"), 1)), Some((node("a"), 2)), None]);
    }
}
