//! Messages as JSON: `data` is a text that is JSON, `text` another one, `b64data` a binary message. What a client sends, the back end gets letter for letter.

use crate::frames;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;
use throng_tokio::Message;
use throng_tokio::core::protocol::{Data, Options};

/// A message of a client.
#[derive(Debug, Serialize)]
pub(super) enum Content {
    #[serde(rename = "data")]
    Json(Box<RawValue>),
    #[serde(rename = "text")]
    Text(String),
    #[serde(rename = "b64data")]
    Binary(String),
}

impl Content {
    pub(super) fn json(data: &Data) -> Self {
        serde_json::from_str(data.as_str()).map_or_else(|_| Self::Text(data.as_str().into()), Self::Json)
    }

    pub(super) fn of(message: &Message) -> Self {
        match message {
            Message::Text(text) => match serde_json::from_str(text) {
                Ok(json) => Self::Json(json),
                Err(_) => Self::Text(text.to_string()),
            },
            Message::Binary(bytes) => Self::Binary(BASE64_STANDARD.encode(bytes)),
        }
    }
}

/// A value of the back end for clients of the protocol, in one of the two fields; `None` if it is in neither.
///
/// # Errors
/// It is in both, or it is not valid: the text says what is wrong.
pub(super) fn data(
    name: &str,
    json: Option<Box<RawValue>>,
    base64: Option<String>,
) -> Result<Option<Data>, String> {
    let nesting = Options::default().nesting;
    let read = |text: &str| Data::new(text, nesting).map(Some).map_err(|bad| format!("{name}: {bad}"));
    match (json, base64) {
        (None, None) => Ok(None),
        (Some(json), None) => read(json.get()),
        (None, Some(base64)) => {
            let bytes = BASE64_STANDARD.decode(&base64);
            let bytes = bytes.map_err(|error| format!("b64{name} is no base64: {error}"))?;
            read(std::str::from_utf8(&bytes).map_err(|error| format!("b64{name} is no JSON: {error}"))?)
        }
        (Some(_), Some(_)) => Err(format!("{name} and b64{name} exclude each other")),
    }
}

/// A message of the back end; `None` if there is none.
///
/// # Errors
/// There is more than one, or it is not valid: the text says what is wrong.
pub(super) fn content(
    data: Option<Box<RawValue>>,
    text: Option<String>,
    b64data: Option<String>,
) -> Result<Option<frames::Content>, String> {
    match (data, text, b64data) {
        (None, None, None) => Ok(None),
        (Some(json), None, None) => {
            frames::Content::json(json.get()).map(Some).map_err(|bad| format!("data: {bad}"))
        }
        (None, Some(text), None) => Ok(Some(frames::Content::Text(text))),
        (None, None, Some(base64)) => match BASE64_STANDARD.decode(&base64) {
            Ok(bytes) => Ok(Some(frames::Content::Bytes(bytes))),
            Err(error) => Err(format!("b64data is no base64: {error}")),
        },
        _ => Err("data, text and b64data exclude each other".into()),
    }
}
