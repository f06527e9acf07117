//! Newcomers that wait for the last hook of an earlier client: one that they evicted, or the participant whose place they take.
//!
//! Neither an event of `event-listener` nor the sender of a oneshot channel would be smaller: each needs a place in every client, for
//! the few that somebody waits for.

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};
use throng_core::{ClientId, Name};

/// The last hooks that somebody waits for, and those that somebody may come to wait for. `M` is what is known of a client.
pub(crate) struct LastHooks<M>(Mutex<Awaited<M>>);

struct Awaited<M> {
    /// The wakers of newcomers, by the client for whose last hook they wait.
    newcomers: BTreeMap<ClientId, Vec<Waker>>,
    /// Participants that have ended and whose last hook has not returned, by the name of their session: of several with one name the
    /// latest, which itself has waited for the one before. Weak, as a client holds the hub.
    leaving: BTreeMap<Name, (ClientId, Weak<M>)>,
    /// The names of these sessions.
    sessions: BTreeMap<ClientId, Name>,
}

impl<M> Default for LastHooks<M> {
    fn default() -> Self {
        let awaited =
            Awaited { newcomers: BTreeMap::new(), leaving: BTreeMap::new(), sessions: BTreeMap::new() };
        Self(Mutex::new(awaited))
    }
}

impl<M> LastHooks<M> {
    fn lock(&self) -> MutexGuard<'_, Awaited<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a participant with this session has ended, and that its last hook follows. Called under the hub's lock.
    pub(crate) fn begin(&self, session: Name, client: ClientId, member: &Arc<M>) {
        let mut awaited = self.lock();
        awaited.sessions.insert(client, Name::clone(&session));
        awaited.leaving.insert(session, (client, Arc::downgrade(member)));
    }

    /// The participant with this session that has ended and whose last hook has not returned. Called under the hub's lock.
    pub(crate) fn leaving(&self, session: &str) -> Option<Arc<M>> {
        self.lock().leaving.get(session)?.1.upgrade()
    }

    /// Ready when the last hook of a client has returned; before that, `waker` is woken when it does.
    pub(crate) fn poll(&self, client: ClientId, has_returned: &AtomicBool, waker: &Waker) -> Poll<()> {
        let mut awaited = self.lock();
        if has_returned.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        let newcomers = awaited.newcomers.entry(client).or_default();
        if !newcomers.iter().any(|known| known.will_wake(waker)) {
            newcomers.push(waker.clone());
        }
        Poll::Pending
    }

    /// Forgets who waits for a client: whoever still does is woken, and asks again.
    pub(crate) fn wake(&self, client: ClientId) {
        let newcomers = self.lock().newcomers.remove(&client);
        newcomers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Notes that the last hook of a client has returned, and wakes those who wait for it.
    pub(crate) fn end(&self, client: ClientId, has_returned: &AtomicBool) {
        let (newcomers, left) = {
            let mut awaited = self.lock();
            has_returned.store(true, Ordering::Relaxed);
            (awaited.newcomers.remove(&client), awaited.forget(client))
        };
        // Outside the lock: a waker may end a task.
        drop(left);
        newcomers.into_iter().flatten().for_each(Waker::wake);
    }
}

impl<M> Awaited<M> {
    /// Drop the result outside the lock.
    fn forget(&mut self, client: ClientId) -> Option<(ClientId, Weak<M>)> {
        let session = self.sessions.remove(&client)?;
        let is_latest = self.leaving.get(&session).is_some_and(|(latest, _)| *latest == client);
        if is_latest { self.leaving.remove(&session) } else { None }
    }
}
