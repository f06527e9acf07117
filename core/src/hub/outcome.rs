//! The immediate answers to an event: outcomes, refusals and errors.

use super::ask::AskId;
use crate::close::{CloseCode, CloseFrame};
use crate::id::{ClientId, ConnectionId};
use crate::position::{Position, Recovery};
use crate::time::Instant;
use core::fmt;
use core::hash::{Hash, Hasher};

/// The hub's answer to an event that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The event was applied.
    Done,
    /// The connection was accepted under this id.
    Accepted(ConnectionId),
    /// A client was reserved.
    Reserved(Reserved),
    /// The client is in the room.
    Joined(Joined),
    /// The client left this number of rooms.
    Left(u32),
    /// The frame was published.
    Published(Published),
    /// What the host must do with the message.
    Verdict(Verdict),
    /// This number of leases was added to the batch.
    Leased(u32),
    /// The room was closed; it had this number of members.
    RoomClosed(u32),
    /// The question has this id.
    Asked(AskId),
    /// Whether the question was still without a reply. If not, it had ended before.
    Cancelled(bool),
    /// The client has the user and the session. If it is a reserved one: the client that it will continue.
    Identified(Option<ClientId>),
}

/// The result of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Reserved {
    /// The reserved client. Its id is stale once its connection has continued another client.
    pub client: ClientId,
    /// The client that has the session now and that the connection will continue when it is opened. If this client ends before
    /// that, or there is none, the reserved client opens.
    pub resumes: Option<ClientId>,
}

impl Reserved {
    /// The result of a reservation of this client, which will continue another one if `resumes` names it.
    #[must_use]
    pub const fn new(client: ClientId, resumes: Option<ClientId>) -> Self {
        Self { client, resumes }
    }
}

/// The result of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Joined {
    /// Members of the room after the join.
    pub members: u32,
    /// The position of the last message that was published to the room before the join; `None` without a
    /// [history](super::History). All later messages are for this member.
    pub position: Option<Position>,
    /// Whether the client gets the messages that it asked for; `None`: it asked for none.
    pub recovery: Option<Recovery>,
}

/// Shorter without a history: a recording hashes each answer.
impl Hash for Joined {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { members, position, recovery } = self;
        members.hash(state);
        if position.is_some() || recovery.is_some() {
            (position, recovery).hash(state);
        }
    }
}

impl Joined {
    /// The result of a join of a room without a history, after which it has this number of members.
    #[must_use]
    pub const fn new(members: u32) -> Self {
        Self { members, position: None, recovery: None }
    }
}

/// The result of a publish. `queued`, `dropped` and `refused` add up to the clients that it was for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// Clients in whose outbox the frame is.
    pub queued: u32,
    /// Clients for which the frame was dropped; [`Action::Dropped`](super::Action::Dropped) reports each.
    pub dropped: u32,
    /// Clients whose outbox was full, under [`Policy::Wait`](super::Policy::Wait).
    /// [`Hub::publish_listing`](super::Hub::publish_listing) lists them.
    pub refused: u32,
    /// Targets that do not exist: stale ids, unknown rooms and users. (If no target exists, the publish is
    /// refused.)
    pub unknown: u32,
    /// The position of the message in the room's [history](super::History); `None` without one.
    pub position: Option<Position>,
    /// Why nothing was sent, if the message was no new one; `None`: it was.
    pub ignored: Option<Ignored>,
}

/// Shorter without a history: a recording hashes each answer.
impl Hash for Published {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { queued, dropped, refused, unknown, position, ignored } = self;
        for number in [queued, dropped, refused, unknown] {
            number.hash(state);
        }
        if position.is_some() || ignored.is_some() {
            (position, ignored).hash(state);
        }
    }
}

/// Why a publish sends nothing: see [`Dedup`](super::Dedup).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ignored {
    /// A message with the same key was published before. The other fields of the answer are those of that publish.
    Repeated,
    /// A message of the same version or a later one was published before. `position` is that of the history's last message.
    Outdated,
}

/// What the host must do with a message that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Hand the message to the application.
    Accept,
    /// Hand the message to the application, and stop reading from the connection until
    /// [`Action::Resume`](super::Action::Resume).
    Pause {
        /// When the client is within its rate again, about the time of the `Resume`.
        until: Instant,
    },
    /// Drop the message. [`Action::OverRate`](super::Action::OverRate) tells the application.
    Drop,
    /// It is dropped, and the hub closes the client, as [`Cause::OverRate`](super::Cause::OverRate) says.
    Close,
}

