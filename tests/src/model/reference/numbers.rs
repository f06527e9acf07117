//! What is counted, and how the hub's numbers must be.

use super::Model;
use super::client::Phase;
use super::outbox::{Message, Sending};
use crate::model::limits::Cause;
use std::time::Duration;
use throng_core::CloseCode;
use throng_core::ClosedBy;
use throng_core::hub::{Refusal, Stats, Unrecoverable};

/// Counted over the life of the hub.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    pub(super) accepted: u64,
    pub(super) opened: u64,
    ended: Vec<(ClosedBy, CloseCode)>,
    /// Whom the hub closed by itself: why.
    pub(super) causes: Vec<Cause>,
    /// Whom a host closed on its behalf: with what.
    pub(super) told: Vec<CloseCode>,
    pub(super) handshake_timeouts: u64,
    pub(super) write_timeouts: u64,
    pub(super) pong_timeouts: u64,
    pub(super) ended_for_budget: u64,
    pub(super) standstills: u64,
    pub(super) stood_still: Duration,
    refused: u64,
    refusals: Vec<Refusal>,
    refused_connections: u64,
    pub(super) received: u64,
    pub(super) received_bytes: u64,
    pub(super) controls: u64,
    pub(super) over_rate: u64,
    pub(super) pings: u64,
    pub(super) published: u64,
    pub(super) queued: u64,
    pub(super) written: u64,
    /// By reason.
    pub(crate) dropped: [u64; 4],
    pub(super) joins: u64,
    pub(super) leaves: u64,
    pub(super) went_away: u64,
    pub(super) resumed: u64,
    pub(super) not_returned: u64,
    pub(super) away_refused: u64,
    pub(super) expiry_notices: u64,
    pub(super) asked: u64,
    pub(super) answered: u64,
    pub(super) asks_late: u64,
    pub(super) asks_cancelled: u64,
    pub(super) asks_not_resumed: u64,
    pub(super) asks_ended: u64,
    pub(super) asked_again: u64,
}

impl Numbers {
    pub(super) fn count_refusal(&mut self, refusal: Refusal) {
        self.refused += 1;
        self.refusals.push(refusal);
        self.refused_connections += u64::from(matches!(
            refusal,
            Refusal::TooManyConnections { .. }
                | Refusal::TooManyHandshakes { .. }
                | Refusal::TooManyOfAddress { .. }
                | Refusal::TooManyOfUser { .. }
                | Refusal::ConnectRate { .. }
        ));
    }

    pub(super) fn count_end(&mut self, by: ClosedBy, code: CloseCode) {
        self.ended.push((by, code));
    }

    fn ended_by(&self, by: ClosedBy) -> u64 {
        self.ended.iter().filter(|end| end.0 == by).count() as u64
    }

    fn ended_for(&self, causes: &[Cause]) -> u64 {
        self.causes.iter().filter(|cause| causes.contains(cause)).count() as u64
    }

    fn told_with(&self, code: CloseCode) -> u64 {
        self.told.iter().filter(|told| **told == code).count() as u64
    }
}

