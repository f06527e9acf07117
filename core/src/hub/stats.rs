//! A snapshot of a hub's numbers.

use super::{Ends, Hub, Refusals, State};
use crate::close::ClosedBy;
use crate::position::Unrecoverable;
use core::time::Duration;

/// A snapshot of a hub's numbers: current gauges, and counters since the start. Outbound messages count once for each recipient,
/// and `queued = written + dropped + pending` always holds. If a client continues on another connection before the old one has
/// written a message, that message counts once for each of the two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Stats {
    /// Whether the hub is running, draining or stopped.
    pub state: State,
    /// Connections with an open handshake: accepted and not yet reserved.
    pub handshakes: u32,
    /// Connections that are reserved and not open yet.
    pub reserved: u32,
    /// Open clients, away ones included.
    pub clients: u32,
    /// Clients that are away: they have lost their connection, and may return.
    pub away: u32,
    /// Connections that are closing.
    pub closing: u32,
    /// Users with a client, reserved ones included.
    pub users: u32,
    /// Rooms that exist.
    pub rooms: u32,
    /// Memberships: each client counts once for each of its rooms.
    pub memberships: u64,
    /// Frames queued, on lease or kept in a history, each counted once.
    pub frames: u32,
    /// Bytes of those frames and of the queue entries: `outbox.hub_bytes` limits them.
    pub queued_bytes: u64,
    /// Clients in the ready lists of all lanes: they wait for their writer.
    pub ready: u32,
    /// Connections whose transport is blocked.
    pub blocked: u32,
    /// Connections accepted.
    pub accepted: u64,
    /// Clients opened.
    pub opened: u64,
    /// Clients ended by the peer's close frame.
    pub ended_by_peer: u64,
    /// Clients ended by the application.
    pub ended_by_application: u64,
    /// Clients ended by the hub: limits, deadlines, evictions, drains, broken protocol.
    pub ended_by_hub: u64,
    /// Clients ended because their transport ended.
    pub ended_by_transport: u64,
    /// Ended clients by the side that ended them and the class of the close code.
    pub ends: Ends,
    /// Clients that the host closed with 1002 on the hub's behalf, because their framing was invalid.
    pub protocol_errors: u64,
    /// Clients that the host closed with 1007 on the hub's behalf, because a text was not UTF-8.
    pub invalid_payloads: u64,
    /// Clients that the host closed with 1009 on the hub's behalf, because a message was too long.
    pub too_big: u64,
    /// Clients closed for a flood or an eviction, whatever code [`Closes`](super::Closes) has, and clients that the host
    /// closed with 1008 on the hub's behalf, because a message had too many fragments.
    pub policy_violations: u64,
    /// Clients closed because the application did not finish before the pong deadline, whatever code
    /// [`Closes`](super::Closes) has, and clients that the host closed with 1011 on the hub's behalf: a handler panicked.
    pub handler_failures: u64,
    /// Clients closed because their outbox was full under `Policy::Disconnect`, whatever code [`Closes`](super::Closes)
    /// has, and clients that the host closed with 1013 on the hub's behalf.
    pub too_slow: u64,
    /// Clients ended because their user opened another one.
    pub evicted: u64,
    /// Handshakes and reservations not completed in time.
    pub handshake_timeouts: u64,
    /// Clients ended by the write deadline.
    pub write_timeouts: u64,
    /// Clients ended by the pong deadline.
    pub pong_timeouts: u64,
    /// Clients ended because no message went either way for `deadlines.idle`.
    pub idle_timeouts: u64,
    /// Clients ended because no message came from them for `deadlines.idle_inbound`.
    pub idle_inbound_timeouts: u64,
    /// Connections ended at the hub's budget, since each held memory by a partly written frame.
    pub ended_for_budget: u64,
    /// How often the host stood still: see [`Deadlines::standstill`](super::Deadlines::standstill).
    pub standstills: u64,
    /// The sum of the times for which the host stood still.
    pub stood_still: Duration,
    /// Events that the hub refused, connections included.
    pub refused: u64,
    /// The refused events by reason.
    pub refusals: Refusals,
    /// Connections refused by a limit or the connect rate.
    pub refused_connections: u64,
    /// Messages received.
    pub received: u64,
    /// Payload bytes of the messages received.
    pub received_bytes: u64,
    /// Pings and pongs received.
    pub controls: u64,
    /// Received messages that were over a rate.
    pub over_rate: u64,
    /// Pings of the heartbeat, counted when they are due.
    pub pings: u64,
    /// Publishes that were not refused.
    pub published: u64,
    /// Messages that publishes queued or dropped, once for each recipient.
    pub queued: u64,
    /// Messages that were written completely.
    pub written: u64,
    /// Messages dropped because an outbox was full.
    pub dropped_outbox_full: u64,
    /// Messages dropped for a later value of the same key.
    pub dropped_conflated: u64,
    /// Messages dropped because the hub's budget was used up.
    pub dropped_hub_full: u64,
    /// How often the hub shed outboxes for its budget. Each time it looked at all connections.
    pub sheds: u64,
    /// Messages dropped because their client ended.
    pub dropped_closed: u64,
    /// Messages dropped, for any reason, that were published to rooms with a history: each is a hole in what a client has.
    pub dropped_of_history: u64,
    /// Rooms with a history; `idle_rooms` is how many of them have no members and exist only for it.
    pub histories: u32,
    /// Rooms without members that exist only for their history.
    pub idle_rooms: u32,
    /// Messages in the histories of all rooms.
    pub history_messages: u64,
    /// Idempotency keys that the hub remembers.
    pub history_keys: u32,
    /// Messages published to rooms with a history.
    pub history_published: u64,
    /// Publishes that sent nothing, since one with the same key had been sent.
    pub history_repeated: u64,
    /// Publishes that sent nothing, since one of the same or a later version had been sent.
    pub history_outdated: u64,
    /// Messages that left a history for newer ones.
    pub history_trimmed: u64,
    /// Messages that left a history because of their age.
    pub history_expired: u64,
    /// Messages that left a history, or were not kept in it, because the hub's budget was used up.
    pub history_evicted: u64,
    /// Idle rooms that ended because there were too many, or to make way for another room.
    pub idle_rooms_evicted: u64,
    /// Joins whose client got all the messages that it asked for.
    pub recovered: u64,
    /// Messages that these joins queued.
    pub recovered_messages: u64,
    /// Joins whose client did not get the messages that it asked for; [`unrecovered_for`](Self::unrecovered_for) has the reasons.
    pub unrecovered: u64,
    /// The same by reason, in the order of [`Unrecoverable::ALL`].
    pub unrecovered_by_reason: [u64; 5],
    /// Memberships in rooms with presence.
    pub present: u64,
    /// How many of these are told of changes.
    pub watchers: u64,
    /// Joins and leaves of rooms with presence, and changes of their members' users.
    pub presence_changes: u64,
    /// How often the application was told what had changed in a room: at most once for each room and tick.
    pub presence_told: u64,
    /// How many of these times it was told only counts, since there were more users than [`Presence::users`](super::Presence::users).
    pub presence_counts_only: u64,
    /// Changes that were not told since another change took them back within the tick.
    pub presence_cancelled: u64,
    /// Joins of rooms.
    pub joins: u64,
    /// Leaves of rooms, also by clients that ended.
    pub leaves: u64,
    /// How often a client went away.
    pub went_away: u64,
    /// How often a client was attached to another connection: it returned, or its connection was replaced.
    pub resumed: u64,
    /// Connections that were closed because another one took over their client.
    pub replaced: u64,
    /// Clients that ended because they did not return in time.
    pub not_returned: u64,
    /// Clients that ended with their connection because a limit of away clients was reached.
    pub away_refused: u64,
    /// Clients, reserved ones included, that ended because their authorisation had expired, whatever the close code.
    pub expired: u64,
    /// How often the application was told that a client's authorisation ends soon.
    pub expiry_notices: u64,
    /// Questions that wait for a reply.
    pub asks: u32,
    /// Questions that were asked.
    pub asked: u64,
    /// Questions that got their reply. Replies to other questions are [refused](super::Refusal::NoSuchAsk).
    pub answered: u64,
    /// Questions that got no reply in time.
    pub asks_late: u64,
    /// Questions that were cancelled.
    pub asks_cancelled: u64,
    /// Questions that failed because their client got another connection.
    pub asks_not_resumed: u64,
    /// Questions that ended with their client.
    pub asks_ended: u64,
    /// How often a question was to be asked again on another connection.
    pub asked_again: u64,
}

