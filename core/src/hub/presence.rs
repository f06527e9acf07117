//! The public types of presence: lists and counts of a room's members, and the changes that watchers are told.

use crate::id::{ClientId, Name};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;

/// The presence of a room: its members can be listed, each with the bytes that were given when it
/// [joined](super::Event::JoinWithInfo), and members that [watch](super::Event::WatchPresence) the room are told of changes.
///
/// A client is present from its join until it leaves the room or ends. While it is [away](super::Action::Away) it stays present. A
/// *user* is present while one of its clients is, with the bytes of the client that joined first of those that are in the room. A
/// client without a user counts as a user of its own.
///
/// Changes are collected for one `tick` and told by one [`Action::PresenceChanged`](super::Action::PresenceChanged) for the whole
/// room, however many changes and watchers there are. A user that comes and goes within a tick is not told. While nobody watches,
/// nothing is collected.
///
/// ```
/// use throng_core::Instant;
/// use throng_core::hub::{Action, Config, Hub, Lifetime, Presence, PresentAs, RoomConfig, Target};
///
/// let (mut hub, now) = (Hub::new(Config::default())?, Instant::ORIGIN);
/// let presence = Some(Presence::default());
/// hub.configure_room(now, "lobby", RoomConfig { presence, lifetime: Lifetime::Kept, ..RoomConfig::default() })?;
/// let (ada, bob) = (hub.admit(now, Some("ada"))?, hub.admit(now, Some("bob"))?);
/// hub.join(now, ada, "lobby")?;
/// hub.watch_presence(now, ada, "lobby")?;
/// while hub.poll_action().is_some() {}
///
/// hub.join_with_info(now, bob, "lobby", None, b"a moderator")?;
/// let tick = hub.poll_timeout().ok_or("a tick is due")?;
/// hub.timeout(tick)?;
/// let Some(Action::PresenceChanged { room, change }) = hub.poll_action() else { return Err("a change".into()) };
/// let users = change.users.as_ref().ok_or("below the cap")?;
/// assert_eq!(users.appeared[0].who, PresentAs::User("bob".into()));
/// // The application makes a message of the change, and sends it to those who watch.
/// let frame = throng_core::Frame::raw("bob is here".into());
/// assert_eq!(hub.publish(tick, &[Target::Watchers(&room)], &[], &frame, None)?.queued, 1);
///
/// let page = hub.presence("lobby", None, 100).ok_or("a room with presence")?;
/// assert_eq!((page.members[1].client, &page.members[1].info[..]), (bob, &b"a moderator"[..]));
/// assert_eq!((page.counts.clients, page.counts.users), (2, 2));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Presence {
    /// With more users than this in the room, or more changed users in a tick, watchers are told only the counts. At most 65,536. Default: 1,000.
    pub users: u32,
    /// The most bytes that may be given with a join. Each member keeps its bytes in memory, which are not counted in `outbox.hub_bytes`. Default: 512.
    pub info_bytes: u32,
    /// For how long changes are collected before they are told. Zero: the room has no presence. Default: 100 ms.
    pub tick: Duration,
}

impl Presence {
    /// No presence.
    pub const OFF: Self = Self { users: 1_000, info_bytes: 512, tick: Duration::ZERO };
}

impl Default for Presence {
    fn default() -> Self {
        Self { tick: Duration::from_millis(100), ..Self::OFF }
    }
}

/// How many clients and users are in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PresenceCounts {
    /// Clients, away ones included.
    pub clients: u32,
    /// Distinct users; each client without a user counts as one.
    pub users: u32,
}

/// A user in a room, or a client that has no user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PresentAs {
    /// All clients of a user.
    User(Name),
    /// A client without a user.
    Client(ClientId),
}

/// A member in a [`PresencePage`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PresenceMember {
    /// The client.
    pub client: ClientId,
    /// Its user.
    pub user: Option<Name>,
    /// The bytes that were given when it joined.
    pub info: Bytes,
}

/// A part of the list of a room's members.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PresencePage {
    /// The version of the list. See [`PresenceChange::after`].
    pub version: u64,
    /// The members of the whole room.
    pub counts: PresenceCounts,
    /// The members of this page, in the order in which they joined.
    pub members: Vec<PresenceMember>,
    /// Where the next page begins: to be passed to [`Hub::presence`](super::Hub::presence). `None`: this page has the last member.
    pub next: Option<u64>,
}

