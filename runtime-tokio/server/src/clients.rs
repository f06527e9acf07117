//! Clients without a protocol: they get what is published to their rooms, each message as it is. Clients with one are [`Peer`]s, and those of
//! the demo are guests.

use crate::auth::{BadToken, Claims, Tokens};
use crate::demo::{self, Demo};
use crate::hooks::notices::Notices;
use crate::hooks::{Asking, Hooks};
use crate::live::Live;
use crate::protocol::{self, Peer};
use crate::records::Records;
use std::net::SocketAddr;
use std::sync::Arc;
use throng_tokio::{
    Authenticating, Away, Client, CloseCode, CloseFrame, Connecting, Disconnected, DropNotice, Expiring,
    Expiry, Handler, Message, Resumed,
};

/// The address of a client: behind trusted proxies its own, not the proxy's. The hub does not keep it, nor the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address(pub(crate) SocketAddr);

impl Address {
    /// Keeps the address with the client that connects.
    pub(crate) fn keep(connecting: &mut Connecting) {
        if let Some(remote) = connecting.request().remote() {
            connecting.insert(Self(remote));
        }
    }
}

/// The hub's hooks for these clients.
#[derive(Debug)]
pub(crate) struct Clients {
    pub(crate) live: Arc<Live>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) hooks: Arc<Hooks>,
    /// Set if the back end is told what happens. Called here, as a closure of the builder would replace the hook of this handler.
    pub(crate) notices: Option<Arc<Notices>>,
    pub(crate) records: Arc<Records>,
    pub(crate) demo: Demo,
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
            self.records.refused(bad.label(), &format!("a client at its first message: {bad}"));
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
        if let Some(guest) = demo::guest(client) {
            self.demo.connected(client, &guest);
        } else if let Some(peer) = Peer::of(client) {
            peer.opened(client);
        }
    }

    async fn message(&self, client: &Client, message: Message) {
        if let Some(guest) = demo::guest(client) {
            return self.demo.message(client, &guest, &message);
        }
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
        if demo::guest(client).is_none() && Peer::of(client).is_none() {
            self.hooks.refresh(client);
        }
    }

    async fn dropped(&self, client: &Client, dropped: DropNotice) {
        self.records.events.dropped(client, &dropped);
        if demo::guest(client).is_some() {
            demo::dropped(client, dropped.frames);
        } else if let Some(peer) = Peer::of(client) {
            peer.dropped(client, dropped.reason);
        }
    }

    async fn away(&self, client: &Client, away: Away) {
        if let Some(notices) = &self.notices {
            notices.away(client, &away);
        }
        if let Some(guest) = demo::guest(client) {
            self.demo.away(client, &guest);
        }
    }

    async fn resumed(&self, client: &Client, resumed: Resumed) {
        if let Some(notices) = &self.notices {
            notices.resumed(client, &resumed);
        }
        if let Some(guest) = demo::guest(client) {
            self.demo.resumed(client, &guest, resumed.away.is_some());
        }
    }

    async fn disconnected(&self, client: &Client, end: Disconnected) {
        self.records.events.disconnected(client, &end);
        if let Some(notices) = &self.notices {
            notices.disconnected(client, &end);
        }
        if let Some(guest) = demo::guest(client) {
            self.demo.disconnected(client, &guest);
        } else if let Some(peer) = Peer::of(client) {
            peer.ended(client);
        }
    }
}

/// When the authorisation ends: a client whose token is within the leeway has at least that long.
pub(crate) fn expiry(seconds: u64, leeway: u64) -> Expiry {
    Expiry::at_unix_seconds(seconds.saturating_add(leeway))
}
