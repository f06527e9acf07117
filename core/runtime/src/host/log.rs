//! What goes to the log, and how often.

use crate::host::Report;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io;
use throng_core::time::Instant;

/// Writes what a host is to [report](crate::Host::report) to `tracing`. What a peer can bring about at will is said once a
/// second, with a count of what was left unsaid.
#[derive(Debug, Default)]
pub struct Log {
    panics: Limit,
    lateness: Limit,
    misbehaviour: Limit,
    refusals: Limit,
    rejections: Limit,
    accepts: Limit,
}

impl Log {
    /// Writes a report, unless its like was written less than a second ago. `now` is the host's time.
    pub fn report(&self, now: Instant, report: Report) {
        match report {
            Report::Panicked { client, hook } => {
                if let Some(unsaid) = self.panics.allows(now) {
                    let client = client.map(tracing::field::display);
                    tracing::error!(client, hook, unsaid, "a hook panicked, its client is closed");
                }
            }
            Report::Caught { client } => {
                if let Some(unsaid) = self.panics.allows(now) {
                    tracing::error!(%client, unsaid, "a handler of messages panicked, its client lives");
                }
            }
            Report::TimedOut { client, hook } => {
                if let Some(unsaid) = self.lateness.allows(now) {
                    let client = client.map(tracing::field::display);
                    tracing::warn!(client, hook, unsaid, "a hook was over its time limit and was dropped");
                }
            }
            Report::Misbehaved { client, code } => {
                if let Some(unsaid) = self.misbehaviour.allows(now) {
                    tracing::debug!(%client, %code, unsaid, "a peer broke the protocol");
                }
            }
            Report::Refused { status } => {
                if let Some(unsaid) = self.refusals.allows(now) {
                    tracing::debug!(status, unsaid, "a connection was refused");
                }
            }
            Report::Rejected { code } => {
                if let Some(unsaid) = self.rejections.allows(now) {
                    tracing::debug!(%code, unsaid, "a connection was not authenticated");
                }
            }
            Report::AcceptFailed { kind, code } => {
                if let Some(unsaid) = self.accepts.allows(now) {
                    let error = code.map_or_else(|| kind.into(), io::Error::from_raw_os_error);
                    tracing::warn!(%error, unsaid, "accept failed");
                }
            }
            Report::Draining => tracing::info!("draining"),
            Report::DrainIsLate { remaining } => tracing::warn!(remaining, "the drain took too long"),
            Report::Forced => tracing::info!("forced"),
            Report::HooksAreLate => tracing::warn!("some last hooks have not returned"),
        }
    }
}

/// Lets something be said once a second, and counts what is left unsaid.
#[derive(Debug, Default)]
pub(crate) struct Limit {
    /// Nanoseconds of the host's time, plus one; zero for never.
    last: AtomicU64,
    unsaid: AtomicU64,
}

const EVERY: Duration = Duration::from_secs(1);

impl Limit {
    /// Whether to speak now; if so, how often nothing was said since the last time.
    pub(crate) fn allows(&self, now: Instant) -> Option<u64> {
        let last = self.last.load(Ordering::Relaxed);
        let is_due = last == 0 || now.since(Instant::from_nanos(last - 1)) >= EVERY;
        let this = now.as_nanos().saturating_add(1);
        if is_due && self.last.compare_exchange(last, this, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            return Some(self.unsaid.swap(0, Ordering::Relaxed));
        }
        self.unsaid.fetch_add(1, Ordering::Relaxed);
        None
    }
}
