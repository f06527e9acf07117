//! Rate limits of messages.
//!
//! The rate limit of `tower` counts for all clients together, makes them wait, and is not `Clone`. The keyed limiter of
//! `governor` has a clock of its own, and grows until the application tidies it up. This one uses the core's buckets and the
//! hub's clock, and keeps a bounded number of them.

use super::error::ServiceError;
use super::incoming::Incoming;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;
use std::sync::{Mutex, PoisonError};
use throng_core::{Bucket, ClientId, Instant, Name, Rate};
use tower_layer::Layer;
use tower_service::Service;

/// How many users or clients a limit counts by default.
const KEYS: usize = 100_000;
/// Up to this many keys are kept without a sweep.
const FEW: usize = 1024;
/// The minimum time between sweeps of a full table.
const PAUSE: Duration = Duration::from_secs(1);

/// Limits the rate of messages of a user or client. Messages over the rate are refused with [`ServiceError::OverRate`], which
/// says when to try again; they are answered, never dropped silently.
///
/// The hub's own limits (`inbound` in the [`Config`](throng_core::hub::Config)) come first and cost less: they apply before any
/// handler sees a message, and can pause the reading. Use this layer for what the hub does not know, such as a separate limit for
/// one type of message, or an answer that says when to try again.
///
/// The limit is a token bucket of a few bytes for each user or client. A bucket is forgotten only when it is full again. So a
/// user who reconnects finds the same bucket, and memory is bounded. Buckets fill by the host's clock, even while the process
/// [stood still](throng_core::hub::Deadlines::standstill): messages that peers sent meanwhile, within the rate, may pass
/// afterwards even if they exceed the burst, as under the hub's own limits. The table stores the names of users, which have at
/// most `rooms.name_bytes`, or those that [`by`](Self::by) returns: limit their length if peers choose them.
#[derive(Clone)]
pub struct RateLimitLayer {
    limit: Arc<Limit>,
}

impl RateLimitLayer {
    /// Limits each user to this rate, all its clients together; a client without a user has its own limit.
    ///
    /// # Errors
    /// The rate would let no message pass.
    pub fn per_user(rate: Rate) -> Result<Self, NothingPasses> {
        Self::new(rate, |incoming| {
            Some(incoming.client.user().map_or_else(|| Key::Client(incoming.client.id()), Key::Name))
        })
    }

    /// Limits each client to this rate.
    ///
    /// # Errors
    /// The rate would let no message pass.
    pub fn per_client(rate: Rate) -> Result<Self, NothingPasses> {
        Self::new(rate, |incoming| Some(Key::Client(incoming.client.id())))
    }

    /// Limits all messages for which `key` returns the same name to this rate together; messages without a name are not
    /// limited.
    ///
    /// # Errors
    /// The rate would let no message pass.
    pub fn by<F>(rate: Rate, key: F) -> Result<Self, NothingPasses>
    where
        F: Fn(&Incoming) -> Option<Name> + Send + Sync + 'static,
    {
        Self::new(rate, move |incoming| key(incoming).map(Key::Name))
    }

    fn new<F>(rate: Rate, key: F) -> Result<Self, NothingPasses>
    where
        F: Fn(&Incoming) -> Option<Key> + Send + Sync + 'static,
    {
        if !rate.is_valid() {
            return Err(NothingPasses);
        }
        let table = Table::new(rate, KEYS);
        Ok(Self { limit: Arc::new(Limit { key: Arc::new(key), table: Mutex::new(table) }) })
    }

    /// Sets how many users or clients are counted separately: 100,000 by default, each about 60 bytes and its name. All
    /// others share one bucket, until a counted one's bucket is full again.
    #[must_use]
    pub fn keys(self, keys: usize) -> Self {
        let table = Table::new(self.limit.table().rate, keys);
        let key = Arc::clone(&self.limit.key);
        Self { limit: Arc::new(Limit { key, table: Mutex::new(table) }) }
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = RateLimit<S>;

    fn layer(&self, inner: S) -> RateLimit<S> {
        RateLimit { inner, limit: Arc::clone(&self.limit) }
    }
}

/// The service of [`RateLimitLayer`].
#[derive(Clone)]
pub struct RateLimit<S> {
    inner: S,
    limit: Arc<Limit>,
}

/// A rate of no units, in no time, or without a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NothingPasses;

impl fmt::Display for NothingPasses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this rate lets no message pass: units, time and burst must not be zero")
    }
}

