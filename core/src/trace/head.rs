//! What stands before the body of a record: by it damage is found, not malice.

use crate::field::{Field, Input};
use alloc::vec::Vec;

/// No record is shorter: a length of one byte, its check, the checksum, a tag.
pub(super) const SHORTEST_RECORD: usize = 8;

/// Writes what stands before a body.
pub(super) fn put(log: &mut Vec<u8>, body: &[u8]) {
    let len = body.len() as u64;
    len.put(log);
    log.extend_from_slice(&check(len).to_le_bytes());
    log.extend_from_slice(&checksum(body).to_le_bytes());
}

/// What a log goes on with.
pub(super) enum Head<'a> {
    /// A body, and whether it is sound.
    Whole { body: &'a [u8], is_sound: bool },
    /// A length that is sound, and the end of the log before the end of the body.
    Cut,
    /// A length that is not.
    Damaged,
}

impl<'a> Head<'a> {
    /// That a length has a check of its own is what tells a log that ends early from one that is damaged: without it a
    /// wrong length hides all that is behind it.
    pub(super) fn take(input: &mut Input<'a>) -> Self {
        let Some(len) = take_len(input) else { return Self::Damaged };
        let Ok(expected) = input.bytes(4) else { return Self::Cut };
        let Some(body) = usize::try_from(len).ok().and_then(|len| input.bytes(len).ok()) else {
            return Self::Cut;
        };
        Self::Whole { body, is_sound: expected == checksum(body).to_le_bytes() }
    }
}

fn take_len(input: &mut Input<'_>) -> Option<u64> {
    let len = u64::take(input).ok()?;
    let expected = input.bytes(2).ok()?;
    (len > 0 && expected == check(len).to_le_bytes()).then_some(len)
}

/// The upper bits of the product with 2^64 divided by the golden ratio: lengths that are near each other, or differ in one
/// byte, are far apart in them.
fn check(len: u64) -> u16 {
    (len.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16
}

fn checksum(body: &[u8]) -> u32 {
    use core::hash::Hasher;
    let mut hasher = siphasher::sip::SipHasher13::new();
    hasher.write(body);
    hasher.finish() as u32
}
