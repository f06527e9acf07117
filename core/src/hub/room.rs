//! The hub's state of one room.

use super::attendance::Attendance;
use super::names::{Named, bytes};
use super::room_config::{Lifetime, RoomConfig};
use super::stream::Stream;
use crate::close::CloseFrame;
use crate::id::Name;
use crate::outbox::LogEnd;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A room.
#[derive(Clone, Debug)]
pub(super) struct Room {
    pub(super) name: Name,
    /// The members' indexes; `memberships` has the membership of each at the same position. In the order of
    /// joining; when a member leaves, the last one takes its place.
    pub(super) members: Vec<u32>,
    pub(super) memberships: Vec<u32>,
    /// The last frame published to the room.
    pub(super) log: LogEnd,
    /// The history of the room, if it keeps one.
    pub(super) stream: Option<Box<Stream>>,
    /// Who is present, if the room has presence.
    pub(super) attendance: Option<Box<Attendance>>,
    /// The room's own config, if it is not the default.
    pub(super) config: Option<Box<RoomConfig>>,
    /// A target of the current publish names this room.
    pub(super) named: bool,
    /// The room was closed and has members that are not told yet. No name leads to it.
    pub(super) closed: bool,
}

impl Room {
    /// Makes a room of the default config without members.
    pub(super) fn new(name: Name) -> Self {
        Self {
            name,
            members: Vec::new(),
            memberships: Vec::new(),
            log: LogEnd::default(),
            stream: None,
            attendance: None,
            config: None,
            named: false,
            closed: false,
        }
    }

    /// Whether the room has ended: it has no members, no history and is not kept. A closed room is ended by the code that closes it.
    pub(super) fn is_over(&self) -> bool {
        self.members.is_empty() && !self.is_kept() && !self.closed && self.stream.is_none()
    }

    pub(super) fn is_kept(&self) -> bool {
        self.config.as_ref().is_some_and(|config| config.lifetime == Lifetime::Kept)
    }
}

impl Named for Room {
    fn name(&self) -> &[u8] {
        bytes(&self.name)
    }

    #[cfg(feature = "trace")]
    fn is_listed(&self) -> bool {
        !self.closed
    }
}

/// A room that was closed and has members who are not told yet.
#[derive(Clone, Debug)]
pub(super) struct ClosedRoom {
    pub(super) slot: u32,
    /// The close frame for its members, if they are disconnected.
    pub(super) end: Option<CloseFrame>,
}
