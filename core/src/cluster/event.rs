//! What enters the machine of a node.

use super::node_id::{GlobalId, NodeId};
use super::traffic::Delivery;
use crate::close::CloseFrame;
use crate::frame::{BarePart, MessageKind, Place as OffsetPlace};
use crate::id::{ClientId, Name};
use bytes::Bytes;

/// Something that happened to the node's link, that arrived, or that the hub or application of this node asks for. A log of
/// `(now, event)` is the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The link that [`Action::Connect`](super::Action::Connect) asked for is open and subscribed to nothing.
    LinkUp {
        /// The number in the action.
        link: u64,
    },
    /// The link could not be opened, or one of its halves failed. The host has dropped both.
    LinkDown {
        /// The number of the link.
        link: u64,
    },
    /// The link has taken the batch of [`Cluster::poll_commands`](super::Cluster::poll_commands). If it failed, hand in
    /// [`LinkDown`](Self::LinkDown) instead: the batch is then sent again over the next link, and the other nodes drop what they get twice.
    Sent {
        /// The number of the link.
        link: u64,
    },
    /// The link handed something in.
    Received {
        /// The number of the link.
        link: u64,
        /// What it handed in.
        delivery: &'a Delivery,
    },
    /// The hub has its first, or has no more, members of a room or clients of a user. Clients that are away count, and so do watchers of
    /// the presence of a room.
    Interest {
        /// The room or user.
        topic: Topic<'a>,
        /// Whether the node wants its messages from now on.
        wanted: bool,
    },
    /// Something was published on this node; hand it in whether or not there were local recipients. Answers:
    /// [`Outcome::Queued`](super::Outcome::Queued), [`Dropped`](super::Outcome::Dropped), [`Asked`](super::Outcome::Asked) or
    /// [`Local`](super::Outcome::Local).
    Publish(Message<'a>),
    /// The application asks that something be done with a client, or with all clients of a user, on other nodes. The host does it on this
    /// node itself. Answers as for [`Publish`](Self::Publish).
    Command {
        /// Whose clients.
        to: Member<'a>,
        /// What to do.
        directive: &'a Directive,
        /// Whether an [answer](super::Action::Answer) is wanted; only for a client.
        asks: bool,
    },
    /// The host answers an [`Asker`] of an action.
    Answer {
        /// The asker in the action.
        asker: &'a Asker,
        /// Whether the hub has the client.
        exists: bool,
    },
    /// Passes on the hub's [`RoomCounted`](crate::hub::Action::RoomCounted) or, with no clients,
    /// [`RoomVacated`](crate::hub::Action::RoomVacated). This and the next two are never refused because actions wait.
    Room {
        /// The room.
        room: &'a str,
        /// Its members; 0: it has ended, or has none.
        clients: u32,
        /// Its users; 0: it has no presence.
        users: u32,
    },
    /// Passes on the hub's [`MemberPresent`](crate::hub::Action::MemberPresent).
    Present {
        /// The room.
        room: &'a str,
        /// The client.
        client: ClientId,
        /// Its user.
        user: Option<&'a str>,
        /// The bytes that were given when it joined.
        info: &'a [u8],
    },
    /// Passes on the hub's [`MemberAbsent`](crate::hub::Action::MemberAbsent).
    Absent {
        /// The room.
        room: &'a str,
        /// The client.
        client: ClientId,
    },
    /// How many clients, users and rooms the hub has. Hand it in when they changed, or before each
    /// [`Timeout`](Self::Timeout): the next heartbeat carries the last ones.
    Counts(Counts),
    /// The node leaves: it sends what is queued and says goodbye. [`Action::Left`](super::Action::Left) tells the end.
    Goodbye,
    /// A moment of [`Cluster::poll_timeout`](super::Cluster::poll_timeout) has come.
    Timeout,
}

/// A room or a user: what a node is interested in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic<'a> {
    /// A room.
    Room(&'a str),
    /// A user.
    User(&'a str),
}

/// A message for clients of other nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The recipients.
    pub to: To<'a>,
    /// Text or binary.
    pub kind: MessageKind,
    /// The plain message, without a frame. Its bytes are shared until a batch for the broker is made, and then copied once, behind the head
    /// of the message: a broker's protocol frames one piece of memory.
    pub payload: &'a Bytes,
    /// Where the payload has a place for its offset in the history of a room, if it has one: each node fills in its own.
    pub place: Option<OffsetPlace>,
    /// Where the payload has the message without its envelope, if it has one: [`Frame::with_bare_part`](crate::Frame::with_bare_part).
    pub bare: Option<BarePart>,
    /// A user whose clients do not get it.
    pub except_user: Option<&'a str>,
    /// Clients that do not get it. Those of this node are left out on the way.
    pub except: &'a [GlobalId],
    /// Rooms and users that get the same message as one of their own: a client that one of them reaches does not get this one, so that a
    /// message to several rooms and users reaches it once. At most 255, of 4,096 bytes with 3 for each: those behind are left out.
    pub covered: &'a [Topic<'a>],
    /// Whether an [answer](super::Action::Answer) is wanted that says if the client exists; only for [`To::Client`].
    pub asks: bool,
}

/// The recipients of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To<'a> {
    /// Each client of each node.
    All,
    /// The members of a room.
    Room(&'a str),
    /// The clients of a user.
    User(&'a str),
    /// One client.
    Client(&'a GlobalId),
}

/// One client, or all clients of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member<'a> {
    /// The clients of a user.
    User(&'a str),
    /// One client.
    Client(&'a GlobalId),
}

/// What a node can have done with clients of another node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Directive {
    /// Close them, with this code and reason.
    Close(CloseFrame),
    /// Let them join a room.
    Join(Name),
    /// Let them leave a room.
    Leave(Name),
}

/// Who wants to know whether a client exists. The host hands it back with the answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asker {
    pub(super) node: NodeId,
    pub(super) incarnation: u64,
    pub(super) question: u64,
}

/// The number of a question to another node, unique in one incarnation of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub(super) u64);

/// How many clients, users and rooms a hub has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    /// The clients.
    pub clients: u64,
    /// The users with a client.
    pub users: u64,
    /// The rooms.
    pub rooms: u64,
}
