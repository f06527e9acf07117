//! Why a hub closes a client by itself, and with which codes and reasons.

use super::Limits;
use throng_core::hub::{self, Closes};
use throng_core::{CloseCode, CloseFrame};

/// Why a hub closes a client by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Cause {
    Evicted,
    Idle,
    OverRate,
    Controls,
    TooSlow,
    NoAnswer,
    Draining,
    ShutDown,
    IdleInbound,
    Replaced,
    Expired,
}

/// The causes for which a hub closes a client by itself, as the hub's config and as the model name them.
const CAUSES: [(hub::Cause, Cause); 11] = [
    (hub::Cause::Replaced, Cause::Replaced),
    (hub::Cause::Evicted, Cause::Evicted),
    (hub::Cause::Idle, Cause::Idle),
    (hub::Cause::IdleInbound, Cause::IdleInbound),
    (hub::Cause::OverRate, Cause::OverRate),
    (hub::Cause::Controls, Cause::Controls),
    (hub::Cause::TooSlow, Cause::TooSlow),
    (hub::Cause::NoAnswer, Cause::NoAnswer),
    (hub::Cause::Draining, Cause::Draining),
    (hub::Cause::ShutDown, Cause::ShutDown),
    (hub::Cause::Expired, Cause::Expired),
];

impl Limits {
    pub(super) fn closes(&self) -> Closes {
        if self.codes == 0 {
            return Closes::default();
        }
        let mut closes = Closes::default();
        for (field, cause) in CAUSES {
            let (code, reason) = self.farewell(cause);
            closes[field] = CloseFrame::new(code, reason);
        }
        closes
    }

    /// The code and the reason with which the hub closes a client for this cause.
    pub(in crate::model) fn farewell(&self, cause: Cause) -> (CloseCode, String) {
        /// Some of these codes have a meaning of their own in RFC 6455: the hub must treat them as any other.
        const CODES: [u16; 9] = [4000, 1002, 1013, 1007, 3999, 1011, 1009, 4999, 1008];
        let (code, reason) = match cause {
            _ if self.codes > 0 => {
                let code = CODES[(usize::from(self.codes) + cause as usize) % CODES.len()];
                return (CloseCode(code), format!("{cause:?} {}", self.codes));
            }
            Cause::Evicted => (1008, "another client of this user"),
            Cause::Replaced => (1008, "another connection of this session"),
            Cause::Idle => (1000, "idle"),
            Cause::IdleInbound => (1000, "nothing received"),
            Cause::OverRate => (1008, "too many messages"),
            Cause::Controls => (1008, "too many control frames"),
            Cause::TooSlow => (1013, "too slow"),
            Cause::NoAnswer => (1011, "no answer"),
            Cause::Draining => (1001, "going away"),
            Cause::ShutDown => (1001, "shutting down"),
            Cause::Expired => (1008, "authorisation expired"),
        };
        (CloseCode(code), reason.into())
    }
}
