//! Pages for people and for Prometheus.

use crate::guard;
use crate::server::Shared;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use std::net::SocketAddr;

/// What is served where.
pub(super) async fn index(State(server): State<Shared>) -> String {
    let config = server.live.config();
    format!("throng {}\n\n{}", env!("CARGO_PKG_VERSION"), served(&config, "", ""))
}

/// A line for each path, for the page `/` and for the start of the program. `ws` and `http` come before the paths.
pub(crate) fn served(config: &crate::config::Config, ws: &str, http: &str) -> String {
    let clients = match (config.wshub.enabled, config.clients.anonymous) {
        (false, false) if config.auth.has_keys() => {
            "WebSockets, for clients with a token: ?token=TOKEN".into()
        }
        (true, _) => format!(
            "WebSockets, with the client's key in the query, as WS-HUB: ?{}=KEY",
            config.wshub.client_key
        ),
        (false, true) => "WebSockets, for anybody".into(),
        (false, false) => {
            "WebSockets: all are refused, as auth has no key and clients.anonymous is false".into()
        }
    };
    let path = config.websocket_path();
    let mut lines = vec![(format!("{ws}{path}"), clients)];
    if config.speaks_protocol() {
        let who = match (&config.auth.secret, config.protocol.anonymous) {
            (_, true) => "anybody",
            (Some(_), false) => "clients with a token",
            (None, false) => "nobody, as auth.secret is not set and protocol.anonymous is false",
        };
        let what = format!("WebSockets of Centrifugo's SDKs, for {who}");
        lines.push((format!("{ws}{}", config.protocol.path.text()), what));
    }
    let api = match config.api.keys.len() {
        0 => "the HTTP API: off, as api.keys is empty".into(),
        keys => format!("the HTTP API, by POST: for {keys} keys, in the header X-API-Key"),
    };
    let of_api =
        config.api.listen.as_ref().map_or_else(|| http.to_owned(), |own| format!("http://{}", own.text()));
    lines.push((format!("{of_api}/api/METHOD"), api));
    lines.push((format!("{of_api}/api/openapi.json"), "the description of the API, for machines".into()));
    lines.push((format!("{http}/healthz"), "200 while the program lives".into()));
    lines.push((format!("{http}/readyz"), "200 while newcomers are taken".into()));
    if config.metrics.enabled {
        let who = if config.pages.open { "everybody" } else { "this machine, and pages.key" };
        lines.push((format!("{http}/metrics"), format!("numbers for Prometheus, open to {who}")));
    }
    if config.wshub.enabled {
        let who = if config.pages.open { "everybody" } else { "this machine, and pages.key" };
        for path in crate::wshub::pages::PATHS {
            lines.push((format!("{http}{path}"), format!("a page of WS-HUB, open to {who}")));
        }
    }
    let width = lines.iter().map(|(path, _)| path.len()).max().unwrap_or_default();
    lines.iter().map(|(path, what)| format!("  {path:width$}  {what}\n")).collect()
}

/// The numbers for Prometheus.
pub(super) async fn metrics(
    State(server): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = guard::check(&server.live.config().pages, peer, &headers) {
        return *refused;
    }
    let page = server.numbers.as_ref().map(crate::metrics::Numbers::page).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], page).into_response()
}
