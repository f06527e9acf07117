//! WebSocket rooms on tokio: the throng hub wired to real sockets and timers.
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
//! - [`serve`] serves a bare listener, with `/healthz` and `/readyz` beside the WebSockets; SIGTERM and Ctrl-C drain.
//! - [`axum`] makes a WebSocket a route beside others. [`serve_stream`] takes any other stream, TLS for one.
//! - [`Hub`] and [`Client`] are handles for the application, from any thread. [`Handler`] has the hooks that may wait;
//!   for small ones [`Builder`] takes closures.
//! - [`router`] hands messages by their type to typed handlers; [`middleware`] stands before them, as layers of `tower`.
//! - [`Events`] is all that happens as a stream, in one order for the whole hub: the application as one loop.
//! - [`Config`] has every limit, deadline and rate, with defaults for production. It may come from a file, and
//!   [`Hub::reconfigure`] gives another one to a hub that runs.
//!
//! The futures of this crate are cancel-safe: what each leaves behind when it is dropped stands in its docs.
//!
//! A hub that is [recorded](Builder::record) can be replayed in the bare core, event by event; [`flight`] writes what was
//! recorded to a file, on a signal or a panic.
//!
//! What the hub does is told in numbers: [`observe`]. Logs go to `tracing`; what a peer can bring about at will is said once a
//! second, with a count of what was left unsaid. A panic in a hook closes its own client and no other, provided that panics unwind.

#![cfg_attr(not(all(feature = "axum", feature = "router")), allow(rustdoc::broken_intra_doc_links))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "axum")]
pub mod axum;
pub mod flight;
mod host;
mod serve;
mod signal;
mod stream;
#[cfg(unix)]
mod tcp;

pub use serve::{drained, serve, serve_stream, serve_with};
pub use throng_core as core;
pub use throng_core::hub::{self, Config, Drain, Dropped, Joined, Policy, Published, State, Stats, Target};
#[cfg(feature = "deflate")]
pub use throng_core::runtime::CompressionStats;
#[cfg(feature = "tower")]
pub use throng_core::runtime::middleware;
pub use throng_core::runtime::observe;
#[cfg(feature = "router")]
pub use throng_core::runtime::router::{self, Router};
pub use throng_core::runtime::{
    Authenticating, Builder, Cause, Client, ClientError, Coalesce, Connecting, Delivered, Denied,
    Disconnected, DrainError, Ended, Events, EventsOptions, Handled, HandledAs, Handler, Health, Hook, Hub,
    HubEvent, IntoFrame, JoinError, KeepRequests, Lag, Left, Missed, Newcomer, NoEvents, Placement, Publish,
    PublishWithin, ReceiveError, Record, Recording, Rejection, Request, Ruling, SendError, ServeOptions,
    SetUserError, Stop, UserId, Users, WhyMissed,
};
#[cfg(feature = "json")]
pub use throng_core::runtime::{Json, JsonId};
pub use throng_core::trace::Payloads;
#[cfg(feature = "deflate")]
pub use throng_core::websocket::deflate::{self, Compression, Takeover};
pub use throng_core::websocket::handshake::{AbsentOrigin, Origin, Protocol};
pub use throng_core::websocket::{Message, Refusal, Utf8Bytes};
pub use throng_core::{ClientId, CloseCode, ClosedBy, Frame, Name, Rate};

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
