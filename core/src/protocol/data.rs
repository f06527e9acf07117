//! JSON of peers and applications that is passed on as it is.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A JSON value as text, which is passed on as it is. It has no line breaks: they end a message in a frame, so those between tokens are
/// removed (within a string JSON does not allow them).
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Data(Box<RawValue>);

/// A text that is no [`Data`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BadData {
    /// It is not one JSON value.
    NotJson,
    /// It is nested deeper than allowed: whoever reads it might run out of stack.
    TooDeep {
        /// The most levels that are allowed.
        limit: u32,
    },
}

impl Data {
    /// The value of a text that is nested at most `nesting` levels deep. O(bytes).
    ///
    /// # Errors
    /// The text is not one JSON value, or it is nested deeper.
    pub fn new(text: &str, nesting: u32) -> Result<Self, BadData> {
        if !is_within(text, nesting) {
            return Err(BadData::TooDeep { limit: nesting });
        }
        let raw = serde_json::from_str::<&RawValue>(text).map_err(|_| BadData::NotJson)?;
        Ok(Self::clean(raw.to_owned()))
    }

    /// The value `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// The value as JSON text, without line breaks.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    fn clean(raw: Box<RawValue>) -> Self {
        let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
        if !raw.get().bytes().any(|byte| is_break(&byte)) {
            return Self(raw);
        }
        let text: String = raw.get().chars().filter(|character| !matches!(character, '\n' | '\r')).collect();
        // Without line breaks between its tokens it is the same value, so the alternative never happens.
        Self(RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Data {}

/// Reads a value whose nesting was checked in the frame that it is in.
impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(value).map(Self::clean)
    }
}

impl fmt::Display for BadData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("not one JSON value"),
            Self::TooDeep { limit } => write!(f, "nested deeper than {limit} levels"),
        }
    }
}

impl core::error::Error for BadData {}

/// Whether JSON is nested at most so many levels deep. What is no JSON may be called so or not.
pub(super) fn is_within(text: &str, nesting: u32) -> bool {
    let (mut depth, mut is_text, mut is_escaped) = (0_u32, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => {
                depth += 1;
                if depth > nesting {
                    return false;
                }
            }
            b']' | b'}' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}
