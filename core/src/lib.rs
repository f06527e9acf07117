//! The heart of throng: a WebSocket room hub as a **sans-IO** state machine.
//!
//! A hub holds many connections, knows which user each belongs to and which rooms it is in, and gets every
//! message to whom it is meant for. This crate does that without a socket, a clock, a thread or a random
//! number: *events* go in, *actions* and *leases* come out, and the same events lead to the same actions on
//! every machine. Around it stands a host: `throng-tokio`, `throng-async-std`, or a loop of your own.
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
//! use bytes::Bytes;
//! use throng_core::hub::{Config, Hub, Progress, Target, Transport, Written};
//! use throng_core::outbox::{Batch, Item};
//! use throng_core::{Frame, Instant};
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let mut hub = Hub::new(Config::default())?;
//! let now = Instant::ORIGIN; // a host says how long it has been running
//!
//! // Two clients, whose handshakes are over, meet in a room. One speaks.
//! let (ada, bob) = (hub.admit(now, Some("ada"))?, hub.admit(now, Some("bob"))?);
//! hub.join(now, ada, "lobby")?;
//! hub.join(now, bob, "lobby")?;
//! let hello = Frame::raw(Bytes::from_static(b"hello")); // or `websocket::encode_text("hello")`
//! let published = hub.publish_as(now, ada, &[Target::Room("lobby")], &[ada], &hello, None)?;
//! assert_eq!(published.queued, 1);
//!
//! // The loop: actions to the application, leases to the sockets, and the timer.
//! while let Some(action) = hub.poll_action() {
//!     println!("{action:?}"); // Connected { client: 0.0 }, Connected { client: 1.0 }
//! }
//! let mut batch = Batch::default();
//! while let Some(client) = hub.poll_ready() {
//!     hub.transmit(now, client, 64 << 10)?;
//!     hub.swap_batch(&mut batch);
//!     for lease in batch.leases() {
//!         for item in batch.run(lease.run) {
//!             let Item::Frame(frame) = item else { continue }; // control frames: the codec encodes them
//!             assert_eq!((lease.client, frame.payload().as_ref()), (bob, &b"hello"[..])); // write it
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
//! That loop grown up is in two examples, a chat over mio (`core/examples/mio_chat.rs`) and a game without sockets
//! (`core/examples/turn_based_game.rs`), and the chapter [`embedding`] explains it: what to do with each action, who owns
//! which bytes, when to write, and what to do when a socket is full.
//!
//! # Testing your own hub
//!
//! What is built on the hub can be tested as the hub is, by properties and without sockets or sleeping: the chapter
//! [`testing`] shows how.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | (none) | [`hub`] and what it stands on: `no_std` + alloc |
//! | `websocket` (default) | RFC 6455, sans-IO: handshake, decoder, encoder |
//! | `deflate` (default) | RFC 7692, permessage-deflate: negotiation, compressor, bounded inflater; with `websocket` |
//! | `trace` | every (now, event) as bytes, and back: record and replay |
//! | `serde` | a [`Config`](hub::Config) in a file: TOML, JSON, whatever serde knows |
//!
//! No feature brings a thread, a lock, a thread-local or a clock. What every asynchronous host shares (the hub behind a lock,
//! handlers, client handles, connections) is the crate `throng-runtime`.
//!
//! # Floors
//!
//! Imports run one way: [`time`], [`id`], [`close`], [`frame`], [`rate`] and [`invariant`] at the ground; [`outbox`] above
//! them; [`hub`] on top; then the codec and `trace`. `throng-runtime` stands above this crate, and `throng-tokio` and
//! `throng-async-std` above that.
#![cfg_attr(not(feature = "std"), no_std)]
// Some of what the docs of one feature point to belongs to another.
#![cfg_attr(not(all(feature = "deflate", feature = "trace")), allow(rustdoc::broken_intra_doc_links))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

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
