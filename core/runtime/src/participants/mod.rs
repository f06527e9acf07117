//! Participants: clients that have a name within a room.
//!
//! Many applications think in rooms and the people in them: a game and its players, a document and its editors. Such an application has
//! an address for each room; who connects there is authenticated, becomes a *participant* of the room under an id of the application's,
//! and keeps its place when the network fails for a moment. This module says that with a [`Route`] and its [`Hooks`]:
//!
//! ```
//! use std::time::Duration;
//! use throng_core::hub::Config;
//! use throng_core::websocket::Message;
//! use throng_core::websocket::handshake::Refusal;
//! use throng_runtime::participants::{Failure, Hooks, Identity, LeaveReason, Participant, Route};
//! use throng_runtime::Hub;
//!
//! struct Table;
//!
//! impl Hooks for Table {
//!     async fn resolve(&self, _room: &str, identity: &Identity) -> Result<String, Refusal> {
//!         identity.user.clone().ok_or_else(|| Refusal::custom(401, "Log in first.\n"))
//!     }
//!
//!     async fn message(&self, from: &Participant, message: Message) -> Result<(), Failure> {
//!         let participants = from.client().hub().participants();
//!         participants.broadcast(from.room(), &[from.id()], message)?; // to the others
//!         Ok(())
//!     }
//!
//!     async fn leave(&self, who: &Participant, reason: &LeaveReason) {
//!         println!("{} has left {}: {reason:?}", who.id(), who.room());
//!     }
//! }
//!
//! let mut config = Config::default();
//! config.sessions.grace = Some(Duration::from_secs(30));
//! let table = Route::new(Table);
//! let hub = Hub::builder()
//!     .config(config)
//!     .before_connect_async(move |connecting| {
//!         let table = table.clone();
//!         Box::pin(async move {
//!             let room = connecting.path().strip_prefix("/tables/").ok_or(Refusal::NotFound)?.to_owned();
//!             let user = connecting.request().query("user"); // in earnest: of a verified token or cookie
//!             Ok(table.enter(connecting, &room, Identity { user, session: None }).await?)
//!         })
//!     })
//!     .build()?;
//! // From anywhere:
//! let sent = hub.participants().send_to("7", "ada", "your turn");
//! # assert_eq!(sent, Err(throng_runtime::participants::ParticipantError::RoomNotFound));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Under axum a route is a route: `throng_tokio::axum::participants` and `throng_tokio::axum::Upgrade::enter`.
//!
//! # How it is built
//!
//! A participant is a client with a session, a first room, and handlers of its own. The name of its session is made of room and id, so
//! the hub finds the client of a participant as it finds that of any session, in O(1), and the hub's lock decides all races:
//! of two connections that come as one participant, of a return in the moment in which the grace ends, of a message to somebody who has just
//! left. Nothing is stored beside the hub, and nothing has to be cleaned up. The names of such sessions begin with a character that the
//! application's own cannot begin with, so no peer can name one and so become somebody else.
//!
//! All that holds for [rooms](crate::Hub::send_to_room), users and sessions holds for participants: limits, policies of full
//! outboxes, [away](crate::Handler::away), metrics, drain. The hooks of the hub's [`Handler`](crate::Handler) are called for participants,
//! too: those that begin something before the route's, those that end something after.
//!
//! # The life of a participant
//!
//! | what happens | what is called |
//! | --- | --- |
//! | a request comes | [`resolve`](Hooks::resolve): an id, or the HTTP answer that refuses it |
//! | its WebSocket is open | [`join`](Hooks::join): may refuse with a close code |
//! | it sends a message | [`message`](Hooks::message), or the [service](Route::messages) of the route; what fails there is told to [`error`](Hooks::error) |
//! | it loses its connection, and there is a [grace](throng_core::hub::Sessions::grace) | nothing; what is sent to it waits |
//! | it returns in time, or a second connection takes over | `resolve` for the new connection; `join` with [`reconnect`](JoinContext::reconnect); what waited is written first, in order, exactly as for other [sessions](crate::Connecting::set_session) |
//! | the grace is over, it says goodbye, it is closed, its room is closed | [`leave`](Hooks::leave) with the reason, once |
//! | somebody is resolved to the same id after that | `join`, when `leave` has returned |
//!
//! # What goes wrong
//!
//! | failure | what happens |
//! | --- | --- |
//! | the resolver refuses | its HTTP answer; [`ParticipantError::ResolverRejected`] |
//! | the resolver returns an empty id | 400; [`ParticipantError::EmptyParticipantId`] |
//! | the resolver does not answer in time | 503, as any hook before the WebSocket |
//! | two users are resolved to one id | the second is refused with 403: a participant belongs to the user that it had first |
//! | the participant has a connection already | the newer one takes over, or is refused with 409: [`sessions.second`](throng_core::hub::Sessions::second) |
//! | `join` refuses, panics or takes too long | closed with its code, or 1011 |
//! | `message` fails | [`error`](Hooks::error); the participant stays |
//! | it ends while `join` runs | `join` is dropped, and `leave` is called |
//! | the room is closed while somebody is being resolved | they enter a new room of the same name, unless the resolver refuses |
//! | a message to a room or a participant that is not there | [`RoomNotFound`](ParticipantError::RoomNotFound), [`ParticipantNotFound`](ParticipantError::ParticipantNotFound) |
//! | a message to somebody whose queue is full while away, or who has ended | [`ParticipantOffline`](ParticipantError::ParticipantOffline) |

mod attendance;
mod commands;
#[cfg(feature = "json")]
mod envelope;
mod error;
#[cfg(feature = "router")]
mod extract;
mod hooks;
mod participant;
mod route;

pub use crate::handshake::participation::Identity;
pub use commands::Participants;
#[cfg(feature = "json")]
pub use envelope::Envelope;
pub use error::ParticipantError;
pub use hooks::{Failure, Hooks, JoinContext, LeaveReason};
pub use participant::Participant;
pub use route::Route;
