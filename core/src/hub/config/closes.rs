//! With what the hub closes clients, by cause.

use crate::close::CloseCode;
use crate::id::Name;

/// With what the hub closes clients, by cause. Each code may be any that may stand in a close frame
/// ([`CloseCode::may_be_sent`]), 3000 to 4999 for one's own among them; what the hub [counts](crate::hub::Stats) goes by the
/// cause, whatever the code.
///
/// What is not here has no code of its own: a breach of the protocol is answered as RFC 6455 has it (section 7.4.1), and who
/// is silent until the pong deadline, takes too little until the write deadline, or is ended for the hub's budget, is sent no close
/// frame.
///
/// ```
/// use throng_core::CloseCode;
/// use throng_core::hub::{Closes, Config, Farewell};
///
/// let config = Config {
///     closes: Closes { idle: Farewell::new(CloseCode(4408), "still there?"), ..Closes::default() },
///     ..Config::default()
/// };
/// assert_eq!(config.validate(), Ok(()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closes {
    /// For the sake of another one of its user, under [`PerUser::EvictOldest`](super::PerUser::EvictOldest). Default: 1008,
    /// "another client of this user".
    pub evicted: Farewell,
    /// Without a message either way for `deadlines.idle`. Default: 1000, "idle".
    pub idle: Farewell,
    /// Without a message from it for `deadlines.idle_inbound`. Default: 1000, "nothing received".
    pub idle_inbound: Farewell,
    /// A message was over a rate of `inbound`, under [`OverRate::Close`](super::OverRate::Close). Default: 1008, "too many
    /// messages".
    pub over_rate: Farewell,
    /// A ping or pong was over `inbound.control`. Default: 1008, "too many control frames".
    pub controls: Farewell,
    /// The outbox was full, under [`Policy::Disconnect`](crate::hub::Policy::Disconnect). Default: 1013, "too slow".
    pub too_slow: Farewell,
    /// The application has not finished with what arrived for `deadlines.pong`. Default: 1011, "no answer".
    pub no_answer: Farewell,
    /// Its moment in a [drain](crate::hub::Drain) has come. Default: 1001, "going away".
    pub draining: Farewell,
    /// A shutdown. Default: 1001, "shutting down".
    pub shut_down: Farewell,
}

/// The code and reason of a close frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Farewell {
    /// The code of the close frame.
    pub code: CloseCode,
    /// The reason in the close frame, cut off after 123 bytes.
    pub reason: Name,
}

impl Farewell {
    /// Makes a close of this code and reason.
    #[must_use]
    pub fn new(code: CloseCode, reason: impl Into<Name>) -> Self {
        Self { code, reason: reason.into() }
    }
}

impl Default for Closes {
    fn default() -> Self {
        Self {
            evicted: Farewell::new(CloseCode::POLICY, "another client of this user"),
            idle: Farewell::new(CloseCode::NORMAL, "idle"),
            idle_inbound: Farewell::new(CloseCode::NORMAL, "nothing received"),
            over_rate: Farewell::new(CloseCode::POLICY, "too many messages"),
            controls: Farewell::new(CloseCode::POLICY, "too many control frames"),
            too_slow: Farewell::new(CloseCode::TRY_AGAIN_LATER, "too slow"),
            no_answer: Farewell::new(CloseCode::INTERNAL_ERROR, "no answer"),
            draining: Farewell::new(CloseCode::GOING_AWAY, "going away"),
            shut_down: Farewell::new(CloseCode::GOING_AWAY, "shutting down"),
        }
    }
}

impl Closes {
    /// Each code, with its field's name.
    pub(super) const fn codes(&self) -> [(&'static str, CloseCode); 9] {
        let Self {
            evicted,
            idle,
            idle_inbound,
            over_rate,
            controls,
            too_slow,
            no_answer,
            draining,
            shut_down,
        } = self;
        [
            ("closes.evicted.code", evicted.code),
            ("closes.idle.code", idle.code),
            ("closes.idle_inbound.code", idle_inbound.code),
            ("closes.over_rate.code", over_rate.code),
            ("closes.controls.code", controls.code),
            ("closes.too_slow.code", too_slow.code),
            ("closes.no_answer.code", no_answer.code),
            ("closes.draining.code", draining.code),
            ("closes.shut_down.code", shut_down.code),
        ]
    }
}
