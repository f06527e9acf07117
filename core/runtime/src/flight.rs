//! Writes the flight recording of a hub to a file: when the application asks for it, or when a thread panics. The crates of
//! the hosts add `dump_on_signal`.
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
//! A file is written beside its path, under another name, and then moved there: a file of this name is always whole.
//! `throng-replay FILE` (in the project's `tests`) replays it.
//!
//! All of this is for a hub that is recorded as [`Record::Last`]. A log of [all events](Record::Events) comes in pieces, each of
//! which exists once: take them with [`Hub::take_recording`], and write one after the other.
//!
//! These are the only functions of this crate that touch files or start a thread: they run when the process is about to end.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a recording is written even where no host is left that could write it"
)]

use crate::handles::hub::Hub;
#[cfg(doc)]
use crate::state::recording::Record;
use crate::state::recording::Recording;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::thread;

/// Writes the flight recording of a hub to a file, in place of what was there. It blocks: in a task, call it by the host's
/// function for work that blocks (`spawn_blocking`, `unblock`).
///
/// # Errors
/// The file cannot be written. [`io::ErrorKind::Unsupported`]: the hub is not recorded as [`Record::Last`]; nothing is taken
/// and no file touched.
pub fn dump(hub: &Hub, path: &Path) -> io::Result<()> {
    has_recorder(hub)?;
    let recording = hub.take_recording().ok_or(io::ErrorKind::Unsupported)?;
    write(&recording, path)
}

/// [`dump`], whose result goes to `tracing`. For the crates of hosts.
pub fn dump_and_log(hub: &Hub, path: &Path) {
    log(dump(hub, path), path);
}

/// Writes what was recorded at the next panic of any thread, and at each one after it, before the hook that was there
/// before is called. `path` names the file each time: a panic in a hook of the application is one, too, and ends
/// nothing but a client.
///
/// A panic while the hub is in use, which is a bug in throng, is written by a thread of its own, when the hub is free; with
/// `panic = "abort"` it may not come to that.
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
                // Without a thread there is nothing left to be tried.
                let _ = thread::Builder::new().spawn(move || dump_and_log(&hub, &path));
            }
        }
        before(panicked);
    }));
}

/// Whether the hub has a flight recorder.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`]: it has none.
pub fn has_recorder(hub: &Hub) -> io::Result<()> {
    hub.has_flight_recorder().map_err(|error| io::Error::new(io::ErrorKind::Unsupported, error))
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
