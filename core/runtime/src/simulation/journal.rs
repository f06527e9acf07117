//! What happened, in order: the last of it as text, and one number for all of it.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::Duration;
use throng_core::trace::ActionHash;

/// So many lines are kept.
const KEPT: usize = 40;

#[derive(Debug, Default)]
pub(crate) struct Journal {
    last: VecDeque<String>,
    hash: ActionHash,
    /// Messages that peers received.
    pub(crate) received: u64,
}

impl Journal {
    pub(crate) fn note(&mut self, now: u64, what: fmt::Arguments<'_>) {
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        let line = format!("{:>12.6} s  {what}", Duration::from_nanos(now).as_secs_f64());
        line.hash(&mut self.hash);
        self.last.push_back(line);
    }

    pub(crate) fn last(&self) -> Vec<String> {
        self.last.iter().cloned().collect()
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash.finish()
    }
}
