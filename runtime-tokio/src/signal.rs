//! Catches the signals that ask a server to end: SIGTERM and Ctrl-C.

use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{process, thread};
use throng_runtime::hosting::{ExitTime, SignalListener, SignalListeners, catch_signals};
use throng_runtime::{Hub, ServeOptions};

static LISTENERS: SignalListeners = SignalListeners::new();

/// Catches SIGTERM and Ctrl-C from now on, if they matter to a server with these options, and returns a listener for both. Catches
/// SIGHUP as well, which is ignored. `None` also if SIGTERM and Ctrl-C cannot be caught.
pub(crate) fn signals(hub: &Hub, options: ServeOptions) -> Option<SignalListener> {
    catch_signals(hub, options, || LISTENERS.catch(|| catch(|| LISTENERS.signalled()), exit_after))
}

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use self::unix::catch;

#[cfg(not(unix))]
mod ctrl_c;
#[cfg(not(unix))]
use self::ctrl_c::catch;

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
