//! Fewer operations that still fail: what a framework's own shrinking leaves, or a fuzzer finds, made short.

use super::{Limits, Op};

/// Takes operations away, long stretches first, for as long as the rest still `fails`. O(n²) runs at worst.
pub fn shrink(limits: &Limits, ops: &[Op], fails: impl Fn(&Limits, &[Op]) -> bool) -> Vec<Op> {
    let mut ops = ops.to_vec();
    loop {
        let before = ops.len();
        let mut stretch = ops.len().div_ceil(2);
        while stretch > 0 {
            let mut at = 0;
            while at < ops.len() {
                let end = ops.len().min(at + stretch);
                let rest = [&ops[..at], &ops[end..]].concat();
                if fails(limits, &rest) { ops = rest } else { at = end }
            }
            stretch /= 2;
        }
        if ops.len() == before {
            return ops;
        }
    }
}
