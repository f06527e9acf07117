//! The runtime's counters, besides the hub's.

use crate::host::Report;
use alloc::collections::BTreeMap;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use throng_core::websocket::ProtocolError;

/// Counts by name. The names are the program's own, never a peer's.
pub type Tally = BTreeMap<&'static str, u64>;

/// Counters of rare events. None is touched on the path that serves a message.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    bad_input: Mutex<Tally>,
    hooks_panicked: Mutex<Tally>,
    hooks_late: Mutex<Tally>,
    rejections: AtomicU64,
    abandoned: AtomicU64,
    handlers_caught: AtomicU64,
    accepts_failed: AtomicU64,
}

impl Counts {
    /// Counts a report. The log may suppress reports; the counters do not.
    pub(crate) fn report(&self, report: &Report) {
        match report {
            Report::Panicked { hook, .. } => count(&self.hooks_panicked, hook),
            Report::TimedOut { hook, .. } => count(&self.hooks_late, hook),
            Report::Rejected { .. } => _ = self.rejections.fetch_add(1, Ordering::Relaxed),
            Report::Abandoned => _ = self.abandoned.fetch_add(1, Ordering::Relaxed),
            Report::Caught { .. } => _ = self.handlers_caught.fetch_add(1, Ordering::Relaxed),
            Report::AcceptFailed { .. } => _ = self.accepts_failed.fetch_add(1, Ordering::Relaxed),
            // The first three are counted by name where they arise; the others have no counter.
            Report::Refused { .. }
            | Report::OriginRefused { .. }
            | Report::Misbehaved { .. }
            | Report::StoodStill { .. }
            | Report::Draining
            | Report::DrainIsLate { .. }
            | Report::Forced
            | Report::HooksAreLate
            | Report::HostIsGone
            | Report::AddressUnknown
            | Report::Cluster(_)
            | Report::BrokerFailed { .. }
            | Report::FewOpenFiles { .. } => {}
        }
    }

    /// Counts a peer that broke the protocol.
    pub(crate) fn bad_input(&self, error: ProtocolError) {
        count(&self.bad_input, error.name());
    }

    pub(crate) fn bad_input_so_far(&self) -> Tally {
        read(&self.bad_input)
    }

    pub(crate) fn hooks_panicked(&self) -> Tally {
        read(&self.hooks_panicked)
    }

    pub(crate) fn hooks_late(&self) -> Tally {
        read(&self.hooks_late)
    }

    pub(crate) fn rejections(&self) -> u64 {
        self.rejections.load(Ordering::Relaxed)
    }

    pub(crate) fn abandoned(&self) -> u64 {
        self.abandoned.load(Ordering::Relaxed)
    }

    pub(crate) fn handlers_caught(&self) -> u64 {
        self.handlers_caught.load(Ordering::Relaxed)
    }

    pub(crate) fn accepts_failed(&self) -> u64 {
        self.accepts_failed.load(Ordering::Relaxed)
    }
}

fn count(tally: &Mutex<Tally>, name: &'static str) {
    *tally.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
}

fn read(tally: &Mutex<Tally>) -> Tally {
    tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
