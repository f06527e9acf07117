//! A snapshot of a hub's numbers.

use super::{Ends, Hub, Refusals, State};
use crate::close::ClosedBy;
use core::time::Duration;

/// A snapshot of a hub's numbers: how things are, and what was counted since the start. Messages that go out
/// are counted once for each recipient, and `queued = written + dropped + pending` holds at every moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Stats {
    /// Running, draining or stopped.
    pub state: State,
    /// Connections whose handshake is open.
    pub handshakes: u32,
    /// Connections that are admitted and not open yet.
    pub reserved: u32,
    /// Clients.
    pub clients: u32,
    /// Connections that are closing.
    pub closing: u32,
    /// Users with a connection, reserved ones included.
    pub users: u32,
    /// Rooms.
    pub rooms: u32,
    /// Memberships: clients counted once for each room they are in.
    pub memberships: u64,
    /// Frames that wait for anybody, each once.
    pub frames: u32,
    /// Their bytes, and those of the queues' entries: what `outbox.hub_bytes` bounds.
    pub queued_bytes: u64,
    /// Clients that wait for their writer: the ready lists of all lanes.
    pub ready: u32,
    /// Connections whose transport takes nothing just now.
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
    /// Clients ended by their transport.
    pub ended_by_transport: u64,
    /// Clients ended, by whom and with what.
    pub ends: Ends,
    /// Clients closed with 1002 by the host on the hub's behalf: they broke the framing.
    pub protocol_errors: u64,
    /// Clients closed with 1007 likewise: a text was not UTF-8.
    pub invalid_payloads: u64,
    /// Clients closed with 1009 likewise: a message was over the limit.
    pub too_big: u64,
    /// Clients closed for a flood or an eviction, whatever [`Closes`](super::Closes) says, and those that the host closed
    /// with 1008 on the hub's behalf: too many fragments.
    pub policy_violations: u64,
    /// Clients closed because the application had not finished with what arrived until the pong deadline, whatever
    /// [`Closes`](super::Closes) says, and those that the host closed with 1011 on the hub's behalf: a handler panicked.
    pub handler_failures: u64,
    /// Clients closed because their outbox was full under `Policy::Disconnect`, whatever [`Closes`](super::Closes) says, and
    /// those that the host closed with 1013 on the hub's behalf.
    pub too_slow: u64,
    /// Clients ended because their user opened another one.
    pub evicted: u64,
    /// Handshakes and reservations not completed in time.
    pub handshake_timeouts: u64,
    /// Clients ended by the write deadline.
    pub write_timeouts: u64,
    /// Clients ended by the pong deadline.
    pub pong_timeouts: u64,
    /// Clients ended because nothing was said either way.
    pub idle_timeouts: u64,
    /// Clients ended because they said nothing for `deadlines.idle_inbound`.
    pub idle_inbound_timeouts: u64,
    /// Connections ended at the hub's budget: each held memory by a frame that it had taken in part.
    pub ended_for_budget: u64,
    /// How often the host stood still: see [`Deadlines::standstill`](super::Deadlines::standstill).
    pub standstills: u64,
    /// How long in all.
    pub stood_still: Duration,
    /// Everything that was refused, connections included.
    pub refused: u64,
    /// The same by reason.
    pub refusals: Refusals,
    /// Connections refused by a limit.
    pub refused_connections: u64,
    /// Messages received.
    pub received: u64,
    /// Their payload bytes.
    pub received_bytes: u64,
    /// Pings and pongs received.
    pub controls: u64,
    /// Messages that were over a rate.
    pub over_rate: u64,
    /// Pings sent.
    pub pings: u64,
    /// Publishes.
    pub published: u64,
    /// Messages meant for a client by a publish.
    pub queued: u64,
    /// Messages written whole.
    pub written: u64,
    /// Messages dropped because an outbox was full.
    pub dropped_outbox_full: u64,
    /// Messages dropped for a later value of the same key.
    pub dropped_conflated: u64,
    /// Messages dropped at the hub's budget.
    pub dropped_hub_full: u64,
    /// How often outboxes were shed for the hub's budget. Each time the hub looked at all connections.
    pub sheds: u64,
    /// Messages dropped because their client ended.
    pub dropped_closed: u64,
    /// Joins.
    pub joins: u64,
    /// Leaves, those of ended clients included.
    pub leaves: u64,
}

impl Stats {
    /// Messages dropped, for whatever reason.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped_outbox_full + self.dropped_conflated + self.dropped_hub_full + self.dropped_closed
    }

    /// Messages that are queued or being written.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.queued - self.written - self.dropped()
    }
}

impl Hub {
    /// A snapshot of the hub's numbers. O(lanes).
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (totals, out) = (&self.totals, &self.outboxes.totals);
        let ends = totals.ended;
        let [dropped_outbox_full, dropped_conflated, dropped_hub_full, dropped_closed] = out.dropped;
        Stats {
            state: self.state,
            handshakes: self.phases.accepted,
            reserved: self.phases.reserved,
            clients: self.all.len() as u32,
            closing: self.phases.closing,
            users: self.users_present,
            rooms: self.rooms.len() as u32,
            memberships: self.memberships.len() as u64 - self.stale,
            frames: self.outboxes.frames() as u32,
            queued_bytes: self.outboxes.used_bytes(),
            ready: self.outboxes.ready_count(),
            blocked: self.outboxes.blocked,
            accepted: totals.accepted,
            opened: totals.opened,
            ended_by_peer: ends.by(ClosedBy::Peer),
            ended_by_application: ends.by(ClosedBy::Application),
            ended_by_hub: ends.by(ClosedBy::Hub),
            ended_by_transport: ends.by(ClosedBy::Transport),
            ends,
            protocol_errors: totals.protocol_errors,
            invalid_payloads: totals.invalid_payloads,
            too_big: totals.too_big,
            policy_violations: totals.policy_violations,
            handler_failures: totals.handler_failures,
            too_slow: totals.too_slow,
            evicted: totals.evicted,
            handshake_timeouts: totals.handshake_timeouts,
            write_timeouts: totals.write_timeouts,
            pong_timeouts: totals.pong_timeouts,
            idle_timeouts: totals.idle_timeouts,
            idle_inbound_timeouts: totals.idle_inbound_timeouts,
            ended_for_budget: totals.ended_for_budget,
            standstills: totals.standstills,
            stood_still: Duration::from_nanos(totals.stood_still),
            refused: totals.refused,
            refusals: totals.refusals,
            refused_connections: totals.refused_connections,
            received: totals.received,
            received_bytes: totals.received_bytes,
            controls: totals.controls,
            over_rate: totals.over_rate,
            pings: totals.pings,
            published: totals.published,
            queued: out.queued,
            written: out.written,
            dropped_outbox_full,
            dropped_conflated,
            dropped_hub_full,
            sheds: out.sheds,
            dropped_closed,
            joins: totals.joins,
            leaves: totals.leaves,
        }
    }
}
