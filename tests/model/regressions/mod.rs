//! Cases that failed once, as they were printed; each with the name of what was wrong.
//!
//! A new one is pasted into the file of its subject; `use super::*` brings the names that it needs.

mod a_printed_case_is_a_test;
mod budget;
mod deadlines;
mod histories;
mod ids;
mod publishes;

use std::collections::BTreeSet;
#[allow(unused_imports, reason = "for what is pasted")]
use throng_tests::model::{
    EndedBy, Every, Full::*, Histories, How::*, Limits, On::*, Op, OverRate, PerUser, Policy, Presences,
    Returned, SecondConnection, Seen::*, Since::*, Size::*, Then::*, Through::*, To::*, Who::*, Wrote::*,
    as_test, outcome, run_and_note,
};

fn holds(limits: &Limits, ops: &[Op]) {
    assert_eq!(outcome(limits, ops), Ok(()));
}

fn reaches(limits: &Limits, ops: &[Op], names: &[&str]) {
    let mut reached = BTreeSet::new();
    assert_eq!(run_and_note(limits, ops, &mut reached), Ok(()));
    let missed: Vec<_> = names.iter().filter(|name| !reached.contains(**name)).collect();
    assert!(missed.is_empty(), "{missed:?} of {reached:?}");
}
