//! What enters the hub: every change of its state is one of these.

use super::ending::{Drain, Flush, Members};
use super::fate::Incumbent;
use super::{Config, RoomConfig};
use crate::close::{CloseCode, ClosedBy};
use crate::frame::{Frame, MessageKind};
use crate::id::{Address, ClientId, Name};
use crate::outbox::{Policy, Written};

/// Something that happened, or that somebody asks for. A log of `(now, event)` is the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
// With a tag of its own: found in a field of the largest event, which event it is takes four instructions more.
#[repr(u8)]
pub enum Event<'a> {
    /// A transport was accepted; its handshake begins, under a deadline. Answer: [`Outcome::Accepted`].
    ///
    /// [`Outcome::Accepted`]: super::Outcome::Accepted
    Accept {
        /// Where it comes from, for the limits per address.
        address: Option<Address>,
        /// Which of the hub's writers serves it, below `host.lanes`.
        lane: u8,
    },
    /// The handshake asks for a client: phase one of admission, before the 101. Counts against every limit.
    Reserve {
        /// The accepted connection.
        client: ClientId,
        /// The user it belongs to, if known by now.
        user: Option<&'a str>,
        /// The rooms that it will [join](Self::Join) as soon as it is open, each once. A reservation is refused if one of them
        /// cannot be joined as things are. It takes no place in them: they may have become full by then.
        rooms: &'a [Name],
    },
    /// The 101 was handed to the transport: phase two. From now on it is a client.
    Open {
        /// The reserved connection.
        client: ClientId,
    },
    /// Sets, changes or clears the user of a connection, reserved or open.
    SetUser {
        /// Whose.
        client: ClientId,
        /// The new user, `None` for nobody.
        user: Option<&'a str>,
    },
    /// The application has seen which clients the user has, and decided: those that go are closed, and then a reserved
    /// connection opens, or an open client changes its user. All of it happens, or nothing: if those are not the user's
    /// clients any more the answer is [`Error::RosterChanged`](super::Error::RosterChanged).
    ///
    /// Who goes is told as disconnected before the newcomer is as connected. The limit `admission.per_user` holds as well.
    Place {
        /// The reserved connection, or the open client.
        client: ClientId,
        /// The user it is of, or will be of.
        user: &'a str,
        /// All open clients of the user but this one, in the order of
        /// [`clients_of`](super::Hub::clients_of).
        among: &'a [Incumbent],
        /// The code of the close frame of those that go.
        code: CloseCode,
        /// The reason in it; what is over 123 bytes is cut off.
        reason: &'a str,
    },
    /// Joins a room, which is made if this is its first member.
    Join {
        /// Who.
        client: ClientId,
        /// The room's name.
        room: &'a str,
    },
    /// Leaves a room, which is gone when this was its last member, unless it is kept.
    Leave {
        /// Who.
        client: ClientId,
        /// The room's name.
        room: &'a str,
    },
    /// Leaves every room.
    LeaveAll {
        /// Who.
        client: ClientId,
    },
    /// Queues one frame for everybody the targets reach: one copy a client, however many targets reach it. Answer:
    /// [`Outcome::Published`](super::Outcome::Published).
    Publish {
        /// The client that says it, if the host passes on a client's message. If it is gone or closing, that is the error and
        /// nobody gets the frame; likewise if it may not publish to one of the targets, see [`Publishers`](super::Publishers). It
        /// gets the frame itself if a target reaches it and `except` does not name it. `None`: the host's own word.
        publisher: Option<ClientId>,
        /// Whom it is for.
        targets: &'a [Target<'a>],
        /// Clients that do not get it, though a target reaches them. Stale ids are passed over: that a client is named here
        /// does not show that it is still one.
        except: &'a [ClientId],
        /// What is sent.
        frame: &'a Frame,
        /// When an outbox is full; `None`: as the config of the room says, if the first target is one, or the hub's.
        policy: Option<Policy>,
    },
    /// Says how a room differs from the others; it may have members or be made by this, if it is to be
    /// [kept](super::Lifetime::Kept). A later config takes the place of this one.
    ConfigureRoom {
        /// The room's name.
        room: &'a str,
        /// All of its config.
        config: RoomConfig,
    },
    /// Ends a room, kept or not: nobody is in it any more. A later join makes a new one, without config. Answer:
    /// [`Outcome::RoomClosed`](super::Outcome::RoomClosed).
    CloseRoom {
        /// The room's name.
        room: &'a str,
        /// What becomes of its members.
        members: Members<'a>,
    },
    /// A whole message arrived from a peer. Only its kind and size enter the hub. Answer:
    /// [`Outcome::Verdict`](super::Outcome::Verdict).
    Received {
        /// Who sent it.
        client: ClientId,
        /// Text or binary.
        kind: MessageKind,
        /// Bytes of payload.
        bytes: u32,
    },
    /// A ping arrived; a pong with the same payload will be written.
    Ping {
        /// Who sent it.
        client: ClientId,
        /// Its payload, at most 125 bytes.
        payload: &'a [u8],
    },
    /// A pong arrived.
    Pong {
        /// Who sent it.
        client: ClientId,
    },
    /// Bytes arrived that are no whole message yet, or reading goes on after [`Working`](Self::Working): the peer is
    /// alive. Need not be told more than once in a
    /// while.
    Heard {
        /// From whom.
        client: ClientId,
    },
    /// The application has not finished with what arrived, and nothing more is read meanwhile. When the pong
    /// deadline comes before [`Heard`](Self::Heard) takes it back, it is the application that is late: the
    /// client is closed, as [`Cause::NoAnswer`](super::Cause::NoAnswer) says.
    Working {
        /// Whose.
        client: ClientId,
    },
    /// The peer's close frame arrived. The host says so when the application has handled the messages before it: what it
    /// has sent to the client by then, and all else that is queued, is written before the close frame that answers, within
    /// `deadlines.close`.
    PeerClosed {
        /// Who sent it.
        client: ClientId,
        /// Its code, `None` if it has none.
        code: Option<CloseCode>,
        /// Its reason, empty if it has none.
        reason: &'a str,
    },
    /// The peer ended its sending direction without a close frame: nothing more will come from it, but it may still read.
    /// Like [`PeerClosed`](Self::PeerClosed), after the messages before it: an open client ends with
    /// [`CloseCode::ABNORMAL`], and what is queued is written, and then a close frame without a code. For a client that is
    /// closing already, the host need not wait for the peer's close frame any more.
    HalfClosed {
        /// Whose direction.
        client: ClientId,
    },
    /// Ends a client: it leaves its rooms now, and its connection is closed.
    Close {
        /// Whom.
        client: ClientId,
        /// The code of the close frame.
        code: CloseCode,
        /// The reason in the close frame; what is over 123 bytes is cut off.
        reason: &'a str,
        /// What becomes of what is queued.
        flush: Flush,
        /// Who asks for it.
        by: ClosedBy,
    },
    /// The transport has ended and is forgotten by the host. The id is stale from now on.
    Gone {
        /// Whose.
        client: ClientId,
    },
    /// Leases what waits for one client to the host, which will write it. The lease is put into the host's
    /// [batch](super::Sink::Batch). Answer: [`Outcome::Leased`](super::Outcome::Leased).
    Transmit {
        /// Whose outbox.
        client: ClientId,
        /// About how many bytes at most; one frame is always given whole.
        budget: u32,
    },
    /// Leases what waits for the next clients of a lane, in fair order, likewise.
    TransmitReady {
        /// The lane.
        lane: u8,
        /// How many clients at most.
        clients: u32,
        /// About how many bytes at most for each.
        budget: u32,
    },
    /// The host wrote what it had on lease, or some of it. Results of stale ids are passed over.
    Transmitted {
        /// One for each lease that is returned.
        results: &'a [Written],
    },
    /// A transport that was blocked takes bytes again.
    Writable {
        /// Whose.
        client: ClientId,
    },
    /// Time passed: whatever was due by `now` happens.
    Timeout,
    /// Refuses newcomers, closes who is idle, then the rest, spread over a time.
    Drain(Drain),
    /// Closes everybody now. Nothing is admitted afterwards.
    Shutdown,
    /// Another config from now on: all of it, or nothing. What each field does to those who are there stands
    /// [there](Config#at-run-time). O(1), and O(connections) if a rate, an outbox's bound or a deadline is another.
    Reconfigure {
        /// The config.
        config: &'a Config,
    },
}

/// Whom a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target<'a> {
    /// One client.
    Client(ClientId),
    /// All clients of a user.
    User(&'a str),
    /// All members of a room.
    Room(&'a str),
    /// All clients.
    All,
}
