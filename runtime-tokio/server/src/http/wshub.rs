//! WS-HUB's paths: clients and pages.

use crate::clients::Address;
use crate::guard;
use crate::server::Shared;
use crate::wshub::clients::identify;
use crate::wshub::key::key_of;
use crate::wshub::pages::{Page, page as page_of};
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri, header};
use std::net::SocketAddr;
use throng_tokio::Refusal;
use throng_tokio::axum::{Rejection, Upgrade};

/// The route at `wshub.serverUrl`.
pub(super) async fn connect(
    State(server): State<Shared>,
    uri: Uri,
    upgrade: Result<Upgrade, Rejection>,
) -> Response {
    const NO_WEBSOCKET: &str = "This path is for WebSockets.\n";
    let mut upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        // As WS-HUB answers it.
        Err(Rejection(Refusal::UpgradeRequired(_) | Refusal::MethodNotAllowed)) => {
            return (StatusCode::BAD_REQUEST, NO_WEBSOCKET).into_response();
        }
        Err(rejection) => return rejection.into_response(),
    };
    let config = server.live.config();
    let parameter = &config.wshub.client_key;
    match key_of(uri.query(), parameter, config.hub.rooms.name_bytes) {
        Err(bad) => {
            metrics::counter!("throng_wshub_keys_refused_total").increment(1);
            let why = bad.told(parameter);
            server.records.events.refused(&format!("a client at {}: {why}", uri.path()));
            upgrade.refuse(&Refusal::custom(400, why))
        }
        Ok(key) => {
            Address::keep(upgrade.connecting());
            identify(upgrade.connecting(), key);
            upgrade.accept().await
        }
    }
}

/// The pages.
pub(super) async fn page(
    State(server): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = guard::check(&server.live.config().pages, peer, &headers) {
        return *refused;
    }
    let (kind, body) = match page_of(&server.hub, uri.path().trim_end_matches('/')) {
        Page::Json(value) => ("application/json", value.to_string()),
        Page::Text(text) => ("text/plain; charset=utf-8", text),
    };
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}
