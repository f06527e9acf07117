//! Why a client is not of a user.

use crate::notice::hook::Rejection;
use core::fmt;
use throng_core::close::CloseCode;
use throng_core::hub;

/// Why a client is not of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetUserError {
    /// The application [refuses](crate::Placement::Refuse) it.
    Denied(Rejection),
    /// The hub says why. [`RosterChanged`](hub::Error::RosterChanged): the user's clients came and went too fast for an
    /// answer that would have held.
    Hub(hub::Error),
}

impl SetUserError {
    /// Why the hub refuses, if it is the hub that does: [`TooManyOfUser`](hub::Refusal::TooManyOfUser), for one.
    #[must_use]
    pub const fn refusal(&self) -> Option<hub::Refusal> {
        if let Self::Hub(error) = self { error.refusal() } else { None }
    }
}

impl From<hub::Error> for SetUserError {
    fn from(error: hub::Error) -> Self {
        Self::Hub(error)
    }
}

impl From<SetUserError> for Rejection {
    /// With what a connection is closed that cannot be of its user.
    fn from(error: SetUserError) -> Self {
        match error {
            SetUserError::Denied(rejection) => rejection,
            SetUserError::Hub(hub::Error::Refused(refusal @ hub::Refusal::TooManyOfUser { .. })) => {
                Self::new(CloseCode::POLICY, refusal.name())
            }
            SetUserError::Hub(hub::Error::RosterChanged) => Self::new(CloseCode::TRY_AGAIN_LATER, ""),
            SetUserError::Hub(_) => Self::default(),
        }
    }
}

impl fmt::Display for SetUserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(rejection) => write!(f, "the application refuses it: {}", rejection.reason()),
            Self::Hub(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SetUserError {}
