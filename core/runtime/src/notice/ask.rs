//! Questions to peers: how they are asked, and why one has no reply.

use crate::notice::message::SendError;
use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;
use throng_core::hub::{AskEnd, AskId, OnResume, Refusal};
use throng_core::websocket::Message;
use throng_core::{CloseCode, ClosedBy, hub};

/// Finds the id in a message that replies to a question.
pub(crate) type FindReply = Box<dyn Fn(&Message) -> Option<AskId> + Send + Sync>;

/// How a question is asked: for [`Client::ask_with`](crate::Client::ask_with). A [`Duration`] is the deadline alone.
///
/// ```
/// use std::time::Duration;
/// use throng_runtime::AskOptions;
///
/// let options = AskOptions::from(Duration::from_secs(3)).again_on_resume();
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AskOptions {
    pub(crate) deadline: Option<Duration>,
    pub(crate) on_resume: OnResume,
}

impl AskOptions {
    /// Asks once more when the client gets another connection before it has replied, with the same id and the same deadline. The peer
    /// may then have seen the question before. Default: the question fails with [`AskError::Resumed`].
    #[must_use]
    pub const fn again_on_resume(mut self) -> Self {
        self.on_resume = OnResume::AskedAgain;
        self
    }
}

impl From<Duration> for AskOptions {
    fn from(deadline: Duration) -> Self {
        Self { deadline: Some(deadline), ..Self::default() }
    }
}

/// Why a question has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AskError {
    /// As many questions to the client wait for a reply as [`asks.per_client`](throng_core::hub::Asks::per_client) allows.
    TooMany {
        /// The limit.
        limit: u32,
    },
    /// No reply came in time.
    Deadline,
    /// The client ended before it replied.
    Ended {
        /// The code of the first close frame; [`CloseCode::ABNORMAL`] if there was none.
        code: CloseCode,
        /// Which side ended the client.
        by: ClosedBy,
    },
    /// There is no such client: it had ended, or was closing, when it was to be asked.
    Gone,
    /// The client got another connection, and the question was not to be [asked again](AskOptions::again_on_resume).
    Resumed,
    /// [`Client::cancel_ask`](crate::Client::cancel_ask) cancelled it.
    Cancelled,
    /// The question could not be sent.
    NotSent(SendError),
    /// The hub does not know in which fields its questions and their replies have ids: `Builder::asks` was not called.
    NotSetUp,
}

impl AskError {
    pub(crate) const fn of_end(why: AskEnd) -> Self {
        match why {
            AskEnd::Deadline => Self::Deadline,
            AskEnd::Resumed => Self::Resumed,
            AskEnd::ClientEnded { code, by } => Self::Ended { code, by },
            // The core adds no end without a change here.
            _ => Self::Cancelled,
        }
    }
}

impl From<hub::Error> for AskError {
    fn from(error: hub::Error) -> Self {
        match error {
            hub::Error::Gone | hub::Error::NotOpen => Self::Gone,
            hub::Error::Refused(Refusal::TooManyAsks { limit }) => Self::TooMany { limit },
            error => Self::NotSent(error.into()),
        }
    }
}

impl From<SendError> for AskError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Hub(error) => error.into(),
            error => Self::NotSent(error),
        }
    }
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { limit } => {
                write!(f, "limit of questions to this client without a reply reached ({limit})")
            }
            Self::Deadline => f.write_str("the client did not reply in time"),
            Self::Ended { code, by } => {
                write!(f, "the client ended before it replied: close code {code}, by the {}", by.name())
            }
            Self::Gone => f.write_str("the client is gone"),
            Self::Resumed => f.write_str("the client got another connection before it replied"),
            Self::Cancelled => f.write_str("the question was cancelled"),
            Self::NotSent(error) => write!(f, "the question was not sent: {error}"),
            Self::NotSetUp => {
                f.write_str("call `Builder::asks` to say in which fields questions and replies have ids")
            }
        }
    }
}

impl core::error::Error for AskError {}

/// A reply to no open question of its client: for [`Handler::unmatched_reply`](crate::Handler::unmatched_reply).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnmatchedReply {
    /// The id in the reply. The peer chose it: it may be that of a question which has ended, or of one that another client was asked.
    pub ask: AskId,
    /// The reply.
    pub message: Message,
}
