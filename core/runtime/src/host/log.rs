//! The log: which reports go there, and how often.

use crate::host::Report;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io;
use std::sync::{Mutex, PoisonError};
use throng_core::time::Instant;

/// Writes what a host is to [report](crate::Host::report) to `tracing`. What a peer can bring about at will is said once a
/// second, with a count of what was left unsaid. An origin that is refused is said once for each host that its pages ask, so
/// that whoever has forgotten to allow it finds it in the log.
#[derive(Debug, Default)]
pub struct Log {
    panics: Limit,
    lateness: Limit,
    misbehaviour: Limit,
    refusals: Limit,
    origins: Origins,
    rejections: Limit,
    abandoned: Limit,
    accepts: Limit,
    hosts: Limit,
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
            Report::OriginRefused { origin, host } => {
                if let Some(unsaid) = self.origins.allows(now, &origin, &host) {
                    tracing::info!(
                        origin = &*origin,
                        host = &*host,
                        unsaid,
                        "an origin was refused: if its pages may connect to this host, allow it (Builder::origin)"
                    );
                }
            }
            Report::Rejected { code } => {
                if let Some(unsaid) = self.rejections.allows(now) {
                    tracing::debug!(%code, unsaid, "a connection was not authenticated");
                }
            }
            Report::Abandoned => {
                if let Some(unsaid) = self.abandoned.allows(now) {
                    tracing::debug!(unsaid, "a peer left while the application was asked about its request");
                }
            }
            Report::AcceptFailed { kind, code } => {
                if let Some(unsaid) = self.accepts.allows(now) {
                    let error = code.map_or_else(|| kind.into(), io::Error::from_raw_os_error);
                    tracing::warn!(%error, unsaid, "accept failed");
                }
            }
            Report::StoodStill { time } => tracing::warn!(
                seconds = time.as_secs_f64(),
                "the process stood still; deadlines do not count that time"
            ),
            Report::Draining => tracing::info!("draining"),
            Report::DrainIsLate { remaining } => tracing::warn!(remaining, "the drain took too long"),
            Report::Forced => tracing::info!("forced"),
            Report::HooksAreLate => tracing::warn!("some last hooks have not returned"),
            Report::HostIsGone => {
                if let Some(unsaid) = self.hosts.allows(now) {
                    tracing::error!(
                        unsaid,
                        "the runtime that drove this hub has ended: newcomers are refused with 503. A hub lives in one \
                         runtime; build another hub for another runtime"
                    );
                }
            }
            Report::AddressUnknown => tracing::warn!(
                "admission.per_address or admission.connect_rate is set, but connections come without their address, and \
                 these limits do not hold for them: serve an axum router with throng_tokio::axum::serve, or with \
                 into_make_service_with_connect_info::<SocketAddr>(), and give other streams their address"
            ),
        }
    }
}

/// Lets each pair of origin and host be said once, as long as they are not too many, and one in a second.
#[derive(Debug, Default)]
struct Origins {
    said: Mutex<VecDeque<(Arc<str>, Arc<str>)>>,
    limit: Limit,
}

impl Origins {
    /// Pairs that are known: a peer chooses its origins, and must not make this grow.
    const KNOWN: usize = 64;

    /// As [`Limit::allows`]. What is not said for lack of time is said when it comes again.
    fn allows(&self, now: Instant, origin: &Arc<str>, host: &Arc<str>) -> Option<u64> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.iter().any(|(known, at)| known == origin && at == host) {
            return None;
        }
        let unsaid = self.limit.allows(now)?;
        if said.len() == Self::KNOWN {
            said.pop_front();
        }
        said.push_back((Arc::clone(origin), Arc::clone(host)));
        Some(unsaid)
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
