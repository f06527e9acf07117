//! Connections that the hub refuses: their answers, and their slots while they are read or linger.

use crate::handles::hosted::HostedHub;
use crate::handles::hub::Hub;
use crate::host::Report;
use crate::host::deadline::Deadline;
use crate::state::refused::RefusedConnections;
use crate::state::shared::Shared;
use crate::state::wakes::replace;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;
use core::sync::atomic::Ordering;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use throng_core::Address;
use throng_core::websocket::handshake::Refusal;

/// How long a refused connection may take to send its request.
const PATIENCE: Duration = Duration::from_secs(1);

/// A slot among the refused connections whose request is read. Dropping it frees the slot.
pub struct Probe {
    shared: Arc<Shared>,
    number: u64,
    deadline: Option<Deadline>,
}

/// A slot among the refused connections that were answered and wait for their peer to hang up. Dropping it frees the
/// slot.
pub(crate) struct Lingering(Arc<Shared>);

impl HostedHub {
    /// Takes a slot for a refused connection whose request is read all the same, because it may ask for health. For a host
    /// whose HTTP server reads requests itself; [`connect`](Self::connect) does all of this for a bare transport.
    ///
    /// There are [`admission.probes`](throng_core::hub::Admission::probes) slots. When all are taken, the oldest slot
    /// of the address with the most slots is replaced, so an address that opens many silent connections displaces only
    /// its own. O(slots).
    #[must_use]
    pub fn read_refused(&self, remote: Option<SocketAddr>) -> Probe {
        let shared = self.shared();
        let limit = shared.settings.config.probes() as usize;
        let address = remote.map(|remote| Address::from(remote.ip()));
        let (number, replaced) = {
            let mut probes = shared.refused_connections.probes();
            let mut replaced = Vec::new();
            while probes.places.len() >= limit.max(1) {
                replaced.push(probes.make_room());
            }
            (probes.enter(address), replaced)
        };
        // Woken outside the lock.
        replaced.into_iter().flatten().for_each(Waker::wake);
        Probe { shared: Arc::clone(shared), number, deadline: shared.deadline(PATIENCE) }
    }
}

impl Hub {
    /// Takes a slot for a refused connection that has its answer and waits for its peer to hang up, for 1 s at most.
    /// `None` if all [`admission.lingering`](throng_core::hub::Admission::lingering) slots are
    /// taken: the connection is counted as cut, and the caller must close it at once.
    pub(crate) fn linger(&self) -> Option<Lingering> {
        let shared = self.shared();
        let limit = shared.settings.config.lingering();
        let RefusedConnections { lingering, cut, .. } = &shared.refused_connections;
        let one_more = |count: u32| (count < limit).then_some(count + 1);
        match lingering.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Some(Lingering(Arc::clone(shared))),
            Err(_) => {
                cut.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }
}

impl Probe {
    /// Ready when the connection has had its time: 1 s, not counting time in which the process stood still, or until a newer
    /// connection has taken its slot. The caller then reads once more and answers what has arrived.
    pub fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let old = {
            let mut probes = self.shared.refused_connections.probes();
            let Some(at) = probes.find(self.number) else { return Poll::Ready(()) };
            replace(&mut probes.places[at].task, cx.waker())
        };
        drop(old);
        self.deadline.as_mut().map_or(Poll::Pending, |deadline| deadline.poll_over(cx))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let task = {
            let mut probes = self.shared.refused_connections.probes();
            probes.find(self.number).and_then(|at| probes.remove(at))
        };
        drop(task);
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        self.0.refused_connections.lingering.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("number", &self.number).finish_non_exhaustive()
    }
}

/// Counts and reports a refusal that is about to be answered.
pub(crate) fn refused(shared: &Shared, refusal: Refusal) -> Refusal {
    shared.count_refusal(refusal.name());
    shared.report(Report::Refused { status: refusal.status().as_u16() });
    refusal
}
