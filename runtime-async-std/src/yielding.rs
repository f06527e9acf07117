//! Yields to tasks for which input has arrived.
//!
//! A task that merely wakes itself runs again after the ready tasks, but executors look for input only when no task is
//! ready, or after hundreds of polls. So a task that yields waits for a socket that is always writable: the reactor
//! reports it after it has looked at all other sockets.
//!
//! Each yield costs one look of the reactor, about 15 % of the processor if every message is for one client. In return,
//! messages that arrive while a lane writes to many clients join the writes that are still to come: 16 publishers in a
//! room of 1,000 cost two thirds, and other rooms are served in between.

#[cfg(unix)]
pub(crate) use socket::yield_now;

/// Wakes a task after the ready ones, and after those for which input has arrived.
#[cfg(not(unix))]
pub(crate) fn yield_now(waker: &core::task::Waker) {
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

    /// One per process, as the reactor is. `None` if no socket could be made.
    static QUEUE: OnceLock<Option<YieldQueue>> = OnceLock::new();

    /// The tasks that have yielded.
    struct YieldQueue {
        /// Nothing is ever written to it.
        writable: Async<UnixStream>,
        _other_end: UnixStream,
        /// The waker that the reactor gets, on behalf of all waiting tasks.
        waker: Waker,
        waiting: Mutex<Vec<Waker>>,
    }

    /// Wakes all tasks that wait: the reactor has looked at the other sockets.
    struct WakeAll;

    impl Wake for WakeAll {
        fn wake(self: Arc<Self>) {
            if let Some(Some(queue)) = QUEUE.get() {
                queue.wake_all();
            }
        }
    }

    /// Wakes a task after the ready ones, and after those for which input has arrived.
    pub(crate) fn yield_now(waker: &Waker) {
        match QUEUE.get_or_init(YieldQueue::new) {
            Some(queue) => queue.wait(waker),
            None => waker.wake_by_ref(),
        }
    }

    impl YieldQueue {
        fn new() -> Option<Self> {
            let (writable, other_end) = UnixStream::pair().ok()?;
            Some(Self {
                writable: Async::new(writable).ok()?,
                _other_end: other_end,
                waker: Waker::from(Arc::new(WakeAll)),
                waiting: Mutex::default(),
            })
        }

        fn wait(&self, waker: &Waker) {
            let mut waiting = self.waiting();
            waiting.push(waker.clone());
            let is_first = waiting.len() == 1;
            drop(waiting);
            if is_first {
                self.arm();
            }
        }

        /// Asks the reactor to wake the tasks after it has looked at all other sockets.
        fn arm(&self) {
            let cx = &mut Context::from_waker(&self.waker);
            // The first answer may be a readiness from before.
            for _ in 0..2 {
                match self.writable.poll_writable(cx) {
                    Poll::Pending => return,
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => break,
                }
            }
            self.wake_all();
        }

        fn wake_all(&self) {
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
