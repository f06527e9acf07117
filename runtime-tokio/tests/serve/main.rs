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
mod replay;
mod rooms;
