//! The parts that every asynchronous host shares: the hub behind its lock, the application's handler, the client's
//! handle, the connection driver. The crate does no I/O (except the files of `flight`): a runtime crate brings
//! transports, timers and tasks.
//!
//! ```text
//!  transport ── bytes ──▶ Connection ── events ──▶ ┌─────────────┐
//!      ▲                  (one task each: decodes, │ the hub,    │ ◀── Hub, Client (the application,
//!      │                   calls the Handler)      │ one lock    │      from any thread)
//!      └───── writes ──── lane ◀──── leases ────── └─────────────┘
//!                         (a few tasks)                 ▲ timer (one task)
//! ```
//!
//! - **One lock** is held for one event or one batch of events. While it is held, no code of the application runs,
//!   nothing is encoded, no system call is made and no task is woken.
//! - A **connection**'s task reads, decodes, tells the hub and calls the [`Handler`]'s hooks, one at a time. While a
//!   hook runs, nothing more is read from that connection: a slow hook slows down only its own client.
//! - A **lane** writes to many connections. When woken, it yields once to the tasks that are ready, then takes what was
//!   queued meanwhile and writes it with one send per connection. What a hook sends to its own client is written by the
//!   connection's task at the end of its turn, if the transport takes it at once.
//! - A **client** is a member of the hub, a **connection** its transport. The connection exists from the accept on, the client
//!   from the moment at which the hub reserves it, before the 101. State of the transport (its task, its lane, whether it takes
//!   bytes) is found by the `ConnectionId`; state of the member (its mailbox, waiters, values and counters) by the `ClientId`.
//!   Neither state refers to the other; the connection's task holds both.
//! - A client with a session may outlive its connection. The right to call its hooks, its *service*, passes from the task of one
//!   connection to the task of the next. While the client is away, a task that the hub spawns has the service. See
//!   `state/handover` and `connection/service`.
//! - Notices of the hub about a client (dropped frames, its end) wait in the client's mailbox until the task of its connection
//!   takes them. Notices of the same kind are added up there.
//!
//! An application uses [`Hub`], [`Client`] and either a [`Handler`], the [`Builder`]'s closures, or a loop over
//! [`Events`]. Services of `tower` (`middleware`, feature `tower`) can handle its messages; a `router` (feature
//! `router`) is one of them.
//!
//! Runtime crates find what they need in [`hosting`].
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `deflate` (default) | compression of messages, permessage-deflate: `Builder::compression` |
//! | `json` | `Json(value)` as a message |
//! | `tower` | services handle messages: `middleware` |
//! | `router` | dispatches messages by type to typed handlers: `router`; enables `json` and `tower` |
//! | `tracing` | logs a host's reports through `tracing`, with a span per connection (its `address`, `connection` id, `client` id and `user`); with `tower`, also a span per message |
//! | `serde` | reads a [`Config`](throng_core::hub::Config) from TOML, JSON or any other format of serde |
//! | `session-tokens` | session names that nobody can guess, signed: [`session`] |
//! | `simulation` | an application with simulated clients, network, host and clock: [`simulation`] |
//! | `broker-conformance` | a suite to which implementations of [`cluster::Broker`] can be held: [`cluster::conformance`] |
//! | `metrics` | the hub's numbers through the `metrics` facade: [`observe`]; middleware that counts messages; enables `tower` |
//!
//! # How the modules depend on each other
//!
//! Imports run one way, between files and between folders; the test `tests/tests/imports` enforces it. The lowest
//! folder, which imports none of the others, comes first:
//!
//! | folder | what is in it |
//! | --- | --- |
//! | `host` | the traits of a runtime crate: transports, sleep, tasks; the reports that it receives |
//! | `notice` | what an application is told and can send: hooks by name, causes, drops, receipts, request ids, errors |
//! | `measure` | counters and timings of the hub's own work |
//! | `compression` | messages deflated once for all recipients, and kept contexts |
//! | `state` | everything behind the lock, and what handles and tasks share; `types` has the types that refer to each other |
//! | `handles` | [`Hub`], [`Client`], the futures that they return; [`hosting::HostedHub`], slots for refused connections; signals |
//! | `handshake` | a connection whose client is not open yet: [`Connecting`], [`Authenticating`], [`Newcomer`] |
//! | `handler` | [`Handler`], type-erased hooks, their time limits |
//! | `lane` | the tasks that write, and the timer task |
//! | `events` | [`Events`] |
//! | `connection` | a transport from accept to the client's end: the task that reads and calls hooks |
//! | `builder`, `middleware`, `router` | [`Builder`]; layers of `tower`; typed messages |
//! | `participants` | clients that have a name within a room |
//! | `observe`, `flight` | numbers and histograms; recordings in files |
//! | `simulation` | an application's own test, one run for each seed |
//! | `session` | names of sessions |
//!
//! `panic` and `fatal` import none of them. A method is defined in the lowest file that knows all it needs:
//! `Client::join`, which calls a hook, in `handler/asking.rs`, and `HostedHub::connect` in `connection/mod.rs`.
// Docs of one feature link to items of others, so links break unless all features are on.
#![cfg_attr(
    not(all(
        feature = "broker-conformance",
        feature = "deflate",
        feature = "metrics",
        feature = "router",
        feature = "session-tokens",
        feature = "simulation",
        feature = "tracing"
    )),
    allow(rustdoc::broken_intra_doc_links)
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

