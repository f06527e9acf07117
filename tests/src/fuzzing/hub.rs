//! Sequences of events, against the reference model.

use crate::model::{Limits, Op, as_test, outcome, shrink};
use arbitrary::Unstructured;

/// So many operations show all there is, and the model is slow.
const MOST: usize = 200;

/// Limits, and operations until the input is used up.
///
/// # Panics
/// If the hub differs from the model or breaks an invariant; then with a test to paste.
pub fn hub_events(input: &[u8]) {
    let Some((limits, ops)) = case(input) else { return };
    // libFuzzer ends the process where a panic begins: then it is the test `corpora` that comes to the end of this.
    if let Err(failure) = outcome(&limits, &ops) {
        let ops = shrink(&limits, &ops, |limits, ops| outcome(limits, ops).is_err());
        panic!("{failure}\n{}", as_test(&limits, &ops));
    }
}

/// The case that an input is. In three of four the hub goes on to the end: once it drains or shuts down, little else happens.
pub(super) fn case(input: &[u8]) -> Option<(Limits, Vec<Op>)> {
    let mut bytes = Unstructured::new(input);
    let limits = bytes.arbitrary::<Limits>().ok()?;
    let may_end = bytes.ratio(1, 4).ok()?;
    let mut ops = Vec::new();
    while !bytes.is_empty() && ops.len() < MOST {
        let Ok(op) = Op::from_bytes(&mut bytes) else { break };
        if may_end || !matches!(op, Op::Drain { .. } | Op::Shutdown) {
            ops.push(op);
        }
    }
    Some((limits, ops))
}
