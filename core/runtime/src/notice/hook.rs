//! Arguments and answers of hooks.

use crate::notice::message::SendError;
use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;
use core::time::Duration;
use std::io;
use throng_core::close::CloseCode;
use throng_core::hub;
use throng_core::hub::{Closes, Farewell};
use throng_core::id::Name;
use throng_core::websocket::{Message, ProtocolError};

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
            Self::Disconnected => "disconnected",
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What to do with a message: the answer of [`Handler::before_message`](crate::Handler::before_message).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Handle the message unchanged.
    Pass,
    /// Handle this message in its place.
    Change(Message),
    /// Drop the message; the client stays open.
    Refuse,
    /// Drop the message and close the client, after its queued messages have been written.
    Close(Rejection),
}

/// What happened to a message: for [`Handler::after_message`](crate::Handler::after_message).
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

/// Why the runtime or the hub closes a client of its own accord; [`Builder::close_code`](crate::Builder::close_code)
/// maps it to a code.
///
/// `close_code` is asked about the hub's causes ([`Evicted`](Self::Evicted) and all below) when the hub is built or
/// reconfigured, and only where the field of the same name in [`Config::closes`](throng_core::hub::Config::closes) has
/// its default: a config file takes precedence. Protocol errors are not listed, because RFC 6455 fixes their codes
/// (section 7.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// A hook panicked: 1011.
    Panicked,
    /// [`connected`](crate::Handler::connected) exceeded its time limit: 1011.
    TimedOut,
    /// The client could not join a room named in `before_connect`: 1013.
    FirstRoom(hub::Error),
    /// The client was not [authenticated](crate::Handler::authenticate) in time: 1008.
    AuthenticationTimedOut,
    /// The peer sent more before it was [authenticated](crate::Handler::authenticate) than may be buffered: 1008.
    TooMuchBeforeAuthentication,
    /// The hub refused after the upgrade, although it had reserved a slot: 1013 if the user's clients changed too often
    /// ([`RosterChanged`](hub::Error::RosterChanged)), else 1001, because the hub was stopped.
    NotOpened(hub::Error),
    /// The application lags, and there is no [room](crate::Lag::Close) for a message of the client: 1013.
    Lagging,
    /// The client's user opened another client, under [`PerUser::EvictOldest`](throng_core::hub::PerUser::EvictOldest):
    /// 1008.
    Evicted,
    /// Neither side sent anything for [`Deadlines::idle`](throng_core::hub::Deadlines::idle): 1000.
    Idle,
    /// The client sent nothing for [`Deadlines::idle_inbound`](throng_core::hub::Deadlines::idle_inbound): 1000.
    IdleInbound,
    /// A message was over a rate, under [`OverRate::Close`](throng_core::hub::OverRate::Close): 1008.
    OverRate,
    /// A ping or pong was over [`Inbound::control`](throng_core::hub::Inbound::control): 1008.
    Controls,
    /// The outbox was full, under [`Policy::Disconnect`](throng_core::hub::Policy::Disconnect): 1013.
    TooSlow,
    /// A hook had not returned at the deadline of the pong: 1011.
    NoAnswer,
    /// A [drain](crate::Hub::drain) closed the client: 1001.
    Draining,
    /// The hub was [shut down](crate::Hub::shutdown): 1001.
    ShutDown,
}

impl Cause {
    /// The default code and reason.
    #[must_use]
    pub fn rejection(self) -> Rejection {
        match self {
            Self::Panicked => Rejection::new(CloseCode::INTERNAL_ERROR, "internal error"),
            Self::TimedOut => Rejection::new(CloseCode::INTERNAL_ERROR, "timed out"),
            Self::FirstRoom(error @ hub::Error::Refused(_)) => error.into(),
            Self::FirstRoom(_) => Rejection::new(CloseCode::TRY_AGAIN_LATER, ""),
            Self::AuthenticationTimedOut => Rejection::new(CloseCode::POLICY, "authentication timed out"),
            Self::TooMuchBeforeAuthentication => {
                Rejection::new(CloseCode::POLICY, "too much data before authentication")
            }
            Self::NotOpened(hub::Error::RosterChanged) => Rejection::new(CloseCode::TRY_AGAIN_LATER, ""),
            Self::NotOpened(_) => Rejection::new(CloseCode::GOING_AWAY, ""),
            Self::Lagging => Rejection::new(CloseCode::TRY_AGAIN_LATER, "server overloaded, try again later"),
            Self::Evicted => Closes::default().evicted.into(),
            Self::Idle => Closes::default().idle.into(),
            Self::IdleInbound => Closes::default().idle_inbound.into(),
            Self::OverRate => Closes::default().over_rate.into(),
            Self::Controls => Closes::default().controls.into(),
            Self::TooSlow => Closes::default().too_slow.into(),
            Self::NoAnswer => Closes::default().no_answer.into(),
            Self::Draining => Closes::default().draining.into(),
            Self::ShutDown => Closes::default().shut_down.into(),
        }
    }

    /// The hub's causes, each with its field in a config.
    pub(crate) const fn of_hub(closes: &mut Closes) -> [(Self, &mut Farewell); 9] {
        let Closes {
            evicted,
            idle,
            idle_inbound,
            over_rate,
            controls,
            too_slow,
            no_answer,
            draining,
            shut_down,
        } = closes;
        [
            (Self::Evicted, evicted),
            (Self::Idle, idle),
            (Self::IdleInbound, idle_inbound),
            (Self::OverRate, over_rate),
            (Self::Controls, controls),
            (Self::TooSlow, too_slow),
            (Self::NoAnswer, no_answer),
            (Self::Draining, draining),
            (Self::ShutDown, shut_down),
        ]
    }
}

/// A close code and a reason that the application chose.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rejection {
    pub(crate) code: CloseCode,
    pub(crate) reason: Cow<'static, str>,
}

impl Rejection {
    /// Truncates a reason over 123 bytes. Replaces a code that must not stand in a close frame
    /// ([`CloseCode::may_be_sent`]) by 1008.
    #[must_use]
    pub fn new(code: CloseCode, reason: impl Into<Cow<'static, str>>) -> Self {
        let code = if code.may_be_sent() { code } else { CloseCode::POLICY };
        Self { code, reason: reason.into() }
    }

    /// The close code.
    #[must_use]
    pub const fn code(&self) -> CloseCode {
        self.code
    }

    /// The close reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Lets `?` in [`authenticate`](crate::Handler::authenticate) close the connection properly: with 1013 and the
/// refusal's name if the hub refuses, else with 1008 and no reason.
impl From<hub::Error> for Rejection {
    fn from(error: hub::Error) -> Self {
        match error {
            hub::Error::Refused(refusal) => Self::new(CloseCode::TRY_AGAIN_LATER, refusal.name()),
            _ => Self::default(),
        }
    }
}

/// Like the conversion from [`hub::Error`], for a message that cannot be sent.
impl From<SendError> for Rejection {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Hub(error) => error.into(),
            _ => Self::default(),
        }
    }
}

impl From<Rejection> for Farewell {
    fn from(rejection: Rejection) -> Self {
        Self { code: rejection.code, reason: rejection.reason.into() }
    }
}

impl From<Farewell> for Rejection {
    fn from(farewell: Farewell) -> Self {
        Self::new(farewell.code, String::from(&*farewell.reason))
    }
}

impl Default for Rejection {
    /// 1008, without a reason.
    fn default() -> Self {
        Self::new(CloseCode::POLICY, "")
    }
}
