//! Questions and replies in JSON.

use super::scan::{self, Scalar};
use crate::builder::Builder;
use crate::handles::asks::Asking;
use crate::handles::client::Client;
use crate::notice::ask::{AskError, AskOptions};
use crate::notice::message::{IntoFrame, SendError};
use alloc::format;
use alloc::string::String;
use serde::Serialize;
use throng_core::hub::AskId;
use throng_core::{Frame, Name};

impl Builder {
    /// Says in which fields of JSON objects the server's questions and the peers' replies have their ids, so that
    /// [`Client::ask`](crate::Client::ask) works. The fields must differ from those of the type, of the body, and of the
    /// [request's id](Self::request_id).
    ///
    /// | | with `asks("ask", "reply")` |
    /// | --- | --- |
    /// | the server asks | `{"ask":17,"type":"confirm","order":5}` |
    /// | the peer replies | `{"reply":17,"confirmed":true}`: any object with this field, with a type or without |
    /// | the future is ready with | the whole reply, as it came. No hook and no router sees it |
    /// | a reply to no open question of this client | goes to [`Handler::unmatched_reply`](crate::Handler::unmatched_reply), and is counted |
    ///
    /// An id is a whole number. A message whose field `reply` has another content is no reply, and is handled like any message. Replies are
    /// messages of the peer like others: its [rates](throng_core::hub::Inbound) hold for them, but
    /// [`before_message`](crate::Handler::before_message) and layers do not see them.
    ///
    /// To find the field, each text is read up to it before it is handled: O(length), once.
    pub fn asks(self, ask: &str, reply: &str) -> Self {
        let field = Name::from(reply);
        let mut builder = self.replies_by(move |message| match scan::first(message.as_bytes(), &field)? {
            Scalar::Number(number) => Some(AskId::from_u64(number)),
            _ => None,
        });
        builder.set_ask_field(ask.into());
        builder
    }
}

impl Client {
    /// Asks the client's peer something in JSON; the returned future is its reply. `message` must serialize to an object, to which the id is
    /// added in the field that [`Builder::asks`](crate::Builder::asks) names; if the object has such a field itself, the question is not sent
    /// ([`SendError::NotEncoded`]). See [`ask_with`](Self::ask_with) for deadlines, ends and where
    /// the reply must not be awaited.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use std::time::Duration;
    /// use throng_runtime::{Client, Hub};
    ///
    /// #[derive(Serialize)]
    /// struct Confirm {
    ///     r#type: &'static str,
    ///     order: u32,
    /// }
    ///
    /// #[derive(Deserialize)]
    /// struct Confirmed {
    ///     confirmed: bool,
    /// }
    ///
    /// async fn confirm(client: Client, order: u32) -> Result<bool, Box<dyn std::error::Error>> {
    ///     let question = Confirm { r#type: "confirm", order };
    ///     let reply = client.ask(&question, Duration::from_secs(30)).await?;
    ///     let reply: Confirmed = serde_json::from_slice(reply.as_bytes())?;
    ///     Ok(reply.confirmed)
    /// }
    ///
    /// let builder = Hub::builder().asks("ask", "reply");
    /// # let _ = (builder, confirm);
    /// ```
    pub fn ask(&self, message: &impl Serialize, options: impl Into<AskOptions>) -> Asking {
        match &self.member.shared.settings.ask_field {
            Some(field) => self.ask_frame(options.into(), |ask| encode(field, ask, message)),
            None => Asking::failed(self, AskError::NotSetUp),
        }
    }
}

/// A JSON object with the id as its first field.
fn encode(field: &str, ask: AskId, message: &impl Serialize) -> Result<Frame, SendError> {
    let body = serde_json::to_string(message).map_err(|_| SendError::NotEncoded)?;
    let Some(fields) = body.strip_prefix('{') else { return Err(SendError::NotEncoded) };
    // Of two fields of one name most peers take the last, and would repeat that as the id.
    if scan::first(body.as_bytes(), field).is_some() {
        return Err(SendError::NotEncoded);
    }
    let separator = if fields == "}" { "" } else { "," };
    let field = serde_json::Value::from(field);
    let text: String = format!("{{{field}:{ask}{separator}{fields}");
    text.into_frame()
}
