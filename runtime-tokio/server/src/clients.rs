//! Clients without a protocol: they get what is published to their rooms, each message as it is.

use crate::hooks::Hooks;
use std::sync::Arc;
use throng_tokio::{Authenticating, Client, CloseFrame, Expiring, Handler, Message};

/// The hub's hooks for these clients.
#[derive(Debug)]
pub(crate) struct Clients(pub(crate) Arc<Hooks>);

impl Handler for Clients {
    async fn authenticate(&self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        self.0.connect(session).await
    }

    async fn message(&self, client: &Client, message: Message) {
        if !self.0.message(client, &message).await {
            // Nobody is there to whom it could go: it is counted.
            metrics::counter!("throng_server_messages_ignored_total").increment(1);
            tracing::debug!(client = %client.id(), bytes = message.len(), "a message of a client that has nobody to go to");
        }
    }

    async fn expiring(&self, client: &Client, _: Expiring) {
        self.0.refresh(client);
    }
}
