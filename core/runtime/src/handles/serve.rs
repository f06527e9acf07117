//! Serving a listener, but for the listener: when it ends and how, and how an accept that failed is handled.

use crate::handles::drain::DrainError;
use crate::handles::hub::Hub;
use crate::handles::refused::refused;
use crate::handles::signals::{Force, Signals};
use crate::host::Report;
use alloc::sync::Arc;
use core::future::{Future, poll_fn, ready};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use throng_core::hub::Drain;
use throng_core::time::Instant;
use throng_core::websocket::{HeadLimits, Refusal};

/// How a listener is served, and when serving ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServeOptions {
    /// The event that begins the end.
    pub stop: Stop,
    /// How clients are drained. Default: as the hub's [config](throng_core::hub::Config::drain) says.
    pub drain: Option<Drain>,
    /// How long the drain may take before the remaining connections are closed by force. Default: as the hub's config
    /// says.
    pub drain_deadline: Option<Duration>,
    /// Whether a second signal may end the process. Default: [`Force::Exit`].
    pub force: Force,
}

/// The event that begins the end of serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// SIGTERM or Ctrl-C begins a drain; a second one closes all connections at once. SIGHUP is ignored, as under
    /// `nohup`: closing a terminal does not end the server, and the application may reload its config on it.
    OnSignal,
    /// Only [`Hub::drain`] and [`Hub::shutdown`] end serving. No signal is caught.
    OnHub,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self { stop: Stop::OnSignal, drain: None, drain_deadline: None, force: Force::Exit }
    }
}

/// What [`Force::Exit`] leaves of the close deadline to `main`.
fn time_of_main(close: Duration) -> Duration {
    (close / 10).min(Duration::from_millis(500))
}

/// How long a listener pauses when the system has run out of a resource.
const REST: Duration = Duration::from_millis(50);

/// How a host's HTTP server must read request heads, according to the hub's config: [`Hub::head_rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeadRules {
    /// Limits: `websocket.head_bytes` and `websocket.headers`.
    pub limits: HeadLimits,
    /// How long a peer may take for a head: `deadlines.handshake`.
    pub deadline: Duration,
}

impl Hub {
    /// Ready when the hub has [stopped](Self::stopped), and drives that: the first signal begins a drain, the second one,
    /// or the drain's deadline, forces. The drain's deadline counts the time in which the process stood still: it is a promise to
    /// whoever stops the process. After that the last hooks have as long as `deadlines.close`, or what [`Force::Exit`] leaves of it;
    /// then it is ready although they have not returned. For runtime crates, after [`start`](Self::start).
    ///
    /// `signals` are those that the host tells the server of: [`signals`](Self::signals). Without any, only the hub ends serving.
    ///
    /// Dropped before that, it lets go of the signals. A drain that they have begun goes on, and nothing forces it any more.
    pub fn stopped_by(
        self,
        options: ServeOptions,
        signals: Option<Arc<Signals>>,
    ) -> impl Future<Output = ()> + Send + 'static {
        self.ended_by(options, signals, ready(()))
    }

    /// Like [`stopped_by`](Self::stopped_by), for a server with other work beside the hub: once the hub has stopped,
    /// `rest` is polled until it is ready. It is dropped earlier by a signal, at the drain's deadline if a signal began
    /// the drain, otherwise after `deadlines.close`; and at once if the end was forced.
    pub fn ended_by(
        self,
        options: ServeOptions,
        signals: Option<Arc<Signals>>,
        rest: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let signals = Heard { signals, has_ended: false };
        let mut ending = Ending { hub: self, options, signals, rest_until: None, is_forced: false };
        async move {
            ending.stop().await;
            if !ending.is_forced {
                ending.wait_for(rest).await;
            }
            ending.signals.end();
        }
    }

    /// The signals for a server with these options, if it ends by signals. For runtime crates, which make them before the
    /// server can be seen, and call [`Signals::receive`] for each signal that comes.
    #[must_use]
    pub fn signals(&self, options: ServeOptions) -> Option<Arc<Signals>> {
        match options.stop {
            Stop::OnSignal => Some(Arc::new(Signals::new(Arc::clone(self.shared()), options.force))),
            Stop::OnHub => None,
        }
    }

    /// Whether both are handles of the same hub.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.shared(), other.shared())
    }

    /// The present rules for request heads; [`reconfigure`](Self::reconfigure) may change them. Takes no lock. For
    /// runtime crates.
    #[must_use]
    pub fn head_rules(&self) -> HeadRules {
        let config = &self.shared().settings.config;
        HeadRules { limits: config.head(), deadline: config.handshake() }
    }

    /// Counts and [reports](crate::Host::report) a request that the host's HTTP server has refused itself. For runtime
    /// crates.
    pub fn count_refusal(&self, refusal: Refusal) -> Refusal {
        refused(self.shared(), refusal)
    }

    /// [Reports](crate::Host::report) a failed accept; returns how long to pause before the next one, which is zero if
    /// the error concerns only one peer. For runtime crates.
    #[must_use]
    pub fn accept_failed(&self, error: &io::Error) -> Duration {
        self.shared().report(Report::AcceptFailed { kind: error.kind(), code: error.raw_os_error() });
        if concerns_one_peer(error.kind()) { Duration::ZERO } else { REST }
    }
}

