//! The events of a hub: each change of its state is one of them.

use super::ask::{AskId, OnResume};
use super::ending::{Drain, Flush, Members};
use super::fate::Incumbent;
use super::{Config, RoomConfig};
use crate::close::{CloseCode, ClosedBy};
use crate::frame::{Frame, MessageKind};
use crate::id::{Address, ClientId, ConnectionId, Name};
use crate::outbox::{Policy, Written};
use crate::position::Recover;
use crate::time::Instant;
use core::time::Duration;

/// Something that happened, or that the host or application asks for. A log of `(now, event)` is the whole run.
///
/// Events about a transport name the [connection](ConnectionId): its handshake, what arrived, what was written, its end.
/// What the application asks names the [client](ClientId).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
// With a tag of its own: found in a field of the largest event, which event it is takes four instructions more.
#[repr(u8)]
pub enum Event<'a> {
    /// A transport was accepted; the deadline of its handshake begins. Answer: [`Outcome::Accepted`] with the id of the
    /// connection. It has no client yet.
    ///
    /// [`Outcome::Accepted`]: super::Outcome::Accepted
    Accept {
        /// The peer's address, for the limits per address.
        address: Option<Address>,
        /// The lane that writes to the connection, below `host.lanes`.
        lane: u8,
    },
    /// Reserves a client for a connection: phase one of admission, before the 101. The reservation counts against every
    /// limit. Answer: [`Outcome::Reserved`](super::Outcome::Reserved) with the id of the client, which is not open yet.
    Reserve {
        /// The accepted connection.
        connection: ConnectionId,
        /// The user of the client, if already known.
        user: Option<&'a str>,
        /// The session of the client, if it has one. If a client of the same user has this session, the connection continues that
        /// client when it is [opened](Self::Open). Another reservation of the session is given up. The name must be hard to guess:
        /// whoever knows it, and is the same user, gets the client and all that waits for it.
        session: Option<&'a str>,
        /// The rooms that the client will [join](Self::Join) as soon as it is open, each once. The reservation is refused
        /// if one of them cannot be joined now. It reserves no place in them: a room may be full when the client opens. They are
        /// not looked at if the connection will continue a client, which stays in the rooms that it is in.
        rooms: &'a [Name],
    },
    /// The 101 was handed to the transport: phase two. The reserved client of this connection is open from now on, and
    /// [`Action::Connected`](super::Action::Connected) tells it. Or, if an open client has its session, that client is attached to the
    /// connection, the id of the reserved client is stale, and [`Action::Resumed`](super::Action::Resumed) tells it:
    /// [`client_of`](super::Hub::client_of) returns the client of the connection either way.
    Open {
        /// The reserved connection.
        connection: ConnectionId,
    },
    /// Sets the user and the session of a client at once, for a host that authenticates after the 101: of a reserved client as
    /// [`Reserve`](Self::Reserve) does, or of an open client that has a connection. An open client cannot get a session that another
    /// client has. Answer: [`Outcome::Identified`](super::Outcome::Identified).
    Identify {
        /// The client, reserved or open.
        client: ClientId,
        /// Its user; `None` for no user.
        user: Option<&'a str>,
        /// Its session; `None` for none.
        session: Option<&'a str>,
    },
    /// Sets, changes or clears the user of a client, reserved or open. Its session, if it has one, is that user's from then on.
    SetUser {
        /// The client whose user changes.
        client: ClientId,
        /// The new user; `None` for no user.
        user: Option<&'a str>,
    },
    /// Sets, changes or clears the time until which a client is authorised. [`Action::Expiring`](super::Action::Expiring) tells the
    /// application before it, once for each event that sets one, as [`Deadlines::expiry_notice`](super::Deadlines::expiry_notice) says. At
    /// it the client ends, with [`Cause::Expired`](super::Cause::Expired), away or not. A reservation that ends up continuing another
    /// client passes its expiry on to it; without one, that client keeps its own.
    ///
    /// Time in which the host [stood still](super::Deadlines::standstill) counts: nobody is authorised for longer by it.
    SetExpiry {
        /// The client, reserved or open. It may be away.
        client: ClientId,
        /// The first moment, by the host's clock, at which the client is not authorised any more. If it has passed, the client ends
        /// with the next [`Timeout`](Self::Timeout), for which the hub asks at once. `None`: no expiry.
        at: Option<Instant>,
        /// The code of the close frame. `None`: code and reason of the config.
        code: Option<CloseCode>,
        /// The reason in the close frame, cut off after 123 bytes. Ignored without a code.
        reason: &'a str,
    },
    /// The application asks a client's peer something and waits for a reply. The hub makes an id for the question and counts it against
    /// [`asks.per_client`](super::Asks::per_client); the host publishes the question with the id in it, as an ordinary message. It ends once:
    /// by [`Replied`](Self::Replied), by [`CancelAsk`](Self::CancelAsk), or with [`Action::AskEnded`](super::Action::AskEnded). Answer:
    /// [`Outcome::Asked`](super::Outcome::Asked).
    Ask {
        /// The client, which may be away: then the question waits in its outbox.
        client: ClientId,
        /// How long to wait for the reply, from now on.
        lasts: Duration,
        /// What becomes of the question if the client gets another connection meanwhile.
        on_resume: OnResume,
    },
    /// A message from a peer says that it replies to a question. If this client has no such question, because it has ended or was
    /// never asked, or was asked of another client, the answer is [`Refusal::NoSuchAsk`](super::Refusal::NoSuchAsk), which is counted.
    Replied {
        /// The client that sent the reply.
        client: ClientId,
        /// The id in the reply.
        ask: AskId,
    },
    /// Nobody waits for the reply to a question any more. Answer: [`Outcome::Cancelled`](super::Outcome::Cancelled).
    CancelAsk {
        /// The client that was asked.
        client: ClientId,
        /// The question.
        ask: AskId,
    },
    /// The application has decided which clients of a user stay: the hub closes the others, and then opens a reserved
    /// client as the user's, or moves an open client to the user. All of it happens or nothing: if `among` are
    /// no longer the user's clients, the answer is [`Error::RosterChanged`](super::Error::RosterChanged).
    ///
    /// The `Disconnected` of closed clients comes before the `Connected` of the new one. `admission.per_user` applies too.
    Place {
        /// The reserved client, or the open one.
        client: ClientId,
        /// The user that the client gets.
        user: &'a str,
        /// All open clients of the user except `client`, in the order of
        /// [`clients_of`](super::Hub::clients_of), each with its fate.
        among: &'a [Incumbent],
        /// The code of the close frames of evicted clients.
        code: CloseCode,
        /// The reason in those close frames, cut off after 123 bytes.
        reason: &'a str,
    },
    /// Adds a client to a room. The first join makes the room. Answer: [`Outcome::Joined`](super::Outcome::Joined).
    ///
    /// A client that was in the room before may name the position up to which it has the room's messages. The messages that it
    /// missed are queued for it at once, as if they were published now: each counts in its outbox, later ones go behind them, and
    /// none is missing or doubled. If they are not all kept, or more than [`Histories`](super::Histories) allows or than the outbox
    /// has room for, none of them is queued. The client joins in either case.
    Join {
        /// The client that joins.
        client: ClientId,
        /// The room's name.
        room: &'a str,
        /// The messages of the room's [history](super::History) that the client wants; `None`: only new ones.
        recover: Option<Recover>,
    },
    /// Joins as [`Join`](Self::Join) does, with bytes about the client that the [presence](super::Presence) of the room shows. The hub
    /// does not look into them. A room without presence refuses them, with [`Refusal::NoPresence`](super::Refusal::NoPresence); a client
    /// that joins by `Join` is present with no bytes.
    JoinWithInfo {
        /// The client that joins.
        client: ClientId,
        /// The room's name.
        room: &'a str,
        /// As for `Join`.
        recover: Option<Recover>,
        /// At most [`Presence::info_bytes`](super::Presence::info_bytes).
        info: &'a [u8],
    },
    /// A member is one of those who are told of changes of a room's [presence](super::Presence), until it leaves the room. It then reads the
    /// [list](super::Hub::presence). Does nothing if it watches already.
    WatchPresence {
        /// The member.
        client: ClientId,
        /// The room's name.
        room: &'a str,
    },
    /// A member is not told of changes of a room's presence any more. Does nothing if it does not watch.
    UnwatchPresence {
        /// The member.
        client: ClientId,
        /// The room's name.
        room: &'a str,
    },
    /// Removes a client from a room. The room ends with its last member, unless it is kept or has a history.
    Leave {
        /// The client that leaves.
        client: ClientId,
        /// The room's name.
        room: &'a str,
    },
    /// Removes a client from all its rooms.
    LeaveAll {
        /// The client that leaves.
        client: ClientId,
    },
    /// Queues a frame for all clients that the targets reach, once for each client, even if several targets reach it.
    /// Answer: [`Outcome::Published`](super::Outcome::Published).
    ///
    /// A room with a [history](super::History) must be the only target, and keeps the frame, even if nobody gets it now. The frame is
    /// [sealed](Frame::sealed) with its offset, which the answer has too. If the room does not exist and gets a history by its name,
    /// it is made. [`Policy::Wait`] is refused there: a member for which the frame waited would get it behind later ones.
    Publish {
        /// The client whose message the host relays. If the client is gone or closing, or may not publish to one of the targets
        /// (see [`Publishers`](super::Publishers)), the event is refused and nobody gets the frame. The publisher itself gets the
        /// frame if a target reaches it and `except` does not name it. `None`: the application publishes.
        publisher: Option<ClientId>,
        /// The clients, users and rooms that are to get the frame.
        targets: &'a [Target<'a>],
        /// Clients that do not get the frame, though a target reaches them. Stale ids are ignored, so an application can name a
        /// sender here that has ended.
        except: &'a [ClientId],
        /// What is sent.
        frame: &'a Frame,
        /// When an outbox is full; `None`: as the config of the room says, if the first target is one, or the hub's.
        policy: Option<Policy>,
        /// What makes this message the same as another or later than another. Needs a room with a history as the only target.
        dedup: Option<&'a Dedup<'a>>,
    },
    /// Sets the config of a room. If the room does not exist, a [kept](super::Lifetime::Kept) one is made. A later config
    /// replaces this one.
    ConfigureRoom {
        /// The room's name.
        room: &'a str,
        /// The whole config of the room.
        config: RoomConfig,
    },
    /// Removes all messages of a room's history. The next message has the offset 1, in a new epoch: positions from before are answered
    /// with [`Unrecoverable::EpochChanged`](crate::position::Unrecoverable::EpochChanged). What is queued for clients stays.
    RemoveHistory {
        /// The room's name.
        room: &'a str,
    },
    /// Ends a room, even a kept one, and removes its members. A later join makes a new room without config. Answer:
    /// [`Outcome::RoomClosed`](super::Outcome::RoomClosed).
    ///
    /// Its members are told by [`Action::RoomClosed`](super::Action::RoomClosed), and closed if that is asked for, those who joined
    /// last first: the first of them at once, the others in slices ([`host.slice`](super::Host::slice)), with each
    /// [`Timeout`](Self::Timeout), for which the hub asks. One that ends before its turn is told of this room when it ends.
    CloseRoom {
        /// The room's name.
        room: &'a str,
        /// What happens to the members.
        members: Members<'a>,
    },
    /// A whole message arrived from a peer. Only its kind and size enter the hub. Answer:
    /// [`Outcome::Verdict`](super::Outcome::Verdict).
    Received {
        /// The connection on which it arrived.
        connection: ConnectionId,
        /// Whether it is text or binary.
        kind: MessageKind,
        /// The length of the payload in bytes.
        bytes: u32,
    },
    /// A ping arrived. The hub queues a pong with the same payload.
    Ping {
        /// The connection on which it arrived.
        connection: ConnectionId,
        /// The payload, at most 125 bytes.
        payload: &'a [u8],
    },
    /// A pong arrived.
    Pong {
        /// The connection on which it arrived.
        connection: ConnectionId,
    },
    /// The peer is alive: bytes of an incomplete message arrived, or reading continues after
    /// [`Working`](Self::Working). One such event now and then is enough.
    Heard {
        /// The connection that was heard.
        connection: ConnectionId,
    },
    /// The application has not finished with what arrived, and nothing more is read meanwhile. When the pong
    /// deadline comes before [`Heard`](Self::Heard) takes it back, it is the application that is late: the
    /// client is closed, as [`Cause::NoAnswer`](super::Cause::NoAnswer) says.
    Working {
        /// The connection on which the message arrived.
        connection: ConnectionId,
    },
    /// The peer's close frame arrived. Hand this in after the application has handled the messages before it: everything
    /// queued by then, such as its replies, is written before the answering close frame, within
    /// `deadlines.close`.
    PeerClosed {
        /// The connection whose peer closes.
        connection: ConnectionId,
        /// The code of the close frame, if it has one.
        code: Option<CloseCode>,
        /// The reason of the close frame; empty if it has none.
        reason: &'a str,
    },
    /// The peer ended its sending direction without a close frame: it sends nothing more, but may still read. Hand this in,
    /// like [`PeerClosed`](Self::PeerClosed), after the messages before it. An open client ends with
    /// [`CloseCode::ABNORMAL`]; its queue is written, and then a close frame without a code. For a client that is already
    /// closing, the hub no longer waits for the peer's close frame.
    HalfClosed {
        /// The connection whose peer ended its direction.
        connection: ConnectionId,
    },
    /// Ends a client: it leaves its rooms now, and its connection is closed.
    Close {
        /// The client to close.
        client: ClientId,
        /// The code of the close frame.
        code: CloseCode,
        /// The reason in the close frame, cut off after 123 bytes.
        reason: &'a str,
        /// Whether the queue is written first.
        flush: Flush,
        /// The side that closes.
        by: ClosedBy,
    },
    /// Ends the client of a connection for what happened on this connection: broken protocol, a handler that panicked. Counted as
    /// closed by the hub. If the client has another connection by now, or none, the answer is an error, and nothing changes.
    CloseConnection {
        /// The connection to close.
        connection: ConnectionId,
        /// The code of the close frame.
        code: CloseCode,
        /// The reason in the close frame, cut off after 123 bytes.
        reason: &'a str,
        /// Whether the queue is written first.
        flush: Flush,
    },
    /// The transport has ended, and the host has forgotten it. The id becomes stale. A client that is still open goes
    /// [away](super::Action::Away), or ends with its connection if it has no session or there is no grace.
    Gone {
        /// The connection of the transport.
        connection: ConnectionId,
    },
    /// Leases the queued frames of one client to the host, which writes them. The lease is added to the host's
    /// [batch](super::Sink::Batch). Answer: [`Outcome::Leased`](super::Outcome::Leased).
    Transmit {
        /// The connection of the client.
        connection: ConnectionId,
        /// About how many bytes at most; one frame is always given whole.
        budget: u32,
    },
    /// Leases what waits for the next connections of a lane, in fair order, likewise.
    TransmitReady {
        /// The lane.
        lane: u8,
        /// How many connections at most.
        connections: u32,
        /// About how many bytes at most for each.
        budget: u32,
    },
    /// The host returns leases after writing them, or a part of them. Results of stale ids are ignored, and so are those of
    /// a connection that is no longer the client's.
    Transmitted {
        /// One result for each returned lease.
        results: &'a [Written],
    },
    /// A blocked transport takes bytes again.
    Writable {
        /// The connection of the transport.
        connection: ConnectionId,
    },
    /// Time has passed: the hub handles all that is due at `now`, in slices.
    Timeout,
    /// Refuses new reservations, and closes idle clients soon and the others spread over a time.
    Drain(Drain),
    /// Closes all clients and admits no more. The hub closes them in slices ([`host.slice`](super::Host::slice)), one with each
    /// [`Timeout`](Self::Timeout), which it asks for; a client stays open until its slice.
    Shutdown,
    /// Replaces the config; an invalid one changes nothing. [`Config`](Config#at-run-time) has the effect of each field on
    /// existing clients. O(1), or O(connections) if a rate, a bound of outboxes or a deadline changes.
    Reconfigure {
        /// The new config.
        config: &'a Config,
    },
}

