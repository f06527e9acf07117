//! Clients without a protocol: they get what is published to their rooms, each message as it is. Clients of the demo are among them.

use crate::demo::{self, Demo};
use crate::records::Records;
use std::net::SocketAddr;
use std::sync::Arc;
use throng_tokio::{Away, Client, Connecting, Disconnected, DropNotice, Handler, Message, Resumed};

/// The address of a client, as it came. The hub does not keep it, nor the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

impl Peer {
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
    demo: Demo,
    records: Arc<Records>,
}

impl Clients {
    pub(crate) fn new(records: Arc<Records>) -> Self {
        Self { demo: Demo::default(), records }
    }
}

impl Handler for Clients {
    async fn connected(&self, client: &Client) {
        if let Some(guest) = demo::guest(client) {
            self.demo.connected(client, &guest);
        }
    }

    /// Of clients that are no guests nobody is there to whom the message could go: it is counted.
    async fn message(&self, client: &Client, message: Message) {
        if let Some(guest) = demo::guest(client) {
            return self.demo.message(client, &guest, &message);
        }
        metrics::counter!("throng_server_messages_ignored_total").increment(1);
        tracing::debug!(client = %client.id(), bytes = message.len(), "a message of a client that has nobody to go to");
    }

    async fn dropped(&self, client: &Client, dropped: DropNotice) {
        self.records.events.dropped(client, &dropped);
        if demo::guest(client).is_some() {
            demo::dropped(client, dropped.frames);
        }
    }

    async fn away(&self, client: &Client, _: Away) {
        if let Some(guest) = demo::guest(client) {
            self.demo.away(client, &guest);
        }
    }

    async fn resumed(&self, client: &Client, resumed: Resumed) {
        if let Some(guest) = demo::guest(client) {
            self.demo.resumed(client, &guest, resumed.away.is_some());
        }
    }

    async fn disconnected(&self, client: &Client, disconnected: Disconnected) {
        self.records.events.disconnected(client, &disconnected);
        if let Some(guest) = demo::guest(client) {
            self.demo.disconnected(client, &guest);
        }
    }
}
