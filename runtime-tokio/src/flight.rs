//! What a flight recorder has, written to a file: when the application says so, on a signal, or on a panic.
//!
//! ```no_run
//! use std::path::PathBuf;
//! use throng_tokio::{Hub, Record, flight};
//! use tokio::signal::unix::SignalKind;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Hub::builder().record(Record::Last { bytes: 16 << 20 }).build()?;
//! let path = || PathBuf::from(format!("/var/log/app/{}.throng", std::process::id()));
//! flight::dump_on_signal(&hub, SignalKind::user_defined1(), path)?; // kill -USR1
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

#[cfg(unix)]
use std::{io, path::PathBuf};
#[cfg(any(unix, doc))]
use throng_runtime::Hub;
#[cfg(doc)]
use throng_runtime::Record;
pub use throng_runtime::flight::{dump, dump_on_panic};
#[cfg(unix)]
use throng_runtime::flight::{dump_and_log, has_recorder};

/// Writes what was recorded whenever the process gets a signal, until the hub's tokio runtime ends. `path` names the file
/// each time.
///
/// What comes of it goes to `tracing`.
///
/// # Errors
/// The signal cannot be caught. [`io::ErrorKind::Unsupported`] as of [`dump`].
///
/// # Panics
/// Outside of a tokio runtime.
#[cfg(unix)]
pub fn dump_on_signal(
    hub: &Hub,
    kind: tokio::signal::unix::SignalKind,
    path: impl Fn() -> PathBuf + Send + 'static,
) -> io::Result<()> {
    has_recorder(hub)?;
    let mut signal = tokio::signal::unix::signal(kind)?;
    let hub = hub.clone();
    tokio::spawn(async move {
        while signal.recv().await.is_some() {
            let (hub, path) = (hub.clone(), path());
            // Should the runtime end meanwhile, there is nobody to be told.
            let _ = tokio::task::spawn_blocking(move || dump_and_log(&hub, &path)).await;
        }
    });
    Ok(())
}
