use crate::Instant;
use crate::hub::{self, Error};
use crate::websocket::handshake::Refusal;
use core::time::Duration;

#[test]
fn what_the_hub_refuses_is_answered_with_a_status_and_when_to_come_again() {
    let now = Instant::ORIGIN + Duration::from_secs(100);
    let too_fast = |wait: Duration| hub::Refusal::ConnectRate { retry_at: now + wait };
    let cases = [
        // Whole seconds, and never too early.
        (too_fast(Duration::from_millis(1_001)), 429, Some(2)),
        (too_fast(Duration::from_secs(3)), 429, Some(3)),
        (too_fast(Duration::ZERO), 429, Some(1)),
        (hub::Refusal::TooManyOfAddress { limit: 1 }, 429, Some(5)),
        (hub::Refusal::TooManyOfUser { limit: 1 }, 429, Some(5)),
        (hub::Refusal::EmptyName, 400, None),
        (hub::Refusal::NameTooLong { limit: 1 }, 400, None),
        (hub::Refusal::TooManyRoomsOfClient { limit: 1 }, 400, None),
        (hub::Refusal::RoomFull { limit: 1 }, 503, Some(5)),
        (hub::Refusal::TooManyRooms { limit: 1 }, 503, Some(5)),
        (hub::Refusal::TooManyConnections { limit: 1 }, 503, Some(5)),
        (hub::Refusal::TooManyHandshakes { limit: 1 }, 503, Some(5)),
        (hub::Refusal::Draining, 503, Some(5)),
        (hub::Refusal::Stopped, 503, Some(5)),
    ];
    for (refusal, status, wait) in cases {
        let answer = Refusal::unadmitted(Error::Refused(refusal), now);
        let retry_after = match answer {
            Refusal::TooManyRequests { retry_after } | Refusal::Unavailable { retry_after } => {
                Some(retry_after)
            }
            _ => None,
        };
        assert_eq!((answer.status().as_u16(), retry_after), (status, wait), "{refusal:?}");
    }
    for error in [Error::Gone, Error::NotOpen] {
        assert_eq!(Refusal::unadmitted(error, now).status().as_u16(), 503, "{error:?}");
    }
}
