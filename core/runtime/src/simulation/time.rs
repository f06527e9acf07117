//! The time of a run, for handlers and scripts.

use crate::host::Sleep;
use crate::simulation::shared::Shared;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use throng_core::Instant;

/// The clock of a run, for what the application waits for: a timer of another runtime, such as `tokio::time::sleep`, does not run
/// in a simulation.
#[derive(Clone)]
pub struct Time(pub(crate) Arc<Shared>);

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Time").field(&self.now()).finish()
    }
}

impl Time {
    /// Virtual time since the run began.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.0.clock.now())
    }

    /// Waits for this long, in virtual time. Where timers are late, this is late, too.
    pub async fn sleep(&self, time: Duration) {
        let mut alarm = self.0.host.alarm();
        let until = Instant::from_nanos(self.0.clock.now()) + time;
        poll_fn(|cx| alarm.poll_until(cx, until)).await;
    }
}
