//! The decoder of a server: against tungstenite, and against itself on other pieces.

use super::cuts::{Cuts, pieces};
use super::frames::{Frame, frames, missing};
use super::theirs::{self, End};
use core::iter::{once, repeat};
use throng_core::CloseCode;
use throng_core::websocket::{Decoder, Item, Limits, Message, ProtocolError, ReservedBits};
use tungstenite::protocol::Role;

/// What a decoder said.
pub(super) type Decoded = (Vec<Item>, Result<(), ProtocolError>);

/// A masked stream of a client, cut. The variant chooses the limits and whether compressed messages may come.
///
/// # Panics
/// If the pieces matter, if more is held than the documentation says, or if tungstenite sees other messages, or another
/// end but for what is listed in `agree`.
pub fn decoder(input: &[u8]) {
    let cuts = Cuts::new(input);
    let variant = Variant::of(cuts.variant);
    let whole = decode(variant.decoder(), cuts.bytes, once(usize::MAX), variant.limits);
    let cut = decode(variant.decoder(), cuts.bytes, cuts.sizes(), variant.limits);
    assert_eq!(cut, whole, "in the pieces of the input");
    let single = decode(variant.decoder(), cuts.bytes, repeat(1), variant.limits);
    assert_eq!(single, whole, "byte by byte");
    if variant.limits.max_fragments < u32::MAX {
        let mut free = variant;
        free.limits.max_fragments = u32::MAX;
        let all = decode(free.decoder(), cuts.bytes, once(usize::MAX), free.limits);
        bounded(cuts.bytes, variant.limits.max_fragments, &whole, &all);
    } else {
        let stream = if variant.compressed { plain(cuts.bytes) } else { cuts.bytes.to_vec() };
        agree(&stream, variant.limits.max_message, whole);
    }
}

#[derive(Clone, Copy, Debug)]
struct Variant {
    limits: Limits,
    compressed: bool,
}

impl Variant {
    fn of(number: u8) -> Self {
        let mut limits = Limits::default();
        limits.max_message = [1 << 16, 1000, 125, 10][usize::from(number & 3)];
        limits.max_fragments = if number & 4 == 0 { u32::MAX } else { 3 };
        Self { limits, compressed: number & 8 != 0 }
    }

    fn decoder(self) -> Decoder {
        let bits = if self.compressed { ReservedBits::COMPRESSED } else { ReservedBits::NONE };
        Decoder::server(self.limits).allow(bits)
    }
}

/// All that a decoder says to the pieces of a stream.
pub(super) fn decode(
    mut decoder: Decoder,
    stream: &[u8],
    sizes: impl Iterator<Item = usize>,
    limits: Limits,
) -> Decoded {
    /// A control frame whose end has not come.
    const CONTROL: usize = 128;
    let mut items = Vec::new();
    let mut received = 0;
    for mut input in pieces(&mut stream.to_vec(), sizes) {
        received += input.len();
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.decode(&mut input), Err(error), "an error is terminal");
                    assert_eq!(decoder.heap_size(), 0);
                    return (items, Err(error));
                }
            }
        }
        assert!(input.is_empty(), "`None` says that all is taken");
        let held = decoder.heap_size();
        assert!(held <= 2 * received + CONTROL, "{held} bytes are held of {received}");
        assert!(held <= limits.max_message as usize + CONTROL, "{held} bytes are held");
        if !decoder.is_mid_message() {
            assert!(held <= CONTROL, "{held} bytes are held between messages");
        }
    }
    (items, Ok(()))
}

/// The limit on fragments does nothing but end the stream, and only when there are more.
fn bounded(stream: &[u8], max_fragments: u32, found: &Decoded, free: &Decoded) {
    if found.1 != Err(ProtocolError::TooManyFragments) {
        assert_eq!(found, free);
        return;
    }
    assert!(free.0.starts_with(&found.0));
    let mut fragments = 0;
    let most = frames(stream).map(|frame| {
        match stream[frame.at] & 0xf {
            0 => fragments += 1,
            1 | 2 => fragments = 1,
            _ => {}
        }
        fragments
    });
    assert!(most.max().is_some_and(|most| most > max_fragments), "no message has as many fragments");
}

