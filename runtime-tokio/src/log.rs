//! What goes to the log, and how often.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::OnceLock;
use std::time::Instant;
use throng_core::runtime::Report;

/// Lets something be said once a second, and counts what is left unsaid.
pub(crate) struct Limit {
    /// Milliseconds since the first use of any limit, plus one; zero for never.
    last: AtomicU64,
    unsaid: AtomicU64,
}

const EVERY: Duration = Duration::from_secs(1);

impl Limit {
    pub(crate) const fn new() -> Self {
        Self { last: AtomicU64::new(0), unsaid: AtomicU64::new(0) }
    }

    /// Whether to speak now; if so, how often nothing was said since the last time.
    pub(crate) fn allows(&self) -> Option<u64> {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        let now = ORIGIN.get_or_init(Instant::now).elapsed().as_millis() as u64 + 1;
        let last = self.last.load(Ordering::Relaxed);
        let is_due = last == 0 || now - last.min(now) >= EVERY.as_millis() as u64;
        if is_due && self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            return Some(self.unsaid.swap(0, Ordering::Relaxed));
        }
        self.unsaid.fetch_add(1, Ordering::Relaxed);
        None
    }
}

pub(crate) fn report(report: Report) {
    static PANICS: Limit = Limit::new();
    static MISBEHAVIOUR: Limit = Limit::new();
    static REFUSALS: Limit = Limit::new();
    match report {
        Report::Panicked { client, hook } => {
            if let Some(unsaid) = PANICS.allows() {
                let client = client.map(tracing::field::display);
                tracing::error!(client, hook, unsaid, "a hook panicked, its client is closed");
            }
        }
        Report::Caught { client } => {
            if let Some(unsaid) = PANICS.allows() {
                tracing::error!(%client, unsaid, "a handler of messages panicked, its client lives");
            }
        }
        Report::Misbehaved { client, code } => {
            if let Some(unsaid) = MISBEHAVIOUR.allows() {
                tracing::debug!(%client, %code, unsaid, "a peer broke the protocol");
            }
        }
        Report::Refused { status } => {
            if let Some(unsaid) = REFUSALS.allows() {
                tracing::debug!(status, unsaid, "a connection was refused");
            }
        }
        _ => {}
    }
}
