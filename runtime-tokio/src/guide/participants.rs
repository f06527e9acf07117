//! Participants: a name within a room, and hooks for each kind of room.
//!
//! In a game, a shared document or a support chat, people connect to an address that names a room, as someone whom the application knows.
//! They are *participants* of that room. The application wants to reach one by its id, tell the others, and not lose anybody whose
//! network fails for a moment. [`participants`] has this. A participant is a client with a
//! [session](super::sessions) whose name throng makes of room and id, so all that the other chapters say of clients holds for it.
//!
//! # A whole program
//!
//! Players of a game sit at a table. Each message of one goes to the others. Whoever loses the network has half a minute to return, and gets what
//! was sent meanwhile.
//!
//! ```no_run
//! use std::time::Duration;
//! use serde::{Deserialize, Serialize};
//! use throng_tokio::axum::{participants, serve};
//! use throng_tokio::participants::{Envelope, Hooks, Identity, JoinContext, LeaveReason, Participant, ParticipantError, Route};
//! use throng_tokio::router::{Reply, RouteError, Router};
//! use throng_tokio::{CloseCode, CloseFrame, Config, Hub, Refusal};
//!
//! struct Table;
//!
//! #[derive(Deserialize, Serialize)]
//! struct Move {
//!     square: u8,
//! }
//!
//! impl Hooks for Table {
//!     /// Who asks? Here the layer `identify` below has found out.
//!     async fn resolve(&self, _table: &str, identity: &Identity) -> Result<String, Refusal> {
//!         identity.user.clone().ok_or_else(|| Refusal::custom(401, "Log in first.\n"))
//!     }
//!
//!     async fn join(&self, player: &Participant, context: &JoinContext) -> Result<(), CloseFrame> {
//!         let hub = player.client().hub();
//!         if hub.member_count(player.room()) > 4 {
//!             return Err(CloseFrame::new(CloseCode(4003), "the table is full"));
//!         }
//!         let kind = if context.reconnect { "back" } else { "joined" };
//!         tell_others(player, kind);
//!         Ok(())
//!     }
//!
//!     async fn leave(&self, player: &Participant, reason: &LeaveReason) {
//!         println!("{} has left {}: {reason:?}", player.id(), player.room());
//!         tell_others(player, "left");
//!     }
//! }
//!
//! fn tell_others(player: &Participant, kind: &str) {
//!     let participants = player.client().hub().participants();
//!     // Nobody else may be there: `RoomNotFound`.
//!     let _ = participants.broadcast(player.room(), &[player.id()], Envelope::new(kind, player.id()));
//! }
//!
//! // {"type":"move","payload":{"square":7}}
//! async fn play(player: Participant, Move { square }: Move) -> Result<Reply<Move>, RouteError> {
//!     if square > 63 {
//!         return Err(RouteError::refused("no_such_square", "There are 64 squares."));
//!     }
//!     let participants = player.client().hub().participants();
//!     match participants.broadcast(player.room(), &[player.id()], Envelope::new("moved", Move { square })) {
//!         Ok(_) | Err(ParticipantError::RoomNotFound) => Ok(Reply::new("accepted", Move { square })),
//!         Err(error) => Err(RouteError::refused("failed", error.to_string())),
//!     }
//! }
//!
//! /// In earnest: of a verified cookie or token.
//! async fn identify(mut request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {
//!     let user = request.uri().query().map(str::to_owned);
//!     request.extensions_mut().insert(Identity { user, session: None });
//!     next.run(request).await
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let mut config = Config::default();
//!     config.sessions.grace = Some(Duration::from_secs(30));
//!     let hub = Hub::builder().config(config).build()?;
//!     let table = Route::new(Table).messages(Router::by_envelope("type", "payload").on("move", play));
//!     let app = axum::Router::new()
//!         .route("/tables/{table}", participants(table))
//!         .layer(axum::middleware::from_fn(identify))
//!         .with_state(hub.clone());
//!     serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app, hub).await;
//!     Ok(())
//! }
//! ```
//!
//! Two routes with hooks of their own are two such lines. [`Upgrade::enter`](crate::axum::Upgrade::enter) is the long form, for a function of the
//! application's own that finds out the room and who asks.
//!
//! Without axum, [`Route::enter`](crate::participants::Route::enter) is called in [`before_connect`](Handler::before_connect). So it is on
//! async-std and smol, too:
//!
//! ```
//! # use throng_tokio::participants::{Hooks, Identity, Route};
//! # use throng_tokio::{Hub, Refusal};
//! # struct Table;
//! # impl Hooks for Table {
//! #     async fn resolve(&self, _: &str, _: &Identity) -> Result<String, Refusal> { Err(Refusal::NotFound) }
//! # }
//! let table = Route::new(Table);
//! let builder = Hub::builder().before_connect_async(move |connecting| {
//!     let table = table.clone();
//!     Box::pin(async move {
//!         let room = connecting.path().strip_prefix("/tables/").ok_or(Refusal::NotFound)?.to_owned();
//!         let user = connecting.request().query("user");
//!         Ok(table.enter(connecting, &room, Identity { user, session: None }).await?)
//!     })
//! });
//! # builder.build().unwrap();
//! ```
//!
//! The example `game` is a game for two with a page: `cargo run --release --example game`.
//!
//! # What the application decides, and where
//!
//! | question | answered by |
//! | --- | --- |
//! | May this identity enter this room, and as whom? | [`resolve`](crate::participants::Hooks::resolve), before the WebSocket opens; it may ask a database. Nothing of the room is sent to whoever it refuses. |
//! | Is there a seat? | [`join`](crate::participants::Hooks::join): it refuses with a close code. The participant is a member of the room already, so it may get a broadcast before it is refused; what must stay secret is for `resolve` to decide. |
//! | How long may one be away, and how much waits for it? | [`sessions.grace`](crate::hub::Sessions::grace), [`messages`](crate::hub::Sessions::messages), [`bytes`](crate::hub::Sessions::bytes) |
//! | What if one comes twice? | [`sessions.second`](crate::hub::Sessions::second): the newer connection wins, or is refused with 409 |
//! | Which messages are there? | the route's [service](crate::participants::Route::messages), such as a [`Router`](crate::router::Router), whose handlers take a [`Participant`](crate::participants::Participant); or [`message`](crate::participants::Hooks::message); or else the hub's own handler |
//! | What if a room ends? | [`close_room`](crate::participants::Participants::close_room): all leave with [`RoomClosed`](crate::participants::LeaveReason::RoomClosed). A later request opens a new room of the name, unless `resolve` refuses it. |
//!
//! # What to know
//!
//! - **An id is an identity.** Whoever is resolved to the id of a participant becomes it: it gets what waits for it, and takes the connection of
//!   whoever has it. Never take an id from the peer without a proof. If the identity has a user, only the same user can become that participant.
//! - `leave` is called once for each `join` that was not refused, when the grace is over or the client has ended: not for each connection.
//! - Whoever comes again after the grace is a new participant of the same id. Its `join` is called when `leave` of the earlier one has returned, or
//!   has used up the time of the hook [`disconnected`](Handler::disconnected). Until then it is in the room, and what is sent to it waits.
//! - On a return, what waited is written before anything that `join` sends. [What may be lost and what may come
//!   twice](super::sessions#what-may-be-lost-and-what-may-come-twice) is as for any session; a state that `join` sends covers both.
//! - Taking a participant out of its room by [`Hub::leave`] ends it, with 1000: without its room it is no participant.
//! - Room and id may have 250 bytes together ([`sessions.name_bytes`](crate::hub::Sessions::name_bytes)); more is answered with 400.
//! - The hooks of a route stay with its participant. If it returns by another route with the same room and id, the first route's hooks are called.
//! - Broadcasts go to all members of the room of the hub. A client that has joined it by [`Client::join`] hears them, too, without being a
//!   participant: such as a spectator.
use crate::*;
