//! The path of clients without a protocol.

use crate::auth::place::token_of;
use crate::auth::{BadToken, Claims};
use crate::clients::{Address, expiry};
use crate::config::Config;
use crate::config::types::Subprotocol;
use crate::hooks::Asking;
use crate::server::{Server, Shared};
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Uri, header};
use throng_tokio::Refusal;
use throng_tokio::axum::Upgrade;

/// The route at `clients.path`.
pub(super) async fn connect(
    State(server): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    mut upgrade: Upgrade,
) -> Response {
    let config = server.live.config();
    Address::keep(upgrade.connecting());
    upgrade.connecting().without_envelopes();
    let token = token_of(&uri, &headers);
    // As with Centrifugo, a token that can be checked here spares the question.
    if config.hooks.connect.url.is_some() && (token.is_none() || !config.auth.has_keys()) {
        choose_subprotocol(&mut upgrade, &config);
        let connecting = upgrade.connecting();
        Asking::about(connecting, &config, &uri, &headers);
        for room in &config.clients.rooms {
            connecting.join(room.as_str());
        }
        return upgrade.accept().await;
    }
    let claims = match token {
        // A bad token does not make an anonymous client: its owner would not know why it hears nothing.
        Some(token) => match server.tokens.check(token).await {
            Ok(claims) => claims,
            Err(bad) => return refuse(&server, upgrade, &bad),
        },
        None if config.clients.anonymous => Claims::default(),
        None if config.auth.first_message => {
            choose_subprotocol(&mut upgrade, &config);
            upgrade.connecting().authenticate();
            return upgrade.accept().await;
        }
        None => return refuse_unknown(&server, upgrade),
    };
    choose_subprotocol(&mut upgrade, &config);
    let connecting = upgrade.connecting();
    let Claims { sub, exp, channels, .. } = claims;
    if !sub.is_empty() {
        connecting.set_user(sub);
    }
    if let Some(seconds) = exp {
        connecting.set_expiry(expiry(seconds, config.auth.leeway.0));
    }
    for room in config.clients.rooms.iter().chain(&channels) {
        connecting.join(room.as_str());
    }
    upgrade.accept().await
}

/// The preferred one of those that the client offers. Its token, which may be among them, is none, and is not sent back.
fn choose_subprotocol(upgrade: &mut Upgrade, config: &Config) {
    let connecting = upgrade.connecting();
    let offered = |name: &str| connecting.subprotocols().any(|offer| offer == name);
    let chosen = config.clients.subprotocols.iter().find(|known| offered(known.name()));
    if let Some(protocol) = chosen.and_then(Subprotocol::protocol) {
        // It was offered.
        let _ = connecting.set_subprotocol(protocol);
    }
}

fn refuse(server: &Server, mut upgrade: Upgrade, bad: &BadToken) -> Response {
    note(server, bad.label(), &bad.to_string());
    tracing::debug!(reason = bad.label(), "a client was refused");
    let connecting = upgrade.connecting();
    let status = if *bad == BadToken::KeysAway {
        connecting.set_refusal_header(header::RETRY_AFTER, HeaderValue::from_static("5"));
        503
    } else {
        let bearer = HeaderValue::from_static("Bearer error=\"invalid_token\"");
        connecting.set_refusal_header(header::WWW_AUTHENTICATE, bearer);
        401
    };
    let told = bad.to_string();
    let (first, rest) = told.split_at(told.ceil_char_boundary(1));
    upgrade.refuse(&Refusal::custom(status, format!("{}{rest}.\n", first.to_uppercase())))
}

fn refuse_unknown(server: &Server, mut upgrade: Upgrade) -> Response {
    const UNKNOWN: &str = "Nobody knows this client: connect with ?token=TOKEN, or set `clients.anonymous` to true if such clients may come.\n";
    note(server, "no_token", UNKNOWN);
    upgrade.connecting().set_refusal_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    upgrade.refuse(&Refusal::custom(401, UNKNOWN))
}

/// Notes a client that is refused, for operators.
fn note(server: &Server, reason: &'static str, why: &str) {
    let config = server.live.config();
    server.records.refused(reason, &format!("a client at {}: {why}", config.clients.path.text()));
}
