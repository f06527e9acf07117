//! Why a message found no handler, or its handler's answer no way back.

use alloc::string::String;
use core::fmt::{self, Write};
use throng_core::id::Name;

/// Why a message came to nothing at a router. It costs that message, and nothing else: the client is told, and what it sends
/// next is handled as if nothing had been.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RouteError {
    /// It is of a kind, text or binary, that the codec does not read.
    WrongKind,
    /// It is not of the codec's format at all.
    Malformed(Fault),
    /// It does not say what it is: the field is missing, or no text.
    NoType,
    /// Nothing here handles messages of its type.
    UnknownType,
    /// Its body is not what the handler of its type takes.
    BadBody(Fault),
    /// What the handler returned could not be encoded.
    NotEncoded,
}

impl RouteError {
    /// All codes, in the order of the variants.
    pub(super) const CODES: [&'static str; 6] =
        ["wrong_kind", "malformed", "no_type", "unknown_type", "bad_body", "not_encoded"];

    pub(super) const fn index(&self) -> usize {
        match self {
            Self::WrongKind => 0,
            Self::Malformed(_) => 1,
            Self::NoType => 2,
            Self::UnknownType => 3,
            Self::BadBody(_) => 4,
            Self::NotEncoded => 5,
        }
    }

    /// A stable word for programs: in answers, metrics and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        Self::CODES[self.index()]
    }
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongKind => f.write_str("the message is not of the kind that is read here"),
            Self::Malformed(fault) => write!(f, "the message cannot be read: {fault}"),
            Self::NoType => f.write_str("the message does not say its type"),
            Self::UnknownType => f.write_str("nothing here handles messages of this type"),
            Self::BadBody(fault) => write!(f, "the body does not fit: {fault}"),
            Self::NotEncoded => f.write_str("the answer could not be encoded"),
        }
    }
}

impl core::error::Error for RouteError {}

/// What is wrong with a message, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// The line, from 1; 0 if the codec does not say.
    pub line: u32,
    /// The column, from 1; 0 if the codec does not say, or at the beginning of a line.
    pub column: u32,
    /// What is wrong, as the codec says it. No longer than [`LENGTH`](Self::LENGTH), since some of it may be the peer's own words.
    pub what: Name,
}

impl Fault {
    /// So many bytes at most are told of what is wrong; what is cut off ends in `…`.
    pub const LENGTH: usize = 120;

    /// A fault at no place in particular.
    pub fn new(what: impl fmt::Display) -> Self {
        Self::at(0, 0, what)
    }

    /// A fault at a line and a column.
    pub fn at(line: u32, column: u32, what: impl fmt::Display) -> Self {
        let mut short = Short(String::new());
        // It fails where it is long enough.
        let _ = write!(short, "{what}");
        Self { line, column, what: short.0.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.line > 0 {
            write!(f, ", line {} column {}", self.line, self.column)?;
        }
        Ok(())
    }
}

/// A text that ends where it gets long.
struct Short(String);

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        const CUT: &str = "…";
        if self.0.len() + text.len() <= Fault::LENGTH {
            self.0.push_str(text);
            return Ok(());
        }
        let room = (Fault::LENGTH - CUT.len()).saturating_sub(self.0.len());
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        self.0.push_str(CUT);
        Err(fmt::Error)
    }
}

/// What is wrong with some JSON, and where.
pub(super) fn fault(error: &serde_json::Error) -> Fault {
    let (line, column) = (clamp(error.line()), clamp(error.column()));
    // Its place is at its end, and said otherwise here.
    let what = format!("{error}");
    let place = format!(" at line {line} column {column}");
    Fault::at(line, column, what.strip_suffix(&*place).unwrap_or(&what))
}

fn clamp(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
