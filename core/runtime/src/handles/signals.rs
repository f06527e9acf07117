//! The signals that ask a server to end, and the exit of a process that does not end by itself.

use crate::host::deadline::wait;
use crate::state::shared::Shared;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether a second signal may end the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Force {
    /// Exit with code 1 if the process is still there when `deadlines.close` has passed since the second signal. A hook
    /// that blocks its thread, with `std::thread::sleep` for example, cannot be dropped, and dropping a runtime waits for
    /// that thread forever: without this, only SIGKILL would end the process. A thread of the host's does it, so it does
    /// not matter which threads are blocked.
    ///
    /// The same limit applies to what `main` does after serving, also if the second signal comes when serving has
    /// returned. To leave `main` some of that time, serving returns a tenth of it earlier, at most half a second: a peer that has
    /// not answered its close frame by then is cut off, and last hooks that have not returned are dropped.
    Exit,
    /// Only end serving, within `deadlines.close`: for an application that needs more time to clean up.
    Return,
}

/// The signals that have come for one server: [`Hub::signals`](crate::Hub::signals). A runtime crate tells it of each on a thread
/// of its own, which no hook can block. The server's future takes them from here, whenever it is polled.
pub struct Signals {
    force: Force,
    state: Mutex<State>,
}

struct State {
    stage: Stage,
    /// How many have come, and how many of those the server's future has seen.
    came: u32,
    seen: u32,
    /// The process exits.
    exits: bool,
    waker: Option<Waker>,
}

/// What a signal means.
enum Stage {
    /// The first begins a drain, the second forces.
    Serving(Arc<Shared>),
    /// The hub has stopped, and something beside it has not ended: the next signal forces.
    Stopped(Arc<Shared>),
    /// Serving has returned after a signal: the next one gives the process this time.
    Returned(ExitTime),
    /// None has a meaning any more.
    Over,
}

/// How long a process may live after a signal that forces its end: [`Signals::receive`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitTime {
    limit: Duration,
    standstill: Duration,
}

/// All the servers to which a runtime crate's thread tells the signals of the process. For a static.
#[derive(Debug, Default)]
pub struct SignalledServers(Mutex<Vec<Arc<Signals>>>);

impl ExitTime {
    fn of(shared: &Shared) -> Self {
        let config = &shared.settings.config;
        Self { limit: config.close(), standstill: config.standstill() }
    }

    /// The hub's close deadline.
    #[must_use]
    pub const fn limit(self) -> Duration {
        self.limit
    }

    /// Blocks the thread for that time, by a clock that says how much time has passed and a function that sleeps. The time in which
    /// the process [stood still](throng_core::hub::Deadlines::standstill) does not count: the last hooks could not run meanwhile.
    pub fn wait(self, clock: impl Fn() -> Duration, sleep: impl FnMut(Duration)) {
        wait(self.limit, self.standstill, clock, sleep);
    }
}

impl Signals {
    pub(crate) const fn new(shared: Arc<Shared>, force: Force) -> Self {
        let stage = Stage::Serving(shared);
        let state = State { stage, came: 0, seen: 0, exits: false, waker: None };
        Self { force, state: Mutex::new(state) }
    }

    /// A signal has come. If it forces the end and the options say [`Force::Exit`], returns the time after which the process
    /// must exit with code 1: once, for the first such signal. Takes no lock that a hook may hold.
    pub fn receive(&self) -> Option<ExitTime> {
        let mut state = self.state();
        state.came = state.came.saturating_add(1);
        let time = match &state.stage {
            Stage::Serving(shared) if state.came > 1 => Some(ExitTime::of(shared)),
            Stage::Stopped(shared) => Some(ExitTime::of(shared)),
            Stage::Returned(time) => Some(*time),
            Stage::Serving(_) | Stage::Over => None,
        };
        let time = time.filter(|_| self.force == Force::Exit && !state.exits);
        state.exits |= time.is_some();
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        time
    }

    /// Whether no signal has a meaning any more: serving has ended without one, or its future was dropped.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state().stage, Stage::Over)
    }

    /// Ready once for each signal.
    pub(crate) fn poll_signal(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.seen < state.came {
            state.seen += 1;
            return Poll::Ready(());
        }
        let old = state.waker.replace(cx.waker().clone());
        drop(state);
        drop(old);
        Poll::Pending
    }

    pub(crate) fn hub_has_stopped(&self) {
        let mut state = self.state();
        state.stage = match core::mem::replace(&mut state.stage, Stage::Over) {
            Stage::Serving(shared) => Stage::Stopped(shared),
            stage => stage,
        };
    }

    /// The server's future has ended, or was dropped before.
    pub(crate) fn let_go(&self, has_ended: bool) {
        let mut state = self.state();
        let next = match &state.stage {
            Stage::Serving(shared) | Stage::Stopped(shared) if has_ended && state.came > 0 => {
                Stage::Returned(ExitTime::of(shared))
            }
            _ => Stage::Over,
        };
        let old = (core::mem::replace(&mut state.stage, next), state.waker.take());
        drop(state);
        drop(old);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("force", &self.force).finish_non_exhaustive()
    }
}

impl SignalledServers {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Another server. Those for which no signal has a meaning any more are forgotten.
    pub fn add(&self, signals: Arc<Signals>) {
        let mut servers = self.servers();
        servers.retain(|server| !server.is_over());
        servers.push(signals);
    }

    /// Tells all servers of a signal. Returns the time after which the process must exit, as [`Signals::receive`] does: the
    /// shortest of theirs.
    pub fn receive(&self) -> Option<ExitTime> {
        let servers = self.servers().clone();
        servers.iter().filter_map(|server| server.receive()).min_by_key(|time| time.limit)
    }

    fn servers(&self) -> MutexGuard<'_, Vec<Arc<Signals>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
