//! Signals that ask a server to end.

use async_signal::{Signal, Signals};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::Stream;
use std::sync::{Arc, mpsc};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use std::{io, process};
use throng_runtime::hosting::{ExitTime, SignalListener, SignalListeners, catch_signals};
use throng_runtime::{Hub, ServeOptions};

#[cfg(unix)]
const CAUGHT: &[Signal] = &[Signal::Term, Signal::Int, Signal::Hup];
#[cfg(not(unix))]
const CAUGHT: &[Signal] = &[Signal::Int];

static LISTENERS: SignalListeners = SignalListeners::new();

/// Catches SIGTERM and Ctrl-C from now on, if they matter to a server with these options, and returns a listener for both. Catches
/// SIGHUP as well, which is ignored. `None` also if SIGTERM and Ctrl-C cannot be caught.
pub(crate) fn signals(hub: &Hub, options: ServeOptions) -> Option<SignalListener> {
    catch_signals(hub, options, || LISTENERS.catch(catch, exit_after))
}

/// Starts the thread that waits for signals. A task would not do, because hooks may block all threads of an executor. Each delivery of
/// a signal counts by itself: async-signal's handler writes the number of the signal to a socket.
fn catch() -> io::Result<()> {
    let mut signals = Signals::new(CAUGHT)?;
    let listen = move || {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut cx = Context::from_waker(&waker);
        loop {
            match Pin::new(&mut signals).poll_next(&mut cx) {
                Poll::Ready(Some(Ok(Signal::Hup))) => {}
                Poll::Ready(Some(Ok(_))) => LISTENERS.signalled(),
                // async-io's own thread wakes this one.
                Poll::Pending => thread::park(),
                Poll::Ready(Some(Err(error))) => {
                    tracing::warn!(%error, "signals are no longer heard: they will not drain the hub");
                    return;
                }
                Poll::Ready(None) => return,
            }
        }
    };
    thread::Builder::new().name("throng-signals".into()).spawn(listen).map(drop)
}

/// Wakes a thread that is parked. `async_io::block_on` would do, but has its thread take part in waiting for all sockets.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Uses a thread outside every executor, because a thread that a hook blocks never returns.
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
