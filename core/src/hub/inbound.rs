//! Handles what arrives from peers: messages (only their size), pings and pongs, and their rates.

use super::arrivals::Arrivals;
use super::client::{NEVER, Usage};
use super::connection::{Marks, Row};
use super::user::User;
use super::{Action, Error, Hub, Inbound, Notice, OverRate, Verdict};
use crate::cause::Cause;
use crate::id::{ClientId, ConnectionId};
use crate::outbox::Phase;
use crate::rate::{Bucket, Rate};
use crate::time::Instant;
use bytes::Bytes;

/// What the messages of a client count against: its own rates, and those of its user.
struct Rated<'a> {
    rates: &'a Inbound,
    arrivals: Arrivals,
    usage: &'a mut Usage,
    user: Option<&'a mut User>,
}

impl Rated<'_> {
    /// Whether a message is within every rate; else the time of the host's clock at which it would be.
    #[inline]
    fn check(&self, bytes: u32) -> Result<(), Instant> {
        let Self { rates, arrivals, usage, user } = self;
        let mut until = Instant::ORIGIN;
        let mut check = |bucket: Bucket, rate: &Option<Rate>, cost| {
            if let Some(Err(at)) = rate.as_ref().map(|rate| arrivals.conforms(bucket, rate, cost)) {
                until = until.max(at);
            }
        };
        check(usage.messages, &rates.messages, 1);
        check(usage.bytes, &rates.bytes, bytes);
        if let Some(user) = user {
            check(user.messages, &rates.user_messages, 1);
            check(user.bytes, &rates.user_bytes, bytes);
        }
        if until == Instant::ORIGIN { Ok(()) } else { Err(until) }
    }

    /// Counts a message.
    #[inline]
    fn take(&mut self, bytes: u32) {
        let Self { rates, arrivals, usage, user } = self;
        let take = |bucket: &mut Bucket, rate: &Option<Rate>, cost| {
            if let Some(rate) = rate {
                arrivals.take(bucket, rate, cost);
            }
        };
        take(&mut usage.messages, &rates.messages, 1);
        take(&mut usage.bytes, &rates.bytes, bytes);
        if let Some(user) = user {
            take(&mut user.messages, &rates.user_messages, 1);
            take(&mut user.bytes, &rates.user_bytes, bytes);
        }
    }
}

impl Hub {
    pub(super) fn handle_received(&mut self, connection: ConnectionId, bytes: u32) -> Result<Verdict, Error> {
        let (row, index) = self.open_connection(connection)?;
        let now = self.now.as_nanos();
        self.totals.received += 1;
        self.totals.received_bytes += u64::from(bytes);
        let slot = &mut self.connections[row];
        slot.hear(now);
        slot.last_in = now;
        let Some(mut rated) = self.rated(index) else { return Ok(Verdict::Accept) };
        let Err(until) = rated.check(bytes) else {
            rated.take(bytes);
            return Ok(Verdict::Accept);
        };
        self.totals.over_rate += 1;
        Ok(match self.config.inbound.over_rate {
            OverRate::Drop => {
                if let Some(usage) = self.usages.get_mut(index as usize) {
                    usage.over_rate = usage.over_rate.saturating_add(1);
                    if usage.over_rate == 1 {
                        self.notices.push_back(Notice::OverRate(self.outboxes.entries.id(index)));
                    }
                }
                Verdict::Drop
            }
            OverRate::Pause => {
                if let Some(mut rated) = self.rated(index) {
                    rated.take(bytes);
                }
                let resume_at = self.for_hub(until).as_nanos();
                if let Some(usage) = self.usages.get_mut(index as usize) {
                    usage.resume_at = resume_at;
                }
                self.arm(row);
                Verdict::Pause { until }
            }
            OverRate::Close => {
                self.end_for(index, Cause::OverRate);
                Verdict::Close
            }
        })
    }

