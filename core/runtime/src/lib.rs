//! What every asynchronous host shares: the hub behind its lock, the application's handler, the client's handle, the
//! connection driver. No I/O (but for the files of `flight`): a runtime crate brings transports, timers and tasks.
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
//!
//! # How the modules depend on each other
//!
//! Imports run one way, between files and between folders; the test `tests/tests/imports` fails otherwise. The lowest folder, which
//! imports none of the others, comes first:
//!
//! | folder | what is in it |
//! | --- | --- |
//! | `host` | what a runtime crate implements: transports, sleep, tasks; what is reported to it |
//! | `notice` | what an application is told and what it can send: hooks by name, causes, drops, receipts, ids of requests, errors |
//! | `measure` | what a hub counts and times of its own work |
//! | `compression` | messages that are deflated once for all recipients, and contexts that are kept |
//! | `state` | what is behind the lock, and what handles and tasks share. `types` has the three types that refer to each other |
//! | `handles` | [`Hub`], [`Client`], the futures that they return, places for refused connections |
//! | `handshake` | a connection before it is a client: [`Connecting`], [`Authenticating`], [`Newcomer`] |
//! | `handler` | [`Handler`], hooks without their types, their time limits |
//! | `lane` | the tasks that write, and the timer's |
//! | `events` | [`Events`] |
//! | `connection` | from an accepted transport to the end of a client: the task that reads and calls hooks |
//! | `builder`, `middleware`, `router` | [`Builder`]; layers of `tower`; typed messages |
//! | `observe`, `flight` | numbers and histograms; recordings in files |
//!
//! `panic` and `fatal` import none of them. A method is in the lowest file that knows all it needs: `Client::join`, which asks a hook, in `handler/asking.rs`, and
//! `Hub::connect` in `connection/mod.rs`.
// Some of what the docs of one feature point to belongs to another.
#![cfg_attr(
    not(all(feature = "deflate", feature = "metrics", feature = "router", feature = "tracing")),
    allow(rustdoc::broken_intra_doc_links)
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

mod builder;
#[cfg(feature = "deflate")]
mod compression;
#[cfg(not(feature = "deflate"))]
#[path = "compression/off.rs"]
mod compression;
mod connection;
mod events;
mod fatal;
#[cfg(feature = "tracing")]
pub mod flight;
mod handler;
mod handles;
mod handshake;
mod host;
mod lane;
mod measure;
#[cfg(feature = "tower")]
pub mod middleware;
mod notice;
pub mod observe;
mod panic;
#[cfg(feature = "router")]
pub mod router;
mod state;

#[cfg(test)]
mod tests;

pub use builder::Builder;
#[cfg(feature = "deflate")]
pub use compression::CompressionStats;
pub use connection::Connection;
pub use connection::accept::{Accepted, Reserved};
pub use events::{Events, HubEvent};
pub use fatal::Fatal;
pub use handler::asking::JoinError;
pub use handler::{Denied, Handler};
pub use handles::client::Client;
pub use handles::drain::{DrainError, Drained, Draining};
pub use handles::ended::Ended;
pub use handles::health::Health;
pub use handles::hub::Hub;
pub use handles::receipts::ReceiptWait;
pub use handles::refused::{Lingering, Probe};
pub use handles::serve::{Force, HeadRules, ServeOptions, Signals, Stop};
#[cfg(feature = "json")]
pub use handles::user_id::JsonId;
pub use handles::user_id::{UserId, Users};
pub use handles::wait::SendWait;
pub use handles::within::{Delivered, Missed, PublishWithin, WhyMissed};
pub use handshake::authenticating::{Authenticating, ReceiveError};
pub use handshake::placement::{Newcomer, Placement};
pub use handshake::request::Connecting;
#[cfg(feature = "tracing")]
pub use host::log::Log;
pub use host::transport::{Reader, Transport, Writer};
pub use host::{Host, Report, Sleep, Task};
pub use notice::dropped::Dropped;
pub use notice::hook::{ClientError, Handled, HandledAs, Hook, Left, Rejection, Ruling};
#[cfg(feature = "json")]
pub use notice::message::Json;
pub use notice::message::{IntoFrame, Publish, SendError};
pub use notice::receipt::{Receipt, ReceiptId};
pub use notice::user::SetUserError;
pub use panic::{PanicOutput, limit_panic_output};
pub use state::backlog::{EventsOptions, Lag, NoEvents};
pub use state::batching::Coalesce;
pub use state::mailbox::Disconnected;
pub use state::recording::{NoFlightRecorder, Record, Recording};
pub use state::refused::RefusedNow;
pub use state::request::Request;
pub use state::settings::KeepRequests;
pub use throng_core::hub::Cause;
