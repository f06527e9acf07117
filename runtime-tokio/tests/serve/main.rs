//! What there is on tokio only. What every host does is in `tests/conformance`.

#![allow(clippy::unwrap_used)]

mod common;

mod axum;
mod dropped;
#[cfg(unix)]
mod flight;
#[cfg(feature = "axum")]
mod heads;
mod log;
#[cfg(feature = "tower")]
mod middleware;
#[cfg(feature = "axum")]
mod participants;
#[cfg(feature = "axum")]
mod proxies;
#[cfg(feature = "axum")]
mod readers;
mod rooms;
#[cfg(feature = "router")]
mod router;
#[cfg(feature = "axum")]
mod runtimes;
#[cfg(feature = "axum")]
mod served;
#[cfg(feature = "axum")]
mod simple;
mod streams;
