//! Messages by their type: routes, typed handlers, typed replies.
//!
//! Most protocols over a WebSocket are messages that say what they are. A [`Router`] reads what type a message is of, finds the
//! handler of that type, makes of the body the value that the handler takes, and sends back what the handler returns:
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use throng_runtime::router::{Reply, Router};
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
//!         let joined = client.join(&join.room).await.map_err(|error| error.to_string())?;
//!         Ok::<_, String>(Reply::new("joined", Joined { members: joined.members }))
//!     })
//!     .on("chat", |hub: Hub, chat: Chat| async move {
//!         let _ = hub.send_to_room(&chat.room, Json(&chat));
//!     });
//! let hub = Hub::builder().messages(router).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! | the client says | and hears |
//! | --- | --- |
//! | `{"type":"join","room":"lobby"}` | `{"type":"joined","members":1}` |
//! | `{"type":"chat","room":"lobby","text":"Hello"}` | with everybody in the room: `{"room":"lobby","text":"Hello"}` |
//! | `{"type":"chat","room":"lobby"}` | ``{"type":"error","code":"bad_body","message":"the body does not fit: missing field `text`, line 1 column 30","about":"chat"}`` |
//! | `{"type":"shout"}` | `{"type":"error","code":"unknown_type","message":"…","about":"shout"}` |
//!
//! # What says the type
//!
//! - [`Router::new`]: the field `type` of a JSON object, which is the body as well; [`Router::by_field`]: another field.
//! - [`Router::by_envelope`]: a field for the type and one for the body, `{"type":"chat","payload":{…}}`.
//! - [`Router::by`]: whatever a closure finds.
//! - [`Router::with`]: a [`Codec`] of your own, [as below](#another-format).
//!
//! # Handlers
//!
//! A handler is an async closure or function. Its last argument is the body, any type that `serde` reads; before it come others, each
//! of which [says by its type](FromIncoming) what it is: the client, the hub, [the time](Received), what all handlers
//! [share](State), something of your own. A handler that needs no body takes none, and then none is read.
//!
//! It returns [what is answered](Respond): nothing, a [`Reply`], text, a frame, an `Option` of it, a `Result` of two.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use throng_runtime::router::{Received, Reply, Router, State};
//!
//! #[derive(Default)]
//! struct App {
//!     votes: AtomicU64,
//! }
//!
//! let router = Router::new()
//!     .state(Arc::new(App::default()))
//!     .on("vote", |State(app): State<Arc<App>>| async move {
//!         let votes = app.votes.fetch_add(1, Ordering::Relaxed) + 1;
//!         Reply::new("votes", std::collections::BTreeMap::from([("count", votes)]))
//!     })
//!     .on("ping", |received: Received| async move { format!("{:?}", received.at) });
//! # let _ = router;
//! ```
//!
//! While a handler waits nothing is read from its client, and only from that one.
//!
//! # What goes wrong
//!
//! A message that cannot be read, is of no known type, or has a body that does not fit costs itself and nothing else: it is
//! answered with **one** error, counted ([`Router::stats`]) and told to the metrics and the span of the message, if there
//! are [layers](crate::middleware) for them. It is not logged: no peer can fill a log. What is answered can be
//! [chosen](Router::on_error), and what is of no known type can be [handled](Router::not_found).
//!
//! | code | the message | |
//! | --- | --- | --- |
//! | `wrong_kind` | is binary where text is read, or the other way round | [`RouteError::WrongKind`] |
//! | `malformed` | is no JSON object | [`RouteError::Malformed`] |
//! | `no_type` | does not say its type | [`RouteError::NoType`] |
//! | `unknown_type` | is of a type without a handler | [`RouteError::UnknownType`] |
//! | `bad_body` | has a body that its handler does not take | [`RouteError::BadBody`] |
//! | `not_encoded` | was handled, but the reply has no form | [`RouteError::NotEncoded`] |
//!
//! An error says where and what is wrong, in at most [some words](Fault::LENGTH): it does not send back what came in.
//!
//! # Another format
//!
//! The two hooks of a [`Codec`] are decode, which may also skip a message, and encode, which chooses text or binary. MessagePack,
//! by the crate `rmp-serde`:
//!
//! ```
//! use serde::de::DeserializeOwned;
//! use serde::{Deserialize, Serialize};
//! use throng_core::Frame;
//! use throng_runtime::router::{Codec, Decoded, EncodeError, Fault, RouteError, Router};
//! use throng_runtime::{Client, IntoFrame};
//! use throng_core::websocket::Message;
//!
//! /// Maps with a field `type`, in binary messages. An empty message is a sign of life, and skipped.
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
//!     fn encode<T: Serialize>(&self, kind: Option<&str>, value: &T) -> Result<Frame, EncodeError> {
//!         let bytes = match kind {
//!             Some(kind) => rmp_serde::to_vec_named(&Typed { r#type: kind, value }),
//!             None => rmp_serde::to_vec_named(value),
//!         };
//!         Ok(bytes.map_err(|_| EncodeError)?.into_frame()?)
//!     }
//! }
//!
//! let router = Router::with(MessagePack).on("ping", |client: Client| async move { client.id().to_string() });
//! # let _ = router;
//! ```
//!
//! # What it costs
//!
//! The type is found without making values of the rest, at once if it is the first field; the route is looked up by the text where it
//! stands. The body is read once, into the handler's type. Nothing is allocated for a handler that does not wait but
//! what its body and its reply consist of. Together that is what one `enum` of all messages and a `match` cost, some 0.3 µs for
//! a message of 50 bytes and its reply; a third more if the type comes last, or in an envelope
//! (`cargo bench -p throng-tests --bench router`).

mod by;
mod codec;
mod erased;
mod error;
mod extract;
mod handler;
mod json;
mod reply;
mod routes;
mod rules;
mod scan;
mod service;
mod stats;

pub use by::Extract;
pub use codec::{Codec, Decoded, EncodeError};
pub use error::{Fault, RouteError};
pub use extract::{ByParts, ByValue, FromBody, FromIncoming, Kind, Parts, Received, State};
pub use handler::RouteHandler;
pub use json::JsonCodec;
pub use reply::{Reply, Respond};
pub use routes::Router;
pub use rules::Failed;
pub use service::Routing;
pub use stats::RouterStats;