/// Why an event had no effect: the caller's mistake, a stale id, or a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// The id is stale: the connection or the client that the event names has ended.
    Gone,
    /// The client is not open yet, or is closing, and this event needs an open client.
    NotOpen,
    /// A room's config had `Policy::Wait`, which is for single publishes only.
    WaitIsForOnePublish,
    /// The lane is not below [`Host::lanes`](super::Host::lanes).
    NoSuchLane,
    /// The hub refuses the event because of a limit, its state, or the room's config.
    Refused(Refusal),
    /// The hub refuses this config: [`Config::validate_change`](super::Config::validate_change) says why.
    ConfigRefused,
    /// The user's open clients are not those that [`Event::Place`](super::Event::Place) listed: decide again.
    RosterChanged,
    /// The publish names a room with a history among several targets, or has a [`Dedup`](super::Dedup) and not exactly one target:
    /// publish to that room by itself.
    HistoryStandsAlone,
    /// A publish to a room with a history has [`Policy::Wait`](super::Policy::Wait).
    NoWaitForHistory,
    /// [`History::validate`](super::History::validate) says what is wrong with the history of the room's config.
    InvalidHistory,
    /// The room's config has a history, and [`Host::epoch_seed`](super::Host::epoch_seed) is 0.
    NoEpochSeed,
    /// A transmit came without a [batch](super::Sink::Batch) for its leases.
    NeedsBatch,
    /// [`Presence::validate`](super::Presence::validate) says what is wrong with the presence of the room's config.
    InvalidPresence,
}

/// Why the hub refuses an event. A refused event changes nothing but the count of refusals. (Not to be confused with
/// `websocket::handshake::Refusal`, the HTTP answer to a refused request.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The hub is draining.
    Draining,
    /// The hub has stopped.
    Stopped,
    /// Too many connections are admitted.
    TooManyConnections {
        /// The value of `admission.connections`.
        limit: u32,
    },
    /// Too many handshakes are open.
    TooManyHandshakes {
        /// The value of `admission.handshakes`.
        limit: u32,
    },
    /// The address has too many connections.
    TooManyOfAddress {
        /// The value of `admission.per_address`.
        limit: u32,
    },
    /// The address is over `admission.connect_rate`.
    ConnectRate {
        /// When the address may connect again.
        retry_at: Instant,
    },
    /// The user has too many clients.
    TooManyOfUser {
        /// The limit of `admission.per_user`.
        limit: u32,
    },
    /// The name of a room, user or session is empty.
    EmptyName,
    /// The name of a room, user or session is too long.
    NameTooLong {
        /// The value of `rooms.name_bytes`, or of `sessions.name_bytes`.
        limit: u32,
    },
    /// The client is in the room already.
    AlreadyInRoom,
    /// The client is not in the room.
    NotInRoom,
    /// The client is in too many rooms to join another.
    TooManyRoomsOfClient {
        /// The value of `rooms.per_client`.
        limit: u32,
    },
    /// The room is full.
    RoomFull {
        /// `members` of the room's own config, else the value of `rooms.members`.
        limit: u32,
    },
    /// The hub has too many rooms to make another.
    TooManyRooms {
        /// The value of `rooms.total`.
        limit: u32,
    },
    /// No room has this name.
    NoSuchRoom,
    /// No client belongs to this user.
    NoSuchUser,
    /// The published message is too long.
    MessageTooBig {
        /// The value of `outbox.message_bytes`.
        limit: u32,
    },
    /// The room's [`Publishers`](super::Publishers) do not include the client.
    MayNotPublish,
    /// Another client or reservation has the session, and [`SecondConnection::Refused`](super::SecondConnection::Refused) is set, or an open
    /// client cannot get it.
    SessionInUse,
    /// The session belongs to a client of another user, or of no user.
    SessionOfAnotherUser,
    /// Too many questions to the client wait for a reply.
    TooManyAsks {
        /// The value of `asks.per_client`.
        limit: u32,
    },
    /// A peer replied to a question that its client was not asked, or that has ended.
    NoSuchAsk,
    /// The room keeps no [history](super::History).
    NoHistory,
    /// The idempotency key is too long.
    KeyTooLong {
        /// The value of `history.key_bytes`.
        limit: u32,
    },
    /// The hub remembers as many idempotency keys as it may.
    TooManyKeys {
        /// The value of `history.keys`.
        limit: u32,
    },
    /// The room has no [presence](super::Presence).
    NoPresence,
    /// The bytes about the client are too long.
    InfoTooLong {
        /// `info_bytes` of the room's [presence](super::Presence).
        limit: u32,
    },
    /// The presence of a room cannot begin or end while the room has so many members. It can while the room has few: when it is made, at best.
    TooManyPresent {
        /// A quarter of `host.slice`.
        limit: u32,
    },
}

impl Refusal {
    /// A short stable name, for metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draining => "draining",
            Self::Stopped => "stopped",
            Self::TooManyConnections { .. } => "too_many_connections",
            Self::TooManyHandshakes { .. } => "too_many_handshakes",
            Self::TooManyOfAddress { .. } => "too_many_of_address",
            Self::ConnectRate { .. } => "connect_rate",
            Self::TooManyOfUser { .. } => "too_many_of_user",
            Self::EmptyName => "empty_name",
            Self::NameTooLong { .. } => "name_too_long",
            Self::AlreadyInRoom => "already_in_room",
            Self::NotInRoom => "not_in_room",
            Self::TooManyRoomsOfClient { .. } => "too_many_rooms_of_client",
            Self::RoomFull { .. } => "room_full",
            Self::TooManyRooms { .. } => "too_many_rooms",
            Self::NoSuchRoom => "no_such_room",
            Self::NoSuchUser => "no_such_user",
            Self::MayNotPublish => "may_not_publish",
            Self::MessageTooBig { .. } => "message_too_big",
            Self::SessionInUse => "session_in_use",
            Self::SessionOfAnotherUser => "session_of_another_user",
            Self::TooManyAsks { .. } => "too_many_asks",
            Self::NoSuchAsk => "no_such_ask",
            Self::NoHistory => "no_history",
            Self::KeyTooLong { .. } => "key_too_long",
            Self::TooManyKeys { .. } => "too_many_keys",
            Self::NoPresence => "no_presence",
            Self::InfoTooLong { .. } => "info_too_long",
            Self::TooManyPresent { .. } => "too_many_present",
        }
    }
}

