//! A deflate bomb of a gibibyte costs no more memory than the messages of two connections may.

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use throng_core::MessageKind;
use throng_core::websocket::deflate::{Compressor, Inflater};
use throng_core::websocket::{Decoder, Item, Limits, ProtocolError, ReservedBits, encode};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What the bomb is inflated to.
const GIBIBYTE: usize = 1 << 30;
/// Of a message, received and inflated.
const LIMIT: u32 = 4 << 20;

/// A gibibyte of zeros, deflated: a thousandth of that, which is less than a message may have. Its parts do not refer back
/// to each other, so that one after another makes it.
fn bomb() -> Vec<u8> {
    const PART: usize = 16 << 20;
    let part = Compressor::new(9).compress(&vec![0; PART]).expect("it gets shorter").to_vec();
    let whole = [&part[..], &[0x00, 0x00, 0xff, 0xff]].concat().repeat(GIBIBYTE / PART);
    whole[..whole.len() - 4].to_vec()
}

/// What is allocated meanwhile, whatever is freed again included.
fn allocated<T>(act: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATOR.stats();
    let result = act();
    let after = ALLOCATOR.stats();
    let grown = (after.bytes_reallocated - before.bytes_reallocated).max(0) as usize;
    (result, after.bytes_allocated - before.bytes_allocated + grown)
}

// One test in this binary and not more: what is allocated is counted.
#[test]
fn a_bomb_of_a_gibibyte_is_refused_within_the_memory_of_the_limit() {
    let payload = bomb();
    assert!(payload.len() < LIMIT as usize, "{} bytes", payload.len());
    let mut limits = Limits::default();
    limits.max_message = LIMIT;
    let mut stream = Vec::new();
    encode::encode_client_compressed(MessageKind::Binary, &payload, [1, 2, 3, 4], &mut stream);

    let (item, received) = allocated(|| {
        let mut decoder = Decoder::server(limits).allow(ReservedBits::COMPRESSED);
        decoder.decode(&mut stream.as_mut_slice()).expect("the frame is right")
    });
    let Some(Item::Compressed { kind, payload }) = item else { panic!("{item:?}") };
    let mut inflater = Inflater::new();
    let (found, inflated) = allocated(|| inflater.inflate(kind, &payload, LIMIT));
    assert_eq!(found, Err(ProtocolError::MessageTooBig));
    // The buffer doubles until it is as long as a message may be: with all its shorter selves it is twice that.
    assert!(received <= LIMIT as usize + 1_024, "{received} bytes");
    assert!(inflated <= 2 * LIMIT as usize + (64 << 10), "{inflated} bytes");
}
