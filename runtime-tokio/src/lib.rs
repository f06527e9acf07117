//! WebSocket rooms on tokio: clients, the users they belong to, the rooms they are in, and messages to any of them.
//!
//! This crate connects throng's hub, a state machine without I/O, to tokio's sockets and timers.
//!
//! ```no_run
//! use throng_tokio::{Hub, serve};
//! use tokio::net::TcpListener;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Hub::builder()
//!     .before_connect(|connecting| {
//!         connecting.join("lobby");
//!         Ok(())
//!     })
//!     .on_message(|client, message| {
//!         let _ = client.hub().send_to_room("lobby", message);
//!     })
//!     .build()?;
//! serve(TcpListener::bind("127.0.0.1:8080").await?, hub).await;
//! # Ok(())
//! # }
//! ```
//!
//! # In Cargo.toml
//!
//! ```toml
//! [dependencies]
//! throng-tokio = "0.1"
//! tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
//! ```
//!
//! | feature | on by default | adds |
//! | --- | --- | --- |
//! | `axum` | yes | [`axum`]: a WebSocket as a route of an axum application |
//! | `router` | yes | [`router`]: dispatches messages by type to typed handlers; includes `json` and `tower` |
//! | `tower` | yes, by `router` | [`middleware`]: time limits, rate limits and spans for messages |
//! | `json` | yes | [`Json`](struct@Json) as a message, [`JsonId`] as a user |
//! | `serde` | yes | reads the [`Config`], and each part of it, from TOML, JSON or another format of serde |
//! | `deflate` | yes | [`deflate`]: compression, which stays off until [`Builder::compression`] asks for it |
//! | `metrics` | no | [`observe`]: the hub's numbers through the `metrics` facade; a layer that counts messages |
//! | `redis` | no | [`redis`]: Redis as the broker of a cluster, alone, with Sentinel, or a Redis Cluster |
//! | `nats` | no | [`nats`]: NATS as the broker of a cluster |
//! | `broker-tls` | no | TLS to the broker, by rustls |
//! | `protocol` | no | `core::protocol`: the protocol of Centrifugo's client SDKs, sans-IO |
//! | `broker-conformance` | no | [`cluster::conformance`]: a suite for brokers of your own |
//! | `session-tokens` | no | `session::Tokens`: session names that nobody can guess or forge |
//! | `simulation` | no | [`simulation`]: your handlers with simulated clients, network, host and clock; a run for each seed |
//!
//! # Where to find what
//!
//! | you want to | look at |
//! | --- | --- |
//! | serve a listener, health and draining included | [`serve`], [`serve_with`] |
//! | make a WebSocket a route beside others | [`axum`] |
//! | serve another stream: TLS, a Unix socket | [`serve_stream`] |
//! | react when a client connects, sends, joins, leaves or ends | [`Handler`], which documents the order of all hooks; [`Builder`] takes closures for small ones |
//! | decide which clients may connect, and which users they are | [`Handler::before_connect`], [`Handler::authenticate`], [`Origin`] |
//! | put a client into a room, send to it, close it | [`Client`], [`Hub`]: handles, from any thread |
//! | send to many clients, except some, with a policy per message | [`Hub::publish`], [`Publish`], [`Policy`] |
//! | wait until a client has room | [`Client::send_wait`] |
//! | send to many within a time, and know which clients missed it | [`Hub::publish_within`] |
//! | configure a single room, and close it | [`Hub::configure_room`], [`Hub::close_room`] |
//! | limit how many clients a user may have, and choose which | [`hub::PerUser`], [`Builder::per_user`] |
//! | dispatch messages by type to typed handlers, and answer requests | [`router`], [`Builder::request_id`] |
//! | add limits, spans, metrics and timeouts in front of message handlers | [`middleware`]: layers of `tower` |
//! | let clients survive the loss of their connection | [`guide::sessions`], [`Connecting::set_session`] |
//! | keep the last messages of a room, and send clients what they missed | [`guide::histories`], [`Client::join_from`], [`Numbered`] |
//! | give clients a name within a room, with hooks for each route | [`guide::participants`], [`participants`] |
//! | keep values with a client | [`Client::insert`], [`Client::get`] |
//! | have users of your own type | [`UserId`], [`Hub::users`] |
//! | write the application as one loop over all events | [`Hub::events`], [`Events`] |
//! | set limits, deadlines and rates | [`Config`], with defaults for production |
//! | read them from a file, change them in a running hub | [`Config`], [`Hub::reconfigure`] |
//! | compress | [`Builder::compression`], [`deflate`] |
//! | write less often, or put several messages in a frame | [`Builder::write_delay`], [`Builder::coalesce`] |
//! | read counters and health | [`Hub::stats`], [`Hub::health`] |
//! | measure: Prometheus, a summary, a span per connection | [`observe`], [`Builder::observe`] |
//! | deploy without all clients reconnecting at once | [`Hub::drain`], [`Drain`], [`drained`] |
//! | serve HTTPS and WebSockets with TLS under axum | `cargo run --release -p throng-example-tls` in the repository |
//! | test your application | [`guide::testing`] |
//! | simulate your application, with faults, a run for each seed | [`guide::simulation`], [`simulation`] |
//! | analyse an incident afterwards | [`Builder::record`], [`flight`], and the command `throng-replay` of the repository |
//!
//! # The guide
//!
//! The [`guide`] has these chapters: [clients](guide::clients), from the request to the end;
//! [sessions](guide::sessions) and [histories](guide::histories), which let clients return; [messages](guide::messages), receiving and sending; [testing](guide::testing) an application;
//! [simulating](guide::simulation) it; a [checklist](guide::production) for production; [tuning](guide::tuning), options and their costs; the
//! [features](guide::features) of other hubs, with their names here and the tests that show them; and the
//! [failures](guide::failures) of other hubs, with the tests that show that this hub does not have them.
//!
//! # Names
//!
//! **`throng_core` and `throng_runtime` in examples.** All of throng-runtime and much of throng-core is re-exported here, and the
//! examples there name those crates. An application that depends on throng-tokio alone writes `throng_tokio` in place of
//! `throng_runtime`, and `throng_tokio::core` in place of `throng_core`:
//!
//! ```
//! use throng_tokio::Hub;
//! use throng_tokio::core::websocket::encode::encode_text;
//! # let _ = (Hub::builder(), encode_text("x"));
//! ```
//!
//! **Two types of one name.** Where you need both, rename one with `use … as`:
//!
//! | name | here | and here |
//! | --- | --- | --- |
//! | `Refusal` | [`Refusal`]: the HTTP answer to a request, from `before_connect` | [`hub::Refusal`]: why the hub refuses a join, a message, a client |
//! | `Policy` | [`Policy`]: what happens when an outbox is full | [`core::websocket::handshake::Policy`]: which requests may open a WebSocket; [`Builder`] has its fields as methods |
//! | `Request` | [`Request`]: the request of a client | [`core::websocket::handshake::Request`]: the same for a host of your own |
//! | `Transport` | [`hosting::Transport`]: the two halves of a stream, for a host of your own | [`core::outbox::Transport`]: whether a transport takes more bytes |
//! | `Message` | [`Message`]: a message that a client has sent | the `Message` of a client library, such as tungstenite, in your tests |
//! | `Router`, `Json`, `State` | [`router::Router`], [`Json`](struct@Json): messages; [`State`]: the hub's | `axum::Router`, `axum::Json`, `axum::extract::State`: HTTP |
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "router"))]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::{Router, extract::State, routing::get};
//! use throng_tokio::hub::Refusal as HubRefusal;
//! use throng_tokio::router::{AppState, Router as Messages};
//! use throng_tokio::{Hub, Refusal};
//!
//! let messages = Messages::new().state(7).on("ask", |AppState(answer): AppState<i32>| async move { answer.to_string() });
//! let hub = Hub::builder()
//!     .before_connect(|connecting| if connecting.path() == "/ws" { Ok(()) } else { Err(Refusal::NotFound) })
//!     .messages(messages)
//!     .build()?;
//! let refused = hub.send_to_room("nowhere", "Hello").map_err(|error| error.refusal());
//! assert_eq!(refused, Err(Some(HubRefusal::NoSuchRoom)));
//! let app: Router = Router::new()
//!     .route("/ws", get(throng_tokio::axum::connect))
//!     .route("/count", get(|State(hub): State<Hub>| async move { hub.client_count().to_string() }))
//!     .with_state(hub);
//! # let _ = app;
//! # Ok(())
//! # }
//! # #[cfg(not(all(feature = "axum", feature = "router")))]
//! # fn main() {}
//! ```
//!
//! # What applies everywhere
//!
//! The futures of this crate are cancel-safe: the docs of each say what it leaves behind when it is dropped. No hook runs under a
//! lock, and a hook delays no client but its own.
//!
//! A hub belongs to the tokio runtime in which it was first served. When that runtime ends, the hub answers newcomers
//! with 503 and logs why. A second runtime needs a hub of its own.
//!
//! The bare core can replay a [recorded](Builder::record) hub, event by event.
//!
//! The module [`observe`] has the hub's numbers. Logs go to `tracing`; events that a peer can cause at will are logged
//! at most once a second, with the number left out. A panic in a hook closes only its own client, provided that panics
//! unwind.

