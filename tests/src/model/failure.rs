//! What went wrong, as text and as a test.

use super::{Limits, Op};
use std::fmt::{self, Write};

/// Where a hub and the model part ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which operation it was, counted from 0; their number if it happened while the hub was ended.
    pub step: usize,
    op: String,
    what: String,
}

impl Failure {
    pub(super) fn new(step: usize, op: &Op, what: String) -> Self {
        Self { step, op: format!("{op:?}"), what }
    }

    pub(super) fn at_the_end(step: usize, what: String) -> Self {
        Self { step, op: "the end".into(), what }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}, {}: {}", self.step, self.op, self.what)
    }
}

impl std::error::Error for Failure {}

/// A case as a test that can be pasted into a file of `tests/model/regressions/`.
#[must_use]
pub fn as_test(limits: &Limits, ops: &[Op]) -> String {
    let limits = format!("{:?}", limits.settled())
        .replace("per_user: ", "per_user: PerUser::")
        .replace("policy: ", "policy: Policy::")
        .replace("over_rate: ", "over_rate: OverRate::")
        .replace("ended_by: ", "ended_by: EndedBy::")
        .replace("second: ", "second: SecondConnection::");
    let mut text = String::from("#[test]\nfn a_name_for_what_went_wrong() {\n");
    let _ = writeln!(text, "    let limits = {limits};");
    let _ = writeln!(text, "    let ops = [");
    for op in ops {
        let vec = format!("{op:?}").replace(": [", ": vec![");
        let _ = writeln!(text, "        Op::{vec},");
    }
    text.push_str("    ];\n    holds(&limits, &ops);\n}\n");
    text
}
