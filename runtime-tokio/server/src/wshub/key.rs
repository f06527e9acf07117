//! The key of a client: a parameter of the query.

use std::fmt;

/// Why a request has no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadKey {
    Missing,
    Empty,
    NotDecodable,
    TooLong { bytes: usize, most: u32 },
}

/// The first value of a parameter, decoded. A pair whose name cannot be decoded is skipped.
pub(crate) fn key_of(query: Option<&str>, parameter: &str, most: u32) -> Result<String, BadKey> {
    let mut pairs =
        query.unwrap_or_default().split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let value = pairs.find(|(name, _)| decoded(name).as_deref() == Some(parameter));
    let (_, value) = value.ok_or(BadKey::Missing)?;
    let key = decoded(value).ok_or(BadKey::NotDecodable)?;
    match key.len() {
        0 => Err(BadKey::Empty),
        bytes if bytes > most as usize => Err(BadKey::TooLong { bytes, most }),
        _ => Ok(key),
    }
}

/// A name or value of a query; `None` if an escape is none, or the bytes are no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high << 4 | low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

impl BadKey {
    /// The sentence for a person, who knows the parameter by this name.
    pub(crate) fn told(self, parameter: &str) -> String {
        format!("{self}: connect with ?{parameter}=KEY.\n")
    }
}

impl fmt::Display for BadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("The query has no key"),
            Self::Empty => f.write_str("The key in the query is empty"),
            Self::NotDecodable => f.write_str("The key in the query is no percent-encoded UTF-8"),
            Self::TooLong { bytes, most } => {
                write!(f, "The key in the query has {bytes} bytes, at most {most} are allowed")
            }
        }
    }
}
