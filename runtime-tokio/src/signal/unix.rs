//! Catches signals on Unix.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::pipe;
use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

/// Catches SIGTERM, SIGINT and SIGHUP, and starts the thread that calls `signalled` for each of the first two.
///
/// The handler of a signal writes a byte to a socket, so each delivery counts, whatever its kind. tokio's own streams of signals keep only
/// whether there was a signal since the last poll: a SIGTERM and a SIGINT that come together would count as one.
///
/// tokio's streams work beside this: both put their handlers into the list of the same crate.
pub(super) fn catch(signalled: fn()) -> io::Result<()> {
    let (ours, theirs) = UnixStream::pair()?;
    // The thread is there before a signal is caught, because a signal that is caught and that nobody counts would do nothing at all.
    thread::Builder::new().name("throng-signals".into()).spawn(move || listen(ours, signalled))?;
    pipe::register(SIGTERM, theirs.try_clone()?)?;
    pipe::register(SIGINT, theirs)?;
    // The flag is never read. It is set in place of what the system does by default, which is to end the process.
    if let Err(error) = flag::register(SIGHUP, Arc::<AtomicBool>::default()) {
        tracing::warn!(%error, "cannot catch SIGHUP: it will end the process at once");
    }
    Ok(())
}

/// Waits for signals until the process ends, or until nothing is left that could write to the socket.
fn listen(mut signals: UnixStream, signalled: fn()) {
    loop {
        match signals.read(&mut [0]) {
            Ok(1..) => signalled(),
            // Not all of the signals could be caught.
            Ok(0) => return,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::warn!(%error, "signals are no longer heard: they will not drain the hub");
                return;
            }
        }
    }
}
