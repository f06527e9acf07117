//! WebSocket rooms on async-std and on smol: connects throng's hub to sockets and timers.
//!
//! ```no_run
//! use std::net::TcpListener;
//! use throng_async_std::{Hub, serve};
//!
//! # #[cfg(feature = "async-std")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Hub::builder()
//!     .before_connect(|connecting| {
//!         connecting.join("lobby");
//!         Ok(())
//!     })
//!     .on_message(|client, message| {
//!         let _ = client.hub().send_to_room("lobby", message);
//!     })
//!     .build()?;
//! async_std::task::block_on(serve(TcpListener::bind("127.0.0.1:8080")?, hub))?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "async-std"))]
//! # fn main() {}
//! ```
//!
//! - [`serve`] serves a listener: WebSockets, `/healthz` and `/readyz`; SIGTERM and Ctrl-C begin a drain.
//!   [`serve_stream`] serves any other stream of futures-io, such as TLS.
//! - [`Hub`] and [`Client`] are handles for the application, usable from any thread. [`Handler`] has the hooks, which
//!   may wait; [`Builder`] takes closures for small ones.
//! - [`Events`] is a stream of everything that happens, in one order for the whole hub: the application as one loop.
//! - [`Config`] has every limit, deadline and rate, with defaults for production. It can be read from a file, and
//!   [`Hub::reconfigure`] changes it in a running hub.
//!
//! All of throng-runtime and much of throng-core is re-exported here, and the examples there name those crates. An application
//! that depends on this crate alone writes `throng_async_std` in place of `throng_runtime`, and `throng_async_std::core` in place of
//! `throng_core`:
//!
//! ```
//! use throng_async_std::Hub;
//! use throng_async_std::core::websocket::encode::encode_text;
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
//!
//! # async-std, smol, or an executor of your own
//!
//! async-std is not maintained any more (RUSTSEC-2025-0052); its authors name smol as the successor. Both build on the
//! same crates: async-io for sockets and timers, async-signal, and the traits of futures-io. This crate uses those, and
//! uses async-std or smol only to run tasks. Both features may be on.
//!
//! | feature | functions | tasks run on |
//! | --- | --- | --- |
//! | `async-std` (default) | [`serve`], [`serve_with`], [`serve_stream`], [`drained`] | async-std's threads: the cores, or `ASYNC_STD_THREAD_COUNT` |
//! | `smol` | the same in [`smol`] | smol's threads: one, or `SMOL_THREADS` |
//! | (none) | the same in [`executor`], with one more argument | an executor of your own, such as a `smol::Executor` |
//!
//! The same functions exist in three places, so that the call shows which executor runs the tasks, whatever features
//! other crates enable.
//!
//! The listener is a `std::net::TcpListener`: use `bind`, or `try_from` for a listener of async-std.
//!
//! # Tests cannot pause the clock
//!
//! The hub uses the system's clock, because async-io, async-std and smol have no clock that a test can pause: a test
//! that waits for a pong deadline of a minute takes a minute. Use a [`Config`] with short `deadlines`, or test
//! time-dependent behaviour in the bare core ([`hub`]), where time is a number, or on throng-tokio, whose clock is
//! tokio's
//! (`#[tokio::test(start_paused = true)]`).
//!
//! # More documentation
//!
//! The guide (clients, messages, testing, a checklist for production, tuning) is in the documentation of throng-tokio. Except for
//! axum and tower's layers it applies here, too.
//!
//! The futures of this crate are cancel-safe: the docs of each say what it leaves behind when it is dropped.
//!
//! The bare core can replay a [recorded](Builder::record) hub, event by event. [`flight`] writes the recording to a
//! file, on a signal or a panic, and the command `throng-replay` of the repository reads it.
//!
//! The module [`observe`] has the hub's numbers. Logs go to `tracing`; events that a peer can cause at will are logged
//! at most once a second, with the number left out. A panic in a hook closes only its own client, provided that panics
//! unwind.

#![cfg_attr(not(all(feature = "async-std", feature = "smol")), allow(rustdoc::broken_intra_doc_links))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod abort_on_drop;
mod accept;
#[cfg(feature = "async-std")]
mod async_std;
pub mod executor;
pub mod flight;
mod host;
mod signal;
#[cfg(feature = "smol")]
pub mod smol;
mod spawn;
mod stream;
#[cfg(unix)]
mod tcp;
mod yielding;

#[cfg(feature = "async-std")]
pub use crate::async_std::{drained, serve, serve_stream, serve_with};
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
#[cfg(all(doctest, feature = "async-std", feature = "smol"))]
#[doc = include_str!("../README.md")]
struct Readme;
