//! The core of throng: a WebSocket room hub as a **sans-IO** state machine.
//!
//! A hub holds many clients, knows the user and the rooms of each, and delivers messages to a room, a user, a
//! client or all clients. This crate does that without a socket, a clock, a thread or a random number: *events* go
//! in, *actions* and *leases* come out, and the same events lead to the same actions on every machine. A *host*
//! drives it: `throng-tokio`, `throng-async-std`, or a loop of your own.
//!
//! To write a server, use `throng-tokio`. Use this crate to write a host, or for tests.
//!
//! ```toml
//! [dependencies]
//! throng-core = "0.1"                                         # with RFC 6455; or for `no_std`:
//! # throng-core = { version = "0.1", default-features = false }
//! ```
//!
//! # The model on one page
//!
//! ```text
//!                      ┌─────────────────────── Hub ───────────────────────┐
//!  (now, Event) ──────▶│ handle   clients · users · rooms · limits · timers │──▶ Outcome or Error, at once
//!                      │                                                    │
//!  host, afterwards:   │ poll_action ──▶ Connected, Away, Left,             │──▶ to the application
//!                      │                 Disconnected, Dropped, Abort, …    │
//!                      │ poll_ready ───▶ connections with bytes to write    │
//!                      │   Transmit ──▶ a lease in the batch                │──▶ bytes to the socket
//!                      │   Transmitted ◀── what the socket took             │
//!                      │ poll_timeout ─▶ when Event::Timeout is due         │──▶ the host's timer
//!                      └────────────────────────────────────────────────────┘
//! ```
//!
//! - **Input.** Everything that changes state is an [`Event`](hub::Event) and goes through [`Hub::handle`]; typed
//!   methods such as [`Hub::join`] make the event for you. Time is a number ([`Instant`]) that the host hands in. Of
//!   an inbound message the hub gets only kind and size: it answers accept, drop, pause or close, and the host
//!   hands the payload to the application.
//! - **Output.** Each event has an immediate [`Outcome`](hub::Outcome). [`Action`](hub::Action)s follow, never one
//!   per recipient, and [leases](outbox::Batch) of frames to write. Dropped messages are counted and reported.
//! - **Messages.** The application encodes a message once into an immutable [`Frame`]. The hub stores it once and
//!   queues an index for each recipient, so it sees all backpressure and decides by policy. A client's queue is
//!   idle, ready, leased or blocked, and exactly one party may write.
//! - **History.** A room may keep its last messages ([`hub::History`]). Each gets an offset, with which its frame is
//!   [sealed](Frame#sealing). A client that joins from a [`Position`] gets what it missed, before every later message; or it is told
//!   [why not](position::Unrecoverable).
//! - **Two ids.** A *connection* is a transport, from its accept on, that has a WebSocket or is about to get one; a
//!   [`ConnectionId`] names it. A *client* is the hub's
//!   member, with a user, rooms and an outbox; a [`ClientId`] names it. What the host says of a transport, and what the hub
//!   asks of it, names the connection: what arrived, what to write, that it is gone. What the application asks and is
//!   told names the client. [`client_of`](Hub::client_of) and [`connection_of`](Hub::connection_of) lead from one to the other.
//! - **Life of a client.** [`accept`](Hub::accept) makes a connection with a deadline for its handshake.
//!   [`reserve`](Hub::reserve) makes its client and counts it against every limit, before the 101. [`open`](Hub::open)
//!   opens the client. When a client ends, it leaves its rooms and its user at once and the application is told, while its
//!   connection still flushes and exchanges close frames under a deadline. [`gone`](Hub::gone) frees both ids. A client whose
//!   connection is gone ends with it, unless it has a session: then it may stay and wait for another connection, as the chapter
//!   [`sessions`] says.
//! - **Limits.** Everything a peer can influence is bounded. [`Config`](hub::Config) has each limit with its
//!   default, and its errors name the invalid field.
//!
//! # A loop of your own
//!
//! ```
//! use throng_core::{Instant, Window};
//! use throng_core::hub::{Config, Hub, Target};
//! use throng_core::outbox::{Batch, Item, Progress, Transport};
//! use throng_core::websocket::encode::encode_text;
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let mut hub = Hub::new(Config::default())?;
//! let now = Instant::ORIGIN; // a host passes the time since its start
//!
//! // Two clients whose handshakes are done join a room. One of them sends a message.
//! let (ada, bob) = (hub.admit(now, Some("ada"))?, hub.admit(now, Some("bob"))?);
//! hub.join(now, ada, "lobby")?;
//! hub.join(now, bob, "lobby")?;
//! let hello = encode_text("hello")?; // a WebSocket frame; for other protocols use `Frame::raw`
//! let published = hub.publish_as(now, ada, &[Target::Room("lobby")], &[ada], &hello, None)?;
//! assert_eq!(published.queued, 1);
//!
//! // The loop: actions to the application, leases to the sockets, and the timer.
//! while let Some(action) = hub.poll_action() {
//!     println!("{action:?}"); // Connected { client: 0.0, connection: 0.0 }, Connected { client: 1.0, …
//! }
//! let mut batch = Batch::default();
//! while let Some(connection) = hub.poll_ready() {
//!     batch.clear();
//!     hub.transmit(now, connection, 64 << 10, &mut batch)?;
//!     for lease in batch.leases() {
//!         for item in batch.run(lease.run) {
//!             let Item::Frame(frame) = item else { continue }; // control frames: the codec encodes them
//!             let mut bytes = Vec::new(); // write it to the socket of `lease.connection`
//!             frame.append_to(Window::NONE, &mut bytes);
//!             assert_eq!((lease.client, &*bytes), (bob, &b"\x81\x05hello"[..]));
//!         }
//!         hub.transmitted(now, &[lease.written(Progress::All, Transport::Ready)])?;
//!     }
//! }
//! let timeout = hub.poll_timeout(); // then: hub.timeout(now)?
//! # assert!(timeout.is_some());
//! # Ok(())
//! # }
//! ```
//!
//! Two examples of the repository are complete hosts: a chat over mio (`core/examples/mio_chat.rs`) and a game without
//! sockets (`core/examples/turn_based_game.rs`). The chapter [`embedding`] explains how a host handles actions, the bytes
//! it reads and writes, time, and blocked sockets.
//!
//! # Testing your own hub
//!
//! An application on the hub can be tested like the hub itself, with properties and without sockets or sleeping: the
//! chapter [`testing`] shows how. A run in production can be recorded (feature `trace`) and read afterwards with the
//! command `throng-replay` of the repository.
//!
//! # Types of the same name
//!
//! Some names belong to two types, one of the hub and one of a layer around it. If you need both, rename one in its import:
//! `use throng_core::hub::Refusal as HubRefusal`.
//!
//! | name | here | and here |
//! | --- | --- | --- |
//! | `Refusal` | [`hub::Refusal`]: why the hub refuses an event | [`websocket::handshake::Refusal`]: the HTTP answer to a request |
//! | `Policy` | [`outbox::Policy`]: what happens when an outbox is full | [`websocket::handshake::Policy`]: which requests may open a WebSocket |
//! | `Transport` | [`outbox::Transport`]: whether a socket takes more | `throng_runtime::hosting::Transport`: the two halves of a connection |
//! | `Request` | [`websocket::handshake::Request`]: a request that was read | `throng_runtime::Request`: the request of a client, as it is kept |
//! | `Hub` | [`Hub`]: the state machine | `throng_runtime::Hub`: the handle of a hub that runs |
//! | `Item` | [`outbox::Item`]: a frame or control frame of a lease | [`websocket::Item`]: what the decoder found |
//! | `Host` | [`hub::Host`]: the part of a config that the host sets | `throng_runtime::hosting::Host`: an asynchronous runtime |
//! | `Reserved` | [`hub::Reserved`]: the answer to a reservation | `throng_runtime::hosting::Reserved`: a connection that was accepted and reserved |
//! | `Reader` | [`trace::Reader`]: reads a log | `throng_runtime::hosting::Reader`: the reading half of a transport |
//! | `Upgrade` | [`websocket::handshake::Upgrade`]: a request that may open a WebSocket | `throng_tokio::axum::Upgrade`: the same as an extractor of axum |
//! | `Config`, `ConfigError`, `Must`, `Event`, `Action`, `Outcome`, `Refusal`, `Stats` | [`hub`]: those of the hub | [`cluster`]: those of a node in a cluster |
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | (no feature) | [`hub`] and the modules it uses, and [`cluster`]: `no_std` + alloc |
//! | `websocket` (default) | RFC 6455, sans-IO: handshake, decoder, encoder |
//! | `deflate` (default) | RFC 7692, permessage-deflate: negotiation, compressor, bounded inflater; with `websocket` |
//! | `trace` | every (now, event) as bytes, and back: record and replay |
//! | `protocol` | the JSON protocol of Centrifugo's client SDKs, for one connection, sans-IO: `no_std` + alloc |
//! | `serde` | reads and writes a [`Config`](hub::Config), or a part of it, in TOML, JSON or another format of serde |
//!
//! No feature adds a thread, a lock, a thread-local or a clock. The crate `throng-runtime` has what all asynchronous hosts
//! share: the hub behind a lock, handlers, client handles and connections.
//!
//! # How the modules depend on each other
//!
//! Imports run one way. The types at the root of the crate (time, ids, close codes, frames, rates) are the lowest level. [`outbox`]
//! imports these, and [`hub`] imports `outbox`. [`cluster`] imports only the lowest level. The codec and `trace` import them all. The crate `throng-runtime` uses this
//! crate, and `throng-tokio` and `throng-async-std` use both.
#![cfg_attr(not(feature = "std"), no_std)]
// Docs of one feature link to items of another.
#![cfg_attr(not(all(feature = "deflate", feature = "trace")), allow(rustdoc::broken_intra_doc_links))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

mod cause;
mod close;
pub mod cluster;
#[cfg(any(doc, doctest, test))]
pub mod embedding;
#[cfg(feature = "trace")]
mod field;
mod frame;
pub mod hub;
mod id;
mod invariant;
pub mod outbox;
mod pool;
mod position;
#[cfg(feature = "protocol")]
pub mod protocol;
mod rate;
#[cfg(any(doc, doctest))]
pub mod sessions;
#[cfg(feature = "serde")]
mod setting;
#[cfg(any(doc, doctest))]
pub mod testing;
mod time;
mod timer;
#[cfg(feature = "trace")]
pub mod trace;
#[cfg(feature = "websocket")]
pub mod websocket;

pub use close::{CloseCode, CloseFrame, ClosedBy, CodeClass};
pub use frame::{BadPlace, BarePart, Filled, Frame, MAX_HEAD, MessageKind, Place, PlaceFormat, Window};
pub use hub::Hub;
pub use id::{Address, BadId, ClientId, ConnectionId, Name};
pub use position::{BadEpoch, BadPosition, Epoch, Position};
pub use rate::{Bucket, Rate};
pub use time::Instant;
