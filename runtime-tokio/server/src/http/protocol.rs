//! The path of clients that speak the protocol of Centrifugo's SDKs.

use crate::clients::Address;
use crate::protocol::Peer;
use crate::server::Shared;
use axum::extract::State;
use axum::response::Response;
use throng_tokio::axum::Upgrade;

/// The route at `protocol.path`. Who the client is, its first command says.
pub(super) async fn connect(State(server): State<Shared>, mut upgrade: Upgrade) -> Response {
    let config = server.live.config();
    let options = config.protocol.options(config.hub.rooms.name_bytes);
    Address::keep(upgrade.connecting());
    upgrade.connecting().insert(Peer::new(Shared::clone(&server), options));
    upgrade.accept().await
}
