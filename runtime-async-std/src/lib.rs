//! WebSocket rooms on async-std and on smol: the throng hub wired to real sockets and timers.
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
//! - [`serve`] serves a bare listener, with `/healthz` and `/readyz` beside the WebSockets; SIGTERM and Ctrl-C drain.
//!   [`serve_stream`] takes any other stream of futures-io, TLS for one.
//! - [`Hub`] and [`Client`] are handles for the application, from any thread. [`Handler`] has the hooks that may wait;
//!   for small ones [`Builder`] takes closures.
//! - [`Events`] is all that happens as a stream, in one order for the whole hub: the application as one loop.
//! - [`Config`] has every limit, deadline and rate, with defaults for production. It may come from a file, and
//!   [`Hub::reconfigure`] gives another one to a hub that runs.
//!
//! Much of this crate is re-exported from throng-core and throng-runtime, and the examples there name those crates. An application
//! that depends on this crate alone writes `throng_async_std::core` and `throng_async_std::runtime` in their place, or renames both
//! once:
//!
//! ```
//! use throng_async_std::{core as throng_core, runtime as throng_runtime};
//!
//! use throng_core::websocket::encode::encode_text;
//! use throng_runtime::Hub;
//! # let _ = (Hub::builder(), encode_text("x"));
//! ```
//!
//! [`Refusal`] is the HTTP answer to a request; why the hub refuses a join or a message is a [`hub::Refusal`].
//!
//! # async-std, smol, or an executor of your own
//!
//! async-std is not maintained any more (RUSTSEC-2025-0052); its authors name smol as the successor. Both stand on the same
//! crates: async-io for sockets and timers, async-signal, and the traits of futures-io. This crate uses those and takes from
//! async-std or smol nothing but the place where tasks run, which is what their features are about; both may be on.
//!
//! | feature | functions | tasks run on |
//! | --- | --- | --- |
//! | `async-std` (default) | [`serve`], [`serve_with`], [`serve_stream`], [`drained`] | async-std's threads: the cores, or `ASYNC_STD_THREAD_COUNT` |
//! | `smol` | the same in [`smol`] | smol's threads: one, or `SMOL_THREADS` |
//! | (none) | the same in [`executor`], with one more argument | an executor of your own, such as a `smol::Executor` |
//!
//! The same functions are in three places, so that the call shows which executor runs the tasks, and does not depend on
//! features that another crate has switched on.
//!
//! The listener is one of std: `std::net::TcpListener::bind`, or `std::net::TcpListener::try_from` a listener of async-std.
//!
//! # Tests take as long as they say
//!
//! The hub's clock is the system's, as async-io, async-std and smol have no clock that a test can pause: a test that waits for
//! a pong deadline of a minute takes a minute. Give it a [`Config`] with short `deadlines`, or test what depends on time in
//! the bare core ([`hub`]), where time is a number, or on throng-tokio, whose clock is tokio's
//! (`#[tokio::test(start_paused = true)]`).
//!
//! # More documentation
//!
//! The guide (clients, messages, testing, a checklist for production, tuning) is in the documentation of throng-tokio. Except for
//! axum and tower's layers it applies here, too.
//!
//! The futures of this crate are cancel-safe: the docs of each say what it leaves behind when it is dropped.
//!
//! A hub that is [recorded](Builder::record) can be replayed in the bare core, event by event; [`flight`] writes what was
//! recorded to a file, on a signal or a panic, and the command `throng-replay` of the repository reads it.
//!
//! The module [`observe`] has the hub's numbers. Logs go to `tracing`; what a peer can cause at will is logged once a
//! second, with a count of what was left out. A panic in a hook closes its own client and no other, provided that panics unwind.

#![cfg_attr(not(all(feature = "async-std", feature = "smol")), allow(rustdoc::broken_intra_doc_links))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod accept;
#[cfg(feature = "async-std")]
mod async_std;
pub mod executor;
pub mod flight;
mod host;
mod leash;
mod signal;
#[cfg(feature = "smol")]
pub mod smol;
mod spawn;
mod stream;
#[cfg(unix)]
mod tcp;
mod turnstile;

#[cfg(feature = "async-std")]
pub use crate::async_std::{drained, serve, serve_stream, serve_with};
pub use throng_core as core;
pub use throng_core::hub::{self, Config, Drain, Policy, Published, State, Stats, Target};
pub use throng_core::trace::Payloads;
#[cfg(feature = "deflate")]
pub use throng_core::websocket::deflate::{self, Compression, Takeover};
pub use throng_core::websocket::handshake::UnmatchedProtocol;
pub use throng_core::websocket::handshake::{AbsentOrigin, Origin, Protocol};
pub use throng_core::websocket::{Message, Refusal, Utf8Bytes};
pub use throng_core::{ClientId, CloseCode, ClosedBy, Frame, Name, Rate};
pub use throng_runtime as runtime;
#[cfg(feature = "deflate")]
pub use throng_runtime::CompressionStats;
pub use throng_runtime::Force;
pub use throng_runtime::PanicOutput;
pub use throng_runtime::observe;
#[cfg(feature = "simulation")]
pub use throng_runtime::simulation;
pub use throng_runtime::{
    Builder, Cause, Client, Coalesce, Connecting, Delivered, Denied, Disconnected, DrainError, Dropped,
    Ended, Events, EventsOptions, Fatal, Handler, Health, Hub, HubEvent, IntoFrame, JoinError, KeepRequests,
    Lag, Missed, Newcomer, NoEvents, Placement, Publish, PublishWithin, Receipt, ReceiptId, ReceiptWait,
    Record, Recording, Rejection, Request, SendError, ServeOptions, SetUserError, Stop, UserId, Users,
    WhyMissed,
};
#[cfg(feature = "json")]
pub use throng_runtime::{Json, JsonId};

/// The README's code, compiled.
#[cfg(all(doctest, feature = "async-std", feature = "smol"))]
#[doc = include_str!("../README.md")]
struct Readme;
