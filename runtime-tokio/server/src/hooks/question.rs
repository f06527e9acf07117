//! Questions and their answers as JSON, in the shape of Centrifugo's proxies, so that back ends written for those work.

use super::content::Content;
use super::failure::Failure;
use super::turns::Turns;
use crate::config::Config;
use crate::config::hooks::Question as Settings;
use crate::json;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::sync::Arc;
use throng_tokio::{ClientId, CloseCode, CloseFrame, Name};
use tokio::sync::Semaphore;

/// A question to the back end: its parameters are the body of the request.
pub(super) trait Question: Serialize {
    /// Its name in the config, in metrics and in the log.
    const NAME: &'static str;
    type Result: DeserializeOwned;

    fn settings(config: &Config) -> &Settings;
    fn turns(turns: &Turns) -> &Semaphore;
}

/// An answer. An error or a disconnect is the decision of the back end, and no failure.
#[derive(Debug)]
pub(super) enum Answer<R> {
    Result(R),
    Error(ErrorAnswer),
    Disconnect(CloseFrame),
}

/// What the back end says in place of a result.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct ErrorAnswer {
    pub(super) code: u32,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) message: String,
    /// Whether an SDK tries again by itself.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "std::ops::Not::not")]
    pub(super) temporary: bool,
}

#[derive(Deserialize)]
struct DisconnectAnswer {
    code: u16,
    #[serde(default, deserialize_with = "or_default")]
    reason: String,
}

#[derive(Deserialize)]
#[serde(bound = "R: DeserializeOwned")]
struct Envelope<R> {
    #[serde(default, deserialize_with = "object")]
    result: Option<R>,
    #[serde(default, deserialize_with = "object")]
    error: Option<ErrorAnswer>,
    #[serde(default, deserialize_with = "object")]
    disconnect: Option<DisconnectAnswer>,
}

/// Reads a field that is an object or null. Serde would read the fields of a struct out of a list, too, by their places.
fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(field: D) -> Result<Option<T>, D::Error> {
    let Some(raw) = Option::<&RawValue>::deserialize(field)? else { return Ok(None) };
    match raw.get().starts_with('{') {
        true => json::read(raw.get().as_bytes()).map(Some).map_err(D::Error::custom),
        false => Err(D::Error::custom("result, error and disconnect must be objects")),
    }
}

/// Reads an answer.
pub(super) fn read<R: DeserializeOwned>(body: &[u8]) -> Result<Answer<R>, Failure> {
    let malformed = |why: String| Err(Failure::Malformed(why));
    if body.trim_ascii_start().first() == Some(&b'[') {
        return malformed("the answer must be an object, as {\"result\": {}}".into());
    }
    let envelope: Envelope<R> = json::read(body).map_err(Failure::Malformed)?;
    match envelope {
        Envelope { disconnect: Some(DisconnectAnswer { code, reason }), .. } => {
            let code = CloseCode(code);
            match code.may_be_sent() {
                true => Ok(Answer::Disconnect(CloseFrame::new(code, reason))),
                false => malformed(format!(
                    "disconnect.code is {}: a close frame has 1000 to 1003, 1007 to 1014, or 3000 to 4999",
                    code.0
                )),
            }
        }
        Envelope { error: Some(error), .. } => Ok(Answer::Error(error)),
        Envelope { result: Some(result), .. } => Ok(Answer::Result(result)),
        _ => malformed("it has no result, error or disconnect".into()),
    }
}

/// Reads a field that may be null, as some languages write what is not there.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    field: D,
) -> Result<T, D::Error> {
    Option::deserialize(field).map(Option::unwrap_or_default)
}

/// JSON that the back end gave with a client, and gets back with each question about it.
#[derive(Clone, Debug)]
pub(crate) struct Meta(pub(super) Arc<RawValue>);

impl Serialize for Meta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (*self.0).serialize(serializer)
    }
}

/// The client that a question is about.
#[derive(Debug, Serialize)]
pub(crate) struct Who {
    client: String,
    transport: &'static str,
    /// `none`: the client speaks no protocol.
    protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
}

impl Who {
    pub(super) fn new(client: ClientId, user: Option<Name>, meta: Option<Meta>) -> Self {
        let (client, user) = (client.to_string(), user.map(|user| user.to_string()));
        Self { client, transport: "websocket", protocol: "none", encoding: None, user, meta }
    }

    /// A client that speaks the protocol of Centrifugo's SDKs. Its user is the empty one if it is nobody's, as there.
    pub(crate) fn of_protocol(client: ClientId, user: String, meta: Option<Meta>) -> Self {
        let client = client.to_string();
        let (protocol, encoding) = ("json", Some("json"));
        Self { client, transport: "websocket", protocol, encoding, user: Some(user), meta }
    }
}

