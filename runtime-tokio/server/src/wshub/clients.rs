//! Clients: who they are, and what they do.

use super::gateway::Gateway;
use super::groups::apply;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use throng_tokio::{
    Cause, Client, CloseCode, CloseFrame, Connecting, Disconnected, Handler, Message, Newcomer, Placement,
    Ruling,
};

/// The key under which a client came. The client keeps it when it is taken out of the lists and has no user any more.
#[derive(Clone, Debug)]
struct Key(Arc<str>);

/// The number of a client's request.
#[derive(Clone, Copy, Debug)]
struct Arrival(u64);

/// Makes a connection that of a key.
pub(crate) fn identify(connecting: &mut Connecting, key: String) {
    connecting.insert(Key(key.as_str().into()));
    connecting.insert(Arrival(ARRIVALS.fetch_add(1, Ordering::Relaxed)));
    connecting.set_user(key);
}

static ARRIVALS: AtomicU64 = AtomicU64::new(0);

/// Of the clients of one key the one stays whose request came last. A client opens some time after its request, so that one whose
/// request came earlier may open later: it must not end the newer one.
pub(crate) fn place(gateway: &Gateway, newcomer: &Newcomer<'_>, present: &[Client]) -> Placement {
    let config = gateway.live.config();
    let close = &config.hub.closes[Cause::Evicted];
    let Some(Arrival(number)) = newcomer.get() else { return Placement::refuse(close.clone()) };
    let is_newer = |client: &&Client| client.get().is_some_and(|Arrival(other)| other > number);
    if present.iter().any(|client| is_newer(&client)) {
        return Placement::refuse(close.clone());
    }
    match present {
        [] => Placement::Admit,
        older => Placement::evict(older, close.clone()),
    }
}

/// The hub's hooks.
#[derive(Debug)]
pub(crate) struct Clients(pub(crate) Arc<Gateway>);

impl Clients {
    fn key_of(client: &Client) -> Arc<str> {
        client.get().map_or_else(|| "".into(), |Key(key)| key)
    }
}

impl Handler for Clients {
    /// An older client of the same key has ended by now, and its `client-gone` is in the queue.
    async fn connected(&self, client: &Client) {
        let Self(gateway) = self;
        let key = Self::key_of(client);
        // Held until all are applied: the next list of groups must come after these.
        let mut pending = gateway.pending();
        for groups in pending.claim(&key, Instant::now()) {
            apply(gateway, client, &groups);
        }
        drop(pending);
        gateway.tell_new(&key);
    }

    /// WS-HUB's limit holds for messages from clients, the hub's own for both directions.
    async fn before_message(&self, _: &Client, message: &Message) -> Ruling {
        let config = self.0.live.config();
        match config.wshub.web_socket.max_message_size {
            Some(most) if most.0 > 0 && message.len() as u64 > most.0 => {
                let reason = format!("message of {} bytes, at most {} are allowed", message.len(), most.0);
                Ruling::Close(CloseFrame::new(CloseCode::TOO_BIG, reason))
            }
            _ => Ruling::Pass,
        }
    }

    async fn message(&self, client: &Client, message: Message) {
        let payload = match message {
            Message::Text(text) => text.into(),
            Message::Binary(bytes) => bytes,
        };
        self.0.tell_data(&Self::key_of(client), payload);
    }

    /// Who was taken out of the lists is known to be gone already.
    async fn disconnected(&self, client: &Client, disconnected: Disconnected) {
        if let Some(key) = client.user() {
            self.0.tell_gone(&key, &disconnected);
        }
    }
}
