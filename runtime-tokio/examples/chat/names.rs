//! Names that people can tell apart: nobody is invisible, turns the text of others around, or looks just like somebody else.

use unicode_normalization::UnicodeNormalization;

/// Letters in a name. A letter takes up to four bytes.
pub(crate) const NAME_LETTERS: usize = 32;

/// Why a name cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadName {
    /// There is nothing to be seen.
    Empty,
    TooLong,
    /// It has a character that cannot be seen, or changes how others are seen.
    Invisible,
    /// Letters that look the same in two alphabets: half of `Ада` may be Latin.
    MixedAlphabets,
}

/// A name as everybody will see it. Letters that are the same but for their form become one (NFKC: `Ａｄａ` is `Ada`), and so do
/// blanks; there are none around it.
pub(crate) fn checked(name: &str) -> Result<String, BadName> {
    // Before it is made longer by being taken apart.
    if name.chars().nth(4 * NAME_LETTERS).is_some() {
        return Err(BadName::TooLong);
    }
    if name.chars().any(|letter| is_control(letter) || is_ignorable(letter)) {
        return Err(BadName::Invisible);
    }
    let composed: String = name.nfkc().collect();
    if composed.chars().any(|letter| is_control(letter) || is_ignorable(letter)) {
        return Err(BadName::Invisible);
    }
    let name = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    if !is_visible(&name) {
        return Err(BadName::Empty);
    }
    if name.chars().count() > NAME_LETTERS {
        return Err(BadName::TooLong);
    }
    // What is not in these three looks like none of them, or like too much for a table of a few lines.
    let alphabets: [fn(char) -> bool; 3] = [is_latin, is_greek, is_cyrillic];
    if alphabets.iter().filter(|is_of| name.chars().any(is_of)).count() > 1 {
        return Err(BadName::MixedAlphabets);
    }
    Ok(name)
}

/// Whether there is anything to be seen.
pub(crate) fn is_visible(text: &str) -> bool {
    text.chars().any(|letter| {
        !(letter.is_whitespace() || letter.is_control() || is_ignorable(letter) || letter == BRAILLE_BLANK)
    })
}

/// A braille pattern without a dot: a blank, but to Unicode it is a symbol.
const BRAILLE_BLANK: char = '\u{2800}';

/// Control characters, the ends of lines and paragraphs, and signs between which texts are annotated.
fn is_control(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' | BRAILLE_BLANK)
}

/// Default_Ignorable_Code_Point of Unicode 17: what is not shown where it is not known. Joiners, marks and overrides of the
/// direction, fillers, variation selectors and tags are among them.
const fn is_ignorable(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

const fn is_latin(letter: char) -> bool {
    letter.is_ascii_alphabetic() || matches!(letter, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

const fn is_greek(letter: char) -> bool {
    matches!(letter, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}')
}

const fn is_cyrillic(letter: char) -> bool {
    matches!(letter, '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}')
}
