//! The head of a record: length and checksums. They find damage, not malice.

use crate::field::{Field, Input};
use alloc::vec::Vec;

/// The shortest record, in bytes: a length of one byte, its check, the checksum, a tag.
pub(super) const SHORTEST_RECORD: usize = 8;

/// Writes the head of a body.
pub(super) fn put(log: &mut Vec<u8>, body: &[u8]) {
    let len = body.len() as u64;
    len.put(log);
    log.extend_from_slice(&check(len).to_le_bytes());
    log.extend_from_slice(&checksum(body).to_le_bytes());
}

/// The next record of a log.
pub(super) enum Head<'a> {
    /// A whole record, and whether its body is undamaged.
    Whole { body: &'a [u8], is_sound: bool },
    /// The log ends before the end of the body; the length is undamaged.
    Cut,
    /// The length is damaged.
    Damaged,
}

impl<'a> Head<'a> {
    /// Reads the next record. The length has its own check, so that a damaged length is not taken for a log that ends
    /// early, which would hide all records behind it.
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

/// The upper bits of the product with 2^64 divided by the golden ratio, which differ much for lengths that are close or
/// differ in one byte.
fn check(len: u64) -> u16 {
    (len.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16
}

fn checksum(body: &[u8]) -> u32 {
    use core::hash::Hasher;
    let mut hasher = siphasher::sip::SipHasher13::new();
    hasher.write(body);
    hasher.finish() as u32
}
