//! A check of one clause.

use super::clause::{Clause, Options, Violation};
use alloc::string::String;

/// What a check needs.
pub(super) struct Trial<'a, B, S> {
    pub(super) broker: &'a B,
    pub(super) options: &'a Options<'a>,
    pub(super) sleep: &'a S,
    pub(super) clause: Clause,
}

impl<'a, B, S> Trial<'a, B, S> {
    pub(super) fn new(broker: &'a B, options: &'a Options<'a>, sleep: &'a S, clause: Clause) -> Self {
        Self { broker, options, sleep, clause }
    }

    pub(super) fn violation(&self, what: impl Into<String>) -> Violation {
        Violation { clause: self.clause, what: what.into() }
    }

    pub(super) fn demand(&self, is_so: bool, what: impl FnOnce() -> String) -> Result<(), Violation> {
        if is_so { Ok(()) } else { Err(self.violation(what())) }
    }
}
