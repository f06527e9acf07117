//! The signals that ask a server to end.

use core::task::{Context, Poll};
use throng_runtime::Signals;

/// SIGTERM and Ctrl-C, caught from now on.
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
}
