//! All numbers of a hub at one moment.

use crate::handles::health::Health;
use crate::handles::hub::Hub;
use crate::measure::counts::Tally;
use crate::state::refused::RefusedNow;
use throng_core::hub::Stats;

/// All numbers of a running hub: the bare hub's and the runtime's. [`Hub::numbers`] returns them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Numbers {
    /// Health and uptime.
    pub health: Health,
    /// The bare hub's numbers.
    pub stats: Stats,
    /// Bytes that transports of clients have taken, including frame heads and control frames.
    pub sent_bytes: u64,
    /// Requests for a WebSocket that were refused, by [`Refusal::name`](throng_core::websocket::handshake::Refusal::name).
    pub refused_requests: Tally,
    /// Refused connections: those still open, and those that were cut short.
    pub refused_connections: RefusedNow,
    /// Peers that broke the protocol, by [`ProtocolError::name`](throng_core::websocket::ProtocolError::name).
    pub bad_input: Tally,
    /// Connections that failed authentication.
    pub rejections: u64,
    /// Peers that left while the application was asked about their request.
    pub abandoned: u64,
    /// Hooks that panicked, by [`Hook::name`](crate::Hook::name).
    pub hooks_panicked: Tally,
    /// Hooks that exceeded their time limit, by [`Hook::name`](crate::Hook::name).
    pub hooks_late: Tally,
    /// Message handlers that panicked behind `CatchPanic`, so that their client stayed open.
    pub handlers_caught: u64,
    /// Failed accepts of listeners.
    pub accepts_failed: u64,
}

impl Hub {
    /// All numbers of the hub. Takes the lock for as long as [`stats`](Self::stats) does, and allocates a little.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let shared = self.shared();
        let (stats, sent_bytes) = shared.look(|inner| (inner.hub.stats(), inner.sent_bytes));
        Numbers {
            health: self.health(),
            stats,
            sent_bytes,
            refused_requests: shared.refusals(),
            refused_connections: shared.refused_connections.now(),
            bad_input: shared.counts.bad_input_so_far(),
            rejections: shared.counts.rejections(),
            abandoned: shared.counts.abandoned(),
            hooks_panicked: shared.counts.hooks_panicked(),
            hooks_late: shared.counts.hooks_late(),
            handlers_caught: shared.counts.handlers_caught(),
            accepts_failed: shared.counts.accepts_failed(),
        }
    }
}
