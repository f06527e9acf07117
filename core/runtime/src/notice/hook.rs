//! Arguments and answers of hooks.

use crate::notice::message::SendError;
use core::fmt;
use core::time::Duration;
use std::io;
use throng_core::websocket::{Message, ProtocolError};
use throng_core::{CloseFrame, Name, hub};

/// A hook of the [`Handler`](crate::Handler).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hook {
    /// [`before_connect`](crate::Handler::before_connect).
    BeforeConnect,
    /// [`authenticate`](crate::Handler::authenticate).
    Authenticate,
    /// [`connected`](crate::Handler::connected).
    Connected,
    /// [`before_message`](crate::Handler::before_message).
    BeforeMessage,
    /// [`message`](crate::Handler::message), or the client's own [`on_message`](crate::Connecting::on_message).
    Message,
    /// [`after_message`](crate::Handler::after_message).
    AfterMessage,
    /// [`before_join`](crate::Handler::before_join).
    BeforeJoin,
    /// [`joined`](crate::Handler::joined).
    Joined,
    /// [`before_leave`](crate::Handler::before_leave).
    BeforeLeave,
    /// [`left`](crate::Handler::left).
    Left,
    /// [`dropped`](crate::Handler::dropped).
    Dropped,
    /// [`over_rate`](crate::Handler::over_rate).
    OverRate,
    /// [`error`](crate::Handler::error), or the client's own [`on_error`](crate::Connecting::on_error).
    Error,
    /// [`away`](crate::Handler::away).
    Away,
    /// [`resumed`](crate::Handler::resumed).
    Resumed,
    /// [`unmatched_reply`](crate::Handler::unmatched_reply), or the closure of [`replies_by`](crate::Builder::replies_by).
    UnmatchedReply,
    /// [`expiring`](crate::Handler::expiring).
    Expiring,
    /// [`presence_changed`](crate::Handler::presence_changed).
    PresenceChanged,
    /// [`cluster_changed`](crate::Handler::cluster_changed).
    ClusterChanged,
    /// [`occupancy_changed`](crate::Handler::occupancy_changed).
    OccupancyChanged,
    /// [`disconnected`](crate::Handler::disconnected), or the client's own
    /// [`on_close`](crate::Connecting::on_close).
    Disconnected,
}

impl Hook {
    /// The hook's name, as in [`Handler`](crate::Handler), for metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeConnect => "before_connect",
            Self::Authenticate => "authenticate",
            Self::Connected => "connected",
            Self::BeforeMessage => "before_message",
            Self::Message => "message",
            Self::AfterMessage => "after_message",
            Self::BeforeJoin => "before_join",
            Self::Joined => "joined",
            Self::BeforeLeave => "before_leave",
            Self::Left => "left",
            Self::Dropped => "dropped",
            Self::OverRate => "over_rate",
            Self::Error => "error",
            Self::Away => "away",
            Self::Resumed => "resumed",
            Self::UnmatchedReply => "unmatched_reply",
            Self::Expiring => "expiring",
            Self::PresenceChanged => "presence_changed",
            Self::ClusterChanged => "cluster_changed",
            Self::OccupancyChanged => "occupancy_changed",
            Self::Disconnected => "disconnected",
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The decision about a message: the answer of [`Handler::before_message`](crate::Handler::before_message).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ruling {
    /// Handle the message unchanged.
    Pass,
    /// Handle this message in its place.
    Change(Message),
    /// Drop the message; the client stays open.
    Refuse,
    /// Drop the message and close the client, after its queued messages have been written.
    Close(CloseFrame),
}

/// The fate of a message: for [`Handler::after_message`](crate::Handler::after_message).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Handled {
    /// How the handling ended.
    pub result: HandledAs,
    /// Time from the call of the first hook for the message to the end of the last, waiting included.
    pub took: Duration,
}

/// How the handling of a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandledAs {
    /// The handler has returned.
    Done,
    /// [`before_message`](crate::Handler::before_message) refused it.
    Refused,
    /// A hook panicked.
    Panicked,
    /// A hook exceeded its time limit.
    TimedOut,
    /// The transport ended first, and the hook was dropped.
    Abandoned,
}

/// Why a client has left a room: for [`Handler::left`](crate::Handler::left).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Left {
    /// The application left on the client's behalf: [`Client::leave`](crate::Client::leave),
    /// [`Client::leave_all`](crate::Client::leave_all).
    Asked,
    /// The application removed the client: [`Hub::leave`](crate::Hub::leave),
    /// [`Hub::leave_all`](crate::Hub::leave_all).
    Removed,
    /// The room was closed: [`Hub::close_room`](crate::Hub::close_room).
    RoomClosed,
    /// The client has ended.
    Ended,
}

/// An error of a client: for [`Handler::error`](crate::Handler::error).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientError {
    /// The peer broke the protocol and is closed with the [error's code](ProtocolError::close_code).
    Protocol(ProtocolError),
    /// A hook panicked; the client is closed.
    Panicked(Hook),
    /// A hook exceeded its time limit and was dropped. [`Builder::hook_limit`](crate::Builder::hook_limit) says what
    /// follows.
    TimedOut(Hook),
    /// Reading from the transport failed.
    Transport(io::ErrorKind),
    /// The client could not join a room named in `before_connect` and is closed.
    FirstRoom {
        /// The room.
        room: Name,
        /// Why the join failed.
        error: hub::Error,
    },
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => error.fmt(f),
            Self::Panicked(hook) => write!(f, "the hook {hook} panicked"),
            Self::TimedOut(hook) => write!(f, "the hook {hook} exceeded its time limit"),
            Self::Transport(kind) => write!(f, "the transport failed: {kind}"),
            Self::FirstRoom { room, error } => write!(f, "cannot join the first room {room}: {error}"),
        }
    }
}

impl core::error::Error for ClientError {}

/// Like the conversion from [`hub::Error`], for a message that cannot be sent.
impl From<SendError> for CloseFrame {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Hub(error) => error.into(),
            _ => Self::default(),
        }
    }
}
