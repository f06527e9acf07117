//! The state of the presence of one room.

use super::presence::{Presence, PresenceCounts, PresentAs, UserChanges};
use crate::outbox::{LogEnd, NONE};
use crate::timer::Timer;
use alloc::collections::btree_map::Entry;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use bytes::Bytes;

/// The members of a room with presence. Each has the number of its *arrival*: the version that its join made.
#[derive(Clone, Debug)]
pub(super) struct Attendance {
    pub(super) bounds: Presence,
    /// The number of the hub's last change that was one of this room.
    pub(super) version: u64,
    /// The version that was told last, or at which the first watcher came.
    pub(super) told: u64,
    /// The arrivals of the members, by their position in the room.
    pub(super) arrivals: Vec<u64>,
    pub(super) present: BTreeMap<u64, Present>,
    /// The arrivals of each user's clients, so that the first of them is found.
    pub(super) of_users: BTreeSet<(Key, u64)>,
    /// The number of keys in `of_users`.
    pub(super) users: u32,
    /// The watchers' indexes, and their arrivals at the same positions.
    pub(super) watchers: Vec<u32>,
    pub(super) watching: Vec<u64>,
    pub(super) pending: Pending,
    /// Set while a change waits to be told.
    pub(super) timer: Option<Timer>,
    /// The last frame published to the watchers.
    pub(super) log: LogEnd,
    /// A target of the current publish names the watchers.
    pub(super) named: bool,
}

/// A user by its slot, or a client without a user by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    User(u32),
    Client(u32),
}

/// A member.
#[derive(Clone, Debug)]
pub(super) struct Present {
    pub(super) client: u32,
    /// The slot of its user; `NONE` without one.
    pub(super) user: u32,
    /// Its position in the list of watchers; `NONE` if it does not watch.
    pub(super) watcher: u32,
    pub(super) info: Bytes,
}

/// The changes since the last version that was told to the application.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    pub(super) edges: BTreeMap<PresentAs, Edge>,
    pub(super) cancelled: u32,
    /// There were too many users or changes: only the counts are told.
    pub(super) is_over: bool,
}

/// The bytes of a user before and after; `None`: it was, or is, not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) before: Option<Bytes>,
    pub(super) after: Option<Bytes>,
}

/// Counters over the life of the hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PresenceTotals {
    /// Joins, leaves and changes of users in rooms with presence. The next of them gets the next number as its version.
    pub(super) changes: u64,
    pub(super) told: u64,
    pub(super) counts_only: u64,
    pub(super) cancelled: u64,
}

impl Key {
    pub(super) const fn of(user: u32, client: u32) -> Self {
        if user == NONE { Self::Client(client) } else { Self::User(user) }
    }
}

impl Attendance {
    pub(super) fn new(bounds: Presence, version: u64) -> Self {
        Self {
            bounds,
            version,
            told: version,
            arrivals: Vec::new(),
            present: BTreeMap::new(),
            of_users: BTreeSet::new(),
            users: 0,
            watchers: Vec::new(),
            watching: Vec::new(),
            pending: Pending::default(),
            timer: None,
            log: LogEnd::default(),
            named: false,
        }
    }

    pub(super) fn counts(&self) -> PresenceCounts {
        PresenceCounts { clients: self.present.len() as u32, users: self.users }
    }

    /// The members that arrived at this number or later.
    pub(super) fn present_from(&self, arrival: u64) -> impl Iterator<Item = (u64, &Present)> {
        self.present.range(arrival..).map(|(&arrival, present)| (arrival, present))
    }

    /// The bytes of a user that is in the room: those of its client that arrived first.
    pub(super) fn info_of(&self, key: Key) -> Option<&Bytes> {
        let (_, arrival) = self.of_users.range((key, 0)..=(key, u64::MAX)).next()?;
        self.present.get(arrival).map(|present| &present.info)
    }

