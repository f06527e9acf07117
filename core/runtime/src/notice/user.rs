//! Errors of setting a client's user.

use core::fmt;
use throng_core::{CloseCode, CloseFrame, hub};

/// Why a client's user was not set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetUserError {
    /// The application [refused](crate::Placement::Refuse) the client.
    Denied(CloseFrame),
    /// The hub refused the client. [`RosterChanged`](hub::Error::RosterChanged): the user's clients changed too often
    /// while the application decided.
    Hub(hub::Error),
}

impl SetUserError {
    /// The hub's refusal, if the hub is what refused the client: [`TooManyOfUser`](hub::Refusal::TooManyOfUser), for
    /// example.
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

impl From<SetUserError> for CloseFrame {
    /// The code and reason for closing a connection whose user could not be set.
    fn from(error: SetUserError) -> Self {
        match error {
            SetUserError::Denied(rejection) => rejection,
            SetUserError::Hub(hub::Error::Refused(
                refusal @ (hub::Refusal::TooManyOfUser { .. }
                | hub::Refusal::EmptyName
                | hub::Refusal::NameTooLong { .. }
                | hub::Refusal::SessionInUse
                | hub::Refusal::SessionOfAnotherUser),
            )) => Self::new(CloseCode::POLICY, refusal.name()),
            SetUserError::Hub(hub::Error::RosterChanged) => Self::new(CloseCode::TRY_AGAIN_LATER, ""),
            SetUserError::Hub(_) => Self::default(),
        }
    }
}

impl fmt::Display for SetUserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(rejection) => write!(f, "the application refused the user: {}", &rejection.reason),
            Self::Hub(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SetUserError {}
