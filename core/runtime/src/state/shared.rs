//! The hub behind its lock, and the state around it.

use crate::host::deadline::Deadline;
use crate::host::{Host, Report};
use crate::measure::{Counts, Observing, What};
use crate::state::last_hooks::LastHooks;
use crate::state::refused::RefusedConnections;
use crate::state::settings::Settings;
use crate::state::snapshot::Snapshot;
use crate::state::sync::{Mutex, MutexGuard};
use crate::state::turn::Turn;
pub(crate) use crate::state::types::Shared;
use crate::state::types::{Inner, Tasks};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
#[cfg(feature = "tracing")]
use std::sync::TryLockError;
use std::sync::{OnceLock, PoisonError};
use std::time::SystemTime;
use throng_core::hub::{Cause, Error, Event, Outcome, Published};
use throng_core::{CloseFrame, Instant};

impl Shared {
    pub(crate) fn new(
        inner: Inner,
        application: Box<dyn Any + Send + Sync>,
        settings: Settings,
        tasks: Tasks,
    ) -> Self {
        Self {
            inner: Mutex::new(inner),
            lock_waiters: AtomicUsize::new(0),
            snapshot: Snapshot::default(),
            deflating: settings.deflating(),
            running: OnceLock::new(),
            has_lost_host: AtomicBool::new(false),
            has_told_of_addresses: AtomicBool::new(false),
            refusals: Mutex::default(),
            refused_connections: RefusedConnections::default(),
            counts: Counts::default(),
            last_hooks: LastHooks::default(),
            application,
            settings,
            tasks,
        }
    }

    /// Notes that the host's runtime has ended, and with it the tasks that write and keep time. Another host cannot
    /// take over: its clock starts anew, and all deadlines in the hub are times of the first host.
    pub(crate) fn lose_host(&self) {
        self.has_lost_host.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_lost_host(&self) -> bool {
        self.has_lost_host.load(Ordering::Relaxed)
    }

    /// Reports, once, that a connection was admitted without an address although limits per address are set.
    #[cold]
    pub(crate) fn tell_of_addresses(&self) {
        if !self.has_told_of_addresses.swap(true, Ordering::Relaxed) {
            self.report(Report::AddressUnknown);
        }
    }

    pub(crate) fn host(&self) -> Option<&Arc<dyn Host>> {
        self.running.get().map(|running| &running.host)
    }

    /// The host's time. Before there is a host, nothing can have happened.
    pub(crate) fn now(&self) -> Instant {
        self.host().map_or(Instant::ORIGIN, |host| host.now())
    }

    /// A deadline that begins now, for a peer or for the application. `None` without a host.
    pub(crate) fn deadline(&self, limit: Duration) -> Option<Deadline> {
        Some(Deadline::new(self.host()?, limit, self.settings.config.standstill()))
    }

    pub(crate) fn wall(&self, moment: Instant) -> SystemTime {
        let origin = self.running.get().map_or(SystemTime::UNIX_EPOCH, |running| running.origin);
        origin.checked_add(moment.since(Instant::ORIGIN)).unwrap_or(origin)
    }

    /// The wall-clock time at this moment, read anew. Without a host: that of the origin.
    pub(crate) fn wall_now(&self, now: Instant) -> SystemTime {
        self.host().map_or_else(|| self.wall(now), |host| host.wall())
    }

    pub(crate) fn count_refusal(&self, name: &'static str) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        *refusals.entry(name).or_default() += 1;
    }

    pub(crate) fn refusals(&self) -> BTreeMap<&'static str, u64> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn report(&self, report: Report) {
        self.counts.report(&report);
        if let Some(host) = self.host() {
            host.report(report);
        }
    }

