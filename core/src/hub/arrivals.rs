//! The clock for the rates of what peers send. Deadlines stop while the host stands still; these rates run on.
//!
//! Peers do not notice a standstill. They go on sending, and the host reads all of it afterwards. A peer that kept to its
//! rate must then be within it. So buckets fill by the host's clock, and in the grace after a standstill a bucket may hold
//! more than its burst: what it gained during the standstill. As the peer sees it, at most rate × time + burst passes, as
//! always. Clients that open within the grace have sent nothing before and begin with the burst. Connections are
//! different: they may have waited to be accepted.

use super::connection::Row;
use super::host_time::Standstill;
use super::{Hub, Owner};
use crate::rate::{Bucket, Rate, RateChange};
use crate::time::Instant;
use core::time::Duration;

/// The times by which the rates of what peers send are checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrivals {
    /// The host's clock.
    now: Instant,
    /// The earliest time, by the host's clock, at which what is read now may have arrived. A bucket that was full then has
    /// gained since.
    since: Instant,
}

impl Arrivals {
    /// Whether something of this cost may pass; else the time of the host's clock at which it may.
    #[inline]
    pub(super) fn conforms(self, bucket: Bucket, rate: &Rate, cost: u32) -> Result<(), Instant> {
        bucket.conforms(rate, self.now, cost)
    }

    pub(super) fn take(self, bucket: &mut Bucket, rate: &Rate, cost: u32) {
        bucket.take(rate, self.since, cost);
    }

    /// A change of a rate, under which buckets go on.
    pub(super) fn change(self, was: Option<Rate>, is: Option<Rate>) -> RateChange {
        RateChange::new(was, is, self.since)
    }

    /// Starts the bucket of a peer that cannot have sent anything before now.
    fn begin(self, bucket: &mut Bucket, rate: Option<Rate>) {
        if let Some(rate) = rate.filter(|_| self.since < self.now) {
            bucket.take(&rate, self.now, 0);
        }
    }
}

impl Hub {
    /// Until which moment of the host's clock what is read may have waited while the host stood still, and for how long it may
    /// have done so: for hosts that judge rates of their own, which then take that much earlier from their buckets. The moment has
    /// passed long ago if the host did not stand still lately.
    #[must_use]
    pub fn unread(&self) -> (Instant, Duration) {
        let Standstill { before, last, grace } = self.standstill;
        let until = self.for_host(Instant::from_nanos(last.saturating_add(grace)));
        (until, Duration::from_nanos(self.totals.stood_still.saturating_sub(before)))
    }

    pub(super) fn arrivals(&self) -> Arrivals {
        let now = self.for_host(self.now);
        if !self.is_in_grace() {
            return Arrivals { now, since: now };
        }
        let since = self.now.as_nanos().saturating_add(self.standstill.before);
        Arrivals { now, since: Instant::from_nanos(since) }
    }

    /// Whether the host stood still recently and may not have read yet what came meanwhile.
    fn is_in_grace(&self) -> bool {
        let Standstill { last, grace, .. } = self.standstill;
        self.now.as_nanos() < last.saturating_add(grace)
    }

    /// Fills the bucket of a connection to which a client is attached.
    pub(super) fn begin_controls(&mut self, row: Row) {
        let arrivals = self.arrivals();
        arrivals.begin(&mut self.connections[row].controls, self.config.inbound.control);
    }

    /// Fills the buckets of a client that opens, and of its connection.
    pub(super) fn begin_rates(&mut self, row: Row, index: u32) {
        let (arrivals, rates) = (self.arrivals(), &self.config.inbound);
        arrivals.begin(&mut self.connections[row].controls, rates.control);
        if let Some(usage) = self.usages.get_mut(index as usize) {
            arrivals.begin(&mut usage.messages, rates.messages);
            arrivals.begin(&mut usage.bytes, rates.bytes);
        }
    }

    /// Fills the buckets of a user with its first client, except for what the user has used before.
    pub(super) fn begin_user_rates(&mut self, slot: u32) {
        let (arrivals, rates) = (self.arrivals(), &self.config.inbound);
        if let Some(user) = self.users.get_mut(slot) {
            arrivals.begin(&mut user.messages, rates.user_messages);
            arrivals.begin(&mut user.bytes, rates.user_bytes);
        }
    }

    /// The moment of the hub's time at which the buckets of a user or address without connections are full again, so that
    /// it may be forgotten. `None` if they are full.
    pub(super) fn remembered_until(&self, owner: Owner) -> Option<Instant> {
        let full_at = |bucket: Bucket, rate: Option<Rate>| rate.map(|rate| bucket.full_at(&rate));
        let rates = &self.config.inbound;
        let full_at = match owner {
            Owner::Connection(_)
            | Owner::Away(_)
            | Owner::Asks(_)
            | Owner::Room(_)
            | Owner::Presence(_)
            | Owner::Discarded => None,
            Owner::User(slot) => self.users.get(slot).and_then(|user| {
                full_at(user.messages, rates.user_messages).max(full_at(user.bytes, rates.user_bytes))
            }),
            Owner::Address(slot) => {
                let origin = self.addresses.get(slot);
                origin.and_then(|origin| full_at(origin.connects, self.config.admission.connect_rate))
            }
        };
        let full_at = full_at.filter(|&full_at| full_at > self.arrivals().since)?;
        let Standstill { last, grace, .. } = self.standstill;
        // Not before the grace is over, since until then a bucket counts as full at an earlier time.
        let grace = if self.is_in_grace() { last.saturating_add(grace) } else { 0 };
        Some(self.for_hub(full_at).max(Instant::from_nanos(grace)))
    }
}
