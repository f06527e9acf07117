//! What leaves the machine of a node, besides the commands for its broker.

use super::event::{Asker, Counts, Directive, QuestionId};
use super::node_id::NodeId;
use crate::frame::{BarePart, MessageKind, Place};
use crate::id::{ClientId, Name};
use alloc::boxed::Box;
use bytes::Bytes;

/// Something that the host must do, or tell the application. Poll until there is none after each event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Open a link, and hand in [`LinkUp`](super::Event::LinkUp) or [`LinkDown`](super::Event::LinkDown) with this number. Until the link is
    /// up there are no commands. There is one link at a time.
    Connect {
        /// The number of the link.
        link: u64,
    },
    /// Drop both halves of the link, or stop opening it. No event with this number has an effect any more.
    Disconnect {
        /// The number of the link.
        link: u64,
        /// The reason, for logs.
        why: Unready,
    },
    /// The link is proven: a probe of this node has come back over it, and all its subscriptions are confirmed.
    Ready,
    /// The node was ready, and is not any more. Messages of other nodes may be missed from now on until [`Ready`](Self::Ready).
    NotReady {
        /// The reason.
        why: Unready,
    },
    /// Publish a message of another node to the clients of this hub. There may be none.
    Deliver(Deliver),
    /// Do something with clients of this hub. There may be none.
    Perform(Box<Perform>),
    /// Messages of another node were lost on the way to this one: its numbers have a gap. The members of the room may be told.
    Lost {
        /// The recipients of the lost messages.
        scope: Scope,
        /// The node that published them.
        from: NodeId,
        /// How many were lost since the last one that came.
        messages: u64,
    },
    /// The broker, or its client library, has dropped messages for this node. What their subjects were is told as [`Lost`](Self::Lost) with
    /// the next message of each.
    BrokerDropped {
        /// How many, if known; else 0.
        messages: u64,
    },
    /// A node has sent its first heartbeat, or one after it was gone.
    NodeJoined {
        /// The node.
        node: NodeId,
        /// Its incarnation.
        incarnation: u64,
    },
    /// A node is gone, with all its clients.
    NodeGone {
        /// The node.
        node: NodeId,
        /// Its incarnation.
        incarnation: u64,
        /// The reason.
        why: Departure,
    },
    /// Messages of this node for other nodes were dropped since the previous `Dropped`: the queue was full, and their publishers were told by
    /// [`Outcome::Dropped`](super::Outcome::Dropped); or the node left the cluster before they were sent.
    Dropped {
        /// How many messages.
        messages: u64,
        /// The sum of their payloads in bytes.
        bytes: u64,
    },
    /// Another node has the id of this one, and a later incarnation. This node has left the cluster and stays alone: what is published
    /// on it is [refused](super::Refusal::Superseded) here.
    Superseded {
        /// The incarnation of the other node.
        by: u64,
    },
    /// Another node has the id of this one, and an earlier incarnation; it will leave. If this node has just started again, it may be
    /// what its former incarnation sent.
    Supersedes {
        /// The incarnation of the other node.
        incarnation: u64,
    },
    /// The answer to a question. Each [`Outcome::Asked`](super::Outcome::Asked) has exactly one.
    Answer {
        /// The question.
        question: QuestionId,
        /// Whether the client exists, as far as it is known.
        answer: Answer,
    },
    /// The node has left the cluster, as [`Event::Goodbye`](super::Event::Goodbye) asked.
    Left,
}

const _: () = assert!(size_of::<Action>() <= 160, "a queue of actions is small");

/// A message of another node for clients of this hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliver {
    /// The recipients.
    pub to: Scope,
    /// Text or binary. A text has not been checked to be UTF-8.
    pub kind: MessageKind,
    /// The plain message: a part of what the broker handed in, not a copy.
    pub payload: Bytes,
    /// Where the payload has a place for its offset in the history of a room, within its bytes. Make the frame
    /// [with](crate::Frame::with_place) it.
    pub place: Option<Place>,
    /// Where the payload has the message without its envelope, within its bytes: make a frame of the envelope, and add this one
    /// [to it](crate::Frame::with_bare).
    pub bare: Option<BarePart>,
    /// A user whose clients do not get it.
    pub except_user: Option<Name>,
    /// Clients of this hub that do not get it; they may be gone.
    pub except: Box<[ClientId]>,
    /// Rooms and users of which no member and no client gets it: they get it as one of their own. There may be none here.
    pub covered: Box<[Scope]>,
    /// The node that published it.
    pub from: NodeId,
    /// Who wants to know whether the client exists: then hand in [`Event::Answer`](super::Event::Answer).
    pub asker: Option<Box<Asker>>,
}

/// What another node wants to be done with clients of this hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Perform {
    /// [`Scope::User`] or [`Scope::Client`].
    pub to: Scope,
    /// What to do.
    pub directive: Directive,
    /// The node that asks for it.
    pub from: NodeId,
    /// Who wants to know whether the client exists: then hand in [`Event::Answer`](super::Event::Answer).
    pub asker: Option<Asker>,
}

/// The recipients on this node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All clients.
    All,
    /// The members of a room.
    Room(Name),
    /// The clients of a user.
    User(Name),
    /// One client.
    Client(ClientId),
    /// Only of lost messages: clients of this node, and questions and commands for it.
    Node,
}

/// Why a node is not ready, or a link is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unready {
    /// The host said that the link is down.
    LinkDown,
    /// The link did not come up in time.
    ConnectTimeout,
    /// A probe did not come back in time.
    ProbeTimeout,
    /// The link did not take a batch in time.
    SendTimeout,
    /// The broker did not confirm subscriptions in time.
    SubscriptionTimeout,
    /// Another node has the id of this one, and a later incarnation.
    Superseded,
    /// The node leaves.
    Goodbye,
}

impl Unready {
    /// A short stable name, for metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LinkDown => "link_down",
            Self::ConnectTimeout => "connect_timeout",
            Self::ProbeTimeout => "probe_timeout",
            Self::SendTimeout => "send_timeout",
            Self::SubscriptionTimeout => "subscription_timeout",
            Self::Superseded => "superseded",
            Self::Goodbye => "goodbye",
        }
    }
}

/// Why a node is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Departure {
    /// It said goodbye.
    Goodbye,
    /// Three of its heartbeats did not come.
    Silent,
    /// It has started again; [`Action::NodeJoined`] follows.
    Replaced,
}

/// Whether a client of another node exists, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Answer {
    /// The node has the client.
    Exists,
    /// The client has ended.
    Gone,
    /// No answer came in time, or this node or the other one left before.
    NoAnswer,
    /// There is no such node.
    UnknownNode,
}

/// The counts of all nodes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Totals {
    /// The nodes, this one included.
    pub nodes: u64,
    /// The sums over the nodes. A user or a room counts once for each node on which it has clients.
    pub counts: Counts,
}
