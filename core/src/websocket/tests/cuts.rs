//! Cutting the input in any way gives the same items and the same error.

use super::{Outcome, decode_with, feed, frame, frames, limits, mutated_stream, valid_stream};
use crate::websocket::{Decoder, ReservedBits};
use proptest::prelude::*;

fn decoder() -> Decoder {
    Decoder::server(limits(1000, 5))
}

fn decode_pieces<'a>(mut decoder: Decoder, pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let mut items = Vec::new();
    for piece in pieces {
        if let Err(error) = feed(&mut decoder, piece, &mut items) {
            return (items, Err(error));
        }
    }
    (items, Ok(()))
}

#[test]
fn short_streams_decode_the_same_however_they_are_cut() {
    let close = [b"\x03\xe8", "gehört".as_bytes()].concat();
    let streams = [
        frames(&[(0x01, b"\xe2"), (0x89, b"p"), (0x80, b"\x82\xac")]),
        frames(&[(0x81, "é🦀".as_bytes()), (0x88, &close)]),
        frames(&[(0x02, b""), (0x00, b""), (0x80, b"end")]),
        frames(&[(0x81, b"a\xe2\x28\xa1"), (0x81, b"")]),
        frames(&[(0x82, b"ab"), (0x80, b"c")]),
        frames(&[(0x88, b"\x03\xed"), (0x81, b"")]),
        [frame(0x8a, b"pong"), b"\x82\xfe\x7f\xff1234rest".to_vec()].concat(),
        [frame(0x8a, b"pong"), b"\x82\xff\xff\xff\xff\xff".to_vec()].concat(),
    ];
    for stream in streams {
        let whole = decode_with(decoder(), &stream);
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
                assert_eq!(decode_pieces(decoder(), pieces.into_iter()), whole, "{stream:x?}");
            }
        }
        assert_eq!(decode_pieces(decoder(), stream.chunks(1)), whole, "{stream:x?}");
    }
}

fn cut<'a>(bytes: &'a [u8], sizes: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = bytes;
    let mut sizes = sizes.iter().cycle();
    core::iter::from_fn(move || {
        let size = *sizes.next()?;
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

proptest! {
    #[test]
    fn any_stream_decodes_the_same_however_it_is_cut(
        stream in mutated_stream(),
        sizes in proptest::collection::vec(prop_oneof![4 => 1usize..20, 1 => 20usize..5000], 1..20),
    ) {
        let small = || decoder().allow(ReservedBits::COMPRESSED);
        prop_assert_eq!(decode_pieces(small(), cut(&stream, &sizes)), decode_with(small(), &stream));
        let large = || Decoder::server(limits(1 << 20, 5));
        prop_assert_eq!(decode_pieces(large(), cut(&stream, &sizes)), decode_with(large(), &stream));
    }

    #[test]
    fn no_beginning_of_a_valid_stream_is_refused(
        stream in valid_stream(),
        end in any::<proptest::sample::Index>(),
    ) {
        let stream = stream.concat();
        let end = end.index(stream.len() + 1);
        prop_assert_eq!(decode_with(Decoder::server(limits(1 << 20, 10)), &stream[..end]).1, Ok(()));
    }

    #[test]
    fn noise_neither_panics_nor_depends_on_cuts(
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        sizes in proptest::collection::vec(1usize..9, 1..5),
    ) {
        prop_assert_eq!(decode_pieces(decoder(), cut(&noise, &sizes)), decode_with(decoder(), &noise));
    }
}
