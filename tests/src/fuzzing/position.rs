//! Positions in a history, as peers send them back: texts in queries, cookies and messages.

use throng_core::{Epoch, Position};

/// A text, which may be a position or an epoch.
///
/// # Panics
/// If it is taken for one that it is not, or refused although it is one, or what is read is not written so that it is read again.
pub fn position(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let read = text.parse::<Position>().ok();
    assert_eq!(read.map(|position| (position.epoch.to_u64(), position.offset)), expected(&text));
    let epoch = text.parse::<Epoch>().ok();
    assert_eq!(epoch.map(Epoch::to_u64), number(&text, 16, 16).filter(|epoch| *epoch > 0));
    for position in [read, made_of(input)].into_iter().flatten() {
        let written = position.to_string();
        assert_eq!(written.parse(), Ok(position), "{written}");
        assert!(written.len() <= 16 + 1 + 20, "{written}");
    }
}

/// Sixteen bytes are an epoch, unless it is zero, and an offset.
fn made_of(input: &[u8]) -> Option<Position> {
    let (epoch, rest) = input.split_first_chunk()?;
    let (offset, _) = rest.split_first_chunk()?;
    let epoch = Epoch::from_u64(u64::from_be_bytes(*epoch))?;
    Some(Position { epoch, offset: u64::from_be_bytes(*offset) })
}

/// The rule: up to 16 hexadecimal digits which are not zero, a dot, and decimal digits of a number of 64 bits.
fn expected(text: &str) -> Option<(u64, u64)> {
    let dot = text.find('.')?;
    let epoch = number(&text[..dot], 16, 16).filter(|epoch| *epoch > 0)?;
    // Zeros before a number are allowed.
    Some((epoch, number(&text[dot + 1..], 10, usize::MAX)?))
}

/// A number of at least one digit, and at most so many.
fn number(text: &str, radix: u32, most: usize) -> Option<u64> {
    if text.is_empty() || text.len() > most {
        return None;
    }
    text.chars().try_fold(0_u64, |number, character| {
        let digit = character.to_digit(radix)?;
        number.checked_mul(radix.into())?.checked_add(digit.into())
    })
}
