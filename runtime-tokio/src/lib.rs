//! WebSocket rooms on tokio: the throng hub wired to real sockets and timers.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "axum")]
pub mod axum;
mod host;
mod log;
mod serve;
mod signal;
mod stream;

pub use serve::{ServeOptions, Stop, drained, serve, serve_stream, serve_with};
pub use throng_core as core;
pub use throng_core::hub::{self, Config, Drain, Policy, Published, State, Stats, Target};
#[cfg(feature = "json")]
pub use throng_core::runtime::Json;
pub use throng_core::runtime::{
    Builder, Client, Connecting, Denied, Disconnected, DrainError, Handler, Health, Hub, IntoFrame,
    JoinError, KeepRequests, Publish, Record, Recording, Request, SendError,
};
pub use throng_core::websocket::{Message, Refusal, Utf8Bytes};
pub use throng_core::{ClientId, CloseCode, ClosedBy, Frame, Name, Rate};

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