/// The end of serving a hub.
struct Ending {
    hub: Hub,
    options: ServeOptions,
    signals: Heard,
    /// When the drain that a signal began must be complete.
    rest_until: Option<Instant>,
    /// A second signal came, or the drain missed its deadline.
    is_forced: bool,
}

/// The signals of a server, which are let go when serving ends.
struct Heard {
    signals: Option<Arc<Signals>>,
    /// False: it is dropped.
    has_ended: bool,
}

impl Heard {
    fn poll_signal(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.signals.as_ref().map_or(Poll::Pending, |signals| signals.poll_signal(cx))
    }

    const fn end(&mut self) {
        self.has_ended = true;
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        if let Some(signals) = &self.signals {
            signals.let_go(self.has_ended);
        }
    }
}

impl Ending {
    /// Waits for the hub to stop, and drives the drain.
    async fn stop(&mut self) {
        let mut stopped = self.hub.stopped();
        let mut by_signal = pin!(self.drain_on_signal());
        poll_fn(|cx| match Pin::new(&mut stopped).poll(cx) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => by_signal.as_mut().poll(cx),
        })
        .await;
    }

    /// Ready after a signal, when the drain is complete or its time is over.
    async fn drain_on_signal(&mut self) {
        poll_fn(|cx| self.signals.poll_signal(cx)).await;
        let shared = Arc::clone(self.hub.shared());
        shared.report(Report::Draining);
        let plan = self.hub.config().drain;
        let drain = self.options.drain.unwrap_or(plan.drain());
        let deadline = self.options.drain_deadline.unwrap_or(plan.deadline);
        self.rest_until = Some(shared.now() + deadline);
        let mut draining = self.hub.drain(drain, deadline);
        let drained = poll_fn(|cx| match Pin::new(&mut draining).poll(cx) {
            Poll::Ready(drained) => Poll::Ready(Some(drained)),
            Poll::Pending => self.signals.poll_signal(cx).map(|()| None),
        });
        // Close frames have their deadline inside the hub; the application's last hooks have as long.
        let close = shared.settings.config.close();
        let time = match drained.await {
            Some(Ok(())) => return,
            Some(Err(DrainError { remaining })) => {
                shared.report(Report::DrainIsLate { remaining });
                close
            }
            None => {
                shared.report(Report::Forced);
                match self.options.force {
                    Force::Exit => close.saturating_sub(time_of_main(close)),
                    Force::Return => close,
                }
            }
        };
        self.is_forced = true;
        self.hub.shutdown();
        let Some(deadline) = shared.deadline(time) else { return };
        deadline.await;
        shared.report(Report::HooksAreLate);
    }

    /// The hub has stopped: whatever else the server does may come to its end.
    async fn wait_for(&mut self, rest: impl Future<Output = ()>) {
        let mut rest = pin!(rest);
        if let Some(signals) = &self.signals.signals {
            signals.hub_has_stopped();
        }
        let (shared, until) = (Arc::clone(self.hub.shared()), self.rest_until);
        let close = shared.settings.config.close();
        let mut is_over = pin!(async move {
            match (shared.host(), until) {
                // A promise to whoever stops the process.
                (Some(host), Some(until)) => {
                    let mut sleep = host.sleep();
                    poll_fn(|cx| sleep.poll_until(cx, until)).await;
                }
                (Some(_), None) => {
                    if let Some(deadline) = shared.deadline(close) {
                        deadline.await;
                    }
                }
                (None, _) => {}
            }
        });
        poll_fn(|cx| {
            if rest.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if self.signals.poll_signal(cx).is_ready() {
                self.hub.shared().report(Report::Forced);
                return Poll::Ready(());
            }
            is_over.as_mut().poll(cx)
        })
        .await;
    }
}

/// Whether the error concerns one peer only, and the listener still works.
const fn concerns_one_peer(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
