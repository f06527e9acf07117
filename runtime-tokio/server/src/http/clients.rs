//! The path of clients without a protocol.

use crate::server::Shared;
use axum::extract::State;
use axum::response::Response;
use throng_tokio::Refusal;
use throng_tokio::axum::Upgrade;

/// The route at `clients.path`.
pub(super) async fn connect(State(server): State<Shared>, mut upgrade: Upgrade) -> Response {
    const UNKNOWN: &str =
        "Nobody knows this client: set `clients.anonymous` to true if such clients may come.\n";
    let config = server.live.config();
    if !config.clients.anonymous {
        return upgrade.refuse(&Refusal::custom(401, UNKNOWN));
    }
    for room in &config.clients.rooms {
        upgrade.connecting().join(room.as_str());
    }
    upgrade.accept().await
}
