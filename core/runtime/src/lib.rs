//! What every asynchronous host shares: the hub behind its lock, the application's handler, the client's handle, the
//! connection driver. No I/O: a runtime crate brings transports, timers and tasks.
//!
//! ```text
//!  transport ── bytes ──▶ Connection ── events ──▶ ┌─────────────┐
//!      ▲                  (one task each: decodes, │ the hub,    │ ◀── Hub, Client (the application,
//!      │                   calls the Handler)      │ one lock    │      from any thread)
//!      └───── writes ──── lane ◀──── leases ────── └─────────────┘
//!                         (a few tasks)                 ▲ timer (one task)
//! ```
//!
//! - **One lock** is held for one event, or one batch of them. Under it nothing of the application runs, nothing is
//!   encoded, no system is called and nobody is woken.
//! - A **connection**'s task reads, decodes, tells the hub and calls the [`Handler`]'s hooks, one at a time. While a
//!   hook runs, nothing more is read from that client: a slow handler slows down its own client, and no other.
//! - A **lane** writes for many clients. Woken, it first lets all others go that are ready, then takes what has been
//!   queued meanwhile, in one send per client. Only what a hook sends to its own client is written by that client's
//!   task, at the end of its turn, if the transport takes it at once.
//! - What the hub has to tell about a client (dropped frames, its end) waits in the client's mailbox, where equal things
//!   are added up, until its task takes it.
//!
//! An application uses [`Hub`], [`Client`], [`Handler`] or the [`Builder`]'s closures, or is a loop over [`Events`]; for messages also services of `tower`
//! (`middleware`, feature `tower`), one of which is a `router` (feature `router`). A runtime crate implements
//! [`Host`], [`Reader`] and [`Writer`], calls [`Hub::start`] once, and polls a [`Connection`] in a task for each
//! transport: made by [`Hub::connect`] from a bare transport, or by way of [`Hub::accept`] if something else has read the
//! request; [`Hub::refuse`] turns away a transport for which there is no place. What else a server is, but for its sockets, is [`ServeOptions`] with [`Hub::stopped_by`], and
//! [`Hub::accept_failed`].
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `deflate` (default) | compression of messages, permessage-deflate: `Builder::compression` |
//! | `json` | `Json(value)` as a message |
//! | `tower` | messages handled by services: `middleware` |
//! | `router` | messages by their type to typed handlers: `router`; with `json` and `tower` |
//! | `tracing` | what a host reports, as text for `tracing`, and a span for each connection; with `tower`, middleware that keeps one for each message |
//! | `serde` | a [`Config`](throng_core::hub::Config) in a file: TOML, JSON, whatever serde knows |
//! | `metrics` | the hub's numbers by the `metrics` facade: [`observe`]; middleware that counts messages; with `tower` |
// Some of what the docs of one feature point to belongs to another.
#![cfg_attr(
    not(all(feature = "deflate", feature = "metrics", feature = "router", feature = "tracing")),
    allow(rustdoc::broken_intra_doc_links)
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

mod accept;
mod answer;
mod authenticate;
mod batching;
mod builder;
mod calls;
mod choose;
mod client;
mod closures;
mod connection;
#[cfg(feature = "deflate")]
mod deflating;
#[cfg(not(feature = "deflate"))]
#[path = "undeflated.rs"]
mod deflating;
mod drain;
mod driver;
mod dropped;
mod ended;
mod events;
mod fatal;
mod flat;
mod glance;
mod handler;
mod health;
mod hook;
mod hooks;
mod host;
mod hub;
mod inner;
mod lane;
mod last;
mod limit;
#[cfg(feature = "tracing")]
mod log;
mod mailbox;
mod member;
mod message;
mod metadata;
#[cfg(feature = "tower")]
pub mod middleware;
pub mod observe;
mod own;
mod panic;
mod pending;
mod placement;
#[cfg(feature = "deflate")]
mod pool;
mod receipts;
mod recording;
mod refused;
mod request;
mod rest;
mod rooms;
#[cfg(feature = "router")]
pub mod router;
mod scratch;
mod sent;
mod serve;
mod settings;
mod shared;
mod span;
mod succession;
mod sync;
mod timer;
mod transport;
mod unset;
mod user_id;
#[cfg(feature = "json")]
mod values;
mod wait;
mod wakes;
mod within;

#[cfg(test)]
mod tests;

pub use accept::{Accepted, Reserved};
pub use authenticate::{Authenticating, ReceiveError};
pub use batching::Coalesce;
pub use builder::Builder;
pub use client::{Client, JoinError};
pub use connection::Connection;
#[cfg(feature = "deflate")]
pub use deflating::CompressionStats;
pub use drain::{DrainError, Drained, Draining};
pub use dropped::Dropped;
pub use ended::Ended;
pub use events::{Events, EventsOptions, HubEvent, Lag, NoEvents};
pub use fatal::Fatal;
pub use handler::{Denied, Handler};
pub use health::Health;
pub use hook::{Cause, ClientError, Handled, HandledAs, Hook, Left, Rejection, Ruling};
pub use host::{Host, Report, Sleep, Task};
pub use hub::Hub;
#[cfg(feature = "tracing")]
pub use log::Log;
pub use mailbox::Disconnected;
#[cfg(feature = "json")]
pub use message::Json;
pub use message::{IntoFrame, Publish, SendError};
pub use panic::{PanicOutput, limit_panic_output};
pub use placement::{Newcomer, Placement, SetUserError};
pub use receipts::{Receipt, ReceiptId, ReceiptWait};
pub use recording::{NoFlightRecorder, Record, Recording};
pub use refused::{Lingering, Probe, RefusedNow};
pub use request::{Connecting, Request};
pub use serve::{Force, HeadRules, ServeOptions, Signals, Stop};
pub use settings::KeepRequests;
pub use transport::{Reader, Transport, Writer};
#[cfg(feature = "json")]
pub use user_id::JsonId;
pub use user_id::{UserId, Users};
pub use wait::SendWait;
pub use within::{Delivered, Missed, PublishWithin, WhyMissed};
