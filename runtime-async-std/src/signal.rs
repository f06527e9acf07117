//! The signals that ask a server to end.

use async_signal::Signal;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::Stream;
use throng_runtime::Signals;

/// SIGTERM and Ctrl-C, caught from now on.
pub(crate) struct Caught(async_signal::Signals);

#[cfg(unix)]
const ENDING: &[Signal] = &[Signal::Term, Signal::Int];
#[cfg(not(unix))]
const ENDING: &[Signal] = &[Signal::Int];

impl Caught {
    /// `None` if they cannot be caught.
    pub(crate) fn signals() -> Option<Self> {
        match async_signal::Signals::new(ENDING) {
            Ok(signals) => Some(Self(signals)),
            Err(error) => {
                tracing::warn!(%error, "signals cannot be caught");
                None
            }
        }
    }
}

impl Signals for Caught {
    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match Pin::new(&mut self.0).poll_next(cx) {
            Poll::Ready(Some(Ok(_))) => Poll::Ready(()),
            // What they are caught with is broken, and stays so.
            Poll::Ready(Some(Err(_)) | None) | Poll::Pending => Poll::Pending,
        }
    }
}