/// The name of a number, the hub's and the model's.
type Compared = (&'static str, u64, u64);

/// The numbers of the hub by their fields, each beside the model's.
macro_rules! table {
    ($stats:ident: $($field:ident: $value:expr,)*) => {
        vec![$((stringify!($field), u64::from($stats.$field), u64::from($value)),)*]
    };
}

impl Model {
    /// Each of the hub's numbers beside the model's.
    pub(crate) fn compare_stats(&self, stats: &Stats) -> Vec<Compared> {
        let (numbers, told) = (&self.numbers, &self.told);
        let mut all = self.numbers_of_now(stats);
        all.extend(self.numbers_of_ends(stats));
        all.extend(self.numbers_of_traffic(stats));
        all.extend(self.numbers_of_sessions(stats));
        all.extend(self.numbers_of_rooms(stats));
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        all.push(("stood_still", nanos(stats.stood_still), nanos(numbers.stood_still)));
        all.extend(Unrecoverable::ALL.iter().map(|&reason| {
            let unrecovered = told.unrecovered.iter().filter(|other| **other == reason).count();
            (reason.name(), stats.unrecovered_for(reason), unrecovered as u64)
        }));
        all.extend(stats.refusals.iter().map(|(reason, count)| {
            let refused = numbers.refusals.iter().filter(|refusal| refusal.name() == reason).count();
            (reason, count, refused as u64)
        }));
        all.extend(stats.ends.iter().map(|(by, class, count)| {
            let ended = numbers.ended.iter().filter(|end| end.0 == by && end.1.class() == class).count();
            (class.name(), count, ended as u64)
        }));
        all
    }

    /// How many there are now.
    fn numbers_of_now(&self, stats: &Stats) -> Vec<Compared> {
        let memberships: usize = self.clients.iter().map(|client| client.rooms().len()).sum();
        let users = self.users.iter().filter(|user| !user.clients.is_empty()).count();
        let sending =
            |sending| self.clients.iter().filter(|client| client.outbox.sending == sending).count() as u64;
        table! { stats:
            handshakes: self.handshakes(),
            reserved: self.count(Phase::Reserved),
            clients: self.count(Phase::Open) + self.count(Phase::Away) + self.count(Phase::Marked),
            away: self.detached(),
            closing: self.count(Phase::Closing),
            users: users as u64,
            rooms: self.rooms.len() as u64,
            memberships: memberships as u64,
            frames: self.frames().0,
            ready: sending(Sending::Ready),
            blocked: sending(Sending::Blocked),
        }
    }

    /// Who came, and why connections and clients ended.
    fn numbers_of_ends(&self, stats: &Stats) -> Vec<Compared> {
        let numbers = &self.numbers;
        table! { stats:
            accepted: numbers.accepted,
            opened: numbers.opened,
            ended_by_peer: numbers.ended_by(ClosedBy::Peer),
            ended_by_application: numbers.ended_by(ClosedBy::Application),
            ended_by_hub: numbers.ended_by(ClosedBy::Hub),
            ended_by_transport: numbers.ended_by(ClosedBy::Transport),
            protocol_errors: numbers.told_with(CloseCode::PROTOCOL_ERROR),
            invalid_payloads: numbers.told_with(CloseCode::INVALID_PAYLOAD),
            too_big: numbers.told_with(CloseCode::TOO_BIG),
            policy_violations: numbers.ended_for(&[Cause::Evicted, Cause::OverRate, Cause::Controls])
                + numbers.told_with(CloseCode::POLICY),
            handler_failures: numbers.ended_for(&[Cause::NoAnswer])
                + numbers.told_with(CloseCode::INTERNAL_ERROR),
            too_slow: numbers.ended_for(&[Cause::TooSlow]) + numbers.told_with(CloseCode::TRY_AGAIN_LATER),
            evicted: numbers.ended_for(&[Cause::Evicted]),
            handshake_timeouts: numbers.handshake_timeouts,
            write_timeouts: numbers.write_timeouts,
            pong_timeouts: numbers.pong_timeouts,
            idle_timeouts: numbers.ended_for(&[Cause::Idle]),
            idle_inbound_timeouts: numbers.ended_for(&[Cause::IdleInbound]),
            ended_for_budget: numbers.ended_for_budget,
            standstills: numbers.standstills,
        }
    }

    /// What came in and went out, and what was refused or dropped.
    fn numbers_of_traffic(&self, stats: &Stats) -> Vec<Compared> {
        let numbers = &self.numbers;
        let [full, conflated, hub_full, closed] = numbers.dropped;
        table! { stats:
            refused: numbers.refused,
            refused_connections: numbers.refused_connections,
            received: numbers.received,
            received_bytes: numbers.received_bytes,
            controls: numbers.controls,
            over_rate: numbers.over_rate,
            pings: numbers.pings,
            published: numbers.published,
            queued: numbers.queued,
            written: numbers.written,
            dropped_outbox_full: full,
            dropped_conflated: conflated,
            dropped_hub_full: hub_full,
            dropped_closed: closed,
            joins: numbers.joins,
            leaves: numbers.leaves,
        }
    }

    /// Sessions, expiry and questions.
    fn numbers_of_sessions(&self, stats: &Stats) -> Vec<Compared> {
        let numbers = &self.numbers;
        table! { stats:
            went_away: numbers.went_away,
            resumed: numbers.resumed,
            replaced: numbers.ended_for(&[Cause::Replaced]),
            not_returned: numbers.not_returned,
            away_refused: numbers.away_refused,
            expired: numbers.ended_for(&[Cause::Expired]),
            expiry_notices: numbers.expiry_notices,
            asks: self.clients.iter().map(|client| client.asks.len() as u64).sum::<u64>(),
            asked: numbers.asked,
            answered: numbers.answered,
            asks_late: numbers.asks_late,
            asks_cancelled: numbers.asks_cancelled,
            asks_not_resumed: numbers.asks_not_resumed,
            asks_ended: numbers.asks_ended,
            asked_again: numbers.asked_again,
        }
    }

    /// Presence and histories.
    fn numbers_of_rooms(&self, stats: &Stats) -> Vec<Compared> {
        let told = &self.told;
        table! { stats:
            present: self.present().0,
            watchers: self.present().1,
            presence_changes: self.changes.all,
            presence_told: self.changes.told,
            presence_counts_only: self.changes.counts_only,
            presence_cancelled: self.changes.cancelled,
            dropped_of_history: told.dropped,
            histories: self.rooms.iter().filter(|room| room.story.is_some()).count() as u64,
            idle_rooms: self.idle.len() as u64,
            history_messages: self.kept().count() as u64,
            history_keys: self.keys.len() as u64,
            history_published: told.published,
            history_repeated: told.repeated,
            history_outdated: told.outdated,
            history_trimmed: told.trimmed,
            history_expired: told.expired,
            history_evicted: 0_u64,
            idle_rooms_evicted: told.idle_evicted,
            recovered: told.recovered.len() as u64,
            recovered_messages: told.recovered.iter().map(|count| u64::from(*count)).sum::<u64>(),
            unrecovered: told.unrecovered.len() as u64,
        }
    }

    /// The messages in all histories.
    fn kept(&self) -> impl Iterator<Item = &Message> {
        self.rooms
            .iter()
            .filter_map(|room| room.story.as_ref())
            .flat_map(|story| &story.kept)
            .map(|kept| &kept.1)
    }

    /// Frames that anybody waits for, or that are kept, each once, and their bytes.
    pub(crate) fn frames(&self) -> (u64, u64) {
        let mut frames: Vec<_> = self
            .clients
            .iter()
            .flat_map(|client| client.outbox.messages())
            .chain(self.kept())
            .map(|message| (message.number, message.frame.held()))
            .collect();
        frames.sort_unstable();
        frames.dedup();
        (frames.len() as u64, frames.iter().map(|frame| frame.1).sum())
    }
}
