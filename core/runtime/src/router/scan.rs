//! Finds one or two fields of a JSON object without parsing the others.
//!
//! serde_json reads the JSON. The visitors are written by hand, because the names of the fields are chosen at run time: a derived
//! struct knows its own at compile time. `cargo bench -p throng-tests --bench router` measures them.

use super::error::{RouteError, fault};
use alloc::borrow::Cow;
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The string in a field. The text after it is not checked; parsing the whole object will find errors there.
pub(super) fn field<'a>(text: &'a str, field: &str) -> Result<Cow<'a, str>, RouteError> {
    let mut found = Found::new(field, None);
    let result = found.scan(text);
    // The scan stops at the field, which the parser reports as an error.
    match (found.kind, result) {
        (Some(Scalar::Text(kind)), _) => Ok(kind),
        (Some(_), _) | (None, Ok(())) => Err(RouteError::NoType),
        (None, Err(error)) => Err(error),
    }
}

/// The content of a field of an object; `None` if it is not there. Nothing behind it is looked at.
pub(super) fn first<'a>(json: &'a [u8], field: &str) -> Option<Scalar<'a>> {
    let mut found = Found::new(field, None);
    // Once it is found the scan ends where it is, which is an error to the parser.
    let _ = found.deserialize(&mut serde_json::Deserializer::from_slice(json));
    found.kind
}

/// The text in one field, and what stands in another, as it stands there.
pub(super) fn envelope<'a>(
    text: &'a str,
    field: &str,
    payload: &str,
) -> Result<(Cow<'a, str>, Option<&'a str>), RouteError> {
    let mut found = Found::new(field, Some(payload));
    found.scan(text)?;
    match found.kind {
        Some(Scalar::Text(kind)) => Ok((kind, found.body.map(RawValue::get))),
        _ => Err(RouteError::NoType),
    }
}

/// The content of a field.
pub(super) enum Scalar<'a> {
    /// A text as it stands there, or made anew if there are escapes in it.
    Text(Cow<'a, str>),
    Number(u64),
    /// A whole number that is negative.
    Signed(i64),
    /// Another number, a list, an object, a boolean or null.
    Other,
}

struct Found<'a, 'f> {
    field: &'f str,
    payload: Option<&'f str>,
    kind: Option<Scalar<'a>>,
    body: Option<&'a RawValue>,
}

impl<'a, 'f> Found<'a, 'f> {
    const fn new(field: &'f str, payload: Option<&'f str>) -> Self {
        Self { field, payload, kind: None, body: None }
    }

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
                    self.kind = Some(map.next_value_seed(Any)?);
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

/// Matches a field name without storing it.
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

/// Any value, of which only texts and whole numbers are kept.
struct Any;

impl<'a> DeserializeSeed<'a> for Any {
    type Value = Scalar<'a>;

    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Any {
    type Value = Scalar<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text.into())))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Other)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Signed(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Other)
    }

    fn visit_seq<S: SeqAccess<'a>>(self, values: S) -> Result<Self::Value, S::Error> {
        IgnoredAny.visit_seq(values).map(|_| Scalar::Other)
    }

    fn visit_map<M: MapAccess<'a>>(self, fields: M) -> Result<Self::Value, M::Error> {
        IgnoredAny.visit_map(fields).map(|_| Scalar::Other)
    }
}
