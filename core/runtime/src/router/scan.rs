//! One or two fields of a JSON object, without making values of the others.
//!
//! serde_json reads the JSON. The visitors are written by hand, because the names of the fields are chosen at run time: a derived
//! struct knows its own at compile time. `cargo bench -p throng-tests --bench router` measures them.

use super::error::{RouteError, fault};
use alloc::borrow::Cow;
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The text in a field. Nothing behind it is looked at: whoever makes a value of the whole sees what is wrong there.
pub(super) fn field<'a>(text: &'a str, field: &str) -> Result<Cow<'a, str>, RouteError> {
    let mut found = Found { field, payload: None, kind: None, body: None };
    let result = found.scan(text);
    // Once it is found the scan ends where it is, which is an error to the parser.
    match (found.kind, result) {
        (Some(kind), _) => kind.ok_or(RouteError::NoType),
        (None, Ok(())) => Err(RouteError::NoType),
        (None, Err(error)) => Err(error),
    }
}

/// The text in one field, and what stands in another, as it stands there.
pub(super) fn envelope<'a>(
    text: &'a str,
    field: &str,
    payload: &str,
) -> Result<(Cow<'a, str>, Option<&'a str>), RouteError> {
    let mut found = Found { field, payload: Some(payload), kind: None, body: None };
    found.scan(text)?;
    let kind = found.kind.flatten().ok_or(RouteError::NoType)?;
    Ok((kind, found.body.map(RawValue::get)))
}

struct Found<'a, 'f> {
    field: &'f str,
    payload: Option<&'f str>,
    /// `Some(None)`: it is there, and no text.
    kind: Option<Option<Cow<'a, str>>>,
    body: Option<&'a RawValue>,
}

impl<'a> Found<'a, '_> {
    fn scan(&mut self, text: &'a str) -> Result<(), RouteError> {
        let mut input = serde_json::Deserializer::from_str(text);
        let scanned = self.deserialize(&mut input).and_then(|()| input.end());
        scanned.map_err(|error| RouteError::Malformed(fault(&error)))
    }
}

impl<'a> DeserializeSeed<'a> for &mut Found<'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for &mut Found<'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key_seed(Key { field: self.field, payload: self.payload })? {
            match key {
                Known::Kind if self.kind.is_none() => {
                    self.kind = Some(map.next_value_seed(Text)?);
                    if self.payload.is_none() {
                        return Ok(());
                    }
                }
                Known::Body if self.body.is_none() => self.body = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Which field it is, without keeping its name.
struct Key<'f> {
    field: &'f str,
    payload: Option<&'f str>,
}

enum Known {
    Kind,
    Body,
    Other,
}

impl<'a> DeserializeSeed<'a> for Key<'_> {
    type Value = Known;

    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<Known, D::Error> {
        input.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Known;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Known, E> {
        Ok(if name == self.field {
            Known::Kind
        } else if self.payload == Some(name) {
            Known::Body
        } else {
            Known::Other
        })
    }
}

/// A text as it stands there, or made anew if there are escapes in it; `None` if it is something else.
struct Text;

impl<'a> DeserializeSeed<'a> for Text {
    type Value = Option<Cow<'a, str>>;

    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Text {
    type Value = Option<Cow<'a, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.into())))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<S: SeqAccess<'a>>(self, values: S) -> Result<Self::Value, S::Error> {
        IgnoredAny.visit_seq(values).map(|_| None)
    }

    fn visit_map<M: MapAccess<'a>>(self, fields: M) -> Result<Self::Value, M::Error> {
        IgnoredAny.visit_map(fields).map(|_| None)
    }
}
