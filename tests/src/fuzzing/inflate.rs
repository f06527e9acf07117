//! Compressed messages: against another deflate, and against themselves in other pieces.

use super::cuts::Cuts;
use super::memory;
use super::utf8::head;
use core::iter::{once, repeat};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use throng_core::MessageKind;
use throng_core::websocket::deflate::{Compressor, Inflater};
use throng_core::websocket::{Decoder, Item, Limits, Message, ProtocolError, ReservedBits};

/// What a sync flush ends with (RFC 7692 section 7.2.2), and an empty last block that is stored.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
const END: [u8; 5] = [0x01, 0x00, 0x00, 0xff, 0xff];

/// The payload of a compressed message, cut into fragments. The variant chooses the limit, the kind, and whether messages
/// refer back.
///
/// # Panics
/// If the pieces matter, if more memory is taken than the limit allows, if what came before matters though messages stand
/// for themselves, or if the other deflate makes something else of what is taken, or takes what is too big.
pub fn inflate(input: &[u8]) {
    let cuts = Cuts::new(input);
    let limit = [1 << 16, 5_000, 300, 0][usize::from(cuts.variant & 3)];
    let kind = if cuts.variant & 4 == 0 { MessageKind::Binary } else { MessageKind::Text };
    let payload = received(cuts.bytes, kind, cuts.sizes());
    assert_eq!(payload, cuts.bytes, "what was received is what was sent");
    let mut inflater = Inflater::new();
    let found = bounded(&mut inflater, kind, &payload, limit);
    judge(kind, &payload, limit, &found);
    // Whatever it was, the next one is not touched by it.
    assert_eq!(bounded(&mut inflater, kind, &payload, limit), found, "the same once more");
    let known = Compressor::new(6).compress(&[b'k'; 200]).map(<[u8]>::to_vec).unwrap_or_default();
    let message = inflater.inflate(MessageKind::Binary, &known, 200);
    assert_eq!(message.map(Message::into_bytes), Ok(vec![b'k'; 200].into()));
    if cuts.variant & 8 != 0 {
        keep(kind, &payload, limit, &found);
    }
}

/// The payload as a decoder puts it together, which must not depend on how it was cut.
fn received(payload: &[u8], kind: MessageKind, sizes: impl Iterator<Item = usize>) -> Vec<u8> {
    let first = if kind == MessageKind::Text { 0x41 } else { 0x42 };
    let mut stream = Vec::new();
    let (mut opcode, mut rest) = (first, payload);
    for size in sizes.take(64) {
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        stream.extend(head(opcode, piece.len()));
        stream.extend_from_slice(piece);
        (opcode, rest) = (0x00, behind);
    }
    stream.extend(head(0x80 | opcode, rest.len()));
    stream.extend_from_slice(rest);
    let whole = decoded(&stream, once(usize::MAX));
    assert_eq!(decoded(&stream, repeat(7)), whole, "in pieces of seven bytes");
    match whole {
        Item::Compressed { kind: found, payload } if found == kind => payload.to_vec(),
        other => panic!("{other:?}"),
    }
}

fn decoded(stream: &[u8], sizes: impl Iterator<Item = usize>) -> Item {
    let mut limits = Limits::default();
    limits.max_message = u32::MAX;
    let mut decoder = Decoder::server(limits).allow(ReservedBits::COMPRESSED);
    let mut items = Vec::new();
    for mut input in super::cuts::pieces(&mut stream.to_vec(), sizes) {
        while let Some(item) = decoder.decode(&mut input).expect("the frames are right") {
            items.push(item);
        }
    }
    assert_eq!((items.len(), decoder.heap_size()), (1, 0));
    items.remove(0)
}

type Found = Result<Message, ProtocolError>;

/// What is inflated, in memory that the limit bounds: the buffer doubles until it is as long as that, and is cut to
/// measure at the end. An inflater makes its window when it needs one.
fn bounded(inflater: &mut Inflater, kind: MessageKind, payload: &[u8], limit: u32) -> Found {
    const WINDOW: usize = 80 << 10;
    memory::at_most(4 * (limit as usize + 64) + WINDOW, || inflater.inflate(kind, payload, limit))
}

fn judge(kind: MessageKind, payload: &[u8], limit: u32, found: &Found) {
    let theirs = theirs(payload, limit as usize);
    match found {
        Ok(message) => {
            assert!(message.len() <= limit as usize);
            assert_eq!(message.kind(), kind);
            assert_eq!(Ok(message.as_bytes()), theirs.as_deref().map_err(|wrong| *wrong));
        }
        Err(ProtocolError::MessageTooBig) => assert_ne!(theirs.map(drop), Ok(())),
        Err(ProtocolError::TextNotUtf8) => {
            let theirs = theirs.expect("it is deflated data");
            assert!(kind == MessageKind::Text && str::from_utf8(&theirs).is_err());
        }
        // The other one is not as strict about codes that are never used.
        Err(error) => assert_eq!(*error, ProtocolError::BadCompression),
    }
}

/// The other's word: a payload and its tail as one stream after another, of which the last ends with an empty last block.
fn theirs(payload: &[u8], limit: usize) -> Result<Vec<u8>, TINFLStatus> {
    let mut out = vec![0; limit + 1];
    let (mut at, mut rest) = (0, payload);
    loop {
        let input = [rest, &TAIL, &END].concat();
        let (status, taken, made) = decompress(
            &mut DecompressorOxide::new(),
            &input,
            &mut out[at..],
            0,
            TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        );
        at += made;
        if at > limit {
            return Err(TINFLStatus::HasMoreOutput);
        }
        match status {
            TINFLStatus::Done if taken < rest.len() => rest = &rest[taken..],
            TINFLStatus::Done if taken == rest.len() || taken == input.len() => {
                out.truncate(at);
                return Ok(out);
            }
            TINFLStatus::Done => return Err(TINFLStatus::Failed),
            other => return Err(other),
        }
    }
}

/// Where messages refer back, the first one is the same, but for one that is cut short, which only the next one can show.
fn keep(kind: MessageKind, payload: &[u8], limit: u32, found: &Found) {
    let mut keeping = Inflater::keeping(15);
    let kept = keeping.inflate(kind, payload, limit);
    if let Ok(found) = found {
        match kept {
            // In the rarest of cases it is what ends a stream that ends a message that is cut short.
            Ok(kept) => assert!(found.as_bytes().starts_with(kept.as_bytes()), "{kept:?}, {found:?}"),
            Err(error) => assert_eq!((kind, error), (MessageKind::Text, ProtocolError::TextNotUtf8)),
        }
        // Whatever comes then is taken or refused, within the limit.
        let next = keeping.inflate(MessageKind::Binary, payload, limit);
        assert!(next.is_err() || next.is_ok_and(|message| message.len() <= limit as usize));
    }
}
