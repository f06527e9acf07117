//! What a flight recorder has, written to a file: when the application says so, on a signal, or on a panic.
//!
//! ```no_run
//! use std::path::PathBuf;
//! use throng_async_std::{Hub, Record, flight};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Hub::builder().record(Record::Last { bytes: 16 << 20 }).build()?;
//! let path = || PathBuf::from(format!("/var/log/app/{}.throng", std::process::id()));
//! flight::dump_on_signal(&hub, flight::Signal::Usr1, path)?; // kill -USR1
//! flight::dump_on_panic(&hub, path);
//! # Ok(())
//! # }
//! ```
//!
//! A file is written beside its path, under another name, and then moved there: what has the name is whole. `throng-replay
//! FILE` (in the project's `tests`) replays it.
//!
//! All of this is for a hub that is recorded as [`Record::Last`]. A log of [all events](Record::Events) comes in pieces, each of
//! which there is once: who records like that takes them by [`Hub::take_recording`] and writes one after the other.

use core::future::poll_fn;
use core::pin::Pin;
use futures_core::Stream;
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::thread;
#[cfg(doc)]
use throng_runtime::Record;
use throng_runtime::{Hub, Recording};

pub use async_signal::Signal;

/// Writes what was recorded of a hub to a file, in place of what was there. It blocks: in a task, use async-std's
/// `task::spawn_blocking` or smol's `unblock`.
///
/// # Errors
/// The file cannot be written. [`io::ErrorKind::Unsupported`]: the hub is not recorded as [`Record::Last`]; nothing is taken
/// and no file touched.
pub fn dump(hub: &Hub, path: &Path) -> io::Result<()> {
    has_recorder(hub)?;
    let recording = hub.take_recording().ok_or(io::ErrorKind::Unsupported)?;
    write(&recording, path)
}

/// Writes what was recorded whenever the process gets a signal, until it ends, in a thread of its own. `path` names the file
/// each time.
///
/// What comes of it goes to `tracing`.
///
/// # Errors
/// The signal cannot be caught, or there is no thread left. [`io::ErrorKind::Unsupported`] as of [`dump`].
#[cfg(unix)]
pub fn dump_on_signal(
    hub: &Hub,
    signal: Signal,
    path: impl Fn() -> PathBuf + Send + 'static,
) -> io::Result<()> {
    has_recorder(hub)?;
    let mut signals = async_signal::Signals::new([signal])?;
    let hub = hub.clone();
    thread::Builder::new().name("throng-flight".to_owned()).spawn(move || {
        let mut next = || async_io::block_on(poll_fn(|cx| Pin::new(&mut signals).poll_next(cx)));
        while let Some(Ok(_)) = next() {
            let path = path();
            tell(dump(&hub, &path), &path);
        }
    })?;
    Ok(())
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
            Some(recording) => tell(write(&recording, &path), &path),
            None => {
                let hub = hub.clone();
                // Without a thread there is nothing left to be tried.
                let _ = thread::Builder::new().spawn(move || tell(dump(&hub, &path), &path));
            }
        }
        before(panicked);
    }));
}

fn has_recorder(hub: &Hub) -> io::Result<()> {
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

fn tell(written: io::Result<()>, path: &Path) {
    match written {
        Ok(()) => tracing::info!(path = %path.display(), "what was recorded is written"),
        Err(error) => tracing::error!(path = %path.display(), %error, "what was recorded cannot be written"),
    }
}
