//! What happens in the cluster of a hub.

use core::fmt;
use throng_core::cluster::{Departure, NodeId, Scope, Unready};

/// Something that happened in the cluster of a hub: [`Handler::cluster_changed`](crate::Handler::cluster_changed).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterEvent {
    /// The link to the broker is proven: messages of other nodes arrive.
    Ready,
    /// The node was ready, and is not any more: messages of other nodes may be missed until [`Ready`](Self::Ready).
    NotReady {
        /// The reason.
        why: Unready,
    },
    /// Another node has joined the cluster, or this one has heard of it for the first time.
    NodeJoined {
        /// The node.
        node: NodeId,
    },
    /// Another node has left the cluster, with all its clients.
    NodeGone {
        /// The node.
        node: NodeId,
        /// Whether it said goodbye, fell silent, or started again.
        why: Departure,
    },
    /// Messages of another node were lost on the way to this one. The members of the room may be told that something is missing.
    Missed {
        /// The recipients of the lost messages.
        scope: Scope,
        /// The node that published them.
        from: NodeId,
        /// How many were lost.
        messages: u64,
    },
    /// Messages of this node for other nodes were dropped, because the queue for the broker was full.
    Dropped {
        /// How many messages.
        messages: u64,
        /// The sum of their payloads in bytes.
        bytes: u64,
    },
    /// Another node has the id of this one and was started later: this node has left the cluster and goes on alone. Give each node an id
    /// of its own, or none.
    Superseded,
    /// Another node has the id of this one and was started earlier: it leaves the cluster.
    Supersedes,
    /// The hook is too slow: so many events were not told.
    Lagged {
        /// The number of events.
        events: u64,
    },
}

impl fmt::Display for ClusterEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("the link to the broker is proven; messages of other nodes arrive"),
            Self::NotReady { why: Unready::Goodbye } => f.write_str("this node leaves the cluster"),
            Self::NotReady { why } => write!(
                f,
                "the link to the broker is not proven any more ({}); messages of other nodes may be missed, local clients are served",
                why.name()
            ),
            Self::NodeJoined { node } => write!(f, "node {node} has joined the cluster"),
            Self::NodeGone { node, why } => {
                let why = match why {
                    Departure::Goodbye => "said goodbye",
                    Departure::Replaced => "has started again",
                    _ => "is silent",
                };
                write!(f, "node {node} {why}; its clients are gone")
            }
            Self::Missed { scope, from, messages } => {
                let s = if *messages == 1 { "" } else { "s" };
                write!(f, "{messages} message{s} of node {from} for ")?;
                match scope {
                    Scope::All => f.write_str("all clients")?,
                    Scope::Room(room) => write!(f, "room {room:?}")?,
                    Scope::User(user) => write!(f, "user {user:?}")?,
                    Scope::Client(_) | Scope::Node => f.write_str("clients of this node")?,
                }
                f.write_str(if *messages == 1 { " was lost on the way" } else { " were lost on the way" })
            }
            Self::Dropped { messages, bytes } => write!(
                f,
                "{messages} messages of {bytes} bytes for other nodes were dropped: the queue for the broker is full (queue_bytes)"
            ),
            Self::Superseded => f.write_str(
                "another node has the id of this one and was started later: this node has left the cluster; give each node an id \
                 of its own, or none",
            ),
            Self::Supersedes => {
                f.write_str("another node has the id of this one and was started earlier: it leaves the cluster")
            }
            Self::Lagged { events } => write!(f, "{events} events of the cluster were not told: the hook is too slow"),
        }
    }
}
