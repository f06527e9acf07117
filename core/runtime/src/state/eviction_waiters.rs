//! Newcomers that wait for the last hook of a client that they evicted.
//!
//! At most one waits for a client. Neither an event of `event-listener` nor the sender of a oneshot channel would be smaller: each
//! needs a place in every client, for the few that are evicted.

use alloc::collections::BTreeMap;
use core::task::Waker;
use std::sync::{Mutex, MutexGuard, PoisonError};
use throng_core::ClientId;

/// The wakers of newcomers that wait for a client's last hook, by client. Only the newcomer that evicted a client
/// waits.
#[derive(Debug, Default)]
pub(crate) struct EvictionWaiters(Mutex<BTreeMap<ClientId, Waker>>);

impl EvictionWaiters {
    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<ClientId, Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
