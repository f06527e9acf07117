//! Clients without a protocol: they get what is published to their rooms, each message as it is.

use crate::server::Shared;
use axum::extract::State;
use axum::response::Response;
use throng_tokio::axum::Upgrade;
use throng_tokio::{Client, Handler, Message, Refusal};

/// The route at `clients.path`.
pub(crate) async fn connect(State(server): State<Shared>, mut upgrade: Upgrade) -> Response {
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

/// The hub's hooks for these clients.
#[derive(Debug)]
pub(crate) struct Clients;

impl Handler for Clients {
    /// Nobody is there to whom the message could go: it is counted.
    async fn message(&self, client: &Client, message: Message) {
        metrics::counter!("throng_server_messages_ignored_total").increment(1);
        tracing::debug!(client = %client.id(), bytes = message.len(), "a message of a client that has nobody to go to");
    }
}
