//! Publishes that are followed until the transports have taken them.
//!
//! One in N publishes is marked by its sequence number, which its items carry in every lease. While a mark exists, a
//! lane (or a task that answers) searches each lease of a flush for it once. So nothing is stored per recipient, and an
//! unmarked message costs nothing.

use super::observer::Observing;
use throng_core::Instant;
use throng_core::outbox::{Batch, Progress, Written};

/// How many publishes are followed at a time; a newer one replaces the oldest.
const MOST: usize = 4;

/// A followed publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    /// The sequence number of the publish.
    sequence: u64,
    since: Instant,
    /// Clients that have not taken it yet. Dropped messages count, too, so such a mark stays until a newer one replaces
    /// it.
    left: u32,
}

/// The publishes that are followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    marks: [Option<Mark>; MOST],
    next: usize,
    /// The number of marks: usually zero.
    count: usize,
}

impl Marks {
    /// Follows a publish; replaces the oldest mark.
    pub(crate) fn follow(&mut self, sequence: u64, since: Instant, clients: u32) {
        let mark = Mark { sequence, since, left: clients };
        self.count += usize::from(self.marks[self.next].replace(mark).is_none());
        self.next = (self.next + 1) % MOST;
    }

    /// The marks of publishes that are in a batch, if any.
    #[inline]
    pub(crate) fn within(&self, batch: &Batch) -> Option<Followed> {
        if self.count == 0 { None } else { self.find(batch) }
    }

    #[cold]
    fn find(&self, batch: &Batch) -> Option<Followed> {
        let is_within = |mark: &Mark| batch.has_publish(mark.sequence);
        let found = self.marks.map(|mark| mark.filter(is_within));
        found.iter().any(Option::is_some).then_some(Followed(found))
    }

    /// Subtracts the clients to which the publishes were written.
    #[cold]
    pub(crate) fn written(&mut self, counted: Counted) {
        for (sequence, clients) in counted.0.into_iter().flatten() {
            let Some(mark) = self.marks.iter_mut().find(|mark| mark.is_some_and(|m| m.sequence == sequence))
            else {
                continue;
            };
            *mark = mark.map(|mark| Mark { left: mark.left.saturating_sub(clients), ..mark });
            if mark.is_some_and(|mark| mark.left == 0) {
                *mark = None;
                self.count -= 1;
            }
        }
    }
}

/// Followed publishes that are being written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Followed([Option<Mark>; MOST]);

/// For each followed publish, its sequence number and the clients to which it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted([Option<(u64, u32)>; MOST]);

impl Followed {
    /// Tells the observer how long the messages took that are now written completely.
    #[cold]
    pub(crate) fn tell(
        &self,
        batch: &Batch,
        results: &[Written],
        now: Instant,
        observing: &Observing,
    ) -> Counted {
        Counted(self.0.map(|mark| {
            let Mark { sequence, since, .. } = mark?;
            let is_written = |(run, progress)| {
                let at = batch.sequences_of(run).iter().position(|other| *other == sequence);
                at.is_some_and(|at| match progress {
                    Progress::All => true,
                    Progress::Part { items, .. } => items as usize > at,
                })
            };
            let leases = batch.leases().iter().zip(results);
            let clients = leases.filter(|(lease, written)| is_written((lease.run, written.progress))).count();
            if clients > 0 {
                observing.tell(|observer| observer.written(clients as u32, now.since(since)));
            }
            Some((sequence, clients as u32))
        }))
    }
}