impl Error {
    /// The refusal, if the error is one.
    #[must_use]
    pub const fn refusal(self) -> Option<Refusal> {
        if let Self::Refused(refusal) = self { Some(refusal) } else { None }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the client or connection is gone"),
            Self::NotOpen => f.write_str("the client is not open"),
            Self::WaitIsForOnePublish => f.write_str("the policy `Wait` is for one publish, not for a room"),
            Self::NoSuchLane => f.write_str("the hub has no such lane"),
            Self::HistoryStandsAlone => {
                f.write_str("a room with a history must be the only target of a publish")
            }
            Self::NoWaitForHistory => {
                f.write_str("the policy `Wait` cannot be used for a room with a history: choose another one")
            }
            Self::InvalidHistory => f.write_str("the history of the room's config is invalid"),
            Self::InvalidPresence => f.write_str("the presence of the room's config is invalid"),
            Self::NoEpochSeed => f.write_str(
                "a history needs `host.epoch_seed`: set it to a random number when the process starts",
            ),
            Self::RosterChanged => f.write_str("the clients of the user have changed: decide again"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::NeedsBatch => f.write_str("a transmit needs a batch: call `transmit` or `handle_into`"),
            Self::ConfigRefused => {
                f.write_str("the config is invalid, or a field cannot change while the hub runs")
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Draining => f.write_str("the hub is draining"),
            Self::Stopped => f.write_str("the hub has stopped"),
            Self::TooManyConnections { limit } => write!(f, "connection limit reached ({limit})"),
            Self::TooManyHandshakes { limit } => write!(f, "limit of open handshakes reached ({limit})"),
            Self::TooManyOfAddress { limit } => {
                write!(f, "connection limit of this address reached ({limit})")
            }
            Self::ConnectRate { .. } => f.write_str("this address connects too often"),
            Self::TooManyOfUser { limit } => write!(f, "client limit of this user reached ({limit})"),
            Self::EmptyName => f.write_str("the name is empty"),
            Self::NameTooLong { limit } => write!(f, "the name is longer than {limit} bytes"),
            Self::AlreadyInRoom => f.write_str("the client is in the room already"),
            Self::NotInRoom => f.write_str("the client is not in the room"),
            Self::TooManyRoomsOfClient { limit } => write!(f, "room limit of this client reached ({limit})"),
            Self::RoomFull { limit } => write!(f, "the room is full ({limit} members)"),
            Self::TooManyRooms { limit } => write!(f, "room limit reached ({limit})"),
            Self::NoSuchRoom => f.write_str("there is no such room"),
            Self::NoSuchUser => f.write_str("there is no such user"),
            Self::SessionInUse => f.write_str("another connection uses the session"),
            Self::SessionOfAnotherUser => f.write_str("the session belongs to another user"),
            Self::TooManyAsks { limit } => {
                write!(f, "limit of questions to this client without a reply reached ({limit})")
            }
            Self::NoSuchAsk => f.write_str("the reply is to no question of this client that is open"),
            Self::MayNotPublish => f.write_str("the client may not publish to this room"),
            Self::MessageTooBig { limit } => write!(f, "the message is longer than {limit} bytes"),
            Self::NoHistory => f.write_str("the room keeps no history"),
            Self::KeyTooLong { limit } => write!(f, "the idempotency key is longer than {limit} bytes"),
            Self::TooManyKeys { limit } => write!(f, "limit of idempotency keys reached ({limit})"),
            Self::NoPresence => f.write_str("the room has no presence"),
            Self::InfoTooLong { limit } => {
                write!(f, "the information about the client is longer than {limit} bytes")
            }
            Self::TooManyPresent { limit } => {
                write!(
                    f,
                    "presence begins and ends in rooms of at most {limit} members: configure the room earlier"
                )
            }
        }
    }
}

impl core::error::Error for Error {}
impl core::error::Error for Refusal {}

/// The stages in the life of a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum State {
    /// The hub admits clients.
    Running,
    /// The hub refuses new reservations and closes its clients.
    Draining,
    /// The hub admits no more clients.
    Stopped,
}

/// The close frame for a peer whose connection ends by this error: 1013 and the refusal's name if the hub refuses, otherwise
/// 1008 without a reason.
impl From<Error> for CloseFrame {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::new(CloseCode::TRY_AGAIN_LATER, refusal.name()),
            _ => Self::default(),
        }
    }
}
