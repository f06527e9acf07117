//! Runs of the hub. Any bytes are some operations, so these are any bytes, some with the usual limits before them.

use super::{Seed, seed};

/// Where the operations begin, if each byte of the limits is a one: nearly all of them are then as usual.
const LIMITS: [u8; 48] = [1; 48];

/// Short and long runs.
pub fn hub_events() -> Vec<Seed> {
    let lens = [100, 300, 600, 1000, 1500];
    let tight = (0..10).map(|number| {
        seed(format!("tight-limits-{number}"), noise(number, lens[number as usize % lens.len()]))
    });
    let usual = (10..20).map(|number| {
        let ops = noise(number, lens[number as usize % lens.len()]);
        seed(format!("usual-limits-{number}"), [&LIMITS[..], &ops].concat())
    });
    tight.chain(usual).collect()
}

/// Xorshift: the same bytes for the same number.
fn noise(number: u64, len: usize) -> Vec<u8> {
    let mut state = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    core::iter::repeat_with(next).take(len).collect()
}