/// May this client come, and who is it?
#[derive(Debug, Serialize)]
pub(super) struct Connect<'a> {
    #[serde(flatten)]
    pub(super) who: Who,
    /// The parameters of the request's query.
    pub(super) data: &'a Map<String, Value>,
}

/// What the client is, and gets.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Connected {
    #[serde(deserialize_with = "or_default")]
    pub(super) user: String,
    /// The name of the client's session, a secret, by which it continues after the loss of its connection. Not Centrifugo's.
    #[serde(deserialize_with = "or_default")]
    pub(super) session: String,
    /// In seconds since 1970; 0: never.
    #[serde(deserialize_with = "or_default")]
    pub(super) expire_at: u64,
    pub(super) info: Option<Box<RawValue>>,
    pub(super) b64info: Option<String>,
    pub(super) data: Option<Box<RawValue>>,
    pub(super) b64data: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) channels: Vec<String>,
    pub(super) meta: Option<Box<RawValue>>,
    #[serde(deserialize_with = "or_default")]
    pub(super) subs: Map<String, Value>,
}

impl Question for Connect<'_> {
    const NAME: &'static str = "connect";
    type Result = Connected;

    fn settings(config: &Config) -> &Settings {
        &config.hooks.connect
    }

    fn turns(turns: &Turns) -> &Semaphore {
        &turns.connect
    }
}

/// Until when is this client authorised?
#[derive(Debug, Serialize)]
pub(super) struct Refresh {
    #[serde(flatten)]
    pub(super) who: Who,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Refreshed {
    #[serde(deserialize_with = "or_default")]
    pub(super) expired: bool,
    pub(super) expire_at: Option<u64>,
    pub(super) info: Option<Box<RawValue>>,
    pub(super) b64info: Option<String>,
}

impl Question for Refresh {
    const NAME: &'static str = "refresh";
    type Result = Refreshed;

    fn settings(config: &Config) -> &Settings {
        &config.hooks.refresh
    }

    fn turns(turns: &Turns) -> &Semaphore {
        &turns.refresh
    }
}

/// What becomes of this message of a client without a protocol?
#[derive(Debug, Serialize)]
pub(super) struct Sent {
    #[serde(flatten)]
    pub(super) who: Who,
    #[serde(flatten)]
    pub(super) content: Content,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Handled {
    pub(super) data: Option<Box<RawValue>>,
    pub(super) text: Option<String>,
    pub(super) b64data: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) publish: Vec<ToChannel>,
}

/// A message that is published.
#[derive(Debug, Deserialize)]
pub(super) struct ToChannel {
    pub(super) channel: String,
    #[serde(default)]
    pub(super) data: Option<Box<RawValue>>,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) b64data: Option<String>,
}

impl Question for Sent {
    const NAME: &'static str = "message";
    type Result = Handled;

    fn settings(config: &Config) -> &Settings {
        &config.hooks.message
    }

    fn turns(turns: &Turns) -> &Semaphore {
        &turns.message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_a_result_an_error_or_a_disconnect() {
        let read = |body: &str| match read::<Connected>(body.as_bytes()) {
            Ok(Answer::Result(result)) => format!("{} {}", result.user, result.channels.join(",")),
            Ok(Answer::Error(error)) => format!("error {} {}", error.code, error.message),
            Ok(Answer::Disconnect(close)) => format!("disconnect {} {}", close.code.0, close.reason),
            Err(failure) => failure.name().into(),
        };
        for (body, answer) in [
            (r#"{"result": {"user": "ann", "channels": ["a", "b"]}}"#, "ann a,b"),
            (r#"{"result": {"user": null, "channels": null, "new": 1}}"#, " "),
            (r#"{"result": {}, "error": null}"#, " "),
            (r#"{"error": {"code": 1000, "message": "no"}}"#, "error 1000 no"),
            (r#"{"disconnect": {"code": 4500, "reason": "go"}, "result": {}}"#, "disconnect 4500 go"),
            (r#"{"disconnect": {"code": 4500}}"#, "disconnect 4500 "),
            (r#"{"disconnect": {"code": 1006}}"#, "malformed"),
            (r#"{"disconnect": {"code": 70000}}"#, "malformed"),
            (r#"{"error": {"message": "no"}}"#, "malformed"),
            (r#"{"result": {"user": 7}}"#, "malformed"),
            (r#"{"result": "ann"}"#, "malformed"),
            (r#"{"result": ["ann"]}"#, "malformed"),
            (r#"{"error": [1000, "no"]}"#, "malformed"),
            (r#"{"disconnect": [4500, "go"]}"#, "malformed"),
            (r#"[{"user": "ann"}, null, null]"#, "malformed"),
            (r#"{"result": {"user": "ann"}"#, "malformed"),
            ("{}", "malformed"),
            ("[]", "malformed"),
            ("", "malformed"),
            ("<html>", "malformed"),
        ] {
            assert_eq!(read(body), answer, "{body}");
        }
    }
}
