//! The demo: its page and its WebSockets.

use super::assets::html;
use super::pages::nothing;
use crate::clients::Address;
use crate::config::Config;
use crate::config::types::Switch;
use crate::demo::Guest;
use crate::guard::is_local;
use crate::server::Shared;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use std::net::SocketAddr;
use std::sync::Arc;
use throng_tokio::Refusal;
use throng_tokio::axum::Upgrade;

const WHY: &str = "The demo is for peers of this machine that use its address or \"localhost\". \
    `demo.enabled: true` opens it to everybody.\n";

/// A demo that nobody has asked for is for peers of this machine: a page of the web whose name leads here (DNS rebinding) does not reach it.
fn may(config: &Config, peer: SocketAddr, headers: &HeaderMap) -> bool {
    config.demo.enabled == Switch::On || is_local(peer, headers)
}

/// The route `/demo`.
pub(super) async fn page(
    State(server): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let config = server.live.config();
    match (config.has_demo(), may(&config, peer, &headers)) {
        (false, _) => nothing(uri).await,
        (true, false) => (StatusCode::FORBIDDEN, WHY).into_response(),
        (true, true) => html(include_str!("../../pages/demo.html")),
    }
}

/// The route `/demo/ws`.
pub(super) async fn connect(
    State(server): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    mut upgrade: Upgrade,
) -> Response {
    let config = server.live.config();
    let refuse = match (config.has_demo(), may(&config, peer, &headers)) {
        (false, _) => Some((404, "The demo is off: `demo.enabled`.\n")),
        (true, false) => Some((403, WHY)),
        (true, true) => None,
    };
    if let Some((status, why)) = refuse {
        return upgrade.refuse(&Refusal::custom(status, why));
    }
    let guest = match Guest::of(upgrade.connecting().request(), &server.hub) {
        Ok(guest) => guest,
        Err(why) => return upgrade.refuse(&Refusal::custom(400, format!("{why}.\n"))),
    };
    let connecting = upgrade.connecting();
    if let Some(session) = &guest.session {
        connecting.set_session(session.as_str());
    }
    Address::keep(connecting);
    connecting.without_envelopes();
    connecting.insert(Arc::new(guest));
    upgrade.accept().await
}
