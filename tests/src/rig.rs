//! A hub to be measured: full of clients, the same in every run, and warm.

use bytes::Bytes;
use throng_core::hub::{Config, Hub, Published, Target};
use throng_core::outbox::{Batch, Progress, Transport, Written};
use throng_core::websocket::encode;
use throng_core::{ClientId, ConnectionId, Frame, Instant, MessageKind};

/// The room that everybody is in.
pub const ROOM: &str = "lobby";

/// Clients and bytes of one lease batch, as the runtime asks for.
const LEASES: u32 = 64;
const BUDGET: u32 = 64 << 10;

/// A hub with clients that are nobody's users, and a host that writes whatever it leases.
pub struct Rig {
    /// The hub.
    pub hub: Hub,
    /// Its clients, in the order in which they connected.
    pub clients: Vec<ClientId>,
    /// Their connections, in the same order.
    pub connections: Vec<ConnectionId>,
    pub(crate) batch: Batch,
    results: Vec<Written>,
}

/// In which order the clients join the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they connected, so that the members lie in memory one behind the other.
    Connected,
    /// Any, as it is after some hours.
    Shuffled,
}

impl Rig {
    /// A hub of the default config, with room for so many clients reserved, and as many in it.
    #[must_use]
    pub fn new(clients: u32) -> Self {
        Self::with(clients, |_| {})
    }

    /// The same with some of the config changed.
    ///
    /// # Panics
    /// If the config cannot stand, or refuses so many clients.
    #[must_use]
    pub fn with(clients: u32, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.host.capacity = clients;
        change(&mut config);
        let hub = Hub::new(config).expect("the config stands");
        let (batch, results) = (Batch::default(), Vec::new());
        let mut rig = Self { hub, clients: Vec::new(), connections: Vec::new(), batch, results };
        rig.clients = (0..clients).map(|_| rig.connect()).collect();
        rig.connections = rig.clients.iter().map(|&client| rig.connection_of(client)).collect();
        rig
    }

    /// One more client, of which the application has heard.
    ///
    /// # Panics
    /// If the hub refuses it.
    pub fn connect(&mut self) -> ClientId {
        let client = self.hub.admit(Instant::ORIGIN, None).expect("nobody is refused");
        self.settle();
        client
    }

    /// The connection of a client.
    ///
    /// # Panics
    /// If the client is gone.
    #[must_use]
    pub fn connection_of(&self, client: ClientId) -> ConnectionId {
        self.hub.connection_of(client).expect("the client is there")
    }

    /// One client less.
    ///
    /// # Panics
    /// If it is gone already.
    pub fn disconnect(&mut self, client: ClientId) {
        let connection = self.connection_of(client);
        self.hub.gone(Instant::ORIGIN, connection).expect("the connection is there");
        self.settle();
    }

    /// Puts everybody into the room.
    ///
    /// # Panics
    /// If somebody is in it already.
    #[must_use]
    pub fn in_room(mut self, order: Order) -> Self {
        let mut clients = self.clients.clone();
        if order == Order::Shuffled {
            shuffle(&mut clients);
        }
        for client in clients {
            self.hub.join(Instant::ORIGIN, client, ROOM).expect("nobody is in the room");
        }
        self
    }

    /// Publishes to one target.
    ///
    /// # Panics
    /// If the target does not exist.
    pub fn publish(&mut self, target: Target<'_>, frame: &Frame) -> Published {
        self.hub.publish(Instant::ORIGIN, &[target], &[], frame, None).expect("the target exists")
    }

    /// Leases and writes until nobody has anything left.
    ///
    /// # Panics
    /// Never: the hub has a lane 0.
    pub fn write_all(&mut self) {
        while self.transmit() > 0 {
            let (progress, transport) = (Progress::All, Transport::Ready);
            self.results.clear();
            self.results.extend(self.batch.leases().iter().map(|lease| lease.written(progress, transport)));
            self.hub.transmitted(Instant::ORIGIN, &self.results).expect("results are always taken");
        }
    }

    fn transmit(&mut self) -> u32 {
        self.batch.clear();
        let leased = self.hub.transmit_ready(Instant::ORIGIN, 0, LEASES, BUDGET, &mut self.batch);
        leased.expect("the lane exists")
    }

    /// Hears whatever the hub has to say.
    pub fn settle(&mut self) {
        while self.hub.poll_action().is_some() {}
    }
}

/// A frame of so many bytes.
#[must_use]
pub fn frame(bytes: usize) -> Frame {
    Frame::raw(Bytes::from(vec![b'x'; bytes]))
}

/// What a client sends: text messages of so many bytes each, masked.
#[must_use]
pub fn client_stream(messages: usize, bytes: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    for _ in 0..messages {
        encode::encode_client_message(
            MessageKind::Text,
            &vec![b'x'; bytes],
            [0x37, 0xfa, 0x21, 0x3d],
            &mut wire,
        );
    }
    wire
}

/// The same order in every run (xorshift).
fn shuffle<T>(list: &mut [T]) {
    let mut random = 88_172_645_463_325_252_u64;
    for at in (1..list.len()).rev() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        list.swap(at, random as usize % (at + 1));
    }
}
