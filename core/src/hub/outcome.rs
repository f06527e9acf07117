//! What an event leads to, at once: outcomes, refusals and errors.

use crate::id::ClientId;
use crate::time::Instant;
use core::fmt;

/// What the hub answers to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Done, and there is nothing more to say.
    Done,
    /// The connection has this id.
    Accepted(ClientId),
    /// The client is in the room.
    Joined(Joined),
    /// The client left so many rooms.
    Left(u32),
    /// The frame was published.
    Published(Published),
    /// What is to become of the message.
    Verdict(Verdict),
    /// So many leases were put into the batch.
    Leased(u32),
    /// The room was closed, and had so many members.
    RoomClosed(u32),
}

/// A join that came to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Joined {
    /// Members of the room now, the newcomer included.
    pub members: u32,
}

impl Joined {
    /// A room that has so many members now.
    #[must_use]
    pub const fn new(members: u32) -> Self {
        Self { members }
    }
}

/// What became of a publish. The three numbers add up to the clients it was for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Published {
    /// Clients in whose outbox the frame is.
    pub queued: u32,
    /// Clients for which it was dropped; reported to each by [`Action::Dropped`](super::Action::Dropped).
    pub dropped: u32,
    /// Clients whose outbox was full, under [`Policy::Wait`](super::Policy::Wait): a list passed to
    /// [`Hub::publish_listing`](super::Hub::publish_listing) names them.
    pub refused: u32,
    /// Targets that do not exist: stale ids, unknown rooms and users. (If no target exists, that is a
    /// refusal.)
    pub unknown: u32,
}

/// What is to become of a message that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It goes to the application.
    Accept,
    /// It goes to the application, and nothing more is read until [`Action::Resume`](super::Action::Resume),
    /// about at the time given.
    Pause {
        /// When the client is within its rate again.
        until: Instant,
    },
    /// It is dropped; [`Action::OverRate`](super::Action::OverRate) tells the application.
    Drop,
    /// It is dropped, and the hub closes the client, as [`Cause::OverRate`](super::Cause::OverRate) says.
    Close,
}

/// Why an event had no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// The id is stale: its connection has ended.
    Gone,
    /// The connection is not in a phase in which this can be asked: not open yet, or closing.
    NotOpen,
    /// `Policy::Wait` is for a publish that says so itself, not for all that is published to a room.
    WaitIsForOnePublish,
    /// There is no such lane.
    NoSuchLane,
    /// The hub refuses, as it is configured or as things are.
    Refused(Refusal),
    /// The hub cannot take this config: [`Config::validate_change`](super::Config::validate_change) says why.
    ConfigRefused,
    /// The clients of the user are others than those among whom the newcomer was to be: ask again.
    RosterChanged,
    /// A transmit without a [batch](super::Sink::Batch) to put the leases into.
    NeedsBatch,
}

/// Why the hub refuses an event. Nothing has changed then. (The HTTP answer to a request that is refused is a type of the same name:
/// `websocket::Refusal`.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The hub is draining.
    Draining,
    /// The hub has stopped.
    Stopped,
    /// Too many connections in all.
    TooManyConnections {
        /// `admission.connections`.
        limit: u32,
    },
    /// Too many open handshakes.
    TooManyHandshakes {
        /// `admission.handshakes`.
        limit: u32,
    },
    /// Too many connections from this address.
    TooManyOfAddress {
        /// `admission.per_address`.
        limit: u32,
    },
    /// This address connects too often.
    ConnectRate {
        /// When it may try again.
        retry_at: Instant,
    },
    /// Too many clients of this user.
    TooManyOfUser {
        /// `admission.per_user`.
        limit: u32,
    },
    /// The name of a room or user is empty.
    EmptyName,
    /// The name of a room or user is too long.
    NameTooLong {
        /// `rooms.name_bytes`.
        limit: u32,
    },
    /// The client is in the room already.
    AlreadyInRoom,
    /// The client is not in the room.
    NotInRoom,
    /// The client is in as many rooms as it may be.
    TooManyRoomsOfClient {
        /// `rooms.per_client`.
        limit: u32,
    },
    /// The room has as many members as it may have.
    RoomFull {
        /// `rooms.members`, or what the room's own config says.
        limit: u32,
    },
    /// There are as many rooms as there may be.
    TooManyRooms {
        /// `rooms.total`.
        limit: u32,
    },
    /// No room has this name.
    NoSuchRoom,
    /// No client has this user.
    NoSuchUser,
    /// The message is too long to be sent.
    MessageTooBig {
        /// `outbox.message_bytes`.
        limit: u32,
    },
    /// The client may not publish to this room.
    MayNotPublish,
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
        }
    }
}

impl Error {
    /// Why the hub refuses, if that is what it does.
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
            Self::Gone => f.write_str("the client is gone"),
            Self::NotOpen => f.write_str("the client is not open"),
            Self::WaitIsForOnePublish => f.write_str("the policy `Wait` is for one publish, not for a room"),
            Self::NoSuchLane => f.write_str("the hub has no such lane"),
            Self::RosterChanged => f.write_str("the user has other clients by now"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::NeedsBatch => f.write_str("a transmit needs a batch: call `transmit` or `handle_into`"),
            Self::ConfigRefused => f.write_str("the hub cannot take this config"),
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
            Self::MayNotPublish => f.write_str("the client may not publish to this room"),
            Self::MessageTooBig { limit } => write!(f, "the message is longer than {limit} bytes"),
        }
    }
}

impl core::error::Error for Error {}
impl core::error::Error for Refusal {}

/// The life of a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum State {
    /// Everything is allowed.
    Running,
    /// Newcomers are refused, clients are being closed.
    Draining,
    /// Nobody is admitted any more.
    Stopped,
}