impl Stats {
    /// Messages dropped for any reason.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped_outbox_full + self.dropped_conflated + self.dropped_hub_full + self.dropped_closed
    }

    /// Joins whose client did not get the messages that it asked for, for this reason.
    #[must_use]
    pub fn unrecovered_for(&self, reason: Unrecoverable) -> u64 {
        self.unrecovered_by_reason.get(reason as usize).copied().unwrap_or_default()
    }

    /// Messages that are queued or being written.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.queued - self.written - self.dropped()
    }
}

/// A [`Stats`]: the fields in brackets have the value of the field of the same name in `$from`.
macro_rules! stats {
    ($from:ident => [$($same:ident,)*], $($field:ident: $value:expr,)*) => {
        Stats { $($same: $from.$same,)* $($field: $value,)* }
    };
}

impl Hub {
    /// A snapshot of the hub's numbers. O(lanes).
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (totals, out) = (&self.totals, &self.outboxes.totals);
        let (streams, rings) = (&self.stream_totals, self.outboxes.ring_totals());
        let ends = totals.ended;
        let [outbox_full, conflated, hub_full, closed] = out.dropped;
        stats! {
            totals => [
                accepted, opened, protocol_errors, invalid_payloads, too_big, policy_violations,
                handler_failures, too_slow, evicted, handshake_timeouts, write_timeouts, pong_timeouts,
                idle_timeouts, idle_inbound_timeouts, ended_for_budget, standstills, refused, refusals,
                refused_connections, received, received_bytes, controls, over_rate, pings, published,
                joins, leaves, went_away, resumed, replaced, not_returned, away_refused, expired,
                expiry_notices, asked, answered, asks_late, asks_cancelled, asks_not_resumed,
                asks_ended, asked_again,
            ],
            state: self.state,
            handshakes: self.phases.accepted,
            reserved: self.phases.reserved,
            clients: self.all.len() as u32,
            away: self.phases.detached,
            closing: self.phases.closing,
            users: self.users_present,
            rooms: self.rooms.len() as u32,
            memberships: self.memberships.len() as u64 - self.stale,
            frames: self.outboxes.frames() as u32,
            queued_bytes: self.outboxes.used_bytes(),
            ready: self.outboxes.ready_count(),
            blocked: self.outboxes.blocked,
            ends: totals.ended,
            ended_by_peer: ends.by(ClosedBy::Peer),
            ended_by_application: ends.by(ClosedBy::Application),
            ended_by_hub: ends.by(ClosedBy::Hub),
            ended_by_transport: ends.by(ClosedBy::Transport),
            stood_still: Duration::from_nanos(totals.stood_still),
            queued: out.queued,
            written: out.written,
            dropped_outbox_full: outbox_full,
            dropped_conflated: conflated,
            dropped_hub_full: hub_full,
            dropped_closed: closed,
            sheds: out.sheds,
            dropped_of_history: out.dropped_of_history,
            histories: self.streams,
            idle_rooms: self.idle_rooms.len,
            history_messages: self.outboxes.kept_messages(),
            history_keys: self.keys.len() as u32,
            history_published: streams.kept,
            history_repeated: streams.repeated,
            history_outdated: streams.outdated,
            history_trimmed: rings.trimmed,
            history_expired: rings.expired,
            history_evicted: rings.evicted,
            idle_rooms_evicted: streams.idle_rooms_evicted,
            recovered: streams.recovered,
            recovered_messages: streams.recovered_messages,
            unrecovered: streams.unrecovered.iter().sum(),
            unrecovered_by_reason: streams.unrecovered,
            present: self.present,
            watchers: self.watchers,
            presence_changes: self.presence_totals.changes,
            presence_told: self.presence_totals.told,
            presence_counts_only: self.presence_totals.counts_only,
            presence_cancelled: self.presence_totals.cancelled,
            asks: self.asks_open,
        }
    }
}
