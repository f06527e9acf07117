//! Writes a hub's flight recording to a file: on request, on a signal, or on a panic.
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
//! The recording is written to a temporary file beside the path and then renamed, so a file of this name is always
//! complete. `throng-replay FILE` (in the project's `tests`) replays it.
//!
//! All functions need a hub recorded as [`Record::Last`]. A log of [all events](Record::Events) comes in pieces that
//! exist only once: take them with [`Hub::take_recording`] and append each to the file.

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

/// Writes the flight recording whenever the process gets this signal, in a thread that lives until the process ends.
/// `path` names the file each time. The result is logged through `tracing`.
///
/// # Errors
/// The signal cannot be caught, or the thread cannot be started. [`io::ErrorKind::Unsupported`] if the hub is not
/// recorded as [`Record::Last`].
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
