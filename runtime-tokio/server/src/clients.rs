//! Clients without a protocol: they get what is published to their rooms, each message as it is.

use throng_tokio::{Client, Handler, Message};

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
