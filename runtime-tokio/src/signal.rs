//! The signals that ask a server to end.

use core::task::{Context, Poll};
use std::time::Instant;
use std::{process, thread};
use throng_runtime::{ExitTime, Signals};

/// SIGTERM and Ctrl-C, caught from now on. SIGHUP is caught, too, and does nothing.
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
        // Once caught, it does not end the process any more, whether anybody waits for it or not.
        if let Err(error) = signal(SignalKind::hangup()) {
            tracing::warn!(%error, "SIGHUP cannot be caught: it ends the process at once");
        }
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => Some(Self { terminate, interrupt }),
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "signals cannot be caught");
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

/// Signals reach a runtime by its driver, which one of its workers polls. If a hook blocks that worker, no other takes its place
/// until something else wakes one. So a thread with a runtime of its own listens, too: whichever runtime hears of a signal
/// tells all that wait for it.
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
            tracing::warn!(%error, "while a hook blocks its thread, signals may not be heard");
        }
    };
    LISTENING.call_once(|| {
        if let Err(error) = thread::Builder::new().name("throng-signals".into()).spawn(told) {
            tracing::warn!(%error, "no thread can be started that listens to signals beside the runtime");
        }
    });
}

/// A runtime that is dropped waits for its threads, and one that a hook blocks never comes back: only a thread that is not
/// the runtime's can end the process then.
fn exit_after(time: ExitTime) {
    let exit = move || {
        let begun = Instant::now();
        time.wait(|| begun.elapsed(), thread::sleep);
        tracing::error!(
            "the process did not end in time after a second signal, maybe because a hook blocks a thread: it exits"
        );
        process::exit(1);
    };
    if let Err(error) = thread::Builder::new().name("throng-exit".into()).spawn(exit) {
        tracing::warn!(%error, "no thread can be started that would end the process");
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
                tracing::warn!(%error, "signals cannot be caught");
                // Nothing wakes it any more.
                self.next = Some(Box::pin(core::future::pending()));
                Poll::Pending
            }
        }
    }

    fn exit_after(&mut self, time: ExitTime) {
        exit_after(time);
    }
}
