//! Refused connections: how many of them are read, in case they ask for health, and how many linger until their answer
//! has arrived.
//!
//! Both numbers are limited, or refused connections would evade every other limit. Some are read, or a crowd of silent
//! sockets would make `/healthz` look dead.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use core::task::Waker;
use std::sync::{Mutex, MutexGuard, PoisonError};
use throng_core::Address;

/// The refused connections of a hub that are still open.
#[derive(Default)]
pub(crate) struct RefusedConnections {
    probes: Mutex<Probes>,
    pub(crate) lingering: AtomicU32,
    unread: AtomicU64,
    pub(crate) cut: AtomicU64,
}

/// Counts of refused connections, now and since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedNow {
    /// Connections whose request is being read, at most [`admission.probes`](throng_core::hub::Admission::probes).
    pub reading: u32,
    /// Connections that have been answered and not closed, at most
    /// [`admission.lingering`](throng_core::hub::Admission::lingering).
    pub lingering: u32,
    /// Connections since the start that were answered without reading their request: it did not arrive in time, or a
    /// newer connection took the slot.
    pub unread: u64,
    /// Connections since the start that were closed right after the answer, because too many lingered.
    pub cut: u64,
}

/// The slots of connections that are read.
#[derive(Default)]
pub(crate) struct Probes {
    last: u64,
    /// Oldest first, and so in the order of their numbers.
    pub(crate) places: Vec<Place>,
    /// The number of slots per address.
    shares: BTreeMap<Option<Address>, u32>,
}

pub(crate) struct Place {
    number: u64,
    address: Option<Address>,
    pub(crate) task: Option<Waker>,
}

impl RefusedConnections {
    pub(crate) fn probes(&self) -> MutexGuard<'_, Probes> {
        self.probes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a refused connection that was answered without reading its request.
    pub(crate) fn count_unread(&self) {
        self.unread.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> RefusedNow {
        RefusedNow {
            reading: self.probes().places.len() as u32,
            lingering: self.lingering.load(Ordering::Relaxed),
            unread: self.unread.load(Ordering::Relaxed),
            cut: self.cut.load(Ordering::Relaxed),
        }
    }
}

impl Probes {
    pub(crate) fn enter(&mut self, address: Option<Address>) -> u64 {
        self.last += 1;
        self.places.push(Place { number: self.last, address, task: None });
        *self.shares.entry(address).or_default() += 1;
        self.last
    }

    /// Frees the oldest slot of the address that has the most, or the oldest of all among equals.
    pub(crate) fn make_room(&mut self) -> Option<Waker> {
        let most = self.shares.values().copied().max()?;
        let has_most = |place: &Place| self.shares.get(&place.address) == Some(&most);
        let at = self.places.iter().position(has_most)?;
        self.remove(at)
    }

    pub(crate) fn remove(&mut self, at: usize) -> Option<Waker> {
        let Place { address, task, .. } = self.places.remove(at);
        if let Some(share) = self.shares.get_mut(&address) {
            *share -= 1;
            if *share == 0 {
                self.shares.remove(&address);
            }
        }
        task
    }

    pub(crate) fn find(&self, number: u64) -> Option<usize> {
        self.places.binary_search_by_key(&number, |place| place.number).ok()
    }
}
