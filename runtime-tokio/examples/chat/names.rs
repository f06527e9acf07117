//! Names that people can tell apart: nobody is invisible, turns the text of others around, or looks just like somebody else.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Letters in a name. A letter takes up to four bytes.
pub(crate) const NAME_LETTERS: usize = 32;

/// Marks on one letter: more than names need in any script. With dozens of them a name covers the lines around it.
const MARKS: usize = 6;

/// Why a name cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadName {
    /// There is nothing to be seen.
    Empty,
    TooLong,
    /// It has a character that cannot be seen, or changes how others are seen.
    Invisible,
    /// A mark without a letter, which is shown on what stands before the name; or more marks than a letter can bear.
    Marks,
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
    if name.chars().any(is_hidden) {
        return Err(BadName::Invisible);
    }
    let composed: String = name.nfkc().collect();
    if composed.chars().any(is_hidden) {
        return Err(BadName::Invisible);
    }
    let name = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    if !is_visible(&name) {
        return Err(BadName::Empty);
    }
    if name.chars().count() > NAME_LETTERS {
        return Err(BadName::TooLong);
    }
    if name.split(' ').any(|word| word.starts_with(is_combining_mark)) || has_too_many_marks(&name) {
        return Err(BadName::Marks);
    }
    if ALPHABETS.iter().filter(|is_of| name.chars().any(is_of)).count() > 1 {
        return Err(BadName::MixedAlphabets);
    }
    Ok(name)
}

/// Whether there is anything to be seen.
pub(crate) fn is_visible(text: &str) -> bool {
    text.chars().any(|letter| !(letter.is_whitespace() || is_combining_mark(letter) || is_hidden(letter)))
}

fn has_too_many_marks(name: &str) -> bool {
    let mut marks = 0;
    name.nfd().any(|letter| {
        marks = if is_combining_mark(letter) { marks + 1 } else { 0 };
        marks > MARKS
    })
}

/// Whether a letter cannot be seen, looks the same as all letters that are not known, or changes how others are shown.
fn is_hidden(letter: char) -> bool {
    is_control(letter) || is_ignorable(letter) || is_blank(letter) || is_unknown(letter)
}

/// Signs without ink that Unicode does not count among the blanks: a braille pattern without a dot, a note without a head, fillers
/// of Khitan and of Egyptian.
const fn is_blank(letter: char) -> bool {
    matches!(letter, '\u{2800}' | '\u{1d159}' | '\u{16fe4}' | '\u{13441}'..='\u{13442}')
}

/// What each font shows as it likes: signs of private use, signs that stand for others, and what is no character.
fn is_unknown(letter: char) -> bool {
    let is_no_character = matches!(letter, '\u{fdd0}'..='\u{fdef}') || u32::from(letter) & 0xfffe == 0xfffe;
    is_no_character
        || matches!(letter, '\u{e000}'..='\u{f8ff}' | '\u{fffc}'..='\u{fffd}' | '\u{f0000}'..='\u{10ffff}')
}

/// Control characters, the ends of lines and paragraphs, signs between which texts are annotated, and those that arrange
/// hieroglyphs.
fn is_control(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' | '\u{13430}'..='\u{13440}')
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

/// Alphabets of which letters look like those of another. What is in none of them looks like none of their letters, or is itself no
/// alphabet.
const ALPHABETS: [fn(char) -> bool; 11] = [
    is_latin,
    is_greek,
    |letter| matches!(letter, '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}'),
    // Armenian, Cherokee, Coptic, Glagolitic, Lisu, Deseret, Osage, Warang Citi.
    |letter| matches!(letter, '\u{530}'..='\u{58f}'),
    |letter| matches!(letter, '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}'),
    |letter| matches!(letter, '\u{3e2}'..='\u{3ef}' | '\u{2c80}'..='\u{2cff}'),
    |letter| matches!(letter, '\u{2c00}'..='\u{2c5f}' | '\u{1e000}'..='\u{1e02f}'),
    |letter| matches!(letter, '\u{a4d0}'..='\u{a4ff}' | '\u{11fb0}'),
    |letter| matches!(letter, '\u{10400}'..='\u{1044f}'),
    |letter| matches!(letter, '\u{104b0}'..='\u{104ff}'),
    |letter| matches!(letter, '\u{118a0}'..='\u{118ff}'),
];

/// With the letters of phonetics, small capitals among them.
const fn is_latin(letter: char) -> bool {
    letter.is_ascii_alphabetic()
        || matches!(letter, '\u{c0}'..='\u{2af}' | '\u{1d00}'..='\u{1dbf}' | '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}'
            | '\u{a720}'..='\u{a7ff}' | '\u{ab30}'..='\u{ab6f}')
}

const fn is_greek(letter: char) -> bool {
    matches!(letter, '\u{370}'..='\u{3e1}' | '\u{3f0}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}')
}
