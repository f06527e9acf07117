//! Messages as JSON: `data` is a text that is JSON, letter for letter, `text` another one, `b64data` a binary message.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;
use throng_tokio::{Frame, Hub, Message};

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

/// The frame of a message of the back end; `None` if there is no message.
///
/// # Errors
/// There is more than one, or it is not valid: the text says what is wrong.
pub(super) fn frame(
    hub: &Hub,
    data: Option<Box<RawValue>>,
    text: Option<String>,
    b64data: Option<String>,
) -> Result<Option<Frame>, String> {
    let encoded = match (data, text, b64data) {
        (None, None, None) => return Ok(None),
        (Some(json), None, None) => hub.encode(String::from(Box::<str>::from(json))),
        (None, Some(text), None) => hub.encode(text),
        (None, None, Some(base64)) => {
            let bytes = BASE64_STANDARD.decode(&base64);
            hub.encode(bytes.map_err(|error| format!("b64data is no base64: {error}"))?)
        }
        _ => return Err("data, text and b64data exclude each other".into()),
    };
    encoded.map(Some).map_err(|error| error.to_string())
}
