//! Clients without a protocol: they get what is published to their rooms, each message as it is. Clients with one are
//! [`Peer`]s.

use crate::protocol::{self, Peer};
use throng_tokio::{Client, Disconnected, DropNotice, Handler, Message};

/// The hub's hooks for these clients.
#[derive(Debug)]
pub(crate) struct Clients;

impl Handler for Clients {
    async fn connected(&self, client: &Client) {
        if let Some(peer) = Peer::of(client) {
            peer.opened(client);
        }
    }

    /// Nobody is there to whom the message of a client without a protocol could go: it is counted.
    async fn message(&self, client: &Client, message: Message) {
        if let Some(peer) = Peer::of(client) {
            return protocol::message(&peer, client, message).await;
        }
        metrics::counter!("throng_server_messages_ignored_total").increment(1);
        tracing::debug!(client = %client.id(), bytes = message.len(), "a message of a client that has nobody to go to");
    }

    async fn dropped(&self, client: &Client, _: DropNotice) {
        if let Some(peer) = Peer::of(client) {
            peer.dropped(client);
        }
    }

    async fn disconnected(&self, client: &Client, _: Disconnected) {
        if let Some(peer) = Peer::of(client) {
            peer.ended(client);
        }
    }
}
