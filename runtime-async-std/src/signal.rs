//! Signals that ask a server to end.

use async_signal::Signal;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::Stream;
use std::time::Instant;
use std::{process, thread};
use throng_runtime::hosting::{ExitTime, Signals};

/// SIGTERM and Ctrl-C, caught from now on. SIGHUP is caught as well, and ignored.
pub(crate) struct Caught(async_signal::Signals);

#[cfg(unix)]
const CAUGHT: &[Signal] = &[Signal::Term, Signal::Int, Signal::Hup];
#[cfg(not(unix))]
const CAUGHT: &[Signal] = &[Signal::Int];

impl Caught {
    /// `None` if they cannot be caught.
    pub(crate) fn signals() -> Option<Self> {
        match async_signal::Signals::new(CAUGHT) {
            Ok(signals) => Some(Self(signals)),
            Err(error) => {
                tracing::warn!(%error, "cannot catch SIGTERM and Ctrl-C: they will not drain the hub");
                None
            }
        }
    }
}

impl Signals for Caught {
    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match Pin::new(&mut self.0).poll_next(cx) {
                Poll::Ready(Some(Ok(Signal::Hup))) => {}
                Poll::Ready(Some(Ok(_))) => return Poll::Ready(()),
                // The signal source is broken, and stays so.
                Poll::Ready(Some(Err(_)) | None) | Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Uses a thread outside every executor, because a thread that a hook blocks never returns.
    fn exit_after(&mut self, time: ExitTime) {
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
}
