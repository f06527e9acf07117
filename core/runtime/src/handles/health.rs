//! Is the server alive, and does it take connections?

use crate::handles::hub::Hub;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use http::{HeaderValue, Method, Response, StatusCode, header};
use throng_core::hub::State;
use throng_core::websocket::Request;
use throng_core::websocket::handshake::response_bytes;

/// What a load balancer or an orchestrator asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The hub has not stopped.
    pub is_alive: bool,
    /// Newcomers are taken: there is a host, and the hub neither drains nor has stopped.
    pub is_ready: bool,
    /// A host drives the hub: before that it is alive, and not ready.
    pub is_started: bool,
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
        let shared = self.shared();
        let is_started = shared.host().is_some();
        let (state, connections) = shared.look(|inner| (inner.hub.state(), inner.hub.connection_count()));
        Health {
            is_alive: state != State::Stopped,
            is_ready: is_started && state == State::Running,
            is_started,
            state,
            uptime: shared.now().since(throng_core::Instant::ORIGIN),
            connections,
        }
    }
}

impl Health {
    /// As JSON: `{"alive":true,"ready":true,"state":"running","uptime":1.5,"connections":3}`, the uptime in
    /// seconds. The state is `starting`, `running`, `draining` or `stopped`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self { is_alive, is_ready, uptime, connections, .. } = self;
        let (state, uptime) = (self.state_name(), uptime.as_millis() as f64 / 1e3);
        format!(
            r#"{{"alive":{is_alive},"ready":{is_ready},"state":"{state}","uptime":{uptime},"connections":{connections}}}"#
        )
    }

    /// What `/healthz` answers: 200 if the hub is alive, else 503, with all of this as [JSON](Self::to_json). Nobody may
    /// keep it for later.
    #[must_use]
    pub fn liveness(&self) -> Response<String> {
        self.answer(self.is_alive)
    }

    /// What `/readyz` answers: 200 if newcomers are taken, else 503, likewise.
    #[must_use]
    pub fn readiness(&self) -> Response<String> {
        self.answer(self.is_ready)
    }

    fn answer(&self, is_so: bool) -> Response<String> {
        let mut response = Response::new(self.to_json());
        *response.status_mut() = if is_so { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    pub(crate) const fn state_name(&self) -> &'static str {
        match self.state {
            State::Running if !self.is_started => "starting",
            State::Running => "running",
            State::Draining => "draining",
            State::Stopped => "stopped",
            _ => "unknown",
        }
    }
}

/// The answer to a plain request for `/healthz` or `/readyz`, by GET or HEAD.
pub(crate) fn health(hub: &Hub, request: &Request) -> Option<Vec<u8>> {
    let (is_get, is_head) = (request.method() == Method::GET, request.method() == Method::HEAD);
    if request.headers().contains_key(header::UPGRADE) || !(is_get || is_head) {
        return None;
    }
    let response = match request.path() {
        "/healthz" => hub.health().liveness(),
        "/readyz" => hub.health().readiness(),
        _ => return None,
    };
    let mut bytes = response_bytes(&response);
    if is_head {
        // The same head, and nothing behind it (RFC 9110 section 9.3.2).
        bytes.truncate(bytes.len() - response.body().len());
    }
    Some(bytes)
}
