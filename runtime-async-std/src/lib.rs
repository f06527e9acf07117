//! WebSocket rooms on async-std.
//!
//! What both runtimes share — the hub behind its lock, handlers, client handles, the connection driver — is
//! [`throng_core::runtime`] and assumes no runtime; it is re-exported here. Sockets and timers of async-std are not
//! wired to it yet: until they are, use `throng-tokio`, or implement [`runtime::Host`], [`runtime::Reader`] and
//! [`runtime::Writer`], which is all it takes.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub use throng_core as core;
pub use throng_core::runtime;