#![cfg_attr(
    not(all(
        feature = "axum",
        feature = "broker-conformance",
        feature = "deflate",
        feature = "metrics",
        feature = "nats",
        feature = "redis",
        feature = "router",
        feature = "simulation"
    )),
    allow(rustdoc::broken_intra_doc_links)
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "axum")]
pub mod axum;
#[cfg(any(feature = "nats", feature = "redis"))]
mod broker;
pub mod flight;
#[cfg(any(doc, doctest))]
pub mod guide;
mod host;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "redis")]
pub mod redis;
mod serve;
mod signal;
mod stream;
#[cfg(unix)]
mod tcp;

pub use serve::{drained, serve, serve_stream, serve_with};
pub use throng_core as core;
pub use throng_core::hub::{self, Cause, Config, Drain, Joined, Policy, Published, State, Stats, Target};
pub use throng_core::trace::Payloads;
#[cfg(feature = "deflate")]
pub use throng_core::websocket::deflate::{self, Compression, Takeover};
pub use throng_core::websocket::handshake::{AbsentOrigin, Origin, Protocol, Refusal, UnmatchedProtocol};
pub use throng_core::websocket::{Message, Utf8Bytes};
pub use throng_core::{ClientId, CloseCode, CloseFrame, ClosedBy, Frame, Name, Rate};
#[doc(inline)]
pub use throng_runtime::*;

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