impl core::error::Error for NothingPasses {}

type KeyOf = Arc<dyn Fn(&Incoming) -> Option<Key> + Send + Sync>;

struct Limit {
    key: KeyOf,
    /// Locked for a look-up, and now and then for a sweep.
    table: Mutex<Table>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Client(ClientId),
    Name(Name),
}

impl Limit {
    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self, incoming: &Incoming) -> Result<(), ServiceError> {
        // The key is looked for first: it may ask the hub, and must not do so under this lock.
        match (self.key)(incoming) {
            Some(key) => {
                let now = incoming.received;
                let since = incoming.client.member.shared.snapshot.arrived_since(now);
                self.table().pass(key, now, since)
            }
            None => Ok(()),
        }
    }
}

/// A bucket per key.
struct Table {
    rate: Rate,
    keys: usize,
    buckets: BTreeMap<Key, Bucket>,
    /// The bucket of all keys for which there is no room.
    others: Bucket,
    /// The number of keys at which the table is swept.
    sweep_at: usize,
    /// The earliest time of the next sweep.
    sweep_after: Instant,
}

impl Table {
    fn new(rate: Rate, keys: usize) -> Self {
        let (buckets, others) = (BTreeMap::new(), Bucket::new());
        Self { rate, keys, buckets, others, sweep_at: keys.min(FEW), sweep_after: Instant::ORIGIN }
    }

    /// Passes a message, or says when to try again. A message that is read `now` may have arrived as early as `since`. It is
    /// debited as of `since`, so that a bucket which was full then keeps what it has gained from `since` to `now`, even beyond
    /// its burst.
    fn pass(&mut self, key: Key, now: Instant, since: Instant) -> Result<(), ServiceError> {
        if self.buckets.len() >= self.sweep_at && !self.buckets.contains_key(&key) {
            self.sweep(now, since);
        }
        let has_room = self.buckets.len() < self.keys;
        let bucket = match self.buckets.get_mut(&key) {
            Some(bucket) => bucket,
            None if has_room => self.buckets.entry(key).or_default(),
            None => &mut self.others,
        };
        match bucket.conforms(&self.rate, now, 1) {
            Ok(()) => {
                bucket.take(&self.rate, since, 1);
                Ok(())
            }
            Err(until) => Err(ServiceError::OverRate { retry_after: until.since(now) }),
        }
    }

    /// Removes all full buckets. The next sweep comes when the number of keys has doubled, so a sweep costs O(1) for each new
    /// key.
    fn sweep(&mut self, now: Instant, since: Instant) {
        if now < self.sweep_after {
            return;
        }
        let rate = self.rate;
        self.buckets.retain(|_, bucket| !bucket.is_full(&rate, since));
        self.sweep_at = self.buckets.len().saturating_mul(2).clamp(self.keys.min(FEW), self.keys);
        if self.buckets.len() >= self.sweep_at {
            self.sweep_after = now + PAUSE;
        }
    }
}

impl<S> Service<Incoming> for RateLimit<S>
where
    S: Service<Incoming>,
    S::Error: Into<ServiceError>,
{
    type Response = S::Response;
    type Error = ServiceError;
    type Future = Limited<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ServiceError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, incoming: Incoming) -> Self::Future {
        let error = self.limit.pass(&incoming).err();
        let inner = if error.is_none() { Some(self.inner.call(incoming)) } else { None };
        Limited { inner, error }
    }
}

pin_project! {
    /// The future of a service's answer, or of the limit's.
    pub struct Limited<F> {
        #[pin]
        inner: Option<F>,
        error: Option<ServiceError>,
    }
}

impl<F, T, E> Future for Limited<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<ServiceError>,
{
    type Output = Result<T, ServiceError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.inner.as_pin_mut() {
            Some(inner) => inner.poll(cx).map_err(Into::into),
            None => this.error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error))),
        }
    }
}
