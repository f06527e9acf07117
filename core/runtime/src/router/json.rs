//! Messages in JSON.

use super::codec::{Codec, Decoded};
use super::error::{RouteError, fault};
use super::scan;
use crate::middleware::RequestId;
use crate::notice::message::{IntoFrame, SendError};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Serialize;
use serde::de::DeserializeOwned;
use throng_core::Frame;
use throng_core::websocket::Message;

/// Messages that are JSON objects in text; one field names the type.
///
/// | constructor | a message of type `chat` |
/// | --- | --- |
/// | [`by_field("type")`](Self::by_field) | `{"type":"chat","text":"Hello"}` |
/// | [`by_envelope("type", "payload")`](Self::by_envelope) | `{"type":"chat","payload":{"text":"Hello"}}` |
///
/// The type field may be anywhere; it is found fastest as the first field. If the object has several fields of that
/// name, the first counts. A body type that denies unknown fields must declare the type field, unless the body is in an
/// envelope. The body of an envelope without a payload is `null`.
///
/// A reply with a type repeats the id of the request after the type, if there is one: `{"type":"sum","id":7,"sum":3}`.
/// So a body must have no field of the id's name, unless it is in an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonCodec {
    field: Box<str>,
    /// The usual beginning of a message up to its type: `{"type":`.
    head: Box<str>,
    payload: Option<Payload>,
}

/// The field of an envelope that holds the body.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Payload {
    field: Box<str>,
    /// The text between type and body: `,"payload":`.
    between: Box<str>,
}

/// Initial capacity of an answer, in bytes.
const USUAL: usize = 128;

impl Default for JsonCodec {
    /// Reads the type from the field `type`.
    fn default() -> Self {
        Self::by_field("type")
    }
}

impl JsonCodec {
    /// `field` names the type; the whole object is the body.
    #[must_use]
    pub fn by_field(field: &str) -> Self {
        let head = format!("{{{}:", quoted(field));
        Self { field: field.into(), head: head.into(), payload: None }
    }

    /// `field` names the type, and `payload` holds the body.
    #[must_use]
    pub fn by_envelope(field: &str, payload: &str) -> Self {
        let between = format!(",{}:", quoted(payload)).into();
        Self { payload: Some(Payload { field: payload.into(), between }), ..Self::by_field(field) }
    }

    /// The type of a message that begins with it, without spaces and escapes.
    fn usual_kind<'a>(&self, text: &'a str) -> Option<&'a str> {
        let rest = text.strip_prefix(&*self.head)?.strip_prefix('"')?;
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
        let (kind, body) = scan::envelope(text, &self.field, &payload.field)?;
        Ok(Some(Decoded { kind, body: body.unwrap_or("null") }))
    }

    fn read<T: DeserializeOwned>(&self, body: &str) -> Result<T, RouteError> {
        serde_json::from_str(body).map_err(|error| misread(&error))
    }

    fn encode<T: Serialize>(
        &self,
        kind: Option<&str>,
        request: Option<&RequestId>,
        value: &T,
    ) -> Result<Frame, SendError> {
        let mut text = Vec::with_capacity(USUAL);
        if let Some(kind) = kind {
            text.extend(self.head.as_bytes());
            write(&mut text, kind)?;
            if let Some(request) = request {
                text.push(b',');
                write(&mut text, request.field())?;
                text.push(b':');
                write(&mut text, request)?;
            }
        }
        match (kind, &self.payload) {
            (None, _) => write(&mut text, value)?,
            (Some(_), Some(payload)) => {
                text.extend(payload.between.as_bytes());
                write(&mut text, value)?;
                text.push(b'}');
            }
            (Some(_), None) => {
                let at = text.len();
                write(&mut text, value)?;
                join(&mut text, at)?;
            }
        }
        // serde_json writes UTF-8.
        String::from_utf8(text).map_err(|_| SendError::NotEncoded)?.into_frame()
    }
}

fn write<T: Serialize + ?Sized>(text: &mut Vec<u8>, value: &T) -> Result<(), SendError> {
    serde_json::to_writer(text, value).map_err(|_| SendError::NotEncoded)
}

/// Joins the beginning of an object and a second object. A second one without fields is `null` or `{}`.
fn join(text: &mut Vec<u8>, at: usize) -> Result<(), SendError> {
    match &text[at..] {
        b"null" | b"{}" => {
            text.truncate(at);
            text.push(b'}');
        }
        [b'{', ..] => text[at] = b',',
        _ => return Err(SendError::NotEncoded),
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The whole text is validated only when its value is parsed.
pub(super) fn misread(error: &serde_json::Error) -> RouteError {
    let kind = if error.is_data() { RouteError::BadBody } else { RouteError::Malformed };
    kind(fault(error))
}
