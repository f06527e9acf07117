//! Clients without a protocol: they get what is published to their rooms, each message as it is. Clients with one are
//! [`Peer`]s.

use crate::auth::{BadToken, Claims, Tokens};
use crate::hooks::{Asking, Hooks};
use crate::live::Live;
use crate::protocol::{self, Peer};
use std::sync::Arc;
use throng_tokio::{
    Authenticating, Client, CloseCode, CloseFrame, Disconnected, DropNotice, Expiring, Expiry, Handler,
    Message,
};

/// The hub's hooks for these clients.
#[derive(Debug)]
pub(crate) struct Clients {
    pub(crate) live: Arc<Live>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) hooks: Arc<Hooks>,
}

impl Handler for Clients {
    /// The back end is asked (`hooks.connect`), or the token comes as the first message (`auth.first_message`).
    async fn authenticate(&self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        if session.get::<Asking>().is_some() {
            return self.hooks.connect(session).await;
        }
        let message = session.receive().await?;
        let text = core::str::from_utf8(message.as_bytes()).map_err(|_| BadToken::Malformed);
        let checked = match text {
            Ok(token) => self.tokens.check(token.trim()).await,
            Err(bad) => Err(bad),
        };
        let Claims { sub, exp, channels, .. } = checked.map_err(|bad| {
            count_refusal(bad.label());
            tracing::debug!(reason = bad.label(), "a client was refused at its first message");
            CloseFrame::new(CloseCode::POLICY, bad.to_string())
        })?;
        let config = self.live.config();
        if !sub.is_empty() {
            session.set_user(&sub)?;
        }
        if let Some(seconds) = exp {
            session.set_expiry(expiry(seconds, config.auth.leeway.0))?;
        }
        for room in config.clients.rooms.iter().chain(&channels) {
            session.join(room.as_str());
        }
        Ok(())
    }

    async fn connected(&self, client: &Client) {
        if let Some(peer) = Peer::of(client) {
            peer.opened(client);
        }
    }

    async fn message(&self, client: &Client, message: Message) {
        if let Some(peer) = Peer::of(client) {
            return protocol::message(&peer, client, message).await;
        }
        if !self.hooks.message(client, &message).await {
            // Nobody is there to whom it could go: it is counted.
            metrics::counter!("throng_server_messages_ignored_total").increment(1);
            tracing::debug!(client = %client.id(), bytes = message.len(), "a message of a client that has nobody to go to");
        }
    }

    async fn expiring(&self, client: &Client, _: Expiring) {
        if Peer::of(client).is_none() {
            self.hooks.refresh(client);
        }
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

/// When the authorisation ends: a client whose token is within the leeway has at least that long.
pub(crate) fn expiry(seconds: u64, leeway: u64) -> Expiry {
    Expiry::at_unix_seconds(seconds.saturating_add(leeway))
}

/// Counts a client that was not let in.
pub(crate) fn count_refusal(reason: &'static str) {
    metrics::counter!("throng_server_clients_refused_total", "reason" => reason).increment(1);
}
