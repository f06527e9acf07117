//! Unit tests of the codec.
#![allow(clippy::unwrap_used)]

mod cuts;
mod decode;
mod differential;
mod encode;
mod item;
mod memory;
mod told;

use super::{Decoder, Item, Limits, ProtocolError, encode::write_frame};
use proptest::prelude::*;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A masked frame with any first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_frame(first, payload, Some(KEY), &mut out);
    out
}

fn frames(frames: &[(u8, &[u8])]) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| frame(*first, payload)).collect()
}

fn limits(max_message: u32, max_fragments: u32) -> Limits {
    let mut limits = Limits::default();
    (limits.max_message, limits.max_fragments) = (max_message, max_fragments);
    limits
}

/// Decodes one piece of input and collects all items.
fn feed(decoder: &mut Decoder, bytes: &[u8], items: &mut Vec<Item>) -> Result<(), ProtocolError> {
    let mut bytes = bytes.to_vec();
    let mut input = bytes.as_mut_slice();
    while let Some(item) = decoder.decode(&mut input)? {
        items.push(item);
    }
    assert!(input.is_empty(), "None means that the input is used up");
    Ok(())
}

type Outcome = (Vec<Item>, Result<(), ProtocolError>);

fn decode_with(mut decoder: Decoder, bytes: &[u8]) -> Outcome {
    let mut items = Vec::new();
    let result = feed(&mut decoder, bytes, &mut items);
    (items, result)
}

fn decode(bytes: &[u8]) -> Outcome {
    decode_with(Decoder::server(Limits::default()), bytes)
}

/// A valid stream of a client, frame by frame.
fn valid_stream() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let text = prop_oneof![".{0,8}", "[a-zé漢🦀]{0,90}", "[a-z漢]{300,400}"].prop_map(String::into_bytes);
    let binary = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..140),
        (65_530usize..65_540, any::<u8>()).prop_map(|(len, byte)| vec![byte; len])
    ];
    let control = (prop_oneof![Just(0x89u8), Just(0x8a)], proptest::collection::vec(any::<u8>(), 0..=125));
    let message =
        prop_oneof![4 => text.prop_map(|text| (1u8, text)), 3 => binary.prop_map(|bytes| (2u8, bytes))];
    let step = (
        message,
        proptest::collection::vec(0usize..200, 0..4),
        proptest::option::of(control),
        any::<[u8; 4]>(),
    );
    (proptest::collection::vec(step, 0..6), proptest::option::of((3000u16..5000, "[a-zé]{0,40}"))).prop_map(
        |(steps, close)| {
            let mut stream = Vec::new();
            for ((opcode, payload), cuts, control, key) in steps {
                push_message(&mut stream, opcode, &payload, &cuts, control.as_ref(), key);
            }
            if let Some((code, reason)) = close {
                stream.push(frame(0x88, &[&code.to_be_bytes()[..], reason.as_bytes()].concat()));
            }
            stream
        },
    )
}

fn push_message(
    stream: &mut Vec<Vec<u8>>,
    opcode: u8,
    payload: &[u8],
    cuts: &[usize],
    control: Option<&(u8, Vec<u8>)>,
    key: [u8; 4],
) {
    let mut rest = payload;
    let mut opcode = opcode;
    for &cut in cuts {
        let (piece, behind) = rest.split_at(cut.min(rest.len()));
        let mut out = Vec::new();
        write_frame(opcode, piece, Some(key), &mut out);
        stream.push(out);
        if let Some((first, payload)) = control {
            stream.push(frame(*first, payload));
        }
        (opcode, rest) = (0, behind);
    }
    let mut out = Vec::new();
    write_frame(0x80 | opcode, rest, Some(key), &mut out);
    stream.push(out);
}

/// A valid stream with some bytes overwritten and perhaps its end cut off: mostly in heads, where it matters.
fn mutated_stream() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<proptest::sample::Index>(), 0usize..14, any::<u8>());
    (valid_stream(), proptest::collection::vec(edit, 0..4), any::<proptest::sample::Index>()).prop_map(
        |(mut stream, edits, end)| {
            if stream.is_empty() {
                return Vec::new();
            }
            for (which, at, byte) in edits {
                let frame = which.get_mut(&mut stream);
                let at = at % frame.len();
                frame[at] = byte;
            }
            let mut bytes = stream.concat();
            if end.index(3) == 0 {
                bytes.truncate(end.index(bytes.len() + 1));
            }
            bytes
        },
    )
}
