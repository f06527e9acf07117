//! Signals that ask a server to end.

use async_signal::Signal;
use core::future::poll_fn;
use core::pin::Pin;
use futures_core::Stream;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};
use std::{io, process, thread};
use throng_runtime::{ExitTime, Hub, ServeOptions, SignalledServers, Signals};

#[cfg(unix)]
const CAUGHT: &[Signal] = &[Signal::Term, Signal::Int, Signal::Hup];
#[cfg(not(unix))]
const CAUGHT: &[Signal] = &[Signal::Int];

/// All servers that wait for signals.
static SERVERS: SignalledServers = SignalledServers::new();
/// Whether the thread listens.
static LISTENS: Mutex<bool> = Mutex::new(false);

/// The signals for a server with these options: SIGTERM and Ctrl-C, caught from now on. SIGHUP is caught as well, and
/// ignored.
pub(crate) fn caught(hub: &Hub, options: ServeOptions) -> Option<Arc<Signals>> {
    let signals = hub.signals(options)?;
    SERVERS.add(Arc::clone(&signals));
    let mut listens = LISTENS.lock().unwrap_or_else(PoisonError::into_inner);
    if !*listens {
        match listen() {
            Ok(()) => *listens = true,
            Err(error) => {
                tracing::warn!(%error, "cannot catch SIGTERM and Ctrl-C: they will not drain the hub");
            }
        }
    }
    Some(signals)
}

/// Listens on a thread outside every executor, which no hook can block.
fn listen() -> io::Result<()> {
    let mut caught = async_signal::Signals::new(CAUGHT)?;
    let listening = move || {
        let mut next = || async_io::block_on(poll_fn(|cx| Pin::new(&mut caught).poll_next(cx)));
        loop {
            match next() {
                #[cfg(unix)]
                Some(Ok(Signal::Hup)) => {}
                Some(Ok(_)) => {
                    if let Some(time) = SERVERS.receive() {
                        exit_after(time);
                    }
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, "cannot listen to signals any more: SIGTERM and Ctrl-C will not drain the hub");
                    return;
                }
                None => return,
            }
        }
    };
    thread::Builder::new().name("throng-signals".into()).spawn(listening)?;
    Ok(())
}

/// Uses a thread outside every executor, because a thread that a hook blocks never returns.
fn exit_after(time: ExitTime) {
    let exit = move || {
        let begun = Instant::now();
        time.wait(|| begun.elapsed(), thread::sleep);
        // A hook that is blocked may hold a lock of whatever writes the log.
        let (said, heard) = mpsc::channel();
        let say = move || {
            tracing::error!(
                "the process did not end in time after a second signal, possibly because a hook blocks a thread: exiting with status 1"
            );
            let _ = said.send(());
        };
        if thread::Builder::new().spawn(say).is_ok() {
            let _ = heard.recv_timeout(Duration::from_millis(100));
        }
        process::exit(1);
    };
    if thread::Builder::new().name("throng-exit".into()).spawn(exit).is_err() {
        exit();
    }
}
