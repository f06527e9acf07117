//! Subjects: the addresses of messages between nodes.

use crate::id::Name;
use core::fmt;

/// The address of messages that a broker carries between nodes: one for a room, one for a user, one for a node, and one for all nodes.
///
/// A subject is at most [`MAX`](Self::MAX) bytes of ASCII letters, digits, `-`, `_` and `.`, and is not empty; it neither begins nor ends
/// with `.`, and has no two of them in a row. So each broker can use it as it is, as a channel of Redis or as a subject of NATS. Cloning
/// costs one reference count.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(Name);

impl Subject {
    /// The length limit, in bytes.
    pub const MAX: usize = 200;

    /// Checks a subject. O(length).
    ///
    /// # Errors
    /// The text is empty, too long, or has a byte or an empty part that a subject cannot have.
    pub fn new(subject: &str) -> Result<Self, BadSubject> {
        if subject.len() > Self::MAX {
            return Err(BadSubject::TooLong { length: subject.len() });
        }
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        for part in subject.split('.') {
            if part.is_empty() {
                return Err(BadSubject::EmptyPart);
            }
            if let Some(byte) = part.bytes().find(|&byte| !is_token(byte)) {
                return Err(BadSubject::Byte { byte });
            }
        }
        Ok(Self(subject.into()))
    }

    /// A subject that is valid by the way in which it was made.
    pub(super) fn made(subject: &str) -> Self {
        debug_assert!(Self::new(subject).is_ok(), "{subject:?}");
        Self(subject.into())
    }

    /// The subject as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// As the text does: equal and of the same order and hash.
impl core::borrow::Borrow<str> for Subject {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// Why a text is not a [`Subject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BadSubject {
    /// It is longer than [`Subject::MAX`].
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It is empty, or a part between two dots is.
    EmptyPart,
    /// It has a byte that is no ASCII letter, digit, `-`, `_` or `.`.
    Byte {
        /// The first such byte.
        byte: u8,
    },
}

impl fmt::Display for BadSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length } => {
                write!(f, "subject of {length} bytes: at most {} are allowed", Subject::MAX)
            }
            Self::EmptyPart => {
                f.write_str("subject with an empty part: each part between dots needs a character")
            }
            Self::Byte { byte } => {
                write!(
                    f,
                    "subject with the byte {byte:#04x}: only ASCII letters, digits, '-', '_' and '.' are allowed"
                )
            }
        }
    }
}

impl core::error::Error for BadSubject {}
