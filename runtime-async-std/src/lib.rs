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
//! # async-std, smol, or an executor of one's own
//!
//! async-std is not maintained any more (RUSTSEC-2025-0052); its authors name smol as the successor. Both stand on the same
//! crates: async-io for sockets and timers, async-signal, and the traits of futures-io. This crate uses those and takes from
//! async-std or smol nothing but the place where tasks run, which is what their features are about; both may be on.
//!
//! | feature | functions | tasks run on |
//! | --- | --- | --- |
//! | `async-std` (default) | [`serve`], [`serve_with`], [`serve_stream`], [`drained`] | async-std's threads: the cores, or `ASYNC_STD_THREAD_COUNT` |
//! | `smol` | the same in [`smol`] | smol's threads: one, or `SMOL_THREADS` |
//! | (none) | the same in [`executor`], with one more argument | an executor of one's own, a `smol::Executor` for one |
//!
//! They are the same functions in three places, and not one function that finds out by itself, so that what runs the tasks is
//! seen where it is called, and does not depend on what another crate has switched on.
//!
//! A listener is std's, because each has one: `std::net::TcpListener::bind`, or `std::net::TcpListener::try_from` one of
//! async-std's.
//!
//! # Besides
//!
//! The guide (clients, messages, a checklist for production, what can be tuned) stands in the documentation of throng-tokio; but
//! for axum and tower's layers it holds here, too.
//!
//! The futures of this crate are cancel-safe: what each leaves behind when it is dropped stands in its docs.
//!
//! A hub that is [recorded](Builder::record) can be replayed in the bare core, event by event; [`flight`] writes what was
//! recorded to a file, on a signal or a panic.
//!
//! What the hub does is told in numbers: [`observe`]. Logs go to `tracing`; what a peer can bring about at will is said once a
//! second, with a count of what was left unsaid. A panic in a hook closes its own client and no other, provided that panics unwind.

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
pub use throng_core::websocket::handshake::{AbsentOrigin, Origin, Protocol};
pub use throng_core::websocket::{Message, Refusal, Utf8Bytes};
pub use throng_core::{ClientId, CloseCode, ClosedBy, Frame, Name, Rate};
pub use throng_runtime as runtime;
#[cfg(feature = "deflate")]
pub use throng_runtime::CompressionStats;
pub use throng_runtime::observe;
pub use throng_runtime::{
    Builder, Cause, Client, Coalesce, Connecting, Delivered, Denied, Disconnected, DrainError, Dropped,
    Ended, Events, EventsOptions, Handler, Health, Hub, HubEvent, IntoFrame, JoinError, KeepRequests, Lag,
    Missed, Newcomer, NoEvents, Placement, Publish, PublishWithin, Receipt, ReceiptId, ReceiptWait, Record,
    Recording, Rejection, Request, SendError, ServeOptions, SetUserError, Stop, UserId, Users, WhyMissed,
};
#[cfg(feature = "json")]
pub use throng_runtime::{Json, JsonId};

/// The README's code, compiled.
#[cfg(all(doctest, feature = "async-std", feature = "smol"))]
#[doc = include_str!("../README.md")]
struct Readme;
