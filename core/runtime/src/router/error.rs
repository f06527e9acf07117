//! Why a message was not handled, or its answer could not be sent.

use crate::handler::asking::JoinError;
use crate::notice::message::SendError;
use alloc::string::{String, ToString};
use core::convert::Infallible;
use core::fmt::{self, Write};
use throng_core::{Name, hub};

/// Why a router did not handle a message. The client gets an error as the answer and stays connected; its next messages
/// are handled as usual.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RouteError {
    /// The message is text and the codec reads binary, or the other way round.
    WrongKind,
    /// The message is not in the codec's format.
    Malformed(Fault),
    /// The message names no type: the field is missing or is not a string.
    NoType,
    /// There is no handler for this type.
    UnknownType,
    /// The body does not parse as the type that the handler takes.
    BadBody(Fault),
    /// What the handler returned could not be encoded.
    NotEncoded,
    /// An argument of the handler refused the message ([`FromIncoming::Rejection`](super::FromIncoming::Rejection)), or the
    /// handler itself did, which [returned](super::Respond) this error.
    Refused {
        /// A code for programs, which the application chose.
        code: &'static str,
        /// A sentence for people.
        message: Name,
    },
}

impl RouteError {
    /// All codes, in the order of the variants.
    pub(super) const CODES: [&'static str; 7] =
        ["wrong_kind", "malformed", "no_type", "unknown_type", "bad_body", "not_encoded", "refused"];

    /// A refusal by the application, with a code for programs and a sentence for people.
    pub fn refused(code: &'static str, message: impl Into<Name>) -> Self {
        Self::Refused { code, message: message.into() }
    }

    pub(super) const fn index(&self) -> usize {
        match self {
            Self::WrongKind => 0,
            Self::Malformed(_) => 1,
            Self::NoType => 2,
            Self::UnknownType => 3,
            Self::BadBody(_) => 4,
            Self::NotEncoded => 5,
            Self::Refused { .. } => 6,
        }
    }

    /// A stable code for programs, used in answers, metrics and logs. For a [refusal](Self::Refused) it is the
    /// application's.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } => code,
            _ => Self::CODES[self.index()],
        }
    }
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongKind => {
                f.write_str("wrong kind of message: text in place of binary, or the other way round")
            }
            Self::Malformed(fault) => write!(f, "the message cannot be read: {fault}"),
            Self::NoType => f.write_str("the message names no type"),
            Self::UnknownType => f.write_str("no handler for messages of this type"),
            Self::BadBody(fault) => write!(f, "invalid message body: {fault}"),
            Self::NotEncoded => f.write_str("the answer could not be encoded"),
            Self::Refused { message, .. } => f.write_str(message),
        }
    }
}

impl core::error::Error for RouteError {}

/// Conversion for an argument that never refuses.
impl From<Infallible> for RouteError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The code is the [name](hub::Refusal::name) of the hub's refusal, such as `room_full`.
impl From<hub::Error> for RouteError {
    fn from(error: hub::Error) -> Self {
        let code = match error {
            hub::Error::Refused(refusal) => refusal.name(),
            hub::Error::Gone => "gone",
            hub::Error::NotOpen => "not_open",
            _ => "refused",
        };
        Self::refused(code, error.to_string())
    }
}

/// The code is `denied`, `timed_out` or `panicked` by `before_join`, else that of the [hub's error](hub::Error).
impl From<JoinError> for RouteError {
    fn from(error: JoinError) -> Self {
        let code = match error {
            JoinError::Denied => "denied",
            JoinError::TimedOut => "timed_out",
            JoinError::Panicked => "panicked",
            JoinError::Hub(error) => return error.into(),
        };
        Self::refused(code, error.to_string())
    }
}

/// The code is `too_long`, `not_encoded`, `outbox_full`, `too_many_waiters` or `not_relayed`, else that of the [hub's error](hub::Error).
impl From<SendError> for RouteError {
    fn from(error: SendError) -> Self {
        let code = match error {
            SendError::TooLong => "too_long",
            SendError::NotEncoded => "not_encoded",
            SendError::Full => "outbox_full",
            SendError::TooManyWaiters => "too_many_waiters",
            SendError::NotRelayed => "not_relayed",
            SendError::Hub(error) => return error.into(),
        };
        Self::refused(code, error.to_string())
    }
}

/// The fault of a message, and its position in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// The line, from 1; 0 if the codec does not say.
    pub line: u32,
    /// The column, from 1; 0 if the codec does not say, or at the beginning of a line.
    pub column: u32,
    /// The codec's description. At most [`LENGTH`](Self::LENGTH) bytes, since it may quote the peer.
    pub what: Name,
}

impl Fault {
    /// The longest description, in bytes; a longer one is cut and ends in `…`.
    pub const LENGTH: usize = 120;

    /// A fault without a place.
    pub fn new(what: impl fmt::Display) -> Self {
        Self::at(0, 0, what)
    }

    /// A fault at a line and a column.
    pub fn at(line: u32, column: u32, what: impl fmt::Display) -> Self {
        let mut short = Short(String::new());
        // Writing fails once the text is long enough.
        let _ = write!(short, "{what}");
        Self { line, column, what: short.0.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.line > 0 {
            write!(f, ", line {} column {}", self.line, self.column)?;
        }
        Ok(())
    }
}

/// A string that stops growing at a limit.
struct Short(String);

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        const CUT: &str = "…";
        if self.0.len() + text.len() <= Fault::LENGTH {
            self.0.push_str(text);
            return Ok(());
        }
        let room = (Fault::LENGTH - CUT.len()).saturating_sub(self.0.len());
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        self.0.push_str(CUT);
        Err(fmt::Error)
    }
}

/// Describes a JSON error, and where it is.
pub(super) fn fault(error: &serde_json::Error) -> Fault {
    let (line, column) = (clamp(error.line()), clamp(error.column()));
    // The error's text ends with the place, which is stored separately here.
    let what = format!("{error}");
    let place = format!(" at line {line} column {column}");
    Fault::at(line, column, what.strip_suffix(&*place).unwrap_or(&what))
}

fn clamp(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