mod builder;
pub mod cluster;
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
pub mod participants;
#[cfg(feature = "router")]
pub mod router;
#[cfg(feature = "session-tokens")]
pub mod session;
#[cfg(feature = "simulation")]
pub mod simulation;
mod state;

#[cfg(test)]
mod tests;

pub mod hosting {
    //! The interface of runtime crates, which bring sockets, timers and tasks. An application needs none of it.
    //!
    //! A runtime crate implements [`Host`], [`Reader`] and [`Writer`], gives the hub its host with [`HostedHub::start`], and
    //! polls one [`Connection`] per transport in a task. [`HostedHub::connect`] makes the `Connection` of a bare transport. If an
    //! HTTP server has read the request, [`HostedHub::accept`] returns an [`Accepted`], from which the `Connection` is made after
    //! the upgrade. A server also needs [`HostedHub::stopped_by`], [`HostedHub::accept_failed`] and
    //! [`HostedHub::check_open_files`].

    pub use crate::connection::Connection;
    pub use crate::connection::accept::{Accepted, Reserved};
    pub use crate::handles::hosted::HostedHub;
    pub use crate::handles::listeners::{ExitTime, SignalListener, SignalListeners};
    pub use crate::handles::refused::{Lingering, Probe};
    pub use crate::handles::serve::{HeadRules, catch_signals};
    pub use crate::host::deadline::Deadline;
    #[cfg(feature = "tracing")]
    pub use crate::host::log::Log;
    pub use crate::host::transport::{Reader, Transport, Writer};
    pub use crate::host::{Host, Report, Sleep, Task};
    pub use crate::panic::limit_panic_output;
}

pub use builder::Builder;
#[cfg(feature = "deflate")]
pub use compression::CompressionStats;
pub use events::{Events, HubEvent};
pub use fatal::Fatal;
pub use handler::asking::JoinError;
pub use handler::{Denied, Handler};
pub use handles::asks::Asking;
pub use handles::client::Client;
pub use handles::drain::DrainError;
pub use handles::health::Health;
pub use handles::hub::Hub;
pub use handles::receipts::ReceiptWait;
pub use handles::serve::{Force, ServeOptions, Stop};
#[cfg(feature = "json")]
pub use handles::user_id::JsonId;
pub use handles::user_id::{UserId, Users};
pub use handles::wait::SendWait;
pub use handles::within::{Delivered, Missed, PublishWithin, WhyMissed};
pub use handshake::authenticating::{Authenticating, ReceiveError};
pub use handshake::placement::{Newcomer, Placement};
pub use handshake::request::Connecting;
pub use notice::ask::{AskError, AskOptions, UnmatchedReply};
pub use notice::dropped::DropNotice;
pub use notice::expiry::{Expiring, Expiry};
pub use notice::hook::{ClientError, Handled, HandledAs, Hook, Left, Ruling};
#[cfg(feature = "json")]
pub use notice::message::Json;
pub use notice::message::{IntoFrame, Publish, SendError};
pub use notice::numbered::Numbered;
pub use notice::occupancy::Occupancy;
pub use notice::receipt::{Receipt, ReceiptId};
pub use notice::user::SetUserError;
pub use panic::PanicOutput;
pub use state::backlog::{EventsOptions, Lag, NoEvents};
pub use state::batching::Coalesce;
pub use state::mailbox::{Away, Disconnected, Resumed};
pub use state::recording::{Record, Recording};
pub use state::refused::RefusedNow;
pub use state::request::Request;
pub use state::settings::KeepRequests;