/// The same stream without compression, which tungstenite does not know: a compressed message is any bytes.
fn plain(stream: &[u8]) -> Vec<u8> {
    let mut plain = stream.to_vec();
    for frame in frames(stream) {
        if matches!(stream[frame.at] & 0x7f, 0x41 | 0x42) {
            plain[frame.at] = stream[frame.at] & 0x80 | 2;
        }
    }
    plain
}

fn plain_item(item: Item) -> Item {
    match item {
        Item::Compressed { payload, .. } => Message::Binary(payload).into(),
        other => other,
    }
}

/// Tungstenite sees the same messages and the same end, but for this:
///
/// - it takes lengths that are not minimal (RFC 6455 section 5.2 forbids them), of control frames, too;
/// - it answers a close code that may not be sent, and 1014, which the registry has had since 2016, as if it were a close
///   frame, and a close of 1002 is what the application sees;
/// - it looks at a frame when all of it has come, so where the core has refused it may wait; what is missing is then
///   added, and it must refuse, too;
/// - it looks at the length before all else, and at a close reason before the code, so that of two things that are
///   wrong it may name the other one.
fn agree(stream: &[u8], max_message: u32, (items, result): Decoded) {
    let items: Vec<_> = items.into_iter().map(plain_item).collect();
    let (mut expected, mut end) = theirs::read(stream, Role::Server, max_message);
    let mut whole = stream.to_vec();
    if end == End::Open && result.is_err() {
        whole.extend(missing(stream, max_message.max(125).into()));
        (expected, end) = theirs::read(&whole, Role::Server, max_message);
    }
    let violation =
        Item::Close { code: Some(CloseCode::PROTOCOL_ERROR), reason: "Protocol violation".into() };
    match result {
        Ok(()) => {
            if let Some(Item::Close { code: Some(CloseCode(1014)), .. }) = items.last() {
                assert_eq!(expected.pop(), Some(violation));
                assert_eq!(items[..items.len() - 1], expected);
            } else {
                assert_eq!(items, expected);
            }
            let closed = matches!(items.last(), Some(Item::Close { .. }));
            assert_eq!(end, if closed { End::Closed } else { End::Open });
        }
        Err(ProtocolError::LengthNotMinimal) => {
            whole.truncate(stream.len());
            // The length tells without the mask, which need not have come.
            whole.extend(missing(stream, 0));
            assert!(frames(&whole).any(Frame::is_wasteful), "every length is as short as it can be");
            assert!(expected.starts_with(&items), "{items:?}\n{expected:?}");
        }
        Err(ProtocolError::ControlTooLong) if has_control_of_long_length(&whole) => {
            assert!(expected.starts_with(&items), "{items:?}\n{expected:?}");
        }
        // A reason that is not UTF-8 either is what tungstenite says first.
        Err(ProtocolError::BadCloseCode) if end == End::Refused(CloseCode::INVALID_PAYLOAD) => {
            assert_eq!(items, expected);
        }
        Err(ProtocolError::BadCloseCode) => {
            assert_eq!(expected.pop(), Some(violation));
            assert_eq!((items, end), (expected, End::Closed));
        }
        Err(error) => {
            assert_eq!(items, expected);
            let End::Refused(code) = end else {
                panic!("{error}, and tungstenite has no objection: {end:?}")
            };
            let length_first = code == CloseCode::TOO_BIG && is_about_the_head(error);
            assert!(code == error.close_code() || length_first, "{error}, and tungstenite says {code}");
        }
    }
}

/// Whether a control frame has more bytes of length than any may have, which say that it is short.
fn has_control_of_long_length(stream: &[u8]) -> bool {
    frames(stream)
        .any(|frame| stream[frame.at] & 8 != 0 && stream[frame.at + 1] & 0x7f >= 126 && frame.payload <= 125)
}

fn is_about_the_head(error: ProtocolError) -> bool {
    matches!(
        error,
        ProtocolError::UnmaskedFrame
            | ProtocolError::ReservedBits
            | ProtocolError::FragmentedControl
            | ProtocolError::ControlTooLong
            | ProtocolError::LengthOverflow
            | ProtocolError::UnexpectedContinuation
            | ProtocolError::ExpectedContinuation
    )
}
