//! The HTTP answer when the hub does not admit a connection.

use super::refusal::Refusal;
use crate::hub;
use crate::time::Instant;
use alloc::borrow::Cow;
use alloc::format;
use core::time::Duration;
use http::StatusCode;

/// The default of `Retry-After`, in seconds.
const BUSY: u32 = 5;

impl Refusal {
    /// What is answered when the hub accepts or reserves no connection: 429 to who asks too often or has too many, 503
    /// when there is no place for anybody or in a first room, 400 for an invalid name of a user, a room or a session, 403 and 409 for a
    /// session that another user or another connection has.
    #[must_use]
    pub fn unadmitted(error: hub::Error, now: Instant) -> Self {
        let hub::Error::Refused(refusal) = error else { return Self::UNAVAILABLE };
        match refusal {
            hub::Refusal::ConnectRate { retry_at } => {
                let wait = retry_at.since(now) + Duration::from_nanos(999_999_999);
                let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
                Self::TooManyRequests { retry_after: seconds.max(1) }
            }
            hub::Refusal::TooManyOfAddress { .. } | hub::Refusal::TooManyOfUser { .. } => {
                Self::TooManyRequests { retry_after: BUSY }
            }
            hub::Refusal::EmptyName => bad_request("Invalid user, room or session: the name is empty.\n"),
            hub::Refusal::NameTooLong { limit } => bad_request(format!(
                "Invalid user, room or session: the name is longer than {limit} bytes.\n"
            )),
            hub::Refusal::TooManyRoomsOfClient { limit } => {
                bad_request(format!("Too many rooms: a client can be in {limit}.\n"))
            }
            hub::Refusal::SessionInUse => Self::Custom {
                status: StatusCode::CONFLICT,
                body: "The session is in use by another connection: close that one first.\n".into(),
            },
            hub::Refusal::SessionOfAnotherUser => Self::Custom {
                status: StatusCode::FORBIDDEN,
                body: "The session belongs to another user: use one of your own.\n".into(),
            },
            _ => Self::UNAVAILABLE,
        }
    }

    /// 503 with a `Retry-After` of 5 seconds: the hub has no room now.
    pub const UNAVAILABLE: Self = Self::Unavailable { retry_after: BUSY };
}

fn bad_request(body: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::Custom { status: StatusCode::BAD_REQUEST, body: body.into() }
}
