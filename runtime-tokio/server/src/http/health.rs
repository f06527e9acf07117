//! Health for load balancers.

use crate::server::Shared;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;

/// 200 while the program lives.
pub(super) async fn healthz(State(server): State<Shared>) -> Response {
    server.hub.health().liveness().map(Body::from)
}

/// 200 while newcomers are taken.
pub(super) async fn readyz(State(server): State<Shared>) -> Response {
    server.hub.health().readiness().map(Body::from)
}
