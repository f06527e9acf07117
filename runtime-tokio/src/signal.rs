//! Signals that ask a server to end.

use core::task::{Context, Poll};
use std::time::Instant;
use std::{process, thread};
use throng_runtime::hosting::{ExitTime, Signals};

/// SIGTERM and Ctrl-C, caught from now on. SIGHUP is caught as well, and ignored.
#[cfg(unix)]
pub(crate) struct Caught {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Caught {
    /// `None` if they cannot be caught.
    pub(crate) fn signals() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        listen_beside();
        // Once caught, SIGHUP no longer ends the process, even if nothing waits for it.
        if let Err(error) = signal(SignalKind::hangup()) {
            tracing::warn!(%error, "cannot catch SIGHUP: it will end the process at once");
        }
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => Some(Self { terminate, interrupt }),
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "cannot catch SIGTERM and Ctrl-C: they will not drain the hub");
                None
            }
        }
    }
}

#[cfg(unix)]
impl Signals for Caught {
    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.terminate.poll_recv(cx) {
            Poll::Ready(_) => Poll::Ready(()),
            Poll::Pending => self.interrupt.poll_recv(cx).map(drop),
        }
    }

    fn exit_after(&mut self, time: ExitTime) {
        exit_after(time);
    }
}

/// A runtime receives signals through its driver, which one worker polls. If a hook blocks that worker, no other takes
/// over until something wakes one. So a thread with a runtime of its own listens as well: whichever runtime receives a
/// signal notifies all listeners.
#[cfg(unix)]
fn listen_beside() {
    use std::sync::Once;
    use tokio::runtime::Builder;
    use tokio::signal::unix::{SignalKind, signal};
    static LISTENING: Once = Once::new();
    let listen = || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            while terminate.recv().await.is_some() {}
            Ok::<(), std::io::Error>(())
        })
    };
    let told = move || {
        if let Err(error) = listen() {
            tracing::warn!(%error, "no thread listens to signals: while a hook blocks its thread, signals may be missed");
        }
    };
    LISTENING.call_once(|| {
        if let Err(error) = thread::Builder::new().name("throng-signals".into()).spawn(told) {
            tracing::warn!(%error, "cannot start the thread that listens to signals: while a hook blocks its thread, signals may be missed");
        }
    });
}

/// Dropping a runtime waits for its threads, and a thread that a hook blocks never ends. So only a thread outside the
/// runtime can end the process then.
fn exit_after(time: ExitTime) {
    let exit = move || {
        let begun = Instant::now();
        time.wait(|| begun.elapsed(), thread::sleep);
        tracing::error!(
            "the process did not end in time after a second signal, possibly because a hook blocks a thread: exiting with status 1"
        );
        process::exit(1);
    };
    if let Err(error) = thread::Builder::new().name("throng-exit".into()).spawn(exit) {
        tracing::warn!(%error, "cannot start the thread that would end the process if it hangs");
    }
}

/// Ctrl-C, caught from the first poll on.
#[cfg(not(unix))]
#[derive(Default)]
pub(crate) struct Caught {
    next: Option<core::pin::Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>>>,
}

#[cfg(not(unix))]
impl Caught {
    pub(crate) fn signals() -> Option<Self> {
        Some(Self::default())
    }
}

#[cfg(not(unix))]
impl Signals for Caught {
    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let next = self.next.get_or_insert_with(|| Box::pin(tokio::signal::ctrl_c()));
        let caught = core::task::ready!(next.as_mut().poll(cx));
        self.next = None;
        match caught {
            Ok(()) => Poll::Ready(()),
            Err(error) => {
                tracing::warn!(%error, "cannot catch Ctrl-C: it will not drain the hub");
                // Pending forever; nothing wakes it.
                self.next = Some(Box::pin(core::future::pending()));
                Poll::Pending
            }
        }
    }

    fn exit_after(&mut self, time: ExitTime) {
        exit_after(time);
    }
}
