//! Pages for people and for Prometheus.

use super::assets::html;
use crate::config::Config;
use crate::guard;
use crate::server::Shared;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use std::net::SocketAddr;

/// What is served where: a page for browsers, and a text for others.
pub(super) async fn index(State(server): State<Shared>, headers: HeaderMap) -> Response {
    let config = server.live.config();
    let is_browser = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    let mut response = match is_browser {
        true => html(start_page(&config)),
        false => {
            format!("throng {}\n\n{}", env!("CARGO_PKG_VERSION"), served(&config, "", "", "")).into_response()
        }
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

fn start_page(config: &Config) -> String {
    let rows = rows(config).into_iter().map(|Row { path, kind, what }| {
        let (path, what) = (escaped(&path), escaped(&what));
        // What is only at another address is no link here.
        let is_link = kind == Kind::Page || kind == Kind::PageOfApi && config.api.listen.is_none();
        let shown =
            if is_link { format!("<a href=\"{path}\">{path}</a>") } else { format!("<code>{path}</code>") };
        format!("<dt>{shown}</dt><dd>{what}</dd>\n")
    });
    include_str!("../../pages/start.html")
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{rows}", &rows.collect::<String>())
}

/// A text of the config as a part of a page.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

/// A line for each path, for the page `/` and for the start of the program. `ws`, `http` and `api` come before the paths.
pub(crate) fn served(config: &Config, ws: &str, http: &str, api: &str) -> String {
    let lines: Vec<_> = rows(config)
        .into_iter()
        .map(|Row { path, kind, what }| {
            let before = match kind {
                Kind::WebSocket => ws,
                Kind::Page => http,
                Kind::Api | Kind::PageOfApi => api,
            };
            (format!("{before}{path}"), what)
        })
        .collect();
    let width = lines.iter().map(|(path, _)| path.len()).max().unwrap_or_default();
    lines.iter().map(|(path, what)| format!("  {path:width$}  {what}\n")).collect()
}

/// A path and what it serves.
struct Row {
    path: String,
    kind: Kind,
    what: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A browser can open it.
    Page,
    /// The same, where the API is.
    PageOfApi,
    Api,
    WebSocket,
}

fn rows(config: &Config) -> Vec<Row> {
    let row = |path: &str, kind, what: &str| Row { path: path.into(), kind, what: what.into() };
    let mut rows = Vec::new();
    if config.has_demo() {
        rows.push(row("/demo", Kind::Page, "a chat for trying the program: open it in two windows"));
    }
    let own = config.api.listen.as_ref().map(|own| format!(", only at {}", own.text())).unwrap_or_default();
    if config.has_admin() {
        rows.push(row("/admin", Kind::PageOfApi, &format!("the admin page, which asks for its key{own}")));
    }
    rows.push(row(config.websocket_path(), Kind::WebSocket, &of_clients(config)));
    if config.speaks_protocol() {
        rows.push(row(config.protocol.path.text(), Kind::WebSocket, &of_protocol(config)));
    }
    let api = match (config.api.keys.len(), config.has_admin()) {
        (0, false) => "the HTTP API: off, as api.keys is empty".into(),
        (0, true) => {
            format!("the HTTP API, by POST: for the key of the admin page, in the header X-API-Key{own}")
        }
        (keys, _) => {
            let keys = if keys == 1 { "1 key".into() } else { format!("{keys} keys") };
            format!("the HTTP API, by POST: for {keys}, in the header X-API-Key{own}")
        }
    };
    rows.push(row("/api/METHOD", Kind::Api, &api));
    let described = format!("the description of the API, for machines{own}");
    rows.push(row("/api/openapi.json", Kind::PageOfApi, &described));
    rows.push(row("/healthz", Kind::Page, "200 while the program lives"));
    rows.push(row("/readyz", Kind::Page, "200 while newcomers are taken"));
    let who = if config.pages.open { "everybody" } else { "this machine, and pages.key" };
    if config.metrics.enabled {
        rows.push(row("/metrics", Kind::Page, &format!("numbers for Prometheus, open to {who}")));
    }
    if config.wshub.enabled {
        let page = |path: &&str| row(path, Kind::Page, &format!("a page of WS-HUB, open to {who}"));
        rows.extend(crate::wshub::pages::PATHS.iter().map(page));
    }
    rows
}

fn of_protocol(config: &Config) -> String {
    let who = match (config.auth.has_keys(), config.protocol.anonymous) {
        (_, true) => "anybody",
        (true, false) => "clients with a token",
        (false, false) => "nobody, as auth has no key and protocol.anonymous is false",
    };
    format!("WebSockets of Centrifugo's SDKs, for {who}")
}

fn of_clients(config: &Config) -> String {
    match (config.wshub.enabled, config.clients.anonymous) {
        (false, false) if config.auth.has_keys() && config.hooks.connect.url.is_some() => {
            "WebSockets, for clients with a token (?token=TOKEN), or whom the back end of hooks.connect lets come"
                .into()
        }
        (false, false) if config.auth.has_keys() => {
            "WebSockets, for clients with a token: ?token=TOKEN".into()
        }
        (true, _) => format!(
            "WebSockets, with the client's key in the query, as WS-HUB: ?{}=KEY",
            config.wshub.client_key
        ),
        (false, true) => "WebSockets, for anybody".into(),
        (false, false) if config.hooks.connect.url.is_some() => {
            "WebSockets, for clients whom the back end of hooks.connect lets come".into()
        }
        (false, false) => {
            "WebSockets: all are refused, as auth has no key and clients.anonymous is false".into()
        }
    }
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

/// What has no route.
pub(super) async fn nothing(uri: Uri) -> Response {
    (StatusCode::NOT_FOUND, format!("Nothing is served at {}: / lists what is.\n", uri.path()))
        .into_response()
}
