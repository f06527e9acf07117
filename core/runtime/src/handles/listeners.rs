//! Counts signals on a thread that only listens, so that a hook which blocks the thread of a server cannot hide them.

use crate::handles::serve::{ExitTime, Signals};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The servers of a process that wait for signals. A runtime crate has one in a `static`, and a thread that calls
/// [`signalled`](Self::signalled) for each signal. That thread must run nothing else.
pub struct SignalListeners {
    listeners: Mutex<Vec<Arc<Listening>>>,
}

/// The signals for one server: made by [`SignalListeners::listen`]. If it is dropped, the server waits for no more signals, unless
/// it was told that [serving has ended](Signals::serving_has_ended).
pub struct SignalListener {
    of: &'static SignalListeners,
    listening: Arc<Listening>,
}

/// What the listening thread and a server share.
struct Listening {
    exit: fn(ExitTime),
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Signals since the server began to listen.
    signals: u64,
    /// Those of them that the server was told.
    told: u64,
    task: Option<Waker>,
    at_second: AtSecond,
    is_exiting: bool,
    /// Serving has ended after a signal. What `main` does after that may hang.
    is_served: bool,
}

/// How long the process may live after a second signal.
#[derive(Clone, Default)]
enum AtSecond {
    #[default]
    NoLimit,
    /// As the hub's config says at that moment.
    Asked(Arc<dyn Fn() -> ExitTime + Send + Sync>),
    Known(ExitTime),
}

impl SignalListeners {
    /// Nobody listens yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { listeners: Mutex::new(Vec::new()) }
    }

    /// Signals that come from now on, for one server. `exit` must end the process with code 1 after that time, from a thread of
    /// its own, and is called once at most.
    pub fn listen(&'static self, exit: fn(ExitTime)) -> SignalListener {
        let listening = Arc::new(Listening { exit, state: Mutex::default() });
        let mut listeners = self.listeners();
        // A process that serves again has got over the end of an earlier server.
        listeners.retain(|listening| !listening.state().is_served);
        listeners.push(Arc::clone(&listening));
        SignalListener { of: self, listening }
    }

    /// Tells all servers of a signal. The second one that a server is told begins the [end](Signals::exit_at_second) of the process.
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
        let (task, at_second) = {
            let mut state = self.state();
            state.signals += 1;
            let at_second = if state.signals >= 2 { state.at_second.clone() } else { AtSecond::NoLimit };
            (state.task.take(), at_second)
        };
        if let Some(task) = task {
            task.wake();
        }
        match at_second {
            AtSecond::NoLimit => {}
            AtSecond::Asked(time) => self.exit_after(time()),
            AtSecond::Known(time) => self.exit_after(time),
        }
    }

    fn exit_after(&self, time: ExitTime) {
        let was_exiting = core::mem::replace(&mut self.state().is_exiting, true);
        if !was_exiting {
            (self.exit)(time);
        }
    }
}

impl Signals for SignalListener {
    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.listening.state();
        if state.told < state.signals {
            state.told += 1;
            return Poll::Ready(());
        }
        let old = state.task.replace(cx.waker().clone());
        drop((state, old));
        Poll::Pending
    }

    fn exit_at_second(&mut self, time: Box<dyn Fn() -> ExitTime + Send + Sync>) {
        self.listening.state().at_second = AtSecond::Asked(time.into());
    }

    fn exit_after(&mut self, time: ExitTime) {
        self.listening.exit_after(time);
    }

    fn serving_has_ended(&mut self) {
        let time = {
            let state = self.listening.state();
            match &state.at_second {
                AtSecond::Asked(time) if state.signals > 0 => Arc::clone(time),
                _ => return,
            }
        };
        // The hub is kept no longer than that.
        let time = AtSecond::Known(time());
        let mut state = self.listening.state();
        state.is_served = true;
        let old = core::mem::replace(&mut state.at_second, time);
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
