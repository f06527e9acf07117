//! Messages in JSON.

use super::codec::{Codec, Decoded, EncodeError};
use super::error::{Fault, RouteError};
use super::scan;
use crate::frame::Frame;
use crate::runtime::message::IntoFrame;
use crate::websocket::Message;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Messages that are JSON objects in text, one field of which says the type.
///
/// | made by | a message of the type `chat` |
/// | --- | --- |
/// | [`by_field("type")`](Self::by_field) | `{"type":"chat","text":"Hello"}` |
/// | [`by_envelope("type", "payload")`](Self::by_envelope) | `{"type":"chat","payload":{"text":"Hello"}}` |
///
/// The field that says the type may stand anywhere, and costs least as the first; if there are several of that name, the first
/// counts. A body whose type denies unknown fields must know that of the type, unless it is in an envelope. Without a payload,
/// that of an envelope is `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonCodec {
    field: Box<str>,
    /// The field of the body, if it is in one.
    payload: Option<Box<str>>,
    /// How a message begins that is written as most are.
    usual: Box<str>,
}

impl Default for JsonCodec {
    /// By the field `type`.
    fn default() -> Self {
        Self::by_field("type")
    }
}

impl JsonCodec {
    /// This field says the type; the whole object is the body.
    #[must_use]
    pub fn by_field(field: &str) -> Self {
        let usual = format!("{{{}:\"", quoted(field));
        Self { field: field.into(), payload: None, usual: usual.into() }
    }

    /// One field says the type, another has the body.
    #[must_use]
    pub fn by_envelope(field: &str, payload: &str) -> Self {
        Self { payload: Some(payload.into()), ..Self::by_field(field) }
    }

    /// The type of a message that says it before anything else, without spaces and escapes.
    fn usual_kind<'a>(&self, text: &'a str) -> Option<&'a str> {
        let rest = text.strip_prefix(&*self.usual)?;
        let end = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '))?;
        (rest.as_bytes()[end] == b'"').then(|| &rest[..end])
    }
}

impl Codec for JsonCodec {
    type Body<'a> = &'a str;

    fn decode<'a>(&self, message: &'a Message) -> Result<Option<Decoded<'a, &'a str>>, RouteError> {
        let Message::Text(text) = message else { return Err(RouteError::WrongKind) };
        let text: &str = text;
        let Some(payload) = &self.payload else {
            let usual = self.usual_kind(text).map(Cow::Borrowed);
            let kind = usual.map_or_else(|| scan::field(text, &self.field), Ok)?;
            return Ok(Some(Decoded { kind, body: text }));
        };
        let (kind, body) = scan::envelope(text, &self.field, payload)?;
        Ok(Some(Decoded { kind, body: body.unwrap_or("null") }))
    }

    fn read<T: DeserializeOwned>(&self, body: &str) -> Result<T, RouteError> {
        serde_json::from_str(body).map_err(|error| misread(&error))
    }

    fn encode<T: Serialize>(&self, kind: Option<&str>, value: &T) -> Result<Frame, EncodeError> {
        let value = serde_json::to_vec(value).map_err(|_| EncodeError)?;
        let text = match (kind, &self.payload) {
            (None, _) => value,
            (Some(kind), Some(payload)) => {
                let head = format!("{{{}:{},{}:", quoted(&self.field), quoted(kind), quoted(payload));
                [head.as_bytes(), &value, b"}"].concat()
            }
            (Some(kind), None) => with_field(&self.field, kind, &value)?,
        };
        // JSON is UTF-8.
        Ok(String::from_utf8(text).map_err(|_| EncodeError)?.into_frame()?)
    }
}

/// An object with one more field, in front. What has no fields is `null` or `{}`.
fn with_field(field: &str, kind: &str, value: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let head = format!("{{{}:{}", quoted(field), quoted(kind));
    match value {
        b"null" | b"{}" => Ok([head.as_bytes(), b"}"].concat()),
        [b'{', fields @ ..] => Ok([head.as_bytes(), b",", fields].concat()),
        _ => Err(EncodeError),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The whole is looked at only when its value is made.
pub(super) fn misread(error: &serde_json::Error) -> RouteError {
    let kind = if error.is_data() { RouteError::BadBody } else { RouteError::Malformed };
    kind(fault(error))
}

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