    /// Queues the `OverRate` action of a client that is about to end, so that it comes before `Disconnected`.
    pub(super) fn tell_over_rate(&mut self, client: ClientId) {
        let messages = self.take_over_rate(client.index);
        if messages > 0 {
            self.notices.push_back(Notice::Action(Action::OverRate { client, messages }));
        }
    }

    /// Takes the number of messages over a rate that are not reported yet.
    pub(super) fn take_over_rate(&mut self, index: u32) -> u32 {
        self.usages.get_mut(index as usize).map_or(0, |usage| core::mem::take(&mut usage.over_rate))
    }

    /// Whether the hub keeps the usage of each client: it does once a rate for messages has been configured.
    pub(super) fn keeps_usages(&self) -> bool {
        self.config.inbound.has_rates() || !self.usages.is_empty()
    }

    /// When reading from a paused client continues; `NEVER` if it is not paused.
    pub(super) fn resume_at(&self, index: u32) -> u64 {
        self.usages.get(index as usize).map_or(NEVER, |usage| usage.resume_at)
    }

    /// The `idle_inbound` deadline of a client; `NEVER` while the host does not read from it.
    pub(super) fn idle_inbound_deadline(&self, row: Row, index: u32) -> u64 {
        let slot = &self.connections[row];
        match self.config.deadlines.idle_inbound {
            Some(idle) if !slot.is(Marks::WORKING) && self.resume_at(index) == NEVER => {
                self.deadline(row, slot.last_in, idle)
            }
            _ => NEVER,
        }
    }

    /// What a message of a client counts against; `None` if the hub keeps no usage.
    #[inline]
    fn rated(&mut self, index: u32) -> Option<Rated<'_>> {
        let arrivals = if self.usages.is_empty() { return None } else { self.arrivals() };
        let usage = self.usages.get_mut(index as usize)?;
        let user = self.users.get_mut(self.clients[index as usize].user);
        Some(Rated { rates: &self.config.inbound, arrivals, usage, user })
    }

    pub(super) fn handle_ping(&mut self, connection: ConnectionId, payload: &[u8]) -> Result<(), Error> {
        let index = self.control_arrived(connection)?;
        if self.outboxes.entries[index].phase == Phase::Open {
            // A control frame holds at most 125 bytes (RFC 6455 section 5.5); a codec never passes on more.
            let payload = &payload[..payload.len().min(125)];
            self.outboxes.push_pong(index, Bytes::copy_from_slice(payload));
        }
        Ok(())
    }

    pub(super) fn handle_pong(&mut self, connection: ConnectionId) -> Result<(), Error> {
        self.control_arrived(connection).map(drop)
    }

    pub(super) fn handle_heard(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let (row, _) = self.open_connection(connection)?;
        let now = self.now.as_nanos();
        let slot = &mut self.connections[row];
        slot.hear(now);
        if slot.is(Marks::WORKING) {
            slot.marks.clear(Marks::WORKING);
            // The host did not read from it meanwhile, so its idle time starts again.
            slot.last_in = now;
            if self.config.deadlines.idle_inbound.is_some() {
                self.arm(row);
            }
        }
        Ok(())
    }

    pub(super) fn handle_working(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let (row, _) = self.open_connection(connection)?;
        self.connections[row].marks.set(Marks::WORKING);
        Ok(())
    }

    /// Counts a control frame, and closes the client if its connection is over the rate.
    fn control_arrived(&mut self, connection: ConnectionId) -> Result<u32, Error> {
        let (row, index) = self.open_connection(connection)?;
        self.totals.controls += 1;
        let arrivals = self.arrivals();
        let slot = &mut self.connections[row];
        slot.hear(self.now.as_nanos());
        let Some(rate) = &self.config.inbound.control else { return Ok(index) };
        if arrivals.conforms(slot.controls, rate, 1).is_ok() {
            arrivals.take(&mut slot.controls, rate, 1);
        } else {
            self.end_for(index, Cause::Controls);
        }
        Ok(index)
    }
}
