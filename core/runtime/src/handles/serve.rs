//! Serving a listener, but for the listener: when it ends and how, and how an accept that failed is handled.

use crate::handles::drain::DrainError;
use crate::handles::hosted::HostedHub;
use crate::handles::hub::Hub;
use crate::handles::listeners::SignalListener;
use crate::handles::refused::refused;
use crate::host::Report;
use alloc::sync::Arc;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use throng_core::Instant;
use throng_core::hub::Drain;
use throng_core::websocket::handshake::{HeadLimits, Refusal};

/// How a listener is served, and when serving ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServeOptions {
    /// The event that begins the end.
    pub stop: Stop,
    /// How clients are drained. Default: as the hub's [config](throng_core::hub::Config::drain) says.
    pub drain: Option<Drain>,
    /// How long the drain may take before the remaining connections are closed by force. It should be longer than
    /// [`Drain::spread`], within which clients are closed. Default: as the hub's config says.
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

/// Whether a second signal may end the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Force {
    /// Exit with code 1 if the process is still there when `deadlines.close` has passed since the second signal. A hook
    /// that blocks its thread, with `std::thread::sleep` for example, cannot be dropped, and dropping a runtime waits for
    /// that thread forever: without this, only SIGKILL would end the process. Signals are counted on a thread of their
    /// own, so this holds even if the hook blocks the thread that serves.
    ///
    /// The same limit applies to what `main` does after serving, also if the second signal comes only then. To leave
    /// `main` some of that time, serving returns a tenth of it earlier, at most 500 ms: peers that have not answered
    /// their close frame by then are cut off, and last hooks that have not returned are dropped.
    Exit,
    /// Only end serving, within `deadlines.close`: for an application that needs more time to clean up.
    Return,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self { stop: Stop::OnSignal, drain: None, drain_deadline: None, force: Force::Exit }
    }
}

/// The part of the close deadline that [`Force::Exit`] leaves to `main`.
fn time_of_main(close: Duration) -> Duration {
    (close / 10).min(Duration::from_millis(500))
}

/// How long a listener pauses when the system has run out of a resource.
const REST: Duration = Duration::from_millis(50);

/// How a host's HTTP server must read request heads, according to the hub's config:
/// [`HostedHub::head_rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeadRules {
    /// Limits: `websocket.head_bytes` and `websocket.headers`.
    pub limits: HeadLimits,
    /// How long a peer may take for a head: `deadlines.handshake`.
    pub deadline: Duration,
}

/// Calls `catch` for signals if these options of a server say that signals matter, and lets a second one end the process if they say so. A
/// runtime crate calls this where its function that serves is called, and passes the result to [`HostedHub::stopped_by`], which a
/// future may call as late as its first poll. Signals that come between the two are then counted, and a second one ends the process.
pub fn catch_signals(
    hub: &Hub,
    options: ServeOptions,
    catch: impl FnOnce() -> Option<SignalListener>,
) -> Option<SignalListener> {
    let signals = match options.stop {
        Stop::OnSignal => catch(),
        Stop::OnHub => None,
    };
    if let (Some(signals), Force::Exit) = (&signals, options.force) {
        signals.exit_at_second(hub.shared());
    }
    signals
}

impl HostedHub {
    /// Drives the end of serving. Ready when the hub has [stopped](Hub::stopped), and `rest` after that: other work of the
    /// server, such as requests that are not answered yet, or [`ready(())`](core::future::ready).
    ///
    /// The first signal begins a drain. The second signal, or the drain's deadline, forces the end: then the last hooks have
    /// as long as `deadlines.close`, or what [`Force::Exit`] leaves of it, and `rest` is dropped. If nothing forces the end,
    /// `rest` is dropped at the drain's deadline if a signal began the drain, otherwise after `deadlines.close`. The drain's
    /// deadline counts the time in which the process stood still, because whoever stops the process waits for it.
    ///
    /// If the future is dropped, it lets go of the signals. A drain that they have begun goes on, and nothing forces its end.
    ///
    /// Calls `catch` for signals at once, if the options say that they matter. If they cannot be caught, only the hub ends
    /// serving.
    pub fn stopped_by(
        self,
        options: ServeOptions,
        catch: impl FnOnce() -> Option<SignalListener>,
        rest: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let hub = self.hub().clone();
        let signals = catch_signals(&hub, options, catch);
        let mut ending = Ending { hub, options, signals, rest_until: None, is_forced: false };
        async move {
            ending.stop().await;
            if !ending.is_forced {
                ending.wait_for(rest).await;
            }
            if let Some(signals) = &ending.signals {
                signals.serving_has_ended();
            }
        }
    }

    /// The present rules for request heads; [`Hub::reconfigure`] may change them. Takes no lock.
    #[must_use]
    pub fn head_rules(&self) -> HeadRules {
        let config = &self.shared().settings.config;
        HeadRules { limits: config.head(), deadline: config.handshake() }
    }

    /// Counts and [reports](crate::hosting::Host::report) a request that the host's HTTP server has refused itself.
    pub fn count_refusal(&self, refusal: Refusal) -> Refusal {
        refused(self.shared(), refusal)
    }

    /// [Reports](crate::hosting::Host::report) if the process may open fewer files than peers may take: `admission.connections` and
    /// `admission.handshakes`, as far as they are limits, `admission.probes`, `admission.lingering`, and a hundred for everything else. `limit` is the process's limit, `None` if it has none. Call it when serving begins.
    pub fn check_open_files(&self, limit: Option<u64>) {
        const ALL_ELSE: u64 = 100;
        let admission = self.hub().config().admission;
        // An open handshake does not count against the limit of connections.
        let connections =
            [admission.connections, admission.handshakes].into_iter().flatten().map(u64::from).sum::<u64>();
        let refused = u64::from(admission.probes) + u64::from(admission.lingering);
        let needed = connections + refused + ALL_ELSE;
        if let Some(limit) = limit.filter(|limit| *limit < needed) {
            self.shared().report(Report::FewOpenFiles { limit, needed });
        }
    }

    /// [Reports](crate::hosting::Host::report) a failed accept; returns how long to pause before the next one, which is zero
    /// if the error concerns only one peer.
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
    signals: Option<SignalListener>,
    /// When the drain that a signal began must be complete.
    rest_until: Option<Instant>,
    /// A second signal came, or the drain missed its deadline.
    is_forced: bool,
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
        poll_fn(|cx| self.poll_signal(cx)).await;
        let shared = Arc::clone(self.hub.shared());
        shared.report(Report::Draining);
        let plan = self.hub.config().drain;
        let drain = self.options.drain.unwrap_or(plan.drain());
        let deadline = self.options.drain_deadline.unwrap_or(plan.deadline);
        self.rest_until = Some(shared.now() + deadline);
        let mut draining = self.hub.drain(drain, deadline);
        let drained = poll_fn(|cx| match Pin::new(&mut draining).poll(cx) {
            Poll::Ready(drained) => Poll::Ready(Some(drained)),
            Poll::Pending => self.poll_signal(cx).map(|()| None),
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
        if let Some(signals) = &self.signals {
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
            if self.poll_signal(cx).is_ready() {
                self.hub.shared().report(Report::Forced);
                return Poll::Ready(());
            }
            is_over.as_mut().poll(cx)
        })
        .await;
    }

    fn poll_signal(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.signals.as_ref().map_or(Poll::Pending, |signals| signals.poll_signal(cx))
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
