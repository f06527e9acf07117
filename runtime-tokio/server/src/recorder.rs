//! The flight recorder: what the hub was told last, written to a file at SIGUSR1 and at a panic.

use crate::config::Recorder;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use throng_tokio::{Hub, Record, flight};

/// How the hub is recorded.
pub(crate) fn record(recorder: &Recorder) -> Record {
    match recorder.bytes {
        Some(bytes) => Record::Last { bytes: usize::try_from(bytes.0).unwrap_or(usize::MAX) },
        None => Record::Nothing,
    }
}

/// Writes files from now on, if the hub is recorded.
pub(crate) fn begin(hub: &Hub, recorder: &Recorder) {
    let process = std::process::id();
    if recorder.bytes.is_some() {
        // The same file for each panic of this process: there may be many of them.
        let file = PathBuf::from(&recorder.folder).join(format!("throng-{process}-panic.throng"));
        flight::dump_on_panic(hub, move || file.clone());
    }
    #[cfg(unix)]
    at_each_signal(hub, recorder, process);
}

#[cfg(unix)]
fn at_each_signal(hub: &Hub, recorder: &Recorder, process: u32) {
    use tokio::signal::unix::{SignalKind, signal};
    let kind = SignalKind::user_defined1();
    let folder = PathBuf::from(&recorder.folder);
    let file = move || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        folder.join(format!("throng-{process}-{now}.throng"))
    };
    let caught = match recorder.bytes {
        Some(_) => flight::dump_on_signal(hub, kind, file),
        None => signal(kind).map(|mut signals| {
            // What is not caught ends the process.
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    tracing::warn!("SIGUSR1 writes nothing: the flight recorder is off, `recorder.bytes`");
                }
            });
        }),
    };
    if let Err(error) = caught {
        tracing::error!(%error, "SIGUSR1 cannot be caught");
    }
}
