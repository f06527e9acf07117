//! The signals that ask a server to end.

use async_signal::Signal;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::Stream;
use std::time::Instant;
use std::{process, thread};
use throng_runtime::{ExitTime, Signals};

/// SIGTERM and Ctrl-C, caught from now on. SIGHUP is caught, too, and does nothing.
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
                tracing::warn!(%error, "signals cannot be caught");
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
                // What they are caught with is broken, and stays so.
                Poll::Ready(Some(Err(_)) | None) | Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// From a thread that no executor has: one that a hook blocks never comes back.
    fn exit_after(&mut self, time: ExitTime) {
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
}
