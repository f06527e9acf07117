//! The counters of a hub.

use super::{Ends, Refusal, Refusals};
use crate::cause::Cause;
use crate::close::CloseCode;

/// Counters over the life of the hub, which [`Stats`](super::Stats) shows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) accepted: u64,
    pub(super) opened: u64,
    pub(super) ended: Ends,
    pub(super) evicted: u64,
    pub(super) protocol_errors: u64,
    pub(super) invalid_payloads: u64,
    pub(super) too_big: u64,
    pub(super) policy_violations: u64,
    pub(super) handler_failures: u64,
    pub(super) too_slow: u64,
    pub(super) handshake_timeouts: u64,
    pub(super) write_timeouts: u64,
    pub(super) pong_timeouts: u64,
    pub(super) idle_timeouts: u64,
    pub(super) idle_inbound_timeouts: u64,
    pub(super) ended_for_budget: u64,
    pub(super) standstills: u64,
    pub(super) stood_still: u64,
    pub(super) refused: u64,
    pub(super) refusals: Refusals,
    pub(super) refused_connections: u64,
    pub(super) received: u64,
    pub(super) received_bytes: u64,
    pub(super) controls: u64,
    pub(super) over_rate: u64,
    pub(super) pings: u64,
    pub(super) published: u64,
    pub(super) joins: u64,
    pub(super) leaves: u64,
    pub(super) went_away: u64,
    pub(super) resumed: u64,
    pub(super) replaced: u64,
    pub(super) not_returned: u64,
    pub(super) away_refused: u64,
    pub(super) expired: u64,
    pub(super) expiry_notices: u64,
    pub(super) asked: u64,
    pub(super) answered: u64,
    pub(super) asks_late: u64,
    pub(super) asks_cancelled: u64,
    pub(super) asks_not_resumed: u64,
    pub(super) asks_ended: u64,
    pub(super) asked_again: u64,
    /// How often a room was configured, for [`Hub::check`](super::Hub::check): such a room may exceed the hub's limits.
    pub(super) rooms_configured: u64,
}

impl Totals {
    pub(super) fn count_refusal(&mut self, refusal: Refusal) {
        self.refused += 1;
        self.refusals.count(refusal);
        if matches!(
            refusal,
            Refusal::TooManyConnections { .. }
                | Refusal::TooManyHandshakes { .. }
                | Refusal::TooManyOfAddress { .. }
                | Refusal::TooManyOfUser { .. }
                | Refusal::ConnectRate { .. }
        ) {
            self.refused_connections += 1;
        }
    }

    /// Counts the cause for which the hub closes a client.
    pub(super) const fn count_cause(&mut self, cause: Cause) {
        match cause {
            Cause::Evicted => {
                self.evicted += 1;
                self.policy_violations += 1;
            }
            Cause::Idle => self.idle_timeouts += 1,
            Cause::IdleInbound => self.idle_inbound_timeouts += 1,
            Cause::OverRate | Cause::Controls => self.policy_violations += 1,
            Cause::TooSlow => self.too_slow += 1,
            Cause::NoAnswer => self.handler_failures += 1,
            Cause::Replaced => self.replaced += 1,
            Cause::Expired => self.expired += 1,
            _ => {}
        }
    }

    /// Counts a close by the host on the hub's behalf. Only the code tells the cause.
    pub(super) const fn count_code(&mut self, code: CloseCode) {
        match code {
            CloseCode::PROTOCOL_ERROR => self.protocol_errors += 1,
            CloseCode::INVALID_PAYLOAD => self.invalid_payloads += 1,
            CloseCode::TOO_BIG => self.too_big += 1,
            CloseCode::POLICY => self.policy_violations += 1,
            CloseCode::INTERNAL_ERROR => self.handler_failures += 1,
            CloseCode::TRY_AGAIN_LATER => self.too_slow += 1,
            _ => {}
        }
    }
}
