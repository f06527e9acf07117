//! Messages by their type: routes, typed handlers, typed replies.
//!
//! In most protocols over WebSockets each message names its type. A [`Router`] reads the type, finds the handler for it, parses the body
//! into the value that the handler takes, and sends back what the handler returns:
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use throng_runtime::router::{Reply, RouteError, Router};
//! use throng_runtime::{Client, Hub, Json};
//!
//! #[derive(Deserialize)]
//! struct Join {
//!     room: String,
//! }
//!
//! #[derive(Deserialize, Serialize)]
//! struct Chat {
//!     room: String,
//!     text: String,
//! }
//!
//! #[derive(Serialize)]
//! struct Joined {
//!     members: u32,
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let router = Router::new()
//!     .on("join", |client: Client, join: Join| async move {
//!         let joined = client.join(&join.room).await?;
//!         Ok::<_, RouteError>(Reply::new("joined", Joined { members: joined.members }))
//!     })
//!     .on("chat", |hub: Hub, chat: Chat| async move {
//!         let _ = hub.send_to_room(&chat.room, Json(&chat));
//!     });
//! let hub = Hub::builder().messages(router).build()?;
//! # Ok(())
//! # }
//! ```
//! | the client sends | and receives |
//! | --- | --- |
//! | `{"type":"join","room":"lobby"}` | `{"type":"joined","members":1}` |
//! | the same once more | `{"type":"error","code":"already_in_room","message":"the client is in the room already"}` |
//! | `{"type":"chat","room":"lobby","text":"Hello"}` | like everybody in the room: `{"room":"lobby","text":"Hello"}` |
//! | `{"type":"chat","room":"lobby"}` | ``{"type":"error","code":"bad_body","message":"invalid message body: missing field `text`, line 1 column 30","about":"chat"}`` |
//! | `{"type":"shout"}` | `{"type":"error","code":"unknown_type","message":"…","about":"shout"}` |
//!
//! # How a message names its type
//!
//! - [`Router::new`]: the field `type` of a JSON object, which is the body as well; [`Router::by_field`]: another field.
//! - [`Router::by_envelope`]: a field for the type and one for the body, `{"type":"chat","payload":{…}}`.
//! - [`Router::by`]: a closure finds type and body.
//! - [`Router::with`]: a [`Codec`] of your own, [as below](#another-format).
//!
//! # Handlers
//!
//! A handler is an async closure or function. Its last argument is the body, of any type that `serde` can deserialize.
//! The arguments before it are [made by type](FromIncoming): the client, the hub, [the time of receipt](Received), the
//! [state](AppState) that all handlers share, or a type of your own. A handler without a body argument does not parse the
//! body.
//!
//! The handler returns [the answer](Respond): nothing, a [`Reply`], text, a frame, an `Option` of these, or a `Result` of two. A
//! handler that fails returns a [`RouteError`], to which what the hub refuses converts by `?`.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use throng_runtime::router::{Received, Reply, Router, AppState};
//!
//! #[derive(Default)]
//! struct App {
//!     votes: AtomicU64,
//! }
//!
//! let router = Router::new()
//!     .state(Arc::new(App::default()))
//!     .on("vote", |AppState(app): AppState<Arc<App>>| async move {
//!         let votes = app.votes.fetch_add(1, Ordering::Relaxed) + 1;
//!         Reply::new("votes", std::collections::BTreeMap::from([("count", votes)]))
//!     })
//!     .on("ping", |received: Received| async move { format!("{:?}", received.at) });
//! # let _ = router;
//! ```
//!
//! While a handler waits, nothing more is read from its client. Other clients are not affected.
//!
//! # Requests and their answers
//!
//! With [`Builder::request_id("id")`](crate::Builder::request_id) a client may give an id to each message. Every [`Reply`] to it,
//! and every error answer of the router, of a handler or of a layer, repeats it, so that the client knows which answer belongs to
//! which request. Text and [`Json`](struct@crate::Json) that a handler returns are sent as they are, without the id:
//!
//! | the client sends | and receives |
//! | --- | --- |
//! | `{"type":"join","id":1,"room":"lobby"}` | `{"type":"joined","id":1,"members":1}` |
//! | `{"type":"join","id":2,"room":"lobby"}` | `{"type":"error","id":2,"code":"already_in_room","message":"…"}`: the handler returned a [`RouteError`] |
//! | `{"type":"shout","id":"a2"}` | `{"type":"error","id":"a2","code":"unknown_type","message":"…","about":"shout"}` |
//! | the 51st message within a second | `{"type":"error","id":51,"code":"over_rate","message":"…"}`, from a layer |
//!
//! # Errors
//!
//! A message that cannot be parsed, has an unknown type, or has a body that does not parse is answered with **one** error, and the
//! client stays connected. The error is counted ([`Router::stats`]), and appears in the metrics and the span of the message, if there
//! are [layers](crate::middleware) for them. It is not logged, so that no peer can fill a log. You can
//! [choose the answer](Router::on_error), and [handle messages of unknown types](Router::not_found).
//!
//! | code | the message | |
//! | --- | --- | --- |
//! | `wrong_kind` | is binary where text is read, or the other way round | [`RouteError::WrongKind`] |
//! | `malformed` | is no JSON object | [`RouteError::Malformed`] |
//! | `no_type` | names no type | [`RouteError::NoType`] |
//! | `unknown_type` | is of a type without a handler | [`RouteError::UnknownType`] |
//! | `bad_body` | has a body that does not parse as its handler's type | [`RouteError::BadBody`] |
//! | `not_encoded` | was handled, but the reply cannot be encoded | [`RouteError::NotEncoded`] |
//! | the application's | was refused by its handler, or by an [argument](FromIncoming) of it | [`RouteError::Refused`] |
//!
//! An error says what is wrong, and where, in at most [120 bytes](Fault::LENGTH); it does not repeat the message.
//!
//! # Another format
//!
//! A [`Codec`] has a method that decodes a message, or skips it, and a method that encodes a reply as text or binary. This is
//! MessagePack, with the crate `rmp-serde`:
//!
//! ```
//! use serde::de::DeserializeOwned;
//! use serde::{Deserialize, Serialize};
//! use throng_core::Frame;
//! use throng_runtime::router::{Codec, Decoded, Fault, RouteError, Router};
//! use throng_runtime::middleware::RequestId;
//! use throng_runtime::{Client, IntoFrame, SendError};
//! use throng_core::websocket::Message;
//!
//! /// Maps with a field `type`, in binary messages. An empty message is a keepalive, and skipped.
//! struct MessagePack;
//!
//! #[derive(Deserialize)]
//! struct Head<'a> {
//!     r#type: &'a str,
//! }
//!
//! #[derive(Serialize)]
//! struct Typed<'a, T> {
//!     r#type: &'a str,
//!     #[serde(flatten)]
//!     value: &'a T,
//! }
//!
//! impl Codec for MessagePack {
//!     type Body<'a> = &'a [u8];
//!
//!     fn decode<'a>(&self, message: &'a Message) -> Result<Option<Decoded<'a, &'a [u8]>>, RouteError> {
//!         let Message::Binary(body) = message else { return Err(RouteError::WrongKind) };
//!         if body.is_empty() {
//!             return Ok(None);
//!         }
//!         match rmp_serde::from_slice::<Head>(body) {
//!             Ok(head) => Ok(Some(Decoded { kind: head.r#type.into(), body })),
//!             Err(error) => Err(RouteError::Malformed(Fault::new(error))),
//!         }
//!     }
//!
//!     fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, RouteError> {
//!         rmp_serde::from_slice(body).map_err(|error| RouteError::BadBody(Fault::new(error)))
//!     }
//!
//!     // No request has an id here: see `Builder::request_id_by`.
//!     fn encode<T: Serialize>(
//!         &self,
//!         kind: Option<&str>,
//!         _: Option<&RequestId>,
//!         value: &T,
//!     ) -> Result<Frame, SendError> {
//!         let bytes = match kind {
//!             Some(kind) => rmp_serde::to_vec_named(&Typed { r#type: kind, value }),
//!             None => rmp_serde::to_vec_named(value),
//!         };
//!         bytes.map_err(|_| SendError::NotEncoded)?.into_frame()
//!     }
//! }
//!
//! let router = Router::with(MessagePack).on("ping", |client: Client| async move { client.id().to_string() });
//! # let _ = router;
//! ```
//!
//! # Cost
//!
//! The router finds the type without parsing the other fields into values, fastest if it is the first field. The body
//! is parsed once, into the handler's type. For a handler that does not wait, only the body and the reply are
//! allocated. In total this costs as much as one `enum` of all messages and a `match`: about 0.3 µs for a message of 50
//! bytes and its reply, a third more if the type comes last or in an envelope (`cargo bench -p throng-tests --bench
//! router`).

mod asks;
mod by;
mod codec;
mod erased;
mod error;
mod extract;
mod handler;
mod json;
mod reply;
mod request;
mod routes;
mod rules;
mod scan;
mod service;
mod stats;

pub use codec::{Codec, Decoded};
pub use error::{Fault, RouteError};
pub use extract::{AppState, ByParts, ByValue, FromBody, FromIncoming, Kind, Parts, Received};
pub use handler::RouteHandler;
pub use json::JsonCodec;
pub use reply::{Reply, ReplyTo, Respond};
pub use routes::Router;
pub use rules::Failed;
pub use stats::RouterStats;
