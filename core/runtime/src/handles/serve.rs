//! What serving a listener is, but for the listener: when it ends and how, and what to do about an accept that failed.

use crate::handles::drain::DrainError;
use crate::handles::hub::Hub;
use crate::host::Report;
use core::future::{Future, pending, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use throng_core::hub::Drain;

/// How a listener is served, and when that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServeOptions {
    /// What begins the end.
    pub stop: Stop,
    /// How clients are drained then. Default: as the hub's [config](throng_core::hub::Config::drain) says.
    pub drain: Option<Drain>,
    /// How long that may take before the rest is closed by force. Default: as the hub's config says.
    pub drain_deadline: Option<Duration>,
}

/// What begins the end of serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// SIGTERM or Ctrl-C drains; the second one closes everybody at once.
    OnSignal,
    /// Only [`Hub::drain`] and [`Hub::shutdown`].
    OnHub,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self { stop: Stop::OnSignal, drain: None, drain_deadline: None }
    }
}

/// The signals that ask a server to end, caught by the host from when this was made: none is lost between two polls.
pub trait Signals: Send {
    /// Ready for each signal.
    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// How long the hooks of clients that a shutdown has closed may still run.
const LAST_HOOKS: Duration = Duration::from_secs(10);

/// How long a listener rests when the system has run out of something: some of it will be given back.
const REST: Duration = Duration::from_millis(50);

impl Hub {
    /// Ready when the hub has [stopped](Self::stopped), and drives that: the first signal begins a drain, the second one,
    /// or the drain's deadline, forces. After that the last hooks have ten seconds; then it is ready although they have not
    /// returned. For runtime crates, after [`start`](Self::start).
    ///
    /// Dropped before that, it lets go of the signals. A drain that they have begun goes on, and nothing forces it any more.
    ///
    /// `catch` is asked for signals at once, if the options say that they matter; where they cannot be caught, nothing but
    /// the hub ends serving.
    pub fn stopped_by<S: Signals + 'static>(
        self,
        options: ServeOptions,
        catch: impl FnOnce() -> Option<S> + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let signals = match options.stop {
            Stop::OnSignal => catch(),
            Stop::OnHub => None,
        };
        async move {
            let mut stopped = self.stopped();
            let mut by_signal = pin!(async {
                match signals {
                    Some(signals) => drain_on_signal(&self, options, signals).await,
                    None => pending().await,
                }
            });
            poll_fn(|cx| match Pin::new(&mut stopped).poll(cx) {
                Poll::Ready(()) => Poll::Ready(()),
                Poll::Pending => by_signal.as_mut().poll(cx),
            })
            .await;
        }
    }

    /// [Reports](crate::Host::report) that a listener's accept has failed; says how long to rest before the next one. That is
    /// no time if only the peer is concerned that was to be accepted. For runtime crates.
    #[must_use]
    pub fn accept_failed(&self, error: &io::Error) -> Duration {
        self.shared().report(Report::AcceptFailed { kind: error.kind(), code: error.raw_os_error() });
        if concerns_one_peer(error.kind()) { Duration::ZERO } else { REST }
    }
}

/// Ready after a signal, when the drain is done, or nothing more can be waited for.
async fn drain_on_signal(hub: &Hub, options: ServeOptions, mut signals: impl Signals) {
    let shared = hub.shared();
    poll_fn(|cx| signals.poll_signal(cx)).await;
    shared.report(Report::Draining);
    let plan = hub.config().drain;
    let drain = options.drain.unwrap_or(plan.drain());
    let mut draining = hub.drain(drain, options.drain_deadline.unwrap_or(plan.deadline));
    let drained = poll_fn(|cx| match Pin::new(&mut draining).poll(cx) {
        Poll::Ready(drained) => Poll::Ready(Some(drained)),
        Poll::Pending => signals.poll_signal(cx).map(|()| None),
    });
    match drained.await {
        Some(Ok(())) => return,
        Some(Err(DrainError { remaining })) => shared.report(Report::DrainIsLate { remaining }),
        None => shared.report(Report::Forced),
    }
    hub.shutdown();
    // Close frames have their deadline inside the hub; the application's last hooks have this one.
    let until = shared.now() + LAST_HOOKS;
    let Some(mut sleep) = shared.host().map(|host| host.sleep()) else { return };
    poll_fn(|cx| sleep.poll_until(cx, until)).await;
    shared.report(Report::HooksAreLate);
}

/// Whether the listener is as good as before.
const fn concerns_one_peer(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
