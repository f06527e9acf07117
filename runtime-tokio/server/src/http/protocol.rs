//! The path of clients that speak the protocol of Centrifugo's SDKs.

use crate::clients::Address;
use crate::hooks::forwarded;
use crate::protocol::Peer;
use crate::server::Shared;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use throng_tokio::axum::Upgrade;

/// The route at `protocol.path`. Who the client is, its first command says.
pub(super) async fn connect(
    State(server): State<Shared>,
    headers: HeaderMap,
    mut upgrade: Upgrade,
) -> Response {
    let config = server.live.config();
    let options = config.protocol.options(config.hub.rooms.name_bytes);
    Address::keep(upgrade.connecting());
    // Only for the question about it.
    let headers = match config.hooks.connect.url {
        Some(_) => forwarded(&config, &headers),
        None => HeaderMap::new(),
    };
    upgrade.connecting().insert(Peer::new(Shared::clone(&server), options, headers));
    upgrade.accept().await
}