    /// Adds a member as the last of the room's list.
    pub(super) fn arrive(&mut self, arrival: u64, client: u32, user: u32, info: Bytes) {
        self.arrivals.push(arrival);
        self.present.insert(arrival, Present { client, user, watcher: NONE, info });
        self.enter_user(Key::of(user, client), arrival);
    }

    /// Removes the member at a position of the room's list, where the last one takes its place.
    pub(super) fn depart(&mut self, position: usize) -> Option<Present> {
        let arrival = *self.arrivals.get(position)?;
        self.unwatch(arrival);
        self.arrivals.swap_remove(position);
        let present = self.present.remove(&arrival)?;
        self.leave_user(Key::of(present.user, present.client), arrival);
        Some(present)
    }

    pub(super) fn enter_user(&mut self, key: Key, arrival: u64) {
        self.users += u32::from(self.info_of(key).is_none());
        self.of_users.insert((key, arrival));
    }

    pub(super) fn leave_user(&mut self, key: Key, arrival: u64) {
        self.of_users.remove(&(key, arrival));
        self.users -= u32::from(self.info_of(key).is_none());
    }

    pub(super) fn is_watching(&self, arrival: u64) -> bool {
        self.present.get(&arrival).is_some_and(|present| present.watcher != NONE)
    }

    /// Whether the member at a position of the room's list watches.
    pub(super) fn is_watching_at(&self, position: u32) -> bool {
        self.arrivals.get(position as usize).is_some_and(|&arrival| self.is_watching(arrival))
    }

    /// Adds a watcher, unless it watches already. What was before the first watcher is not told.
    pub(super) fn watch(&mut self, arrival: u64) {
        let Some(present) = self.present.get_mut(&arrival).filter(|present| present.watcher == NONE) else {
            return;
        };
        present.watcher = self.watchers.len() as u32;
        if self.watchers.is_empty() {
            self.told = self.version;
        }
        self.watchers.push(present.client);
        self.watching.push(arrival);
    }

    /// Removes a watcher, if it is one.
    pub(super) fn unwatch(&mut self, arrival: u64) {
        let Some(present) = self.present.get_mut(&arrival) else { return };
        let position = core::mem::replace(&mut present.watcher, NONE);
        if position == NONE {
            return;
        }
        self.watchers.swap_remove(position as usize);
        self.watching.swap_remove(position as usize);
        if let Some(moved) = self.watching.get(position as usize)
            && let Some(present) = self.present.get_mut(moved)
        {
            present.watcher = position;
        }
    }

    /// Notes what the bytes of a user were and are, for those who watch.
    pub(super) fn note(&mut self, who: PresentAs, before: Option<Bytes>, after: Option<Bytes>) {
        let (most, pending) = (self.bounds.users as usize, &mut self.pending);
        if pending.is_over || before == after {
            return;
        }
        match pending.edges.entry(who) {
            Entry::Vacant(entry) => _ = entry.insert(Edge { before, after }),
            Entry::Occupied(mut entry) => {
                entry.get_mut().after = after;
                if entry.get().before == entry.get().after {
                    entry.remove();
                    pending.cancelled = pending.cancelled.saturating_add(1);
                }
            }
        }
        if pending.edges.len() > most {
            self.tell_counts_only();
        }
    }

    /// Only the counts are told of this tick.
    pub(super) fn tell_counts_only(&mut self) {
        self.pending = Pending { is_over: true, ..Pending::default() };
    }
}

impl Pending {
    /// The changed users, as they are told to the application.
    pub(super) fn into_changes(self) -> Option<UserChanges> {
        if self.is_over {
            return None;
        }
        let mut changes = UserChanges { cancelled: self.cancelled, ..UserChanges::default() };
        for (who, edge) in self.edges {
            match edge.after {
                Some(info) => changes.appear(who, info),
                None => changes.disappeared.push(who),
            }
        }
        Some(changes)
    }
}
