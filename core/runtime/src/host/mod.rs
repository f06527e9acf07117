//! The asynchronous runtime, as the hub needs it: a clock, a place for two or three tasks, a timer.

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

/// A task that the hub itself needs: a lane or the timer.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An asynchronous runtime, as far as the hub needs one. Connections are not spawned through it: the runtime
/// crate polls each [`Connection`](crate::Connection) in a task of its own kind.
pub trait Host: Send + Sync + 'static {
    /// Nanoseconds since the host began, from a clock that never runs backwards.
    fn now(&self) -> Instant;

    /// The time of the wall clock, for the times that a client is asked for. Nothing depends on it.
    fn wall(&self) -> SystemTime;

    /// Runs a task to its end. Lanes write to many transports in one poll: a budget per poll that makes
    /// transports say "pending" although they are ready must not apply to it.
    fn spawn(&self, task: Task);

    /// A timer.
    fn sleep(&self) -> Box<dyn Sleep>;

    /// Arranges for the task to be polled again once the others that are ready, and what has arrived on
    /// their transports meanwhile, had their turn.
    fn yield_now(&self, cx: &mut Context<'_>);

    /// Something happened that an operator may want to know. Called outside every lock; what a peer can
    /// bring about at will must not be written out each time.
    fn report(&self, report: Report);
}

/// A timer that is polled.
pub trait Sleep: Send {
    /// Ready once it is `until`. Each call may name another moment.
    fn poll_until(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()>;
}

/// Something that an operator may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// A hook of the application panicked; its client was closed, with 1011 unless the application has
    /// [said otherwise](crate::Builder::close_code), and nobody else is touched.
    Panicked {
        /// In whose hook; `None` before the client is open.
        client: Option<ClientId>,
        /// Which hook.
        hook: &'static str,
    },
    /// A hook of the application was over its time limit and was dropped. What follows stands with
    /// [`Builder::hook_limit`](crate::Builder::hook_limit).
    TimedOut {
        /// The client; `None` before it is open.
        client: Option<ClientId>,
        /// Which hook.
        hook: &'static str,
    },
    /// A connection was not authenticated and was closed with this code.
    Rejected {
        /// The code of the close frame.
        code: u16,
    },
    /// A handler of messages panicked behind a layer that lets its client live
    /// (`middleware::CatchPanic`).
    Caught {
        /// The client that sent the message.
        client: ClientId,
    },
    /// A connection did not become a client and was answered with this HTTP status.
    Refused {
        /// The status of the answer.
        status: u16,
    },
    /// A peer left while the application was asked about its request: it has closed the connection or its sending direction, or
    /// the connection broke. The hook was dropped.
    Abandoned,
    /// A page of this origin asked this host for a WebSocket, and [may not](crate::Builder::origin). The same request is
    /// reported as [`Refused`](Self::Refused) too.
    OriginRefused {
        /// The Origin header: at most 255 characters, visible ones.
        origin: Arc<str>,
        /// The Host header, likewise.
        host: Arc<str>,
    },
    /// A peer broke the protocol and was closed.
    Misbehaved {
        /// Which client.
        client: ClientId,
        /// The code it was closed with.
        code: u16,
    },
    /// A listener's accept failed: [`Hub::accept_failed`](crate::Hub::accept_failed).
    AcceptFailed {
        /// The kind of the error.
        kind: io::ErrorKind,
        /// The system's number for it, if the system said it.
        code: Option<i32>,
    },
    /// The process stood still for so long: it was stopped, starved of processor time, or blocked in a hook, or the machine
    /// was suspended. No deadline counts that time: [`Deadlines::standstill`](throng_core::hub::Deadlines::standstill).
    StoodStill {
        /// How long.
        time: Duration,
    },
    /// A signal has begun a drain.
    Draining,
    /// A drain that a signal began has not come to its end in time; the rest is closed by force.
    DrainIsLate {
        /// Connections that remain.
        remaining: usize,
    },
    /// A second signal closes everybody by force.
    Forced,
    /// After a forced end some last hooks have not returned in time; nobody waits for them any more.
    HooksAreLate,
    /// The runtime that drove the hub has ended, and the hub is used from another one: newcomers are refused with 503, as
    /// nothing would be written to them and no deadline would hold. A hub lives in one runtime: build another hub.
    HostIsGone,
    /// A connection came without its address, although `admission.per_address` or `admission.connect_rate` is set: those
    /// limits do not hold for it. Said once for each hub.
    AddressUnknown,
}
