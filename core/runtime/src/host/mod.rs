//! The interface of an asynchronous runtime: clock, timers, a few tasks, reports.

pub(crate) mod deadline;
#[cfg(feature = "tracing")]
pub(crate) mod log;
pub(crate) mod running;
pub(crate) mod scratch;
pub(crate) mod transport;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::time::SystemTime;
use throng_core::id::ClientId;
use throng_core::time::Instant;

/// A task of the hub's own: a lane or the timer.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An asynchronous runtime, as the hub needs it. Connections are not spawned through it: the runtime crate polls each
/// [`Connection`](crate::hosting::Connection) in a task of its own.
pub trait Host: Send + Sync + 'static {
    /// Nanoseconds since the host began, from a monotonic clock.
    fn now(&self) -> Instant;

    /// The wall-clock time, for the times that [`Client`](crate::Client) reports. Nothing depends on it.
    fn wall(&self) -> SystemTime;

    /// Runs a task to its end. A lane writes to many transports in one poll, so no cooperative budget that makes ready
    /// transports return pending may apply to it.
    fn spawn(&self, task: Task);

    /// Makes a timer.
    fn sleep(&self) -> Box<dyn Sleep>;

    /// Arranges for the task to be polled again after the other ready tasks have run and have seen what arrived on
    /// their transports.
    fn yield_now(&self, cx: &mut Context<'_>);

    /// Reports something to the operator. Called without a lock held. Rate-limit the output of reports that a peer can
    /// cause at will.
    fn report(&self, report: Report);
}

/// A timer that is polled.
pub trait Sleep: Send {
    /// Ready at `until`. Each call may name another time.
    fn poll_until(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()>;
}

/// Something that an operator may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// A hook panicked. Its client was closed, with 1011 unless [`Builder::close_code`](crate::Builder::close_code)
    /// says otherwise; other clients are not affected.
    Panicked {
        /// The hook's client; `None` before the client is open.
        client: Option<ClientId>,
        /// The name of the hook.
        hook: &'static str,
    },
    /// A hook exceeded its time limit and was dropped. [`Builder::hook_limit`](crate::Builder::hook_limit) says what
    /// follows.
    TimedOut {
        /// The hook's client; `None` before the client is open.
        client: Option<ClientId>,
        /// The name of the hook.
        hook: &'static str,
    },
    /// A connection was not authenticated and was closed with this code.
    Rejected {
        /// The code of the close frame.
        code: u16,
    },
    /// A message handler panicked behind `middleware::CatchPanicLayer`, which keeps its client open.
    Caught {
        /// The client whose message it was.
        client: ClientId,
    },
    /// A connection got no client and was answered with this HTTP status.
    Refused {
        /// The status of the answer.
        status: u16,
    },
    /// A peer left while the application was asked about its request: it has closed the connection or its sending
    /// direction, or the connection broke. The hook was dropped.
    Abandoned,
    /// A page of a [forbidden origin](crate::Builder::origin) asked for a WebSocket. The request is also reported as
    /// [`Refused`](Self::Refused).
    OriginRefused {
        /// The Origin header: at most 255 visible characters.
        origin: Arc<str>,
        /// The Host header: at most 255 visible characters.
        host: Arc<str>,
    },
    /// A peer broke the protocol and was closed.
    Misbehaved {
        /// The client that was closed.
        client: ClientId,
        /// The code of the close frame.
        code: u16,
    },
    /// A listener's accept failed: [`HostedHub::accept_failed`](crate::hosting::HostedHub::accept_failed).
    AcceptFailed {
        /// The kind of the error.
        kind: io::ErrorKind,
        /// The system's error number, if there is one.
        code: Option<i32>,
    },
    /// The process stood still: it was stopped, starved of processor time or blocked in a hook, or the machine was
    /// suspended. Deadlines do not count that time: [`Deadlines::standstill`](throng_core::hub::Deadlines::standstill).
    StoodStill {
        /// The length of the standstill.
        time: Duration,
    },
    /// A signal began a drain.
    Draining,
    /// A drain that a signal began exceeded its deadline; the remaining connections are closed by force.
    DrainIsLate {
        /// Connections that are still there.
        remaining: usize,
    },
    /// A second signal closes all connections by force.
    Forced,
    /// After a forced end some last hooks did not return in time, or some peers did not answer their close frame; the
    /// server no longer waits for them.
    HooksAreLate,
    /// The hub is used in another runtime than the one that drove it, which has ended. Newcomers are refused with 503,
    /// since nothing would be written to them and no deadline would apply. A hub lives in one runtime: build another
    /// hub.
    HostIsGone,
    /// A connection came without its address although `admission.per_address` or `admission.connect_rate` is set; those
    /// limits do not apply to it. Reported once per hub.
    AddressUnknown,
    /// The process may open fewer files than the hub's limits allow peers to take:
    /// [`HostedHub::check_open_files`](crate::hosting::HostedHub::check_open_files).
    FewOpenFiles {
        /// The files that the process may open.
        limit: u64,
        /// The files that `admission` allows peers to take.
        needed: u64,
    },
}
