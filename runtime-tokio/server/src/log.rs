//! The log on stderr: its format, and its filter, which a reload may change.

use crate::config::types::{LogFilter, LogFormat};
use std::io::{self, IsTerminal};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt, registry, reload};

/// The log of the process.
#[derive(Clone, Debug)]
pub(crate) struct Log(reload::Handle<Targets, Registry>);

impl Log {
    /// Begins the log.
    pub(crate) fn begin(format: LogFormat, filter: &LogFilter) -> Self {
        let (layer, handle) = reload::Layer::new(filter.targets());
        let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
        let log = registry().with(layer);
        // A second one is no error: the first goes on.
        let _ = match format {
            LogFormat::Text => log.with(lines).try_init(),
            LogFormat::Json => log.with(lines.json().flatten_event(true)).try_init(),
        };
        Self(handle)
    }

    /// Changes what is logged.
    pub(crate) fn set_filter(&self, filter: &LogFilter) {
        if let Err(error) = self.0.reload(filter.targets()) {
            tracing::error!(%error, "the log's filter cannot be changed");
        }
    }
}
