//! The path of clients without a protocol.

use crate::auth::{Claims, check};
use crate::clients::Peer;
use crate::config::Config;
use crate::server::Shared;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Uri, header};
use throng_tokio::axum::Upgrade;
use throng_tokio::{Expiry, Refusal};

/// The route at `clients.path`.
pub(super) async fn connect(
    State(server): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    mut upgrade: Upgrade,
) -> Response {
    let config = server.live.config();
    let claims = match claims_of(&config, &uri, &headers) {
        Ok(claims) => claims,
        Err(why) => {
            metrics::counter!("throng_server_clients_refused_total").increment(1);
            server.records.events.refused(&format!("a client at {}: {why}", uri.path()));
            tracing::debug!("a client was refused: {why}");
            let bearer = HeaderValue::from_static("Bearer");
            upgrade.connecting().set_refusal_header(header::WWW_AUTHENTICATE, bearer);
            return upgrade.refuse(&Refusal::custom(401, why));
        }
    };
    let connecting = upgrade.connecting();
    Peer::keep(connecting);
    let Claims { sub, exp, channels, .. } = claims.unwrap_or_default();
    if !sub.is_empty() {
        connecting.set_user(sub);
    }
    if let Some(seconds) = exp {
        // A client whose token is within the leeway has at least that long.
        connecting.set_expiry(Expiry::at_unix_seconds(seconds.saturating_add(config.auth.leeway.0)));
    }
    for room in config.clients.rooms.iter().chain(&channels) {
        connecting.join(room.as_str());
    }
    upgrade.accept().await
}

/// What the request's token says; `None` for a client that nobody knows, if such clients may come. The error is for a person.
fn claims_of(config: &Config, uri: &Uri, headers: &HeaderMap) -> Result<Option<Claims>, String> {
    const UNKNOWN: &str = "Nobody knows this client: connect with ?token=TOKEN, or set `clients.anonymous` to true if such clients may come.\n";
    const NO_SECRET: &str = "A token cannot be checked: the config has no `auth.secret`.\n";
    match (token_of(uri, headers), &config.auth.secret) {
        (None, _) if config.clients.anonymous => Ok(None),
        (None, _) => Err(UNKNOWN.into()),
        (Some(_), None) => Err(NO_SECRET.into()),
        // A bad token does not make an anonymous client: its owner would not know why it hears nothing.
        (Some(token), Some(secret)) => check(&config.auth, secret, token)
            .map(Some)
            .map_err(|error| format!("The token is not valid: {error}.\n")),
    }
}

/// The token: in the query, for browsers, or in the header Authorization. Its letters need no escapes.
fn token_of<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let in_query =
        uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("token=")));
    let in_header = || {
        let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    };
    in_query.or_else(in_header)
}
