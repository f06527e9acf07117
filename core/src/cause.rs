//! The causes for which the hub or its host ends a connection.

use crate::close::{CloseCode, CloseFrame};

/// The table of all causes, from which everything that is listed by cause is made.
macro_rules! causes {
    ($($(#[$doc:meta])+ $cause:ident, $name:literal: $code:ident, $reason:literal;)+) => {
        /// Why the hub or its host ends a client, or a connection that is not a client yet.
        /// [`Closes`](crate::hub::Closes) has the code and reason for each cause.
        ///
        /// Other ends have no cause here: a protocol violation is closed with the code of RFC 6455 section 7.4.1, and a
        /// client that the pong deadline, the write deadline or the hub's budget ends is sent no close frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Cause {
            $($(#[$doc])+ $cause,)+
        }

        impl Cause {
            /// All causes, in a fixed order.
            pub const ALL: &'static [Self] = &[$(Self::$cause),+];
            pub(crate) const COUNT: usize = Self::ALL.len();
            /// The [names](Self::name) of all causes, in the same order.
            #[cfg(feature = "serde")]
            pub(crate) const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name of the cause in config files, metrics and logs, such as `idle_inbound`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$cause => $name,)+ }
            }

            /// The names of the cause's fields in a config, such as `closes.idle` and `closes.idle.code`.
            pub(crate) const fn fields(self) -> [&'static str; 2] {
                match self { $(Self::$cause => [concat!("closes.", $name), concat!("closes.", $name, ".code")],)+ }
            }

            /// The default code and reason.
            pub(crate) const fn by_default(self) -> (CloseCode, &'static str) {
                match self { $(Self::$cause => (CloseCode::$code, $reason),)+ }
            }
        }
    };
}

/// The code and reason that the cause has by default.
impl From<Cause> for CloseFrame {
    fn from(cause: Cause) -> Self {
        let (code, reason) = cause.by_default();
        Self::new(code, reason)
    }
}

causes! {
    /// The client's user has opened another one, under [`PerUser::EvictOldest`](crate::hub::PerUser::EvictOldest). Default:
    /// 1008, "another client of this user".
    Evicted, "evicted": POLICY, "another client of this user";
    /// Another connection has taken over the client, under [`SecondConnection::TakesOver`](crate::hub::SecondConnection::TakesOver): the
    /// older one is closed. Default: 1008, "another connection of this session".
    Replaced, "replaced": POLICY, "another connection of this session";
    /// There was no message either way for [`deadlines.idle`](crate::hub::Deadlines::idle). Default: 1000, "idle".
    Idle, "idle": NORMAL, "idle";
    /// There was no message from the client for [`deadlines.idle_inbound`](crate::hub::Deadlines::idle_inbound). Default: 1000,
    /// "nothing received".
    IdleInbound, "idle_inbound": NORMAL, "nothing received";
    /// A message was over a rate of [`inbound`](crate::hub::Inbound), under [`OverRate::Close`](crate::hub::OverRate::Close).
    /// Default: 1008, "too many messages".
    OverRate, "over_rate": POLICY, "too many messages";
    /// A ping or pong was over [`inbound.control`](crate::hub::Inbound::control). Default: 1008, "too many control frames".
    Controls, "controls": POLICY, "too many control frames";
    /// The outbox was full, under [`Policy::Disconnect`](crate::hub::Policy::Disconnect). Default: 1013, "too slow".
    TooSlow, "too_slow": TRY_AGAIN_LATER, "too slow";
    /// The application did not finish with a message within [`deadlines.pong`](crate::hub::Deadlines::pong). Default: 1011,
    /// "no answer".
    NoAnswer, "no_answer": INTERNAL_ERROR, "no answer";
    /// The hub [drains](crate::hub::Drain). Default: 1001, "going away".
    Draining, "draining": GOING_AWAY, "going away";
    /// The hub was [shut down](crate::hub::Event::Shutdown). Default: 1001, "shutting down".
    ShutDown, "shut_down": GOING_AWAY, "shutting down";
    /// The client's authorisation has [expired](crate::hub::Event::SetExpiry), and the application chose no code of its own.
    /// Default: 1008, "authorisation expired".
    Expired, "expired": POLICY, "authorisation expired";
    /// A hook of the application panicked. Default: 1011, "internal error".
    Panicked, "panicked": INTERNAL_ERROR, "internal error";
    /// A hook that the client needs exceeded its time limit. Default: 1011, "timed out".
    TimedOut, "timed_out": INTERNAL_ERROR, "timed out";
    /// The client could not join one of its first rooms. Default: 1013, without a reason: the host then sends the name of
    /// the refusal, such as "room_full".
    FirstRoom, "first_room": TRY_AGAIN_LATER, "";
    /// The clients of the user changed too fast to place another one among them. Default: 1013, without a reason.
    RosterChanged, "roster_changed": TRY_AGAIN_LATER, "";
    /// The client was not authenticated in time. Default: 1008, "authentication timed out".
    AuthenticationTimedOut, "authentication_timed_out": POLICY, "authentication timed out";
    /// The peer sent more before its authentication than the host may keep. Default: 1008, "too much before
    /// authentication".
    TooMuchBeforeAuthentication, "too_much_before_authentication": POLICY, "too much before authentication";
    /// The application lags, and there is no room for the client's message. Default: 1013, "the application lags".
    Lagging, "lagging": TRY_AGAIN_LATER, "the application lags";
}
