//! Counters of messages that a router did not handle.

use super::error::RouteError;
use core::sync::atomic::{AtomicU64, Ordering};

/// Messages that a router did not handle since it was made: [`Router::stats`](super::Router::stats).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouterStats {
    /// [`RouteError::WrongKind`].
    pub wrong_kind: u64,
    /// [`RouteError::Malformed`].
    pub malformed: u64,
    /// [`RouteError::NoType`].
    pub no_type: u64,
    /// [`RouteError::UnknownType`].
    pub unknown_type: u64,
    /// [`RouteError::BadBody`].
    pub bad_body: u64,
    /// [`RouteError::NotEncoded`].
    pub not_encoded: u64,
    /// [`RouteError::Refused`].
    pub refused: u64,
    /// Messages that the codec skipped.
    pub skipped: u64,
}

/// A counter per error. Successes are not counted, because all threads would contend for that counter.
#[derive(Debug, Default)]
pub(super) struct Counts {
    errors: [AtomicU64; RouteError::CODES.len()],
    skipped: AtomicU64,
}

impl Counts {
    pub(super) fn error(&self, error: &RouteError) {
        self.errors[error.index()].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn skipped(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> RouterStats {
        let [wrong_kind, malformed, no_type, unknown_type, bad_body, not_encoded, refused] =
            core::array::from_fn(|at| self.errors[at].load(Ordering::Relaxed));
        let skipped = self.skipped.load(Ordering::Relaxed);
        RouterStats { wrong_kind, malformed, no_type, unknown_type, bad_body, not_encoded, refused, skipped }
    }
}
