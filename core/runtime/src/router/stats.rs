//! What a router could not route, counted.

use super::error::RouteError;
use core::sync::atomic::{AtomicU64, Ordering};

/// Messages of a router that came to nothing, since it was made: [`Router::stats`](super::Router::stats).
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
    /// Those that the codec skipped.
    pub skipped: u64,
}

/// One number for each error. Nothing is counted of what goes well: that would be a place for which all threads contend.
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
