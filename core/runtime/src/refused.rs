//! Connections that the hub refuses: how many of them are read, in case they ask for health, and how many wait until their
//! answer has arrived.
//!
//! Without a bound on them, refused connections would be the way around every limit; without reading any, a crowd of
//! silent sockets would make the server look dead to whoever asks `/healthz`.

use super::host::Sleep;
use super::hub::Hub;
use super::inner::replace;
use super::shared::Shared;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};
use throng_core::id::Address;
use throng_core::time::Instant;

/// How long a refused connection may take to say what it asks for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The refused connections of a hub that are still open.
#[derive(Default)]
pub(super) struct RefusedConnections {
    probes: Mutex<Probes>,
    lingering: AtomicU32,
    unread: AtomicU64,
    cut: AtomicU64,
}

/// Refused connections, at one moment and since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedNow {
    /// Connections whose request is being read, at most [`admission.probes`](throng_core::hub::Admission::probes).
    pub reading: u32,
    /// Connections that have been answered and not closed, at most
    /// [`admission.lingering`](throng_core::hub::Admission::lingering).
    pub lingering: u32,
    /// Connections, since the start, that were answered without their request having been read: it did not come in time, or a
    /// newer connection took the place.
    pub unread: u64,
    /// Connections, since the start, that were closed right after the answer, as too many lingered.
    pub cut: u64,
}

/// The places of connections that are read.
#[derive(Default)]
struct Probes {
    last: u64,
    /// The oldest first, so that they are in the order of their numbers.
    places: Vec<Place>,
    /// How many places each address has.
    shares: BTreeMap<Option<Address>, u32>,
}

struct Place {
    number: u64,
    address: Option<Address>,
    task: Option<Waker>,
}

/// A place among the refused connections that are read. Dropped, it is free again.
pub struct Probe {
    shared: Arc<Shared>,
    number: u64,
    until: Instant,
    sleep: Option<Box<dyn Sleep>>,
}

/// A place among the refused connections that have been answered and wait for their peer to hang up. Dropped, it is free again.
pub struct Lingering(Arc<Shared>);

impl Hub {
    /// A place for a connection that was refused and is read all the same, as it may ask for health; for runtime crates whose
    /// HTTP server reads requests by itself. [`refuse`](Self::refuse) does all of it for a bare transport.
    ///
    /// There are [`admission.probes`](throng_core::hub::Admission::probes) places. When all are taken, this takes the oldest
    /// of the address that has the most of them: an address that opens silent connections as fast as it can takes its own
    /// places, and no other's. O(places).
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
        // Outside the lock.
        replaced.into_iter().flatten().for_each(Waker::wake);
        let sleep = shared.host().map(|host| host.sleep());
        Probe { shared: Arc::clone(shared), number, until: shared.now() + PATIENCE, sleep }
    }

    /// A place for a refused connection that has been, or is being, answered, and is kept until its peer has hung up, for a
    /// second at most; for runtime crates. `None`: there are [`admission.lingering`](throng_core::hub::Admission::lingering) of them
    /// already. The connection is counted as cut, and is to be closed at once.
    #[must_use]
    pub fn linger(&self) -> Option<Lingering> {
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

impl RefusedConnections {
    fn probes(&self) -> MutexGuard<'_, Probes> {
        self.probes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A refused connection has been answered without its request.
    pub(super) fn count_unread(&self) {
        self.unread.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> RefusedNow {
        RefusedNow {
            reading: self.probes().places.len() as u32,
            lingering: self.lingering.load(Ordering::Relaxed),
            unread: self.unread.load(Ordering::Relaxed),
            cut: self.cut.load(Ordering::Relaxed),
        }
    }
}

impl Probes {
    fn enter(&mut self, address: Option<Address>) -> u64 {
        self.last += 1;
        self.places.push(Place { number: self.last, address, task: None });
        *self.shares.entry(address).or_default() += 1;
        self.last
    }

    /// Takes the oldest place of the address that has the most, or of all if none has more than others.
    fn make_room(&mut self) -> Option<Waker> {
        let most = self.shares.values().copied().max()?;
        let has_most = |place: &Place| self.shares.get(&place.address) == Some(&most);
        let at = self.places.iter().position(has_most)?;
        self.remove(at)
    }

    fn remove(&mut self, at: usize) -> Option<Waker> {
        let Place { address, task, .. } = self.places.remove(at);
        if let Some(share) = self.shares.get_mut(&address) {
            *share -= 1;
            if *share == 0 {
                self.shares.remove(&address);
            }
        }
        task
    }

    fn find(&self, number: u64) -> Option<usize> {
        self.places.binary_search_by_key(&number, |place| place.number).ok()
    }
}

impl Probe {
    /// Ready when the connection has had its time: after a second, or when a newer connection has taken the place. It is to be read
    /// once more then, and answered by what has come.
    pub fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let old = {
            let mut probes = self.shared.refused_connections.probes();
            let Some(at) = probes.find(self.number) else { return Poll::Ready(()) };
            replace(&mut probes.places[at].task, cx.waker())
        };
        drop(old);
        match &mut self.sleep {
            Some(sleep) => sleep.poll_until(cx, self.until),
            None => Poll::Pending,
        }
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

impl fmt::Debug for Lingering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lingering")
    }
}
