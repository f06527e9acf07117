//! Giving way to what has arrived meanwhile.
//!
//! A task that merely wakes itself comes again once those that are ready had their turn; but the executors look for input
//! only when nobody is ready, or after hundreds of turns. So whoever gives way waits for a socket that can always be
//! written to: the reactor says so when it has looked at all the others.
//!
//! That costs a look of the reactor's each time, some 15 % of the processor where every message is for one client. In return
//! what arrives while a lane writes to many goes with what it has not written yet: 16 publishers in a room of 1,000 cost two
//! thirds of what they cost otherwise, and other rooms are served in between.

#[cfg(unix)]
pub(crate) use socket::pass;

/// Wakes a task after the others, and after those for whom something has arrived.
#[cfg(not(unix))]
pub(crate) fn pass(waker: &core::task::Waker) {
    waker.wake_by_ref();
}

#[cfg(unix)]
mod socket {
    use async_io::Async;
    use core::mem;
    use core::task::{Context, Poll, Waker};
    use std::os::unix::net::UnixStream;
    use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
    use std::task::Wake;

    /// Of the process, as the reactor is. `None`: there are no sockets left for it.
    static TURNSTILE: OnceLock<Option<Turnstile>> = OnceLock::new();

    struct Turnstile {
        /// Nothing is ever written to it.
        writable: Async<UnixStream>,
        _other_end: UnixStream,
        /// The reactor's, for all who wait.
        bell: Waker,
        waiting: Mutex<Vec<Waker>>,
    }

    struct Bell;

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            if let Some(Some(turnstile)) = TURNSTILE.get() {
                turnstile.open();
            }
        }
    }

    /// Wakes a task after the others, and after those for whom something has arrived.
    pub(crate) fn pass(waker: &Waker) {
        match TURNSTILE.get_or_init(Turnstile::new) {
            Some(turnstile) => turnstile.enter(waker),
            None => waker.wake_by_ref(),
        }
    }

    impl Turnstile {
        fn new() -> Option<Self> {
            let (writable, other_end) = UnixStream::pair().ok()?;
            Some(Self {
                writable: Async::new(writable).ok()?,
                _other_end: other_end,
                bell: Waker::from(Arc::new(Bell)),
                waiting: Mutex::default(),
            })
        }

        fn enter(&self, waker: &Waker) {
            let mut waiting = self.waiting();
            waiting.push(waker.clone());
            let is_first = waiting.len() == 1;
            drop(waiting);
            if is_first {
                self.arm();
            }
        }

        /// Asks the reactor for its next look.
        fn arm(&self) {
            let cx = &mut Context::from_waker(&self.bell);
            // The first answer may be about the last time.
            for _ in 0..2 {
                match self.writable.poll_writable(cx) {
                    Poll::Pending => return,
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => break,
                }
            }
            self.open();
        }

        fn open(&self) {
            let waiting = mem::take(&mut *self.waiting());
            waiting.into_iter().for_each(Waker::wake);
        }

        fn waiting(&self) -> MutexGuard<'_, Vec<Waker>> {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

#[cfg(all(test, unix, feature = "smol"))]
mod tests;
