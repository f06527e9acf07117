//! Signals that ask a server to end.

use core::future::Future;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};
use std::{io, process, thread};
use throng_runtime::{ExitTime, Hub, ServeOptions, SignalledServers, Signals};
use tokio::runtime::Builder;

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

/// Listens on a thread with a runtime of its own, which no hook can block. A runtime receives signals through its driver:
/// if a hook blocks the only worker, or the one that polls the driver, that runtime hears of none.
fn listen() -> io::Result<()> {
    let (said, heard) = mpsc::channel();
    let listening = move || {
        let runtime = match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            // If nobody hears it, the caller has panicked.
            Err(error) => return drop(said.send(Err(error))),
        };
        runtime.block_on(async {
            let mut caught = match Caught::new() {
                Ok(caught) => caught,
                Err(error) => return drop(said.send(Err(error))),
            };
            let _ = said.send(Ok(()));
            while caught.next().await.is_some() {
                if let Some(time) = SERVERS.receive() {
                    exit_after(time);
                }
            }
        });
    };
    thread::Builder::new().name("throng-signals".into()).spawn(listening)?;
    heard.recv().unwrap_or_else(|_| Err(io::Error::other("the thread that listens to signals has panicked")))
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
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt })
    }

    fn next(&mut self) -> impl Future<Output = Option<()>> {
        core::future::poll_fn(|cx| match self.terminate.poll_recv(cx) {
            core::task::Poll::Pending => self.interrupt.poll_recv(cx),
            ready => ready,
        })
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Caught(tokio::signal::windows::CtrlC);

#[cfg(not(unix))]
impl Caught {
    fn new() -> io::Result<Self> {
        Ok(Self(tokio::signal::windows::ctrl_c()?))
    }

    fn next(&mut self) -> impl Future<Output = Option<()>> {
        self.0.recv()
    }
}

/// Dropping a runtime waits for its threads, and a thread that a hook blocks never ends. So only a thread outside the
/// runtime can end the process then.
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
