//! Counts signals on a thread that only listens, so that a hook which blocks the thread of a server cannot hide them.

use crate::host::deadline::wait;
use crate::state::shared::Shared;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
#[cfg(feature = "tracing")]
use std::io;
#[cfg(feature = "tracing")]
use std::sync::OnceLock;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The servers of a process that wait for signals. A runtime crate has one in a `static`, and a thread that calls
/// [`signalled`](Self::signalled) for each signal. That thread must run nothing else.
///
/// Signals are counted there and not by the future that serves, because a hook may block the thread that polls this future.
pub struct SignalListeners {
    listeners: Mutex<Vec<Arc<Listening>>>,
    /// Whether signals are caught, once that was tried.
    #[cfg(feature = "tracing")]
    is_caught: OnceLock<bool>,
}

/// The signals for one server, counted from [`SignalListeners::listen`] on:
/// [`HostedHub::stopped_by`](crate::hosting::HostedHub::stopped_by) takes it.
pub struct SignalListener {
    of: &'static SignalListeners,
    listening: Arc<Listening>,
}

/// The state that the listening thread and one server share.
struct Listening {
    exit: fn(ExitTime),
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Signals since the server began to listen.
    signals: u64,
    /// Those of them that the server's future has taken.
    taken: u64,
    task: Option<Waker>,
    exit: Exit,
    is_exiting: bool,
    /// The hub has stopped, and other work of the server has not ended: the next signal forces, even if it is the first.
    has_stopped: bool,
    /// Serving has ended. What `main` does after that may hang.
    is_served: bool,
}

/// How long the process may live after a signal that forces the end.
#[derive(Clone, Default)]
enum Exit {
    #[default]
    NoLimit,
    /// As the hub's config says at that moment.
    Of(Arc<Shared>),
    Known(ExitTime),
}

/// How long a process may live after a second signal: [`SignalListeners::listen`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExitTime {
    pub(crate) limit: Duration,
    standstill: Duration,
}

impl ExitTime {
    /// The hub's close deadline. Takes no lock that a hook may hold.
    fn of(shared: &Shared) -> Self {
        let config = &shared.settings.config;
        Self { limit: config.close(), standstill: config.standstill() }
    }

    /// Blocks the thread for that time, by a clock that says how much time has passed and a function that sleeps. The time in which
    /// the process [stood still](throng_core::hub::Deadlines::standstill) does not count: the last hooks could not run meanwhile.
    pub fn wait(self, clock: impl Fn() -> Duration, sleep: impl FnMut(Duration)) {
        wait(self.limit, self.standstill, clock, sleep);
    }
}

impl SignalListeners {
    /// Nobody listens yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            listeners: Mutex::new(Vec::new()),
            #[cfg(feature = "tracing")]
            is_caught: OnceLock::new(),
        }
    }

    /// Catches SIGTERM and Ctrl-C by `catch` at the first call, and returns the signals that come from now on, for one server; `exit`
    /// is that of [`listen`](Self::listen). `catch` starts the thread that calls [`signalled`](Self::signalled). If it fails, that is
    /// logged, and this call and all later ones return `None`.
    #[cfg(feature = "tracing")]
    pub fn catch(
        &'static self,
        catch: impl FnOnce() -> io::Result<()>,
        exit: fn(ExitTime),
    ) -> Option<SignalListener> {
        let caught = || match catch() {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "cannot catch SIGTERM and Ctrl-C: they will not drain the hub");
                false
            }
        };
        // Listens first: a signal that comes as soon as they are caught must not be lost, since it no longer ends the process.
        let listener = self.listen(exit);
        self.is_caught.get_or_init(caught).then_some(listener)
    }

    /// Returns the signals that come from now on, for one server. `exit` must start a thread that ends the process with code 1 when
    /// that time is over. A second signal calls it, once at most, on the thread that calls [`signalled`](Self::signalled).
    pub fn listen(&'static self, exit: fn(ExitTime)) -> SignalListener {
        let listening = Arc::new(Listening { exit, state: Mutex::default() });
        let mut listeners = self.listeners();
        // A process that serves again has got over the end of an earlier server.
        listeners.retain(|listening| !listening.state().is_served);
        listeners.push(Arc::clone(&listening));
        SignalListener { of: self, listening }
    }

    /// Tells all servers of a signal. If it is the second one for a server, and that has [`Force::Exit`](crate::Force::Exit),
    /// begins the end of the process.
    pub fn signalled(&self) {
        // Tasks are woken, and hubs asked, outside the lock.
        let listeners = self.listeners().clone();
        listeners.iter().for_each(|listening| listening.signalled());
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Arc<Listening>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listening {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signalled(&self) {
        let (task, exit) = {
            let mut state = self.state();
            state.signals += 1;
            let forces = (state.signals >= 2 || state.has_stopped) && !state.is_exiting;
            let exit = if forces { state.exit.clone() } else { Exit::NoLimit };
            state.is_exiting |= !matches!(exit, Exit::NoLimit);
            (state.task.take(), exit)
        };
        if let Some(task) = task {
            task.wake();
        }
        match exit {
            Exit::NoLimit => {}
            Exit::Of(shared) => (self.exit)(ExitTime::of(&shared)),
            Exit::Known(time) => (self.exit)(time),
        }
    }
}

impl SignalListener {
    /// Ready once for each signal.
    pub(crate) fn poll_signal(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.listening.state();
        if state.taken < state.signals {
            state.taken += 1;
            return Poll::Ready(());
        }
        let old = state.task.replace(cx.waker().clone());
        drop((state, old));
        Poll::Pending
    }

    /// From now on, a second signal ends the process.
    pub(crate) fn exit_at_second(&self, shared: &Arc<Shared>) {
        self.listening.state().exit = Exit::Of(Arc::clone(shared));
    }

    /// The hub has stopped, and other work of the server has not ended: from now on, the next signal ends the process.
    pub(crate) fn hub_has_stopped(&self) {
        self.listening.state().has_stopped = true;
    }

    /// Serving has ended. A second signal still ends the process, because `main` may hang, and signals that are caught once have no
    /// effect of their own any more. Not called if the future that serves is dropped.
    pub(crate) fn serving_has_ended(&self) {
        let mut state = self.listening.state();
        let Exit::Of(shared) = &state.exit else { return };
        // The hub is kept no longer than that.
        let time = Exit::Known(ExitTime::of(shared));
        state.is_served = true;
        // If no signal has come, the application may handle the first one in its own way.
        state.has_stopped = false;
        let old = core::mem::replace(&mut state.exit, time);
        drop((state, old));
    }
}

impl Drop for SignalListener {
    fn drop(&mut self) {
        if !self.listening.state().is_served {
            self.of.listeners().retain(|other| !Arc::ptr_eq(other, &self.listening));
        }
    }
}

impl Default for SignalListeners {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SignalListeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalListeners").field("listeners", &self.listeners().len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for SignalListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalListener")
            .field("signals", &self.listening.state().signals)
            .finish_non_exhaustive()
    }
}
