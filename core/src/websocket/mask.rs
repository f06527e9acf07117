//! Masking (RFC 6455 section 5.3): XOR with a four-byte key, its own inverse.

/// Masks or unmasks in place; the key's first byte applies to the first byte. O(n), eight bytes at a time, which
/// the compiler vectorizes.
pub(super) fn apply_mask(bytes: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (blocks, rest) = bytes.as_chunks_mut::<8>();
    for block in blocks {
        *block = (u64::from_ne_bytes(*block) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(wide.to_ne_bytes()) {
        *byte ^= key;
    }
}

/// The key for the bytes that follow after `len` bytes.
pub(super) fn advance_mask(mut key: [u8; 4], len: usize) -> [u8; 4] {
    key.rotate_left(len % 4);
    key
}
