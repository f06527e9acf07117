//! Writes a hub's flight recording to a file, on request or when a thread panics. The host crates add `dump_on_signal`.
//!
//! ```no_run
//! use std::path::PathBuf;
//! use throng_runtime::{Hub, Record, flight};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Hub::builder().record(Record::Last { bytes: 16 << 20 }).build()?;
//! flight::dump_on_panic(&hub, || PathBuf::from("/var/log/app/panic.throng"));
//! # Ok(())
//! # }
//! ```
//!
//! A recording for `FILE` is written to `FILE.part`, which is then renamed: `FILE` is always complete.
//! `throng-replay FILE` (in the project's `tests`) replays it.
//!
//! All functions need a hub recorded as [`Record::Last`]. For a log of [all events](Record::Events), call
//! [`Hub::take_recording`] and append each result to a file: the hub hands out each part of that log only once.
//!
//! No other code of this crate touches files or starts a thread.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a recording must be written even if the hub has no host, or its host has ended"
)]

use crate::handles::hub::Hub;
use crate::host::log::quietly;
use crate::state::recording::{Record, Recording};
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

/// Writes a hub's flight recording to a file; an existing file is replaced. Blocks the thread: in a task, call it
/// through the runtime's function for blocking work (`spawn_blocking`, `unblock`).
///
/// # Errors
/// The file cannot be written. [`io::ErrorKind::Unsupported`] if the hub is not recorded as [`Record::Last`]; no file
/// is touched then.
pub fn dump(hub: &Hub, path: &Path) -> io::Result<()> {
    has_recorder(hub)?;
    let recording = hub.take_recording().ok_or(io::ErrorKind::Unsupported)?;
    write(&recording, path)
}

/// Calls [`dump`] and logs success or failure through `tracing`. For host crates.
pub fn dump_and_log(hub: &Hub, path: &Path) {
    log(dump(hub, path), path);
}

/// Writes the flight recording at every panic of any thread, then calls the previous panic hook. Calls `path` for the
/// file's name at each panic: a panic in a hook of the application ends only one client, so a process may panic often.
///
/// If the hub's lock is held during a panic, a separate thread writes the recording once the lock is free. The holder is
/// another thread, or, through a bug in throng, the thread that panics. With `panic = "abort"` the process may end before
/// the recording is written.
pub fn dump_on_panic(hub: &Hub, path: impl Fn() -> PathBuf + Send + Sync + 'static) {
    let hub = hub.clone();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        let path = path();
        let taken = if has_recorder(&hub).is_ok() { hub.try_take_recording() } else { None };
        match taken {
            Some(recording) => log_elsewhere(write(&recording, &path), path),
            None => {
                let hub = hub.clone();
                // If no thread can be started, the recording is lost: waiting here could deadlock.
                let _ = thread::Builder::new().spawn(move || dump_and_log(&hub, &path));
            }
        }
        before(panicked);
    }));
}

/// Checks that the hub has a flight recorder. For host crates.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] if the hub is not recorded as [`Record::Last`]. The error's text says what to set.
pub fn has_recorder(hub: &Hub) -> io::Result<()> {
    let wrong = match hub.shared().settings.record {
        Record::Last { .. } => return Ok(()),
        Record::Events => {
            "the hub records all events (Record::Events), not a flight recording: set Record::Last"
        }
        Record::Nothing => "the hub is not recorded: set Builder::record to Record::Last",
    };
    Err(io::Error::new(io::ErrorKind::Unsupported, wrong))
}

fn write(recording: &Recording, path: &Path) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let mut file = File::create(&beside)?;
    file.write_all(&recording.log)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

fn log(written: io::Result<()>, path: &Path) {
    quietly(|| match written {
        Ok(()) => tracing::info!(path = %path.display(), "flight recording written"),
        Err(error) => tracing::error!(path = %path.display(), %error, "flight recording not written"),
    });
}

/// Logs on a thread of its own, for a panic hook: a panic of the subscriber there would abort the process. Waits 100 ms for it, because the
/// process may end right after the panic; the thread that panics may hold a lock that the subscriber needs.
fn log_elsewhere(written: io::Result<()>, path: PathBuf) {
    let (tell, told) = mpsc::sync_channel(1);
    let log = move || {
        log(written, &path);
        // Nobody receives this after the 100 ms.
        let _ = tell.send(());
    };
    if thread::Builder::new().spawn(log).is_ok() {
        let _ = told.recv_timeout(Duration::from_millis(100));
    }
}
