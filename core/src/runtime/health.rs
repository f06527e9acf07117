//! Is the server alive, and does it take connections?

use super::hub::Hub;
use crate::hub::State;
use crate::websocket::Request;
use crate::websocket::handshake::response_bytes;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use http::{Method, Response, StatusCode, header};

/// What a load balancer or an orchestrator asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// The hub has not stopped.
    pub is_alive: bool,
    /// Newcomers are taken.
    pub is_ready: bool,
    /// The hub's state.
    pub state: State,
    /// Since the hub was given its host.
    pub uptime: Duration,
    /// Connections, whatever their phase.
    pub connections: usize,
}

impl Hub {
    /// The hub's health now.
    #[must_use]
    pub fn health(&self) -> Health {
        let (state, connections) =
            self.shared().look(|inner| (inner.hub.state(), inner.hub.connection_count()));
        Health {
            is_alive: state != State::Stopped,
            is_ready: state == State::Running,
            state,
            uptime: self.shared().now().since(crate::Instant::ORIGIN),
            connections,
        }
    }
}

impl Health {
    /// As JSON: `{"alive":true,"ready":true,"state":"running","uptime":1.5,"connections":3}`, the uptime in
    /// seconds.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self { is_alive, is_ready, uptime, connections, .. } = self;
        let (state, uptime) = (state_name(self.state), uptime.as_millis() as f64 / 1e3);
        format!(
            r#"{{"alive":{is_alive},"ready":{is_ready},"state":"{state}","uptime":{uptime},"connections":{connections}}}"#
        )
    }
}

const fn state_name(state: State) -> &'static str {
    match state {
        State::Running => "running",
        State::Draining => "draining",
        State::Stopped => "stopped",
    }
}

/// The answer to a plain request for `/healthz` or `/readyz`: 200 if it is so, else 503.
pub(super) fn health(hub: &Hub, request: &Request) -> Option<Vec<u8>> {
    if request.headers().contains_key(header::UPGRADE) || request.method() != Method::GET {
        return None;
    }
    let health = hub.health();
    let is_so = match request.path() {
        "/healthz" => health.is_alive,
        "/readyz" => health.is_ready,
        _ => return None,
    };
    let mut response = Response::new(health.to_json());
    *response.status_mut() = if is_so { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Some(response_bytes(&response))
}
