//! A node: a real hub and a real machine, put together as a host would do it.

use std::collections::{BTreeMap, BTreeSet};
use throng_core::cluster::{
    Action, Cluster, Config, Counts, Deliver, Directive, GlobalId, Identity, NodeId, Perform, Scope, Topic,
};
use throng_core::hub::{self, Hub, Target};
use throng_core::outbox::{Batch, Item, Progress, Transport};
use throng_core::{ClientId, CloseFrame, Frame, Instant, Window};

/// The hub has no deadlines here: its time stands still.
const STILL: Instant = Instant::ORIGIN;

/// The rooms with presence.
pub(super) const PRESENT: [&str; 3] = ["r00", "r02", "r04"];

/// What a client with this user gives when it joins a room with presence.
pub(super) fn info_of(user: Option<&str>) -> String {
    user.unwrap_or("nobody").repeat(30)
}

/// What is known of a client without asking the hub.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) user: Option<String>,
    pub(super) rooms: BTreeSet<String>,
}

/// A start of a node.
pub(super) struct Run {
    pub(super) hub: Hub,
    pub(super) cluster: Cluster,
    pub(super) clients: BTreeMap<ClientId, Client>,
    /// The line of the broker, once it is open.
    pub(super) line: Option<u64>,
    /// How far this host's clock is ahead of the simulation's, in milliseconds.
    pub(super) ahead: u64,
    /// The host stands still until then.
    pub(super) stands_until: u64,
    batch: Batch,
}

/// Which clients have got which bytes.
pub(super) type Got = Vec<(ClientId, Vec<u8>)>;

impl Run {
    pub(super) fn new(
        config: &Config,
        node: &str,
        incarnation: u64,
        seed: u64,
        now: u64,
        ahead: u64,
    ) -> Self {
        let mut of_hub = hub::Config::default();
        of_hub.host.occupancy = true;
        for room in PRESENT {
            of_hub.presence.by_prefix.insert(room.into(), hub::Presence::default());
        }
        let node = NodeId::new(node).expect("it is valid");
        let identity = Identity { node, incarnation, seed };
        let cluster = Cluster::new(config.clone(), identity, instant(now + ahead)).expect("it is valid");
        Self {
            hub: Hub::new(of_hub).expect("it is valid"),
            cluster,
            clients: BTreeMap::new(),
            line: None,
            ahead,
            stands_until: 0,
            batch: Batch::default(),
        }
    }

    /// The time by this host's clock.
    pub(super) fn now(&self, now: u64) -> Instant {
        instant(now + self.ahead)
    }

    pub(super) fn incarnation(&self) -> u64 {
        self.cluster.identity().incarnation
    }

    pub(super) fn node(&self) -> &str {
        self.cluster.identity().node.as_str()
    }

    pub(super) fn global(&self, client: ClientId) -> GlobalId {
        let Identity { node, incarnation, .. } = self.cluster.identity().clone();
        GlobalId { node, incarnation, client }
    }

    /// Tells the machine what the hub says, as a host does.
    pub(super) fn hand_on(&mut self, now: u64) {
        let now = self.now(now);
        while let Some(action) = self.hub.poll_action() {
            let (topic, wanted) = match &action {
                hub::Action::RoomOccupied { room } => (Topic::Room(room), true),
                hub::Action::RoomVacated { room } => {
                    self.cluster.room(now, room, 0, 0).expect("it is short");
                    (Topic::Room(room), false)
                }
                hub::Action::RoomCounted { room, clients, users } => {
                    self.cluster.room(now, room, *clients, *users).expect("it is short");
                    continue;
                }
                hub::Action::MemberPresent { room, member } => {
                    let (user, info) = (member.user.as_deref(), &member.info);
                    self.cluster.present(now, room, member.client, user, info).expect("it is short");
                    continue;
                }
                hub::Action::MemberAbsent { room, client } => {
                    self.cluster.absent(now, room, *client).expect("it is short");
                    continue;
                }
                hub::Action::UserPresent { user } => (Topic::User(user), true),
                hub::Action::UserAbsent { user } => (Topic::User(user), false),
                _ => continue,
            };
            self.cluster.interest(now, topic, wanted).expect("there are few");
        }
        let counts = Counts {
            clients: self.hub.client_count() as u64,
            users: self.hub.user_count() as u64,
            rooms: self.hub.room_count() as u64,
        };
        self.cluster.counts(now, counts).expect("no action waits");
    }

