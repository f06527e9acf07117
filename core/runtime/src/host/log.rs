//! Writes reports to the log, rate-limited.

use crate::host::Report;
use crate::notice::cluster::ClusterEvent;
use crate::panic::caught;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io;
use std::sync::{Mutex, PoisonError};
use throng_core::Instant;
use throng_core::cluster::Unready;

/// Writes a host's [reports](crate::hosting::Host::report) to `tracing`. Kinds that a peer can cause at will are written at most
/// once a second, with the number of reports left out (`suppressed`). A refused origin is written once per pair of
/// origin and host, so that an operator who has forgotten to allow the origin finds it.
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
    missed: Limit,
    relays: Limit,
    links: Limit,
}

impl Log {
    /// Writes a report unless one of its kind was written less than a second ago. `now` is the host's time.
    ///
    /// A panic of the subscriber is caught, and the line is lost: `tracing_subscriber::fmt` panics if standard error cannot be written, as
    /// after the end of the terminal or of the program that reads the log. That must end no connection and no drain.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a report is handed over by value everywhere else, too"
    )]
    pub fn report(&self, now: Instant, report: Report) {
        if let Some(unsaid) = self.allows(now, &report) {
            quietly(|| write(&report, unsaid));
        }
    }

    /// Returns the number of reports of this kind that were left out since the last one that was written, or `None` if this one is
    /// to be left out, too.
    fn allows(&self, now: Instant, report: &Report) -> Option<u64> {
        let limit = match report {
            Report::Panicked { .. } | Report::Caught { .. } => &self.panics,
            Report::TimedOut { .. } => &self.lateness,
            Report::Misbehaved { .. } => &self.misbehaviour,
            Report::Refused { .. } => &self.refusals,
            Report::OriginRefused { origin, host } => return self.origins.allows(now, origin, host),
            Report::Rejected { .. } => &self.rejections,
            Report::Abandoned => &self.abandoned,
            Report::AcceptFailed { .. } => &self.accepts,
            Report::HostIsGone => &self.hosts,
            // One for each room and node, if the link loses much.
            Report::Cluster(ClusterEvent::Missed { .. }) => &self.missed,
            Report::Cluster(ClusterEvent::Dropped { .. }) => &self.relays,
            Report::BrokerFailed { .. } => &self.links,
            _ => return Some(0),
        };
        limit.allows(now)
    }
}

/// Writes to the log. A panic of the subscriber is caught.
pub(crate) fn quietly(write: impl FnOnce()) {
    // The panic hook has printed it, if that is possible.
    let _ = caught(write);
}

/// Writes what a peer, or the application on its behalf, has caused.
fn write(report: &Report, suppressed: u64) {
    match *report {
        Report::Panicked { client, hook } => {
            let client = client.map(tracing::field::display);
            tracing::error!(client, hook, suppressed, "a hook panicked; its client is closed");
        }
        Report::Caught { client } => {
            tracing::error!(%client, suppressed, "a message handler panicked; its client stays open");
        }
        Report::TimedOut { client, hook } => {
            let client = client.map(tracing::field::display);
            tracing::warn!(client, hook, suppressed, "a hook exceeded its time limit and was dropped");
        }
        Report::Misbehaved { client, code } => {
            tracing::debug!(%client, %code, suppressed, "a peer broke the protocol and was closed");
        }
        Report::Refused { status } => {
            tracing::debug!(status, suppressed, "a connection was refused with this HTTP status");
        }
        Report::OriginRefused { ref origin, ref host } => tracing::info!(
            origin = &**origin,
            host = &**host,
            suppressed,
            "a request was refused for its Origin: to allow pages of this origin, set Builder::origin"
        ),
        Report::Rejected { code } => {
            tracing::debug!(%code, suppressed, "a connection failed authentication and was closed");
        }
        Report::Abandoned => {
            tracing::debug!(suppressed, "a peer left while the application was asked about its request");
        }
        Report::AcceptFailed { .. }
        | Report::StoodStill { .. }
        | Report::Draining
        | Report::DrainIsLate { .. }
        | Report::Forced
        | Report::HooksAreLate
        | Report::HostIsGone
        | Report::AddressUnknown
        | Report::FewOpenFiles { .. } => write_of_process(report, suppressed),
        Report::Cluster(ref event) => write_of_cluster(event, suppressed),
        Report::BrokerFailed { broker, ref error } => {
            tracing::warn!(
                broker,
                error = &**error,
                suppressed,
                "the link to the broker failed; the node tries again"
            );
        }
    }
}

