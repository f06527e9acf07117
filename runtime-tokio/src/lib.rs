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
//! # The map
//!
//! | you want to | look at |
//! | --- | --- |
//! | serve a listener, health and draining included | [`serve`], [`serve_with`] |
//! | make a WebSocket a route beside others | [`axum`] |
//! | serve another stream: TLS, a Unix socket | [`serve_stream`] |
//! | do something when somebody comes, speaks, joins, goes | [`Handler`], which tells the order of all hooks; for small ones [`Builder`] takes closures |
//! | say who may come, and who they are | [`Handler::before_connect`], [`Handler::authenticate`], [`Origin`] |
//! | say which room a client is in, to send, to close | [`Client`], [`Hub`]: handles, from any thread |
//! | send to many, to some of them, with a policy of its own | [`Hub::publish`], [`Publish`], [`Policy`] |
//! | wait until a client has room | [`Client::send_wait`] |
//! | send to many within a time, and know who missed it | [`Hub::publish_within`] |
//! | have rooms of their own kind, and end them | [`Hub::configure_room`], [`Hub::close_room`] |
//! | say how many clients a user may have, and which | [`hub::PerUser`], [`Builder::per_user`] |
//! | hand messages by their type to typed handlers | [`router`] |
//! | put limits, spans, metrics, timeouts before them | [`middleware`]: layers of `tower` |
//! | keep something with a client | [`Client::insert`], [`Client::get`] |
//! | have users of your own type | [`UserId`], [`Hub::users`] |
//! | write the application as one loop over all that happens | [`Hub::events`], [`Events`] |
//! | set limits, deadlines and rates | [`Config`], with defaults for production |
//! | read them from a file, change them at run time | [`Config`], [`Hub::reconfigure`] |
//! | compress | [`Builder::compression`], [`deflate`] |
//! | write less often, or several messages in a frame | [`Builder::write_delay`], [`Builder::coalesce`] |
//! | know how things are | [`Hub::stats`], [`Hub::health`] |
//! | measure: Prometheus, a summary, a span for each connection | [`observe`], [`Builder::observe`] |
//! | deploy without a herd | [`Hub::drain`], [`Drain`], [`drained`] |
//! | see afterwards what went wrong | [`Builder::record`], [`flight`] |
//!
//! # The guide
//!
//! The [`guide`] is in chapters: [clients](guide::clients), from the door to the end; [messages](guide::messages), to whom and
//! how; [what other hubs have](guide::features), its name here and the test that proves it;
//! [in what they fail](guide::failures), and the test that shows that this one does not; a [checklist](guide::production) for
//! production; and what can be [tuned](guide::tuning), with what it costs.
//!
//! # What holds everywhere
//!
//! The futures of this crate are cancel-safe: what each leaves behind when it is dropped stands in its docs. No hook runs under a
//! lock, and none holds up any client but its own.
//!
//! A hub that is [recorded](Builder::record) can be replayed in the bare core, event by event.
//!
//! What the hub does is told in numbers: [`observe`]. Logs go to `tracing`; what a peer can bring about at will is said once a
//! second, with a count of what was left unsaid. A panic in a hook closes its own client and no other, provided that panics unwind.

#![cfg_attr(
    not(all(feature = "axum", feature = "deflate", feature = "metrics", feature = "router")),
    allow(rustdoc::broken_intra_doc_links)
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "axum")]
pub mod axum;
pub mod flight;
#[cfg(any(doc, doctest))]
pub mod guide;
mod host;
mod serve;
mod signal;
mod stream;
#[cfg(unix)]
mod tcp;

pub use serve::{drained, serve, serve_stream, serve_with};
pub use throng_core as core;
pub use throng_core::hub::{self, Config, Drain, Joined, Policy, Published, State, Stats, Target};
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
#[cfg(feature = "tower")]
pub use throng_runtime::middleware;
pub use throng_runtime::observe;
#[cfg(feature = "router")]
pub use throng_runtime::router::{self, Router};
pub use throng_runtime::{
    Authenticating, Builder, Cause, Client, ClientError, Coalesce, Connecting, Delivered, Denied,
    Disconnected, DrainError, Dropped, Ended, Events, EventsOptions, Fatal, Handled, HandledAs, Handler,
    Health, Hook, Hub, HubEvent, IntoFrame, JoinError, KeepRequests, Lag, Left, Missed, Newcomer, NoEvents,
    PanicOutput, Placement, Publish, PublishWithin, Receipt, ReceiptId, ReceiptWait, ReceiveError, Record,
    Recording, Rejection, Request, Ruling, SendError, ServeOptions, SetUserError, Stop, UserId, Users,
    WhyMissed,
};
#[cfg(feature = "json")]
pub use throng_runtime::{Json, JsonId};

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