    pub(super) fn connect(&mut self, user: Option<String>, rooms: BTreeSet<String>) {
        let client = self.hub.admit(STILL, user.as_deref()).expect("there is room");
        for room in &rooms {
            self.enter(client, user.as_deref(), room);
        }
        self.clients.insert(client, Client { user, rooms });
    }

    fn enter(&mut self, client: ClientId, user: Option<&str>, room: &str) {
        let joined = if PRESENT.contains(&room) {
            self.hub.join_with_info(STILL, client, room, None, info_of(user).as_bytes())
        } else {
            self.hub.join(STILL, client, room)
        };
        joined.expect("there is room");
    }

    pub(super) fn join(&mut self, client: ClientId, room: &str) {
        if let Some(known) = self.clients.get_mut(&client)
            && known.rooms.insert(room.to_owned())
        {
            let user = known.user.clone();
            self.enter(client, user.as_deref(), room);
        }
    }

    pub(super) fn leave(&mut self, client: ClientId, room: &str) {
        if let Some(known) = self.clients.get_mut(&client)
            && known.rooms.remove(room)
        {
            self.hub.leave(STILL, client, room).expect("it is a member");
        }
    }

    pub(super) fn disconnect(&mut self, client: ClientId) {
        if self.clients.remove(&client).is_some() {
            let connection = self.hub.connection_of(client).expect("it has one");
            self.hub.gone(STILL, connection).expect("it is there");
        }
    }

    /// Whom a message reaches here, by what is known of the clients.
    pub(super) fn recipients(
        &self,
        to: &Scope,
        except_user: Option<&str>,
        except: &[ClientId],
    ) -> BTreeSet<ClientId> {
        let is_reached = |id: &ClientId, client: &Client| match to {
            Scope::All => true,
            Scope::Room(room) => client.rooms.contains(&**room),
            Scope::User(user) => client.user.as_deref() == Some(&**user),
            Scope::Client(to) => id == to,
            Scope::Node => false,
        };
        let mut reached: BTreeSet<_> =
            self.clients.iter().filter(|(id, client)| is_reached(id, client)).map(|(id, _)| *id).collect();
        reached.retain(|id| {
            let user = self.clients[id].user.as_deref();
            !except.contains(id) && (except_user.is_none() || user != except_user)
        });
        reached
    }

    /// Publishes on the hub, and returns who has got it.
    pub(super) fn publish(
        &mut self,
        to: &Scope,
        payload: &[u8],
        except_user: Option<&str>,
        except: &[ClientId],
    ) -> Got {
        let mut except = except.to_vec();
        except.extend(except_user.into_iter().flat_map(|user| self.hub.clients_of(user)));
        let target = match to {
            Scope::All => Target::All,
            Scope::Room(room) => Target::Room(room),
            Scope::User(user) => Target::User(user),
            Scope::Client(client) => Target::Client(*client),
            Scope::Node => return Got::new(),
        };
        let frame = Frame::raw(payload.to_vec().into());
        // Nobody may be there.
        let _ = self.hub.publish(STILL, &[target], &except, &frame, None);
        self.write()
    }

    pub(super) fn deliver(&mut self, deliver: &Deliver) -> Got {
        self.publish(&deliver.to, &deliver.payload, deliver.except_user.as_deref(), &deliver.except)
    }

    fn write(&mut self) -> Got {
        let mut got = Got::new();
        while let Some(connection) = self.hub.poll_ready() {
            self.batch.clear();
            self.hub.transmit(STILL, connection, 64 << 10, &mut self.batch).expect("it is ready");
            for lease in self.batch.leases() {
                for item in self.batch.run(lease.run) {
                    if let Item::Frame(frame) = item {
                        let mut bytes = Vec::new();
                        frame.append_to(Window::NONE, &mut bytes);
                        got.push((lease.client, bytes));
                    }
                }
                let written = [lease.written(Progress::All, Transport::Ready)];
                self.hub.transmitted(STILL, &written).expect("it was leased");
            }
        }
        got
    }

    pub(super) fn perform(&mut self, perform: &Perform) {
        for client in self.recipients(&perform.to, None, &[]) {
            match &perform.directive {
                Directive::Close(CloseFrame { .. }) => self.disconnect(client),
                Directive::Join(room) => self.join(client, room),
                Directive::Leave(room) => self.leave(client, room),
                _ => unreachable!("there are three"),
            }
        }
    }

    pub(super) fn next_action(&mut self) -> Option<Action> {
        self.cluster.poll_action()
    }
}

/// From milliseconds.
pub(super) fn instant(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}
