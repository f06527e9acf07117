//! Until when a client is authorised.

use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};
use throng_core::hub::Event;
use throng_core::{ClientId, CloseFrame, Instant};

/// When a client's authorisation ends, and how the client is closed then: for
/// [`Client::set_expiry`](crate::Client::set_expiry), [`Connecting::set_expiry`](crate::Connecting::set_expiry) and
/// [`Authenticating::set_expiry`](crate::Authenticating::set_expiry). A [`Duration`] and a [`SystemTime`] are expiries, too.
///
/// ```
/// use core::time::Duration;
/// use throng_core::{CloseCode, CloseFrame, hub};
/// use throng_runtime::{Client, Expiry};
///
/// # struct Claims { exp: u64 }
/// fn renew(client: &Client, claims: &Claims) -> Result<(), hub::Error> {
///     // A JSON web token's `exp`, in seconds since 1970; the peer has ten seconds more to bring another one.
///     let expiry = Expiry::at_unix_seconds(claims.exp).leeway(Duration::from_secs(10));
///     client.set_expiry(expiry.close_with(CloseFrame::new(CloseCode(4401), "token expired")))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    when: When,
    leeway: Duration,
    close: Option<CloseFrame>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    After(Duration),
    At(SystemTime),
}

impl Expiry {
    /// The authorisation ends this long after the expiry is set. For [`Connecting::set_expiry`](crate::Connecting::set_expiry): after the hook has returned.
    #[must_use]
    pub const fn after(time: Duration) -> Self {
        Self { when: When::After(time), leeway: Duration::ZERO, close: None }
    }

    /// The authorisation ends at this time of the system's clock. The clock is read when the expiry is set: if it is put right later, the
    /// expiry does not move.
    #[must_use]
    pub const fn at(time: SystemTime) -> Self {
        Self { when: When::At(time), leeway: Duration::ZERO, close: None }
    }

    /// The authorisation ends at this time, in seconds since 1970-01-01 UTC, as in the claim `exp` of a JSON web token. A time that
    /// the system cannot represent never comes.
    #[must_use]
    pub fn at_unix_seconds(seconds: u64) -> Self {
        match UNIX_EPOCH.checked_add(Duration::from_secs(seconds)) {
            Some(time) => Self::at(time),
            None => Self::after(Duration::MAX),
        }
    }

    /// Lets the client stay for so much longer.
    #[must_use]
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// The close frame of a client whose authorisation has ended, for example with a code from 3000 to 4999. Default: that of
    /// [`Cause::Expired`](throng_core::hub::Cause::Expired) in the config, 1008. If the code [may not be sent](throng_core::CloseCode::may_be_sent), the
    /// frame has neither code nor reason.
    #[must_use]
    pub fn close_with(mut self, close: CloseFrame) -> Self {
        self.close = Some(close);
        self
    }

    /// The event that sets this expiry at the moment `now` of the hub's clock, when the system's clock shows `wall`.
    pub(crate) fn event(
        &self,
        client: ClientId,
        now: Instant,
        wall: impl FnOnce() -> SystemTime,
    ) -> Event<'_> {
        let at = match self.when {
            When::After(time) => now + time.saturating_add(self.leeway),
            // The clocks may drift apart, so each time is converted when it is set.
            When::At(time) => {
                let wall = wall();
                match time.checked_add(self.leeway) {
                    Some(time) => now + time.duration_since(wall).unwrap_or_default(),
                    None => Instant::FAR_FUTURE,
                }
            }
        };
        let code = self.close.as_ref().map(|close| close.code);
        let reason = self.close.as_ref().map_or("", |close| &*close.reason);
        Event::SetExpiry { client, at: Some(at), code, reason }
    }
}

impl From<Duration> for Expiry {
    fn from(time: Duration) -> Self {
        Self::after(time)
    }
}

impl From<SystemTime> for Expiry {
    fn from(time: SystemTime) -> Self {
        Self::at(time)
    }
}

/// That a client's authorisation ends soon: for [`Handler::expiring`](crate::Handler::expiring).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Expiring {
    /// How long the client was still authorised when the hub told of it.
    pub left: Duration,
}
