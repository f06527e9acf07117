//! What systemd hears of the program, if it is a service of the kind notify: that it serves, reloads, ends and lives.
//!
//! Without systemd, which names its socket in `NOTIFY_SOCKET`, nothing is sent.

#[cfg(unix)]
mod told {
    use crate::server::{Server, Shared};
    use sd_notify::NotifyState;
    use std::time::Duration;
    use throng_tokio::core::hub::State;

    /// How soon the end of the program is told after its drain has begun.
    const LOOK: Duration = Duration::from_millis(200);

    fn tell(states: &[NotifyState<'_>]) {
        if let Err(error) = sd_notify::notify(states) {
            tracing::warn!(%error, "systemd cannot be told about the program");
        }
    }

    /// The program serves.
    pub(crate) fn ready() {
        tell(&[NotifyState::Ready]);
    }

    /// The program reads its config again: [`ready`] ends that.
    pub(crate) fn reloading() {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(error) => tracing::warn!(%error, "systemd is not told of the reload: there is no clock"),
        }
    }

    /// Another process takes this one's place.
    pub(crate) fn succeeded_by(process: u32) {
        tell(&[NotifyState::MainPid(process)]);
    }

    /// The program ends. That it was told already is no error.
    pub(crate) fn ending(server: &Server) {
        if !server.is_handed_over() {
            tell(&[NotifyState::Stopping]);
        }
    }

    /// Tells that the program lives, if systemd asks for it, and when it ends. Each sign of life looks at the hub, so a hub that stands
    /// still gives none.
    pub(crate) async fn follow(server: Shared) {
        let watchdog = sd_notify::watchdog_enabled().map(|most| most / 3);
        let mut told = tokio::time::Instant::now();
        let mut is_ending = false;
        loop {
            tokio::time::sleep(watchdog.map_or(LOOK, |period| period.min(LOOK))).await;
            let state = server.hub.state();
            if state != State::Running && !is_ending {
                is_ending = true;
                ending(&server);
            }
            if watchdog.is_some_and(|period| told.elapsed() >= period) && !server.is_handed_over() {
                told = tokio::time::Instant::now();
                tell(&[NotifyState::Watchdog]);
            }
        }
    }
}

#[cfg(not(unix))]
mod told {
    pub(crate) fn ready() {}
    pub(crate) fn reloading() {}
    pub(crate) fn ending(_: &crate::server::Server) {}
    pub(crate) async fn follow(_: crate::server::Shared) {}
}

pub(crate) use told::*;
