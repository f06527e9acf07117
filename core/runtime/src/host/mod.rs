//! [`Host`]: what the hub needs of an asynchronous runtime. A clock, timers, a few tasks, and a place for reports to the
//! operator.

pub(crate) mod deadline;
#[cfg(feature = "tracing")]
pub(crate) mod log;
pub(crate) mod running;
pub(crate) mod scratch;
pub(crate) mod transport;

use crate::notice::cluster::ClusterEvent;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::time::SystemTime;
use throng_core::{ClientId, Instant};

/// A task of the hub's own: a lane, which writes to many connections; the task that waits for the hub's next deadline; or one that calls the
/// hooks of a client which is away.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An asynchronous runtime, as the hub needs it. The hub does not spawn connections through it: the runtime crate polls
/// each [`Connection`](crate::hosting::Connection) in a task of its own.
pub trait Host: Send + Sync + 'static {
    /// Nanoseconds since the host began, from a monotonic clock.
    fn now(&self) -> Instant;

    /// The wall-clock time: for the times that [`Client`](crate::Client) reports, read once, when the hub gets its host; and whenever a
    /// client's [expiry](crate::Expiry::at) is set as a time of this clock. No other deadline depends on it.
    fn wall(&self) -> SystemTime;

    /// Spawns a task, at any time, also while a task of a connection ends or is dropped. The runtime must not apply a cooperative budget to it (in tokio: `coop::unconstrained`): a lane writes
    /// to many transports in one poll, and a budget would make ready transports return pending.
    fn spawn(&self, task: Task);

    /// Makes a timer; [`Sleep::poll_until`] sets it.
    fn sleep(&self) -> Box<dyn Sleep>;

    /// Wakes the calling task such that it is polled again only after the other ready tasks have run, and after those have
    /// seen what arrived on their transports.
    fn yield_now(&self, cx: &mut Context<'_>);

    /// Reports something to the operator. The hub holds no lock during this call. Rate-limit what you write about reports
    /// that a peer can cause at will.
    fn report(&self, report: Report);
}

/// A timer that is polled.
pub trait Sleep: Send {
    /// Ready once [`Host::now`] has reached `until`. The latest call decides: each may name another time.
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
    /// A hook exceeded its time limit and was dropped. [`Builder::hook_limit`](crate::Builder::hook_limit) lists the
    /// consequences for each hook.
    TimedOut {
        /// The hook's client; `None` before the client is open.
        client: Option<ClientId>,
        /// The name of the hook.
        hook: &'static str,
    },
    /// A connection failed authentication and was closed with this code.
    Rejected {
        /// The code of the close frame.
        code: u16,
    },
    /// A message handler panicked behind `middleware::CatchPanicLayer`, which keeps its client open.
    Caught {
        /// The client that sent the message.
        client: ClientId,
    },
    /// A connection or a request was refused, and was answered with this HTTP status.
    Refused {
        /// The status of the answer.
        status: u16,
    },
    /// A peer left while a hook of the application decided about its request: the peer closed the connection or its sending
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
    /// A listener failed to accept a connection: [`HostedHub::accept_failed`](crate::hosting::HostedHub::accept_failed).
    AcceptFailed {
        /// The kind of the error.
        kind: io::ErrorKind,
        /// The system's error number, if there is one.
        code: Option<i32>,
    },
    /// The process stood still: it was stopped, starved of processor time or blocked in a hook, or the machine was
    /// suspended and the clock ran on (on Linux the clocks of tokio and std stand still meanwhile: nothing is reported, and no
    /// deadline comes nearer). Deadlines do not count that time: [`Deadlines::standstill`](throng_core::hub::Deadlines::standstill).
    StoodStill {
        /// The length of the standstill.
        time: Duration,
    },
    /// A signal began a drain.
    Draining,
    /// A drain that a signal began exceeded its deadline; the remaining connections are closed by force.
    DrainIsLate {
        /// The number of connections that are still open.
        remaining: usize,
    },
    /// A second signal came: all connections are closed by force.
    Forced,
    /// All connections were closed by force, and some last hooks did not return in time or some peers did not answer their
    /// close frame. The server no longer waits for them.
    HooksAreLate,
    /// The runtime that drove the hub has ended, and the hub is used in another one. New connections are refused with 503,
    /// since nothing would be written to them and no deadline would apply. A hub works in one runtime only: build another
    /// hub for the other runtime.
    HostIsGone,
    /// A connection came without its address although `admission.per_address` or `admission.connect_rate` is set; those
    /// limits do not apply to it. Reported once per hub.
    AddressUnknown,
    /// Something happened in the cluster of the hub. Also told to [`Handler::cluster_changed`](crate::Handler::cluster_changed).
    Cluster(ClusterEvent),
    /// The link to the broker could not be opened, or broke. The node tries again.
    BrokerFailed {
        /// The [kind of broker](crate::cluster::Broker::name).
        broker: &'static str,
        /// What was wrong, in a sentence.
        error: Arc<str>,
    },
    /// The process may open fewer files than the hub's limits allow peers to take. Found by
    /// [`HostedHub::check_open_files`](crate::hosting::HostedHub::check_open_files), which tells how they are counted.
    FewOpenFiles {
        /// The number of files that the process may open.
        limit: u64,
        /// The number of files that `admission` allows peers to take, and a hundred.
        needed: u64,
    },
}
