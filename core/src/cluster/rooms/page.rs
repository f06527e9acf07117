//! Answers about the rooms of all nodes: counts, and pages of members.

use crate::cluster::node_id::GlobalId;
use crate::id::Name;
use alloc::vec::Vec;
use bytes::Bytes;

/// How many clients and users a room has on all nodes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoomCounts {
    /// The clients, away ones included.
    pub clients: u64,
    /// The distinct users of those nodes on which the room has presence: a user with clients on several nodes counts once, and each client
    /// without a user counts as one.
    pub users: u64,
}

/// A member of a room with presence, on any node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterMember {
    /// The client.
    pub client: GlobalId,
    /// Its user.
    pub user: Option<Name>,
    /// The bytes that were given when it joined; empty if they are too long for a message between nodes.
    pub info: Bytes,
}

/// A part of the list of a room's members on all nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterPage {
    /// The members of the whole room.
    pub counts: RoomCounts,
    /// The members of this page, in the order of their nodes, and of their clients' ids there.
    pub members: Vec<ClusterMember>,
    /// Where the next page begins: behind this client. `None`: this page has the last member.
    pub next: Option<GlobalId>,
}
