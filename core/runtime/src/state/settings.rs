//! Settings that a hub's connections share, besides the config that the hub itself reads.

use crate::compression::Deflating;
use crate::measure::Observing;
use crate::notice::ask::FindReply;
use crate::notice::hook::Hook;
#[cfg(feature = "tower")]
use crate::notice::request_id::FindRequestId;
use crate::notice::written_hooks::WrittenHooks;
use crate::panic::{PanicOutput, caught};
use crate::state::backlog::EventsOptions;
use crate::state::batching::Batching;
use crate::state::recording::Record;
use alloc::boxed::Box;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
#[cfg(feature = "router")]
use throng_core::Name;
use throng_core::hub::{Cause, Closes, Config};
use throng_core::websocket::Limits;
#[cfg(feature = "deflate")]
use throng_core::websocket::deflate::Compression;
use throng_core::websocket::handshake::{HeadLimits, Policy};
use throng_core::{CloseFrame, Instant};

/// The settings made by the [`Builder`](crate::Builder).
pub(crate) struct Settings {
    pub(crate) policy: Policy,
    pub(crate) config: Copied,
    #[cfg(feature = "deflate")]
    pub(crate) compression: Option<Compression>,
    pub(crate) requests: KeepRequests,
    pub(crate) record: Record,
    pub(crate) close_code: Option<Box<dyn Fn(Cause) -> CloseFrame + Send + Sync>>,
    pub(crate) written_hooks: WrittenHooks,
    #[cfg(feature = "tower")]
    pub(crate) request_id: Option<FindRequestId>,
    /// Finds the id in a message that replies to a question.
    pub(crate) replies: Option<FindReply>,
    /// The field of a question's id in JSON.
    #[cfg(feature = "router")]
    pub(crate) ask_field: Option<Name>,
    pub(crate) observing: Option<Observing>,
    pub(crate) batching: Batching,
    /// Set if the hub has an event stream.
    pub(crate) events: Option<EventsOptions>,
    pub(crate) panic_output: PanicOutput,
    /// Whether readiness depends on the broker; `None` if the hub is in no cluster.
    pub(crate) readiness: Option<Readiness>,
}

impl Settings {
    /// The compression state that connections share.
    #[cfg(feature = "deflate")]
    pub(crate) fn deflating(&self) -> Deflating {
        Deflating::new(self.compression, self.config.decoder().max_message)
    }

    /// Nothing is shared without `deflate`.
    #[cfg(not(feature = "deflate"))]
    pub(crate) const fn deflating(&self) -> Deflating {
        Deflating::new()
    }

    /// The time limit of a hook.
    pub(crate) fn limit_of(&self, hook: Hook) -> Option<Duration> {
        match hook {
            // No hook is called: the client waits for room in the backlog, which has no time limit.
            Hook::Message if self.events.is_some() => None,
            Hook::Message => self.config.message.get(),
            _ => self.config.hooks.get(),
        }
    }

    /// Lets the application's closure choose codes where the config has the default. Not under the lock.
    pub(crate) fn fill(&self, closes: &mut Closes) {
        let Some(closure) = &self.close_code else { return };
        for &cause in Cause::ALL {
            if closes[cause] == CloseFrame::from(cause)
                && let Ok(rejection) = caught(|| closure(cause))
            {
                closes[cause] = rejection;
            }
        }
    }
}

/// Copies of config fields that are read without the lock. During a reconfigure two reads may see one old and one new
/// field.
#[derive(Debug, Default)]
pub(crate) struct Copied {
    message: Limit,
    hooks: Limit,
    authentication: Limit,
    handshake: Limit,
    close: Limit,
    standstill: Limit,
    decoder: Two,
    head: Two,
    /// Limits of refused connections: how many are read, and how many linger.
    refused: Two,
}

impl Copied {
    pub(crate) fn of(config: &Config) -> Self {
        let copied = Self::default();
        copied.set(config);
        copied
    }

    pub(crate) fn set(&self, config: &Config) {
        let Config { admission, websocket, hooks, outbox, deadlines, .. } = config;
        self.refused.set(admission.probes, admission.lingering);
        self.message.set(hooks.message);
        self.hooks.set(hooks.limit);
        self.authentication.set(Some(hooks.authentication));
        self.handshake.set(Some(deadlines.handshake));
        self.close.set(Some(deadlines.close));
        self.standstill.set(Some(deadlines.standstill));
        self.decoder.set(outbox.message_bytes, websocket.fragments);
        self.head.set(websocket.head_bytes, websocket.headers);
    }

    pub(crate) fn decoder(&self) -> Limits {
        let (max_message, max_fragments) = self.decoder.get();
        let mut limits = Limits::default();
        (limits.max_message, limits.max_fragments) = (max_message, max_fragments);
        limits
    }

    pub(crate) fn head(&self) -> HeadLimits {
        let (max_bytes, max_headers) = self.head.get();
        let mut limits = HeadLimits::default();
        (limits.max_bytes, limits.max_headers) = (max_bytes, max_headers);
        limits
    }

    /// The limit of refused connections that are read at a time.
    pub(crate) fn probes(&self) -> u32 {
        self.refused.get().0
    }

    /// The limit of refused connections that linger at a time.
    pub(crate) fn lingering(&self) -> u32 {
        self.refused.get().1
    }

    /// The time limit of a handshake.
    pub(crate) fn handshake(&self) -> Duration {
        self.handshake.get().unwrap_or(Duration::MAX)
    }

    /// The time limit of a close handshake.
    pub(crate) fn close(&self) -> Duration {
        self.close.get().unwrap_or(Duration::MAX)
    }

    /// The gap after which a process that did nothing is taken to have stood still.
    pub(crate) fn standstill(&self) -> Duration {
        self.standstill.get().unwrap_or(Duration::MAX)
    }

    /// The time limit of an authentication.
    pub(crate) fn authentication(&self) -> Duration {
        self.authentication.get().unwrap_or(Duration::MAX)
    }
}

/// A duration in nanoseconds, or none.
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

/// How long a client's request is kept: [`Builder::keep_requests`](crate::Builder::keep_requests).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeepRequests {
    /// Until [`connected`](crate::Handler::connected) has returned.
    #[default]
    UntilConnected,
    /// As long as a handle of the client exists; costs a few hundred bytes per client.
    Always,
}

/// Whether `/readyz` depends on the broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Readiness {
    /// The hub is ready only while its link to the broker is proven. A load balancer then sends newcomers to nodes that hear of the others.
    /// While the broker is down, no node is ready: choose the other, or a balancer that falls back to all nodes, if newcomers are to be
    /// served then.
    #[default]
    NeedsBroker,
    /// The hub is ready whether or not it has a link to the broker.
    IgnoresBroker,
}
