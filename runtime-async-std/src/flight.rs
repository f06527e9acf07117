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
use std::io;
use std::path::PathBuf;
use std::thread;
use throng_runtime::Hub;
#[cfg(doc)]
use throng_runtime::Record;
pub use throng_runtime::flight::{dump, dump_on_panic};
use throng_runtime::flight::{dump_and_log, has_recorder};

pub use async_signal::Signal;

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
            dump_and_log(&hub, &path());
        }
    })?;
    Ok(())
}