    /// Calls `act` under the lock, then wakes the tasks concerned. The caller drops the result of `act`, outside the
    /// lock.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Inner, Instant) -> T) -> T {
        self.with_turn(None, self.now(), act)
    }

    /// Like [`with`](Self::with), at a time that the caller has just read. `turn` is the turn of the client for which
    /// `act` queues a message, if it does.
    pub(crate) fn with_turn<T>(
        &self,
        turn: Option<&Turn>,
        now: Instant,
        act: impl FnOnce(&mut Inner, Instant) -> T,
    ) -> T {
        let mut inner = self.lock();
        let held = self.begin_holding();
        let result = act(&mut inner, now);
        let wakes = if turn.is_some_and(Turn::is_answer) { None } else { inner.settle() };
        self.snapshot.update(&inner.hub);
        if wakes.as_ref().is_some_and(|wakes| wakes.stood_still.is_some()) {
            self.snapshot.update_standstill(&inner.hub);
        }
        drop(inner);
        self.end_holding(held);
        if let Some(wakes) = wakes {
            if let Some(time) = wakes.stood_still {
                self.report(Report::StoodStill { time });
            }
            wakes.wake();
        }
        result
    }

    /// Calls `act` under the lock without waking anything; `None` if the lock is held.
    #[cfg(feature = "tracing")]
    pub(crate) fn try_with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> Option<T> {
        match self.inner.try_lock() {
            Ok(mut inner) => Some(act(&mut inner)),
            Err(TryLockError::Poisoned(poisoned)) => Some(act(&mut poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    pub(crate) fn handle(&self, event: Event<'_>) -> Result<Outcome, Error> {
        self.with(move |inner, now| inner.handle(now, event))
    }

    /// Like [`handle`](Self::handle), at a time that the caller has just read.
    pub(crate) fn handle_at(&self, now: Instant, event: Event<'_>) -> Result<Outcome, Error> {
        // `move`: by reference, the event would be copied once more.
        self.with_turn(None, now, move |inner, now| inner.handle(now, event))
    }

    /// Publishes; `turn` as in [`with_turn`](Self::with_turn).
    #[inline]
    pub(crate) fn publish(&self, turn: Option<&Turn>, event: Event<'_>) -> Result<Outcome, Error> {
        match self.measuring(What::Publish) {
            None => self.with_turn(turn, self.now(), |inner, now| inner.handle(now, event)),
            Some(observing) => {
                let bytes = if let Event::Publish { frame, .. } = &event { frame.payload().len() } else { 0 };
                let act = |inner: &mut Inner, now| (inner.handle(now, event), ());
                self.publish_observed(turn, bytes, observing, act).0
            }
        }
    }

    /// Publishes a frame of `bytes` bytes with an event that `act` makes under the lock. The caller drops `act`'s
    /// second result.
    pub(crate) fn publish_by<T>(
        &self,
        bytes: usize,
        act: impl FnOnce(&mut Inner, Instant) -> (Result<Outcome, Error>, T),
    ) -> (Result<Outcome, Error>, T) {
        match self.measuring(What::Publish) {
            None => self.with(act),
            Some(observing) => self.publish_observed(None, bytes, observing, act),
        }
    }

    #[cold]
    fn publish_observed<T>(
        &self,
        turn: Option<&Turn>,
        bytes: usize,
        observing: &Observing,
        act: impl FnOnce(&mut Inner, Instant) -> (Result<Outcome, Error>, T),
    ) -> (Result<Outcome, Error>, T) {
        let began = self.now();
        let published = self.with_turn(turn, began, |inner, now| {
            let published = act(inner, now);
            if let Ok(Outcome::Published(Published { queued: clients @ 1.., .. })) = published.0 {
                inner.marks.follow(inner.hub.sequence(), began, clients);
            }
            published
        });
        if let Ok(Outcome::Published(Published { queued: clients, .. })) = published.0 {
            let time = self.now().since(began);
            observing.tell(|observer| observer.published(bytes, clients, time));
        }
        published
    }

    /// The observer, if there is one and this event is to be measured.
    #[inline]
    pub(crate) fn measuring(&self, what: What) -> Option<&Observing> {
        self.settings.observing.as_ref().filter(|observing| observing.is_measured(what))
    }

    /// Called right after the lock is taken. Reading the clock here delays nobody where that needs no system call.
    #[inline]
    fn begin_holding(&self) -> Option<(&Observing, Instant)> {
        self.measuring(What::Hold).map(|observing| (observing, self.now()))
    }

    #[inline]
    fn end_holding(&self, held: Option<(&Observing, Instant)>) {
        if let Some((observing, began)) = held {
            let time = self.now().since(began);
            observing.tell(|observer| observer.held(time));
        }
    }

    /// The code and reason of the close frame for this cause. Not under the lock.
    pub(crate) fn close_frame(&self, cause: Cause) -> CloseFrame {
        self.look(|inner| inner.hub.config().closes[cause].clone())
    }

    /// Reads something under the lock.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Inner) -> T) -> T {
        let inner = self.lock();
        let held = self.begin_holding();
        let result = look(&inner);
        drop(inner);
        self.end_holding(held);
        result
    }

    /// Takes the lock. Code under the lock should never panic; if it does all the same, the hub goes on with its
    /// present state.
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        // The model checker would try more orders for this look, and none of them differs for it.
        #[cfg(not(all(loom, test)))]
        if let Ok(inner) = self.inner.try_lock() {
            return inner;
        }
        self.wait_for_lock()
    }

    #[cold]
    fn wait_for_lock(&self) -> MutexGuard<'_, Inner> {
        self.lock_waiters.fetch_add(1, Ordering::Relaxed);
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock_waiters.fetch_sub(1, Ordering::Relaxed);
        inner
    }

    /// Whether a thread waits for the lock. The lock is not fair: a thread that takes it again soon after it has let it go is
    /// faster than one that must be woken first. Whoever holds it for long, again and again, must look at this.
    pub(crate) fn is_lock_awaited(&self) -> bool {
        self.lock_waiters.load(Ordering::Relaxed) > 0
    }
}
