//! Is the server alive, and does it take connections?

use crate::handles::hub::Hub;
use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;
use http::{HeaderValue, Method, Response, StatusCode, header};
use throng_core::hub::{Refusal, State};
use throng_core::websocket::Request;

/// What a load balancer or an orchestrator asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The hub has not stopped, and the runtime that drives it has not ended.
    pub is_alive: bool,
    /// Newcomers are taken: there is a host, and the hub does not [refuse](Self::refuses) them.
    pub is_ready: bool,
    /// A host drives the hub: before that it is alive, and not ready.
    pub is_started: bool,
    /// The hub's state.
    pub state: State,
    /// Since the hub was given its host.
    pub uptime: Duration,
    /// Connections, whatever their phase.
    pub connections: usize,
    /// Why newcomers are refused, if they are: the hub drains or has stopped, or there are as many connections or open
    /// handshakes as may be.
    pub refuses: Option<Refusal>,
}

impl Hub {
    /// The hub's health now.
    #[must_use]
    pub fn health(&self) -> Health {
        let shared = self.shared();
        let is_started = shared.host().is_some();
        // Without the runtime that drives it, it can do nothing.
        let is_driven = !shared.has_lost_host();
        let (state, connections, refuses) = shared
            .look(|inner| (inner.hub.state(), inner.hub.connection_count(), inner.hub.newcomer_refusal()));
        Health {
            is_alive: is_driven && state != State::Stopped,
            is_ready: is_driven && is_started && refuses.is_none(),
            is_started,
            state,
            uptime: shared.now().since(throng_core::Instant::ORIGIN),
            connections,
            refuses,
        }
    }
}

impl Health {
    /// As JSON: `{"alive":true,"ready":true,"state":"running","uptime":1.5,"connections":3}`, the uptime in
    /// seconds. The state is `starting`, `running`, `draining` or `stopped`. If the hub is not ready, `"reason"` says why, as in
    /// `"connection limit reached (500)"`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self { is_alive, is_ready, uptime, connections, .. } = self;
        let (state, uptime) = (self.state_name(), uptime.as_millis() as f64 / 1e3);
        // A sentence without quotes.
        let reason = self.reason().map_or_else(String::new, |reason| format!(r#","reason":"{reason}""#));
        format!(
            r#"{{"alive":{is_alive},"ready":{is_ready},"state":"{state}","uptime":{uptime},"connections":{connections}{reason}}}"#
        )
    }

    /// Why it is not ready.
    fn reason(&self) -> Option<String> {
        // A hub that has not stopped is dead only without its host, which no drain and no free slot brings back.
        if !self.is_alive && self.state != State::Stopped {
            return Some("the runtime that drove the hub has ended".into());
        }
        match self.refuses {
            Some(refusal) => Some(refusal.to_string()),
            None => (!self.is_started).then(|| "the hub is not served yet".into()),
        }
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

/// Whether a request asks for health, and not for a WebSocket: `/healthz` or `/readyz`, by GET or HEAD. An Upgrade header that
/// names another protocol is ignored, as HTTP allows (RFC 9110 section 7.8).
pub(crate) fn is_probe(request: &Request) -> bool {
    let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
    is_read && !request.asks_for_websocket() && matches!(request.path(), "/healthz" | "/readyz")
}

/// The answer to a request that asks for health.
pub(crate) fn health(hub: &Hub, request: &Request) -> Option<Response<String>> {
    if !is_probe(request) {
        return None;
    }
    let health = hub.health();
    Some(if request.path() == "/healthz" { health.liveness() } else { health.readiness() })
}
