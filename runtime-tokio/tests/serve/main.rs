//! The hub over real sockets, with clients that are not ours.

#![allow(clippy::unwrap_used)]

mod common;

mod axum;
mod closing;
mod draining;
#[cfg(unix)]
mod flight;
mod hooks;
mod http;
#[cfg(feature = "tower")]
mod middleware;
mod replay;
mod rooms;
#[cfg(feature = "router")]
mod router;
