//! How fast: `cargo test --release -p throng-core websocket::tests::speed -- --ignored --nocapture`.
#![allow(clippy::print_stdout)]

use super::frame;
use crate::websocket::{Decoder, Limits};
use core::hint::black_box;
use std::time::Instant;

#[test]
#[ignore = "needs a quiet machine and --release"]
fn decoding_masked_messages() {
    let non_ascii = "Grüße, 漢字 и привет. ";
    for (what, first, unit) in
        [("binary", 0x82, "x"), ("ascii text", 0x81, "x"), ("other text", 0x81, non_ascii)]
    {
        for len in [16usize, 128, 4 << 10, 64 << 10, 512 << 10] {
            let mut payload = unit.repeat(len / unit.len() + 1);
            payload.truncate(payload.floor_char_boundary(len));
            let wire = frame(first, payload.as_bytes());
            let count = (64 << 10) / wire.len() + 1;
            let stream = wire.repeat(count);
            let mut scratch = stream.clone();
            let mut decoder = Decoder::server(Limits::default());
            let (rounds, mut best) = ((64 << 20) / stream.len(), f64::MAX);
            for _ in 0..rounds {
                scratch.copy_from_slice(&stream);
                let start = Instant::now();
                let mut input = scratch.as_mut_slice();
                while let Some(item) = decoder.decode(&mut input).unwrap() {
                    black_box(&item);
                }
                best = best.min(start.elapsed().as_nanos() as f64 / count as f64);
            }
            println!("{what:>10} {len:>7} B: {best:>9.1} ns, {:.1} GB/s", len as f64 / best);
        }
    }
}
