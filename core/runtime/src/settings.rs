//! What a hub's connections have in common, beside what the hub itself reads of its config.

use super::batching::Batching;
use super::events::EventsOptions;
use super::hook::{Cause, Hook, Rejection};
use super::hooks::Wants;
#[cfg(feature = "tower")]
use super::middleware::FindRequestId;
use super::observe::Observing;
use super::panic::{PanicOutput, caught};
use super::placement::Placing;
use super::recording::Record;
use alloc::boxed::Box;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use throng_core::hub::{Closes, Config};
use throng_core::time::Instant;
#[cfg(feature = "deflate")]
use throng_core::websocket::deflate::Compression;
use throng_core::websocket::{HeadLimits, Limits, Policy};

/// Set by the [`Builder`](super::Builder).
pub(super) struct Settings {
    pub(super) policy: Policy,
    pub(super) config: Copied,
    #[cfg(feature = "deflate")]
    pub(super) compression: Option<Compression>,
    pub(super) requests: KeepRequests,
    pub(super) record: Record,
    pub(super) close_code: Option<Box<dyn Fn(Cause) -> Rejection + Send + Sync>>,
    pub(super) placement: Option<Box<Placing>>,
    pub(super) wants: Wants,
    #[cfg(feature = "tower")]
    pub(super) request_id: Option<FindRequestId>,
    pub(super) observing: Option<Observing>,
    pub(super) batching: Batching,
    /// If what happens is told as a stream.
    pub(super) events: Option<EventsOptions>,
    pub(super) panic_output: PanicOutput,
}

impl Settings {
    /// How long a hook may take.
    pub(super) fn limit_of(&self, hook: Hook) -> Option<Duration> {
        match hook {
            // No hook is called: it is a client that waits for room.
            Hook::Message if self.events.is_some() => None,
            Hook::Message => self.config.message.get(),
            _ => self.config.hooks.get(),
        }
    }

    /// How a client is closed. Asks the application: not under the lock.
    pub(super) fn rejection(&self, cause: Cause) -> Rejection {
        let asked = self.close_code.as_ref().and_then(|closure| caught(|| closure(cause)).ok());
        asked.unwrap_or_else(|| cause.rejection())
    }

    /// Asks the application how the hub closes clients, where its config does not say. Not under the lock.
    pub(super) fn fill(&self, closes: &mut Closes) {
        if self.close_code.is_none() {
            return;
        }
        for (cause, farewell) in Cause::of_hub(closes) {
            if *farewell == cause.rejection().into() {
                *farewell = self.rejection(cause).into();
            }
        }
    }
}

/// What of the hub's config is read without its lock. Of a config that takes the place of another each is true by itself:
/// who reads two of them meanwhile may see one of either.
#[derive(Debug, Default)]
pub(super) struct Copied {
    message: Limit,
    hooks: Limit,
    authentication: Limit,
    handshake: Limit,
    decoder: Two,
    head: Two,
    /// Refused connections that are read, and that linger.
    refused: Two,
}

impl Copied {
    pub(super) fn of(config: &Config) -> Self {
        let copied = Self::default();
        copied.set(config);
        copied
    }

    pub(super) fn set(&self, config: &Config) {
        let Config { admission, websocket, hooks, outbox, deadlines, .. } = config;
        self.refused.set(admission.probes, admission.lingering);
        self.message.set(hooks.message);
        self.hooks.set(hooks.limit);
        self.authentication.set(Some(hooks.authentication));
        self.handshake.set(Some(deadlines.handshake));
        self.decoder.set(outbox.message_bytes, websocket.fragments);
        self.head.set(websocket.head_bytes, websocket.headers);
    }

    pub(super) fn decoder(&self) -> Limits {
        let (max_message, max_fragments) = self.decoder.get();
        let mut limits = Limits::default();
        (limits.max_message, limits.max_fragments) = (max_message, max_fragments);
        limits
    }

    pub(super) fn head(&self) -> HeadLimits {
        let (max_bytes, max_headers) = self.head.get();
        let mut limits = HeadLimits::default();
        (limits.max_bytes, limits.max_headers) = (max_bytes, max_headers);
        limits
    }

    /// Refused connections that are read at a time.
    pub(super) fn probes(&self) -> u32 {
        self.refused.get().0
    }

    /// Refused connections that may linger at a time.
    pub(super) fn lingering(&self) -> u32 {
        self.refused.get().1
    }

    /// How long a handshake may take.
    pub(super) fn handshake(&self) -> Duration {
        self.handshake.get().unwrap_or(Duration::MAX)
    }

    /// How long an authentication may take.
    pub(super) fn authentication(&self) -> Duration {
        self.authentication.get().unwrap_or(Duration::MAX)
    }
}

/// A time, or none, in nanoseconds.
#[derive(Debug, Default)]
struct Limit(AtomicU64);

impl Limit {
    fn set(&self, limit: Option<Duration>) {
        self.0.store(limit.map_or(u64::MAX, |limit| (Instant::ORIGIN + limit).as_nanos()), Ordering::Relaxed);
    }

    fn get(&self) -> Option<Duration> {
        let nanos = self.0.load(Ordering::Relaxed);
        (nanos != u64::MAX).then(|| Duration::from_nanos(nanos))
    }
}

/// Two numbers that are read together.
#[derive(Debug, Default)]
struct Two(AtomicU64);

impl Two {
    fn set(&self, low: u32, high: u32) {
        self.0.store(u64::from(high) << 32 | u64::from(low), Ordering::Relaxed);
    }

    fn get(&self) -> (u32, u32) {
        let both = self.0.load(Ordering::Relaxed);
        (both as u32, (both >> 32) as u32)
    }
}

/// How long a client's request is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeepRequests {
    /// Until [`connected`](super::Handler::connected) has returned.
    #[default]
    UntilConnected,
    /// As long as there is a handle of the client: some hundred bytes each.
    Always,
}
