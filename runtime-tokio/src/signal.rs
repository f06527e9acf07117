//! Catches the signals that ask a server to end: SIGTERM and Ctrl-C.

use core::future::poll_fn;
use core::task::{Context, Poll};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{io, process, thread};
use throng_runtime::hosting::{ExitTime, SignalListener, SignalListeners};
use tokio::runtime::Builder;

static LISTENERS: SignalListeners = SignalListeners::new();

/// Catches SIGTERM and Ctrl-C from now on, and returns a listener for both. Catches SIGHUP as well, which is ignored.
/// `None` if SIGTERM and Ctrl-C cannot be caught.
pub(crate) fn signals() -> Option<SignalListener> {
    LISTENERS.catch(catch, exit_after)
}

/// Starts the thread that waits for signals, with a tokio runtime of its own. The application's runtime would not do: one
/// of its workers polls its signal driver, and no other worker takes over while a hook blocks that one. The extra runtime
/// takes no signal away from the application: the runtime that receives a signal notifies the listeners of all runtimes.
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
                // `catch` waits for this, so it cannot fail.
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
    told.recv().unwrap_or_else(|_| Err(io::Error::other("the thread that waits for signals has ended")))
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
        // tokio keeps a signal caught for good: SIGHUP no longer ends the process, though this listener is dropped.
        if let Err(error) = signal(SignalKind::hangup()) {
            tracing::warn!(%error, "cannot catch SIGHUP: it will end the process at once");
        }
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Polls both even if the first is ready, so that each registers the waker.
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
                // There is no signal to wait for any more.
                self.next = Box::pin(core::future::pending());
                Poll::Pending
            }
        }
    }
}

/// Starts a thread that exits the process with status 1 when `time` is over. The thread is outside of the runtime, because
/// dropping a runtime waits for its threads, without end if a hook blocks one of them.
fn exit_after(time: ExitTime) {
    let exit = move || {
        let begun = Instant::now();
        time.wait(|| begun.elapsed(), thread::sleep);
        // Logs in a thread of its own, and waits 100 ms for it: a hook that blocks may hold the lock of the log's writer.
        let (tell, told) = mpsc::sync_channel(1);
        let log = move || {
            tracing::error!(
                "the process did not end in time after a second signal, possibly because a hook blocks a thread: exiting \
                 with status 1"
            );
            // Nobody receives this after the 100 ms.
            let _ = tell.send(());
        };
        if thread::Builder::new().spawn(log).is_ok() {
            let _ = told.recv_timeout(Duration::from_millis(100));
        }
        process::exit(1);
    };
    if thread::Builder::new().name("throng-exit".into()).spawn(exit).is_err() {
        // Without a new thread, the calling thread waits and exits. It is the thread that waits for signals, so further
        // signals have no effect.
        exit();
    }
}
