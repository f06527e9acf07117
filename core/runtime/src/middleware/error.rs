//! Errors of handling a message.

use alloc::boxed::Box;
use core::convert::Infallible;
use core::fmt;
use core::time::Duration;

/// Why a message was not handled: the error that middleware returns in place of a handler's answer.
///
/// Every error of a service is converted to this type before it is answered. Your own error type can implement
/// `Into<ServiceError>`. A boxed error, as most layers of `tower` return, becomes [`Other`](Self::Other), unless a
/// layer such as `map_err` converts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceError {
    /// The handler panicked ([`CatchPanicLayer`](super::CatchPanicLayer)).
    Panicked,
    /// The handler exceeded its time limit ([`TimeoutLayer`](super::TimeoutLayer)).
    TimedOut {
        /// The time limit.
        limit: Duration,
    },
    /// The rate limit of a client or user was exceeded ([`RateLimitLayer`](super::RateLimitLayer)).
    OverRate {
        /// The next message passes after this time, if none comes before.
        retry_after: Duration,
    },
    /// The limit of messages handled at once was reached ([`InFlightLayer`](super::InFlightLayer)).
    Busy {
        /// The limit.
        limit: usize,
    },
    /// The answer could not be encoded.
    NotEncoded,
    /// Any other error, as a code of the application's: a word for programs.
    Other(&'static str),
}

/// The code of an unknown error.
const FAILED: &str = "failed";

impl ServiceError {
    /// A stable code for programs, used in answers, metrics and logs.
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
                // Rounded up, so that this waiting time always suffices.
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

/// Restores a `ServiceError` that a layer has boxed.
impl From<Box<dyn core::error::Error + Send + Sync>> for ServiceError {
    fn from(error: Box<dyn core::error::Error + Send + Sync>) -> Self {
        error.downcast::<Self>().map_or(Self::Other(FAILED), |error| *error)
    }
}
