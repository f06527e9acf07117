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
//! The recording is written to a temporary file beside the path and then renamed, so a file of this name is always
//! complete.
//! `throng-replay FILE` (in the project's `tests`) replays it.
//!
//! All functions need a hub recorded as [`Record::Last`]. A log of [all events](Record::Events) comes in pieces that
//! exist only once: take them with [`Hub::take_recording`] and append each to the file.
//!
//! Only these functions of the crate touch files or start a thread, typically when the process is about to end.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a recording is written even where no host is left that could write it"
)]

use crate::handles::hub::Hub;
use crate::state::recording::{Record, Recording};
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::thread;

/// Writes a hub's flight recording to a file and replaces the file's content. Blocks: in a task, call it through the
/// host's function for blocking work (`spawn_blocking`, `unblock`).
///
/// # Errors
/// The file cannot be written. [`io::ErrorKind::Unsupported`] if the hub is not recorded as [`Record::Last`]; no file
/// is touched then.
pub fn dump(hub: &Hub, path: &Path) -> io::Result<()> {
    has_recorder(hub)?;
    let recording = hub.take_recording().ok_or(io::ErrorKind::Unsupported)?;
    write(&recording, path)
}

/// Calls [`dump`] and logs the result through `tracing`. For host crates.
pub fn dump_and_log(hub: &Hub, path: &Path) {
    log(dump(hub, path), path);
}

/// Writes the flight recording at every panic of any thread, then calls the previous panic hook. `path` names the file
/// each time, because a panic in a hook of the application counts as well and ends only one client.
///
/// A panic while the hub's lock is held, which is a bug in throng, is written by a separate thread once the lock is
/// free; with `panic = "abort"` the process may end before.
pub fn dump_on_panic(hub: &Hub, path: impl Fn() -> PathBuf + Send + Sync + 'static) {
    let hub = hub.clone();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        let path = path();
        let taken = if has_recorder(&hub).is_ok() { hub.try_take_recording() } else { None };
        match taken {
            Some(recording) => log(write(&recording, &path), &path),
            None => {
                let hub = hub.clone();
                // If no thread can be started, nothing else can be tried.
                let _ = thread::Builder::new().spawn(move || dump_and_log(&hub, &path));
            }
        }
        before(panicked);
    }));
}

/// Checks that the hub has a flight recorder. For host crates.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] if the hub is not recorded as [`Record::Last`]: the error says how it is recorded.
pub fn has_recorder(hub: &Hub) -> io::Result<()> {
    let wrong = match hub.shared().settings.record {
        Record::Last { .. } => return Ok(()),
        Record::Events => {
            "the hub records all events, and that log is taken piece by piece; use Record::Last for dumps"
        }
        Record::Nothing => "the hub is not recorded",
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
    match written {
        Ok(()) => tracing::info!(path = %path.display(), "flight recording written"),
        Err(error) => tracing::error!(path = %path.display(), %error, "flight recording not written"),
    }
}