/// The changes in a room's presence since the last notice, or since somebody began to watch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PresenceChange {
    /// The version of the list before this change.
    pub since: u64,
    /// The version of the list after this change: higher than `since`. Versions of one hub never repeat, not even in a room that
    /// ended and was made again.
    pub version: u64,
    /// The members after this change.
    pub counts: PresenceCounts,
    /// The users that differ from those at `since`. `None` if they were more than [`Presence::users`], or the users in the room
    /// were at any moment of the tick.
    pub users: Option<UserChanges>,
}

/// The users that appeared and disappeared, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct UserChanges {
    /// Users that are in the room and were not before, or with other bytes: users by their name, then clients by their id.
    pub appeared: Vec<Appeared>,
    /// Users that were in the room before and are not, in the same order.
    pub disappeared: Vec<PresentAs>,
    /// How many changes were not told because another change took them back within the tick.
    pub cancelled: u32,
}

/// A user that appeared in a room.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Appeared {
    /// The user, or the client that has none.
    pub who: PresentAs,
    /// The bytes that were given when its client joined.
    pub info: Bytes,
}

/// The action that a [`PresenceChange`] requires from an application or peer that keeps a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Follow {
    /// The list has all of the change: nothing.
    Known,
    /// Add `appeared`, in place of what is there of the same user or client, and remove `disappeared`. The list has the change's version then.
    Apply,
    /// Ask for the whole list again, or go on with the counts alone.
    Reload,
}

impl PresenceChange {
    /// A change between these versions with zero counts and without a list of users, for which [`after`](Self::after) says `Reload` unless it is
    /// known: for models and tests of an application. Set `users` for the others.
    #[must_use]
    pub fn new(since: u64, version: u64) -> Self {
        Self { since, version, counts: PresenceCounts::default(), users: None }
    }

    /// What to do with this change for a list that was read from version `first` to version `last`: the versions of its first and its
    /// last [page](PresencePage), which are equal if nothing changed meanwhile. After [`Follow::Apply`], `first` is the version of the change, and `last` stays.
    ///
    /// A list that is read while members come and go has a part of the change already. Applying it again changes nothing, unless
    /// some of it was taken back within the tick: only then the list is to be read again.
    #[must_use]
    pub fn after(&self, first: u64, last: u64) -> Follow {
        if self.version <= first {
            return Follow::Known;
        }
        match &self.users {
            Some(_) if self.since > first => Follow::Reload,
            Some(users) if users.cancelled > 0 && last > self.since => Follow::Reload,
            Some(_) => Follow::Apply,
            None => Follow::Reload,
        }
    }

    /// Makes one change of this one and the next of the same room, for a host whose application has not taken this one yet. Above
    /// `most` users only the counts are left. O(users · log(users)).
    pub fn append(&mut self, next: Self, most: u32) {
        let users = self.users.take().zip(next.users).and_then(|(users, next)| users.followed_by(next, most));
        *self = Self { since: self.since, version: next.version, counts: next.counts, users };
    }
}

impl UserChanges {
    /// Adds a user that appeared.
    pub fn appear(&mut self, who: PresentAs, info: Bytes) {
        self.appeared.push(Appeared { who, info });
    }

    /// What became of each user that changed. One that came and went again is listed as one that went: a list that was read in
    /// between may have it.
    fn followed_by(self, next: Self, most: u32) -> Option<Self> {
        let mut changes =
            Self { cancelled: self.cancelled.saturating_add(next.cancelled), ..Self::default() };
        let mut users = BTreeMap::new();
        for Self { appeared, disappeared, .. } in [self, next] {
            users.extend(appeared.into_iter().map(|Appeared { who, info }| (who, Some(info))));
            users.extend(disappeared.into_iter().map(|who| (who, None)));
        }
        if users.len() > most as usize {
            return None;
        }
        for (who, info) in users {
            match info {
                Some(info) => changes.appear(who, info),
                None => changes.disappeared.push(who),
            }
        }
        Some(changes)
    }
}
