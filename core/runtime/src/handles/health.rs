//! Health of the server: is it alive, and does it accept connections?

use crate::handles::hub::Hub;
use crate::state::settings::Readiness;
use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;
use http::{HeaderValue, Method, Response, StatusCode, header};
use throng_core::cluster::Unready;
use throng_core::hub::{Refusal, State};
use throng_core::websocket::handshake::Request;

/// The hub's health, as load balancers and orchestrators ask for it: `/healthz` and `/readyz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The hub has not stopped, and the runtime that drives it has not ended.
    pub is_alive: bool,
    /// The hub accepts newcomers: it has a host, and [`refuses`](Self::refuses) is `None`.
    pub is_ready: bool,
    /// The hub has a host that drives it. Before that it is alive but not ready.
    pub is_started: bool,
    /// The hub's state.
    pub state: State,
    /// Time since the hub got its host.
    pub uptime: Duration,
    /// Connections in any phase.
    pub connections: usize,
    /// Why newcomers are refused, if they are: the hub is draining or stopped, or has reached its limit of connections
    /// or open handshakes.
    pub refuses: Option<Refusal>,
    /// Whether the hub's link to the broker of its [cluster](crate::cluster) is proven: a message to itself has come back over it in time.
    /// `None` if the hub is in no cluster, or is ready [without](crate::cluster::Readiness) its broker.
    pub has_broker: Option<bool>,
    /// Why the link to the broker is not proven, if it was before; or that another node has taken the place of this one.
    pub unready: Option<Unready>,
}

impl Hub {
    /// The hub's health now.
    #[must_use]
    pub fn health(&self) -> Health {
        let shared = self.shared();
        let is_started = shared.host().is_some();
        // Without the runtime that drives it, the hub can do nothing.
        let is_driven = !shared.has_lost_host();
        let (state, connections, refuses, is_linked, unready) = shared.look(|inner| {
            let node = inner.node.as_ref();
            let is_linked = node.is_some_and(|node| node.machine.is_ready());
            let unready = node.and_then(|node| node.unready);
            (
                inner.hub.state(),
                inner.hub.connection_count(),
                inner.hub.newcomer_refusal(),
                is_linked,
                unready,
            )
        });
        let has_broker = (shared.settings.readiness == Some(Readiness::NeedsBroker)).then_some(is_linked);
        Health {
            is_alive: is_driven && state != State::Stopped,
            is_ready: is_driven && is_started && refuses.is_none() && has_broker != Some(false),
            is_started,
            state,
            uptime: shared.now().since(throng_core::Instant::ORIGIN),
            connections,
            refuses,
            has_broker,
            unready,
        }
    }
}

impl Health {
    /// The health as JSON: `{"alive":true,"ready":true,"state":"running","uptime":1.5,"connections":3}`. `uptime` is in
    /// seconds, `state` is `starting`, `running`, `draining` or `stopped`. If the hub is not ready, `"reason"` says
    /// why, for example `"connection limit reached (500)"`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self { is_alive, is_ready, uptime, connections, .. } = self;
        let (state, uptime) = (self.state_name(), uptime.as_millis() as f64 / 1e3);
        // The text of a reason contains no quotes.
        let reason = self.reason().map_or_else(String::new, |reason| format!(r#","reason":"{reason}""#));
        format!(
            r#"{{"alive":{is_alive},"ready":{is_ready},"state":"{state}","uptime":{uptime},"connections":{connections}{reason}}}"#
        )
    }

    /// Why the hub is not ready.
    fn reason(&self) -> Option<String> {
        // Asked first: neither the end of a drain nor a free slot revives a hub that has lost its host.
        if !self.is_alive && self.state != State::Stopped {
            return Some("the runtime that drove the hub has ended".into());
        }
        match self.refuses {
            Some(refusal) => Some(refusal.to_string()),
            None if !self.is_started => Some("the hub is not served yet".into()),
            None => (self.has_broker == Some(false)).then(|| self.reason_of_broker()),
        }
    }

    fn reason_of_broker(&self) -> String {
        match self.unready {
            Some(Unready::Superseded) => {
                "another node has the id of this one and was started later: give each node an id \
                                          of its own, and start this one again"
                    .into()
            }
            Some(why) => format!("the link to the broker is not proven ({})", why.name()),
            None => "the link to the broker is not proven".into(),
        }
    }

    /// The answer to `/healthz`: 200 if the hub is alive, else 503; the body is [JSON](Self::to_json). Caches must not
    /// store it.
    #[must_use]
    pub fn liveness(&self) -> Response<String> {
        self.answer(self.is_alive)
    }

    /// The answer to `/readyz`: 200 if newcomers are accepted, else 503; the body is [JSON](Self::to_json).
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

/// Whether a request asks for health and not for a WebSocket: GET or HEAD of `/healthz` or `/readyz`. An `Upgrade`
/// header that names another protocol is ignored, as HTTP allows (RFC 9110 section 7.8).
pub(crate) fn is_probe(request: &Request) -> bool {
    let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
    is_read && !request.asks_for_websocket() && is_health(request)
}

/// Whether the path is one that answers for health, where no WebSocket is served.
pub(crate) fn is_health(request: &Request) -> bool {
    matches!(request.path(), "/healthz" | "/readyz")
}

/// Answers a request for health; `None` for any other request.
pub(crate) fn health(hub: &Hub, request: &Request) -> Option<Response<String>> {
    if !is_probe(request) {
        return None;
    }
    let health = hub.health();
    Some(if request.path() == "/healthz" { health.liveness() } else { health.readiness() })
}