/// Writes what happened in the cluster.
fn write_of_cluster(event: &ClusterEvent, suppressed: u64) {
    match event {
        ClusterEvent::NotReady { why: Unready::Goodbye } => tracing::info!(suppressed, "{event}"),
        ClusterEvent::NotReady { .. }
        | ClusterEvent::Missed { .. }
        | ClusterEvent::Dropped { .. }
        | ClusterEvent::Supersedes
        | ClusterEvent::Lagged { .. } => tracing::warn!(suppressed, "{event}"),
        ClusterEvent::Superseded => tracing::error!(suppressed, "{event}"),
        ClusterEvent::Ready | ClusterEvent::NodeJoined { .. } | ClusterEvent::NodeGone { .. } => {
            tracing::info!(suppressed, "{event}");
        }
    }
}

/// Writes what concerns the process or its system.
fn write_of_process(report: &Report, suppressed: u64) {
    match *report {
        Report::AcceptFailed { kind, code } => {
            let error = code.map_or_else(|| kind.into(), io::Error::from_raw_os_error);
            tracing::warn!(%error, suppressed, "accept failed");
        }
        Report::StoodStill { time } => tracing::warn!(
            seconds = time.as_secs_f64(),
            "the process stood still for this time; deadlines of clients do not count it"
        ),
        Report::Draining => tracing::info!("a signal began a drain; new connections are refused"),
        Report::DrainIsLate { remaining } => {
            tracing::warn!(
                remaining,
                "the drain exceeded its deadline; the remaining connections are closed now"
            );
        }
        Report::Forced => tracing::info!("a second signal; all connections are closed now"),
        Report::HooksAreLate => tracing::warn!(
            "some hooks of closed clients have not returned in time, or some peers have not answered their close frame; no \
             longer waiting for them"
        ),
        Report::HostIsGone => tracing::error!(
            suppressed,
            "the runtime that drove this hub has ended: newcomers are refused with 503. A hub lives in one runtime; build \
             another hub for another runtime"
        ),
        Report::AddressUnknown => tracing::warn!(
            "admission.per_address or admission.connect_rate is set, but connections come without their address, so these \
             limits do not apply to them: serve an axum router with throng_tokio::axum::serve, or with \
             into_make_service_with_connect_info::<SocketAddr>(), and give other streams their address"
        ),
        Report::FewOpenFiles { limit, needed } => tracing::warn!(
            limit,
            needed,
            "silent connections can take all files that this process may open, and then not even /healthz is answered: raise \
             that limit (ulimit -n, LimitNOFILE=), or lower admission.handshakes or admission.connections"
        ),
        // `write` has written all others.
        _ => {}
    }
}

/// Lets each pair of origin and host be written once (of the last 64 pairs), and one pair per second.
#[derive(Debug, Default)]
struct Origins {
    said: Mutex<VecDeque<(Arc<str>, Arc<str>)>>,
    limit: Limit,
}

impl Origins {
    /// Pairs that are remembered: bounded, since peers choose their origins.
    const KNOWN: usize = 64;

    /// As [`Limit::allows`]. A pair that comes too soon after another is written when it comes again.
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

/// Lets a line be written once per second, and counts the lines left out.
#[derive(Debug, Default)]
pub(crate) struct Limit {
    /// Nanoseconds of the host's time, plus one; zero for never.
    last: AtomicU64,
    unsaid: AtomicU64,
}

const EVERY: Duration = Duration::from_secs(1);

impl Limit {
    /// Whether to write now; if so, the number of lines left out since the last one.
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
