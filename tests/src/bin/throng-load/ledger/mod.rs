//! Exact accounting: which messages each receiver got, and in which order.

use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// One cell per receiver and stream it hears. O(1) a delivery, and eight bytes a cell while nothing goes wrong.
pub(crate) struct Ledger {
    /// The sequence number each cell expects next.
    next: Vec<u32>,
    /// What was jumped over and has not come since.
    gaps: BTreeMap<u32, BTreeSet<u32>>,
    duplicated: u64,
    out_of_order: u64,
}

/// What a delivery means for its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A message not seen before, whether in order or late.
    New,
    Duplicate,
}

impl Ledger {
    pub(crate) fn new(cells: usize) -> Self {
        Self { next: vec![0; cells], gaps: BTreeMap::new(), duplicated: 0, out_of_order: 0 }
    }

    #[inline]
    pub(crate) fn observe(&mut self, cell: u32, sequence: u32) -> Verdict {
        let next = &mut self.next[cell as usize];
        if sequence == *next {
            *next += 1;
            return Verdict::New;
        }
        self.observe_stray(cell, sequence)
    }

    #[cold]
    fn observe_stray(&mut self, cell: u32, sequence: u32) -> Verdict {
        let next = &mut self.next[cell as usize];
        if sequence > *next {
            self.gaps.entry(cell).or_default().extend(*next..sequence);
            *next = sequence + 1;
            return Verdict::New;
        }
        let was_missing = self.gaps.get_mut(&cell).is_some_and(|gap| gap.remove(&sequence));
        if was_missing {
            self.out_of_order += 1;
            Verdict::New
        } else {
            self.duplicated += 1;
            Verdict::Duplicate
        }
    }

    /// How many of the first `sent` messages of its stream a cell has not got.
    pub(crate) fn missing(&self, cell: u32, sent: u32) -> u64 {
        let gap = self.gaps.get(&cell).map_or(0, BTreeSet::len) as u64;
        gap + u64::from(sent.saturating_sub(self.next[cell as usize]))
    }

    pub(crate) fn duplicated(&self) -> u64 {
        self.duplicated
    }

    /// Messages that came after a later one of the same stream.
    pub(crate) fn out_of_order(&self) -> u64 {
        self.out_of_order
    }
}