/// What makes a message to a room with a [history](super::History) the same as another one, or later than another one.
///
/// ```
/// use throng_core::hub::{Config, Dedup, Event, History, Hub, Ignored, Outcome, Published, RoomConfig, Target};
/// use throng_core::{Frame, Instant};
///
/// let mut config = Config::default();
/// config.host.epoch_seed = 0x5eed; // a random number of the process
/// config.history.by_prefix.insert("news".into(), History::default());
/// let (mut hub, now) = (Hub::new(config)?, Instant::ORIGIN);
///
/// // A sender that does not know whether its message has arrived sends it again, with the same key.
/// let (targets, frame) = (&[Target::Room("news")], &Frame::raw("hello".into()));
/// let dedup = Some(&Dedup { key: Some("message 17"), version: None });
/// let first = hub.publish_once(now, targets, &[], frame, None, dedup)?;
/// let again = hub.publish_once(now, targets, &[], frame, None, dedup)?;
/// assert_eq!((first.ignored, again.ignored), (None, Some(Ignored::Repeated)));
/// assert_eq!(first.position, again.position);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dedup<'a> {
    /// The idempotency key: if a message was published to this history with the same key, at most
    /// [`Histories::key_age`](super::Histories::key_age) ago, nothing is sent, and the answer is that of the first publish.
    pub key: Option<&'a str>,
    /// The version of the value that the message has: if a message of this version or a later one was published to this history,
    /// nothing is sent.
    pub version: Option<u64>,
}

/// The recipients of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target<'a> {
    /// One client.
    Client(ClientId),
    /// All clients of a user.
    User(&'a str),
    /// All members of a room.
    Room(&'a str),
    /// All members of a room that [watch](Event::WatchPresence) its presence. The message is not kept in the room's history.
    Watchers(&'a str),
    /// All clients.
    All,
}
