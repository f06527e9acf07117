//! The heart of throng: a WebSocket room hub as a **sans-IO** state machine.
//!
//! A hub holds many connections, knows which user each belongs to and which rooms it is in, and delivers each
//! message to a room, a user, a client or everybody. This crate does that without a socket, a clock, a thread or a
//! random number: *events* go in, *actions* and *leases* come out, and the same events lead to the same actions on
//! every machine. A *host* drives it: `throng-tokio`, `throng-async-std`, or a loop of your own.
//!
//! To write a server, take `throng-tokio`: this crate is for those who write a host, and for tests.
//!
//! ```toml
//! [dependencies]
//! throng-core = "0.1"                                         # with RFC 6455; or, for `no_std`:
//! # throng-core = { version = "0.1", default-features = false }
//! ```
//!
//! # The model on one page
//!
//! ```text
//!                      ┌─────────────────────── Hub ───────────────────────┐
//!  (now, Event) ──────▶│ handle   clients · users · rooms · limits · timers │──▶ Outcome or Error, at once
//!                      │                                                    │
//!  host, afterwards:   │ poll_action ──▶ Connected, Left, Disconnected,     │──▶ to the application
//!                      │                 Dropped, Resume, Abort, Stopped    │
//!                      │ poll_ready ───▶ who has something to write         │
//!                      │   Transmit ──▶ a lease in the batch                │──▶ bytes to the socket
//!                      │   Transmitted ◀── what the socket took             │
//!                      │ poll_timeout ─▶ when Event::Timeout is due         │──▶ the host's timer
//!                      └────────────────────────────────────────────────────┘
//! ```
//!
//! - **What enters.** Everything that changes state is an [`Event`](hub::Event) and goes through
//!   [`Hub::handle`]; typed methods such as [`Hub::join`] make the event for you. Time enters as a number
//!   ([`Instant`]). Of an inbound message only kind and size enter: the hub answers accept, drop, pause or
//!   close, and the host hands the payload to the application.
//! - **What leaves.** An [`Outcome`](hub::Outcome) at once; [`Action`](hub::Action)s, never one per recipient;
//!   and [leases](outbox::Batch) of frames to be written. What is dropped is counted and told.
//! - **Who owns what.** The application encodes a message once into an immutable [`Frame`]. The hub stores it
//!   once and queues an index for each recipient, so it sees all backpressure and decides by policy. A client's
//!   queue is idle, ready, leased or blocked, and exactly one party may write.
//! - **How a client lives.** [`accept`](Hub::accept) (a transport, its handshake under a deadline),
//!   [`reserve`](Hub::reserve) (it counts against every limit, before the 101), [`open`](Hub::open) (it is a
//!   client). It ends at once — out of its rooms, out of its user's list, the application told — while its
//!   transport still flushes and exchanges close frames under a deadline; [`gone`](Hub::gone) frees the id.
//! - **What is bounded.** Everything a peer can influence; [`Config`](hub::Config) has each limit with its
//!   default, and says so by field name when a value cannot stand.
//!
//! # A loop of your own
//!
//! ```
//! use throng_core::{Instant, Window};
//! use throng_core::hub::{Config, Hub, Progress, Target, Transport, Written};
//! use throng_core::outbox::{Batch, Item};
//! use throng_core::websocket::encode::encode_text;
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let mut hub = Hub::new(Config::default())?;
//! let now = Instant::ORIGIN; // a host says how long it has been running
//!
//! // Two clients, whose handshakes are over, join a room. One of them sends a message.
//! let (ada, bob) = (hub.admit(now, Some("ada"))?, hub.admit(now, Some("bob"))?);
//! hub.join(now, ada, "lobby")?;
//! hub.join(now, bob, "lobby")?;
//! let hello = encode_text("hello")?; // a WebSocket frame; `Frame::raw` makes one that is written as it is
//! let published = hub.publish_as(now, ada, &[Target::Room("lobby")], &[ada], &hello, None)?;
//! assert_eq!(published.queued, 1);
//!
//! // The loop: actions to the application, leases to the sockets, and the timer.
//! while let Some(action) = hub.poll_action() {
//!     println!("{action:?}"); // Connected { client: 0.0 }, Connected { client: 1.0 }
//! }
//! let mut batch = Batch::default();
//! while let Some(client) = hub.poll_ready() {
//!     batch.clear();
//!     hub.transmit(now, client, 64 << 10, &mut batch)?;
//!     for lease in batch.leases() {
//!         for item in batch.run(lease.run) {
//!             let Item::Frame(frame) = item else { continue }; // control frames: the codec encodes them
//!             let mut bytes = Vec::new(); // write it
//!             frame.append_to(Window::NONE, &mut bytes);
//!             assert_eq!((lease.client, &*bytes), (bob, &b"\x81\x05hello"[..]));
//!         }
//!         let (progress, transport) = (Progress::All, Transport::Ready);
//!         hub.transmitted(now, &[Written { client: lease.client, progress, transport }])?;
//!     }
//! }
//! let timeout = hub.poll_timeout(); // then: hub.timeout(now)?
//! # assert!(timeout.is_some());
//! # Ok(())
//! # }
//! ```
//!
//! Two examples of the repository are complete hosts: a chat over mio (`core/examples/mio_chat.rs`) and a game without sockets
//! (`core/examples/turn_based_game.rs`). The chapter [`embedding`] explains what a host has to do: with each action, with
//! the bytes it reads and writes, with time, and with a socket that is full.
//!
//! # Testing your own hub
//!
//! An application on the hub can be tested like the hub itself, by properties and without sockets or sleeping: the chapter
//! [`testing`] shows how. A run in production can be recorded (feature `trace`), and read afterwards with the command
//! `throng-replay` of the repository.
//!
//! # Two types of one name
//!
//! Some words are apt for two things, one of the hub and one of what is around it. Where both are needed, rename one where it is
//! imported: `use throng_core::hub::Refusal as HubRefusal`.
//!
//! | name | here | and here |
//! | --- | --- | --- |
//! | `Refusal` | [`hub::Refusal`]: why the hub refuses an event | `websocket::Refusal`: the HTTP answer to a request |
//! | `Policy` | [`outbox::Policy`]: what happens when an outbox is full | `websocket::Policy`: which requests may open a WebSocket |
//! | `Transport` | [`hub::Transport`]: whether a socket takes more | `runtime::Transport`: the two halves of a connection |
//! | `Request` | `websocket::Request`: a request that was read | `runtime::Request`: the request of a client, as it is kept |
//! | `Dropped` | [`outbox::Dropped`]: how many messages were dropped, and why | `runtime::Dropped`: the same for a handler, with receipts |
//! | `Hub` | [`Hub`]: the state machine | `runtime::Hub`: the handle of a hub that runs |
//! | `State` | [`hub::State`]: running, draining or stopped | `router::State`: what handlers share; `trace::State`: a recorded state |
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | (no feature) | [`hub`] and what it stands on: `no_std` + alloc |
//! | `websocket` (default) | RFC 6455, sans-IO: handshake, decoder, encoder |
//! | `deflate` (default) | RFC 7692, permessage-deflate: negotiation, compressor, bounded inflater; with `websocket` |
//! | `trace` | every (now, event) as bytes, and back: record and replay |
//! | `serde` | a [`Config`](hub::Config), and each part of it, in a file: TOML, JSON or another format of serde |
//!
//! No feature brings a thread, a lock, a thread-local or a clock. What every asynchronous host shares (the hub behind a lock,
//! handlers, client handles, connections) is the crate `throng-runtime`.
//!
//! # How the modules depend on each other
//!
//! Imports run one way: [`time`], [`id`], [`close`] (and causes of closing), [`frame`], [`rate`] and [`invariant`] import none of the others; [`outbox`]
//! imports those, [`hub`] imports `outbox`; then come the codec and `trace`. The crate `throng-runtime` uses this one, and
//! `throng-tokio` and `throng-async-std` use both.
#![cfg_attr(not(feature = "std"), no_std)]
// Some of what the docs of one feature point to belongs to another.
#![cfg_attr(not(all(feature = "deflate", feature = "trace")), allow(rustdoc::broken_intra_doc_links))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

mod cause;
pub mod close;
#[cfg(any(doc, doctest, test))]
pub mod embedding;
#[cfg(feature = "trace")]
mod field;
pub mod frame;
pub mod hub;
pub mod id;
pub mod invariant;
pub mod outbox;
pub mod rate;
#[cfg(feature = "serde")]
mod setting;
#[cfg(feature = "trace")]
mod slots;
#[cfg(any(doc, doctest))]
pub mod testing;
pub mod time;
mod timer;
#[cfg(feature = "trace")]
pub mod trace;
#[cfg(feature = "websocket")]
pub mod websocket;

pub use close::{CloseCode, ClosedBy, CodeClass};
pub use frame::{Frame, MessageKind, Window};
pub use hub::Hub;
pub use id::{Address, ClientId, Name};
pub use rate::Rate;
pub use time::Instant;
