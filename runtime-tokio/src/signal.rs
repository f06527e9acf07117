//! Signals that ask a server to end.

use core::future::poll_fn;
use core::task::{Context, Poll};
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};
use std::{io, process, thread};
use throng_runtime::hosting::{ExitTime, SignalListener, SignalListeners};
use tokio::runtime::Builder;

static LISTENERS: SignalListeners = SignalListeners::new();

/// SIGTERM and Ctrl-C, caught from now on. SIGHUP is caught as well, and ignored. `None` if they cannot be caught.
pub(crate) fn signals() -> Option<SignalListener> {
    static IS_CAUGHT: OnceLock<bool> = OnceLock::new();
    let caught = || match catch() {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "cannot catch SIGTERM and Ctrl-C: they will not drain the hub");
            false
        }
    };
    IS_CAUGHT.get_or_init(caught).then(|| LISTENERS.listen(exit_after))
}

/// Starts the thread that listens, with a runtime of its own. A runtime of the application receives signals through its
/// driver, which one of its workers polls, and none does if a hook blocks that worker. Whichever runtime receives a signal
/// notifies the listeners of all.
fn catch() -> io::Result<()> {
    let (tell, told) = mpsc::sync_channel(1);
    let listen = move || {
        let listening = || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let entered = runtime.enter();
            let caught = Caught::new()?;
            drop(entered);
            Ok((runtime, caught))
        };
        match listening() {
            Ok((runtime, mut caught)) => {
                // The caller waits for this.
                let _ = tell.send(Ok(()));
                runtime.block_on(async move {
                    loop {
                        poll_fn(|cx| caught.poll_signal(cx)).await;
                        LISTENERS.signalled();
                    }
                });
            }
            Err(error) => _ = tell.send(Err(error)),
        }
    };
    thread::Builder::new().name("throng-signals".into()).spawn(listen)?;
    told.recv().unwrap_or_else(|_| Err(io::Error::other("the thread that listens to signals has ended")))
}

#[cfg(unix)]
struct Caught {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Caught {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        // Once caught, SIGHUP no longer ends the process, even if nothing waits for it.
        if let Err(error) = signal(SignalKind::hangup()) {
            tracing::warn!(%error, "cannot catch SIGHUP: it will end the process at once");
        }
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Both are polled, so that both wake.
        let polled = [self.terminate.poll_recv(cx), self.interrupt.poll_recv(cx)];
        if polled.contains(&Poll::Ready(Some(()))) { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[cfg(not(unix))]
struct Caught {
    next: core::pin::Pin<Box<dyn Future<Output = io::Result<()>> + Send>>,
}

#[cfg(not(unix))]
impl Caught {
    fn new() -> io::Result<Self> {
        Ok(Self { next: Box::pin(tokio::signal::ctrl_c()) })
    }

    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let caught = core::task::ready!(self.next.as_mut().poll(cx));
        self.next = Box::pin(tokio::signal::ctrl_c());
        match caught {
            Ok(()) => Poll::Ready(()),
            Err(error) => {
                tracing::warn!(%error, "cannot catch Ctrl-C: it will not drain the hub");
                // Pending forever; nothing wakes it.
                self.next = Box::pin(core::future::pending());
                Poll::Pending
            }
        }
    }
}

/// Dropping a runtime waits for its threads, and a thread that a hook blocks never ends. So only a thread outside the
/// runtime can end the process then.
fn exit_after(time: ExitTime) {
    let exit = move || {
        let begun = Instant::now();
        time.wait(|| begun.elapsed(), thread::sleep);
        // A hook that blocks may hold a lock of whatever writes the log.
        let (tell, told) = mpsc::sync_channel(1);
        let log = move || {
            tracing::error!(
                "the process did not end in time after a second signal, possibly because a hook blocks a thread: exiting with status 1"
            );
            // Not received if it comes too late.
            let _ = tell.send(());
        };
        if thread::Builder::new().spawn(log).is_ok() {
            let _ = told.recv_timeout(Duration::from_millis(100));
        }
        process::exit(1);
    };
    if thread::Builder::new().name("throng-exit".into()).spawn(exit).is_err() {
        // The thread that listens does it: only further signals are not heard.
        exit();
    }
}
