//! What decoding and encoding costs: `cargo bench -p throng-tests --bench codec`.
//!
//! What is decoded is read from a buffer of 64 KiB or so, as a connection does it; the time is that of all the
//! messages in it, and the throughput is of items or of bytes.

use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher, black_box};
use throng_core::MessageKind;
use throng_core::websocket::{Decoder, Limits, encode};
use throng_tests::rig::client_stream;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const SIZES: [usize; 4] = [16, 128, 4 << 10, 64 << 10];

/// A read's worth.
const READ: usize = 64 << 10;

fn main() {
    divan::main();
}

/// Masked text from a client.
#[divan::bench(args = SIZES, max_time = 1)]
fn decode(bencher: Bencher<'_, '_>, bytes: usize) {
    let messages = READ / bytes;
    let stream = client_stream(messages, bytes);
    let mut decoder = Decoder::server(Limits::default());
    bencher
        .counter(ItemsCount::new(messages))
        .counter(BytesCount::new(stream.len()))
        .with_inputs(|| stream.clone())
        .bench_local_refs(|stream| {
            let mut input = stream.as_mut_slice();
            while let Some(item) = decoder.decode(&mut input).expect("the stream is sound") {
                black_box(item);
            }
        });
}

/// A frame of a server around a payload that is shared already: the same for every size.
#[divan::bench(args = SIZES, max_time = 1)]
fn encode_shared(bencher: Bencher<'_, '_>, bytes: usize) {
    let payload = bytes::Bytes::from(vec![b'x'; bytes]);
    bencher
        .counter(ItemsCount::new(1_u32))
        .bench_local(|| encode::encode_binary(black_box(&payload).clone()));
}

/// The same from a string that is the caller's, as most applications have it: one copy of it.
#[divan::bench(args = SIZES, max_time = 1)]
fn encode_copied(bencher: Bencher<'_, '_>, bytes: usize) {
    let text = "x".repeat(bytes);
    bencher
        .counter(ItemsCount::new(1_u32))
        .counter(BytesCount::new(bytes))
        .bench_local(|| encode::encode_text(black_box(text.as_str())));
}

/// What a client sends: masked.
#[divan::bench(args = SIZES, max_time = 1)]
fn encode_masked(bencher: Bencher<'_, '_>, bytes: usize) {
    let payload = vec![b'x'; bytes];
    let mut wire = Vec::new();
    bencher.counter(ItemsCount::new(1_u32)).counter(BytesCount::new(bytes)).bench_local(|| {
        wire.clear();
        encode::encode_client_message(MessageKind::Binary, black_box(&payload), [1, 2, 3, 4], &mut wire);
        black_box(wire.len())
    });
}
