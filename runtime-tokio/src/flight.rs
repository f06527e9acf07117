//! Writes a hub's flight recording to a file: on request, on a signal, or on a panic.
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
//! The recording is written to a temporary file beside the path and then renamed, so a file of this name is always
//! complete. `throng-replay FILE` (in the project's `tests`) replays it.
//!
//! All functions need a hub recorded as [`Record::Last`]. A log of [all events](Record::Events) comes in pieces that
//! exist only once: take them with [`Hub::take_recording`] and append each to the file.

#[cfg(unix)]
use std::{io, path::PathBuf};
#[cfg(any(unix, doc))]
use throng_runtime::Hub;
#[cfg(doc)]
use throng_runtime::Record;
pub use throng_runtime::flight::{dump, dump_on_panic};
#[cfg(unix)]
use throng_runtime::flight::{dump_and_log, has_recorder};

/// Writes the flight recording whenever the process gets this signal, until the hub's tokio runtime ends. `path` names
/// the file each time. The result is logged through `tracing`.
///
/// # Errors
/// The signal cannot be caught. [`io::ErrorKind::Unsupported`] if the hub is not recorded as [`Record::Last`].
///
/// # Panics
/// If called outside a tokio runtime.
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
            // If the runtime ends meanwhile, there is nobody to tell.
            let _ = tokio::task::spawn_blocking(move || dump_and_log(&hub, &path)).await;
        }
    });
    Ok(())
}
