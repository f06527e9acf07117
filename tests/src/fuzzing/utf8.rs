//! Text that comes in pieces, against the standard library.

use super::cuts::{Cuts, pieces};
use throng_core::websocket::{Decoder, Item, Limits, Message, ProtocolError};

/// The payload of a text message, cut: once into what is received at a time, once into fragments.
///
/// # Panics
/// If it is taken and not UTF-8, or the other way round, or refused before or after the first byte that is wrong.
pub fn utf8(input: &[u8]) {
    let cuts = Cuts::new(input);
    let bytes = cuts.bytes;
    let bad = first_bad_byte(bytes);
    let expected = core::str::from_utf8(bytes);
    assert_eq!(bad.is_none(), expected.is_ok() || is_cut_short(bytes));

    for form in [Form::Frame, Form::FirstFragment, Form::Fragments] {
        check(bytes, bad, form, cuts.sizes());
    }
    // Each small size on its own, so that a character is cut in every way.
    let form = [Form::Frame, Form::FirstFragment, Form::Fragments][usize::from(cuts.variant % 3)];
    for size in 1..5 {
        check(bytes, bad, form, core::iter::repeat(size));
    }
}

/// What the pieces are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Parts of the only frame.
    Frame,
    /// Parts of the first frame, behind which an empty one ends the message.
    FirstFragment,
    /// Frames, behind which an empty one ends the message.
    Fragments,
}

/// The first byte that no text has where it stands: behind it, no continuation helps.
fn first_bad_byte(bytes: &[u8]) -> Option<usize> {
    let from = core::str::from_utf8(bytes).err()?.valid_up_to();
    (from..bytes.len())
        .find(|&at| core::str::from_utf8(&bytes[from..=at]).is_err_and(|error| error.error_len().is_some()))
}

fn is_cut_short(bytes: &[u8]) -> bool {
    core::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

fn check(bytes: &[u8], bad: Option<usize>, form: Form, sizes: impl Iterator<Item = usize>) {
    let mut decoder = Decoder::server(Limits::default());
    let mut wire = match form {
        Form::Frame => head(0x81, bytes.len()),
        Form::FirstFragment => head(0x01, bytes.len()),
        Form::Fragments => head(0x01, 0),
    };
    let mut received = 0;
    let mut found = decoder.decode(&mut wire.as_mut_slice());
    for mut piece in pieces(&mut bytes.to_vec(), sizes) {
        assert_eq!(found, Ok(None), "{received} bytes have come");
        if form == Form::Fragments {
            assert_eq!(decoder.decode(&mut head(0x00, piece.len()).as_mut_slice()), Ok(None));
        }
        received += piece.len();
        found = decoder.decode(&mut piece);
        if bad.is_some_and(|bad| bad < received) {
            assert_eq!(found, Err(ProtocolError::TextNotUtf8), "{received} bytes have come");
            return;
        }
    }
    if form != Form::Frame {
        assert_eq!(found, Ok(None), "{received} bytes have come");
        found = decoder.decode(&mut head(0x80, 0).as_mut_slice());
    }
    match core::str::from_utf8(bytes) {
        Ok(text) => assert_eq!(found, Ok(Some(Item::Message(Message::Text(text.into()))))),
        Err(_) => assert_eq!(found, Err(ProtocolError::TextNotUtf8), "it ends within a character"),
    }
}

/// The head of a frame, masked with zeros.
pub(super) fn head(first: u8, len: usize) -> Vec<u8> {
    let mut head = vec![first];
    match len {
        0..126 => head.push(0x80 | len as u8),
        126..65_536 => {
            head.push(0x80 | 126);
            head.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            head.push(0x80 | 127);
            head.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    head.extend_from_slice(&[0; 4]);
    head
}
