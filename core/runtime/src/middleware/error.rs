//! Why a message came to nothing.

use alloc::boxed::Box;
use core::convert::Infallible;
use core::fmt;
use core::time::Duration;

/// Why a message came to nothing: what middleware answers in a handler's place.
///
/// Every error of a service becomes one of these before it is answered. A type of your own may do so by `From`;
/// what is only known as a box, as the errors of most layers of `tower`, is [`Other`](Self::Other), unless a layer such as
/// `map_err` says better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceError {
    /// The handler panicked ([`CatchPanic`](super::CatchPanic)).
    Panicked,
    /// The handler took longer than this ([`Timeout`](super::Timeout)).
    TimedOut {
        /// The time limit.
        limit: Duration,
    },
    /// Too many messages of one client or user ([`RateLimit`](super::RateLimit)).
    OverRate {
        /// After this time one more message passes, if none comes before.
        retry_after: Duration,
    },
    /// Too many messages are being handled ([`InFlight`](super::InFlight)).
    Busy {
        /// The limit.
        limit: usize,
    },
    /// The answer could not be encoded.
    NotEncoded,
    /// Anything else, by a code of the application's: a word for programs.
    Other(&'static str),
}

/// The code of an error of which nothing is known.
const FAILED: &str = "failed";

impl ServiceError {
    /// A stable word for programs: in answers, metrics and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Panicked => "panicked",
            Self::TimedOut { .. } => "timed_out",
            Self::OverRate { .. } => "over_rate",
            Self::Busy { .. } => "busy",
            Self::NotEncoded => "not_encoded",
            Self::Other(code) => code,
        }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked => f.write_str("the handler failed"),
            Self::TimedOut { limit } => write!(f, "the handler took longer than {limit:?}"),
            Self::OverRate { retry_after } => {
                // Rounded up: whoever waits as long has waited long enough.
                let millis = retry_after.as_nanos().div_ceil(1_000_000);
                write!(f, "too many messages, try again in {millis} ms")
            }
            Self::Busy { limit } => {
                write!(f, "too many messages are being handled (limit {limit}), try again later")
            }
            Self::NotEncoded => f.write_str("the answer could not be encoded"),
            Self::Other(FAILED) => f.write_str("the message could not be handled"),
            Self::Other(code) => f.write_str(code),
        }
    }
}

impl core::error::Error for ServiceError {}

impl From<Infallible> for ServiceError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// One of these again if it was boxed on its way through a layer.
impl From<Box<dyn core::error::Error + Send + Sync>> for ServiceError {
    fn from(error: Box<dyn core::error::Error + Send + Sync>) -> Self {
        error.downcast::<Self>().map_or(Self::Other(FAILED), |error| *error)
    }
}
