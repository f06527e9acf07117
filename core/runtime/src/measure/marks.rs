//! Messages that are followed from their publish to the transports.
//!
//! Of the publishes one in so many is marked by its number, which its items bear in every lease. A lane, or a task that
//! answers, looks for it only while there is a mark, and then once for each lease of a flush. So nothing is kept for a
//! recipient, and a message that nobody follows costs nothing.

use super::observer::Observing;
use throng_core::hub::{Progress, Written};
use throng_core::outbox::Batch;
use throng_core::time::Instant;

/// How many are followed at a time: the latest.
const MOST: usize = 4;

/// A publish that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    /// The number that its items bear.
    sequence: u64,
    since: Instant,
    /// Clients to whom it has not been written yet, dropped ones included: they are waited for until it is forgotten.
    left: u32,
}

/// The publishes that are followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    marks: [Option<Mark>; MOST],
    next: usize,
    /// How many there are: mostly none.
    count: usize,
}

impl Marks {
    /// Follows a publish, in place of the oldest.
    pub(crate) fn follow(&mut self, sequence: u64, since: Instant, clients: u32) {
        let mark = Mark { sequence, since, left: clients };
        self.count += usize::from(self.marks[self.next].replace(mark).is_none());
        self.next = (self.next + 1) % MOST;
    }

    /// Those of which something is in a batch, if any.
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

    /// What became of them.
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

/// Publishes of which something is being written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Followed([Option<Mark>; MOST]);

/// To how many clients each was written, by its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted([Option<(u64, u32)>; MOST]);

impl Followed {
    /// Tells how long those took that are written now, whole.
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
