//! Health for load balancers.

use crate::server::Shared;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

const NO_REDIS: &str = "Redis does not carry messages: the log says why";

/// 200 while the program lives.
pub(super) async fn healthz(State(server): State<Shared>) -> Response {
    server.hub.health().liveness().map(Body::from)
}

/// 200 while newcomers are taken, and what they say reaches the back end.
pub(super) async fn readyz(State(server): State<Shared>) -> Response {
    let mut response = server.hub.health().readiness();
    if response.status() == StatusCode::OK
        && server.gateway.as_ref().is_some_and(|gateway| !gateway.is_ready())
    {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        if let Ok(Value::Object(mut health)) = serde_json::from_str(response.body()) {
            health.insert("ready".into(), false.into());
            health.insert("reason".into(), NO_REDIS.into());
            *response.body_mut() = Value::Object(health).to_string();
        }
    }
    response.map(Body::from)
}
