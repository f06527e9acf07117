//! Getters. The order of every list depends only on the events.

use super::connection::Marks;
use super::memberships::List;
use super::{Config, Hub, State};
use crate::id::{ClientId, ConnectionId, Name};
use crate::outbox::Sending;
use crate::outbox::{NONE, Phase};
use crate::time::Instant;

impl Hub {
    /// Whether the hub is running, draining or stopped.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// The config from [`Hub::new`], or from the last [`Event::Reconfigure`](super::Event::Reconfigure).
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The time of the latest event, by the host's clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.for_host(self.now)
    }

    /// Whether a client is open. It may be [away](Self::is_away). O(1).
    #[must_use]
    pub fn is_open(&self, client: ClientId) -> bool {
        self.open_index(client).is_ok()
    }

    /// All open clients, away ones included, in the order of opening; when a client ends, the last one takes its place.
    pub fn clients(&self) -> impl ExactSizeIterator<Item = ClientId> + '_ {
        self.ids(&self.all)
    }

    /// The number of open clients, away ones included. O(1).
    #[must_use]
    pub fn client_count(&self) -> usize {
        self.all.len()
    }

    /// The number of connections in any phase, from accept to the end of the transport. O(1).
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.connections.len() as usize
    }

    /// The connection of a client; `None` if the client is gone or has none. O(1).
    #[must_use]
    pub fn connection_of(&self, client: ClientId) -> Option<ConnectionId> {
        let connection = self.outboxes.entries[self.outboxes.entries.find(client)?].connection;
        (connection.index != NONE).then_some(connection)
    }

    /// The client of a connection, reserved, open or closing; `None` if the connection is gone or has none, or if its client was
    /// separated from it. O(1).
    #[must_use]
    pub fn client_of(&self, connection: ConnectionId) -> Option<ClientId> {
        let slot = &self.connections[self.connections.find(connection)?];
        let index = slot.client().filter(|_| !slot.is(Marks::PARTED))?;
        Some(self.outboxes.entries.id(index))
    }

    /// The user of a client; `None` if it has no user or is gone. O(1).
    #[must_use]
    pub fn user_of(&self, client: ClientId) -> Option<Name> {
        let index = self.outboxes.entries.find(client)?;
        self.users.get(self.clients[index as usize].user).map(|user| user.name.clone())
    }

    /// The open clients of a user; empty if the user is unknown.
    pub fn clients_of(&self, user: &str) -> impl Iterator<Item = ClientId> + '_ {
        let clients = self.users.find(user.as_bytes()).and_then(|slot| self.users.get(slot));
        self.ids(clients.map_or(&[], |user| &user.clients)).filter(|&client| self.is_open(client))
    }

    /// The number of users with a client, reserved ones included. O(1).
    #[must_use]
    pub fn user_count(&self) -> usize {
        self.users_present as usize
    }

    /// The rooms of a client, in the order of joining.
    pub fn rooms_of(&self, client: ClientId) -> impl Iterator<Item = Name> + '_ {
        let index = self.outboxes.entries.find(client);
        let list = index.map_or(List::EMPTY, |index| self.clients[index as usize].memberships);
        self.memberships
            .iter(list)
            .filter_map(|(_, membership)| self.rooms.get(membership.room))
            .filter(|room| !room.closed)
            .map(|room| room.name.clone())
    }

    /// The number of rooms that a client is in. O(1), or O(its rooms) while members of a closed room are still to be told.
    #[must_use]
    pub fn room_count_of(&self, client: ClientId) -> usize {
        self.outboxes.entries.find(client).map_or(0, |index| self.rooms_of_index(index))
    }

    /// Whether a client is in a room. O(1).
    #[must_use]
    pub fn in_room(&self, client: ClientId, room: &str) -> bool {
        let index = self.outboxes.entries.find(client);
        let room = self.rooms.find(room.as_bytes());
        index.zip(room).is_some_and(|(index, room)| self.membership(index, room).is_some())
    }

    /// Whether a room exists: it has members, is [kept](super::Lifetime::Kept), or has a [history](super::History). O(1).
    #[must_use]
    pub fn room_exists(&self, room: &str) -> bool {
        self.rooms.find(room.as_bytes()).is_some()
    }

    /// The members of a room, in the order of joining; when a member leaves, the last one takes its place.
    pub fn members(&self, room: &str) -> impl ExactSizeIterator<Item = ClientId> + '_ {
        let room = self.rooms.find(room.as_bytes()).and_then(|slot| self.rooms.get(slot));
        self.ids(room.map_or(&[], |room| &room.members))
    }

    /// The number of members of a room; 0 if the room does not exist. O(1).
    #[must_use]
    pub fn member_count(&self, room: &str) -> usize {
        self.members(room).len()
    }

    /// The names of all rooms, in the order of their slots. A new room may take the slot of an ended one.
    pub fn room_names(&self) -> impl Iterator<Item = Name> + '_ {
        self.rooms.iter().filter(|room| !room.closed).map(|room| room.name.clone())
    }

    /// The number of rooms. O(1).
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    /// Messages and bytes that are queued for a client or being written to it. `None`: the client is gone or not open
    /// yet. O(1).
    #[must_use]
    pub fn outbox_of(&self, client: ClientId) -> Option<(u32, u32)> {
        let entry = &self.outboxes.entries[self.outboxes.entries.find(client)?];
        (entry.phase >= Phase::Open && client.index != NONE).then_some((entry.messages, entry.bytes))
    }

    /// Whether the message of the publish with this [`sequence`](Self::sequence) number is queued for a client or being
    /// written to it. Hosts use it to follow one message. O(queued messages).
    #[must_use]
    pub fn is_waiting(&self, client: ClientId, sequence: u64) -> bool {
        let index = self.outboxes.entries.find(client);
        index.is_some_and(|index| {
            self.outboxes.leased_at(index, sequence).is_some() || self.outboxes.has_queued(index, sequence)
        })
    }

    /// Whether a client's transport has failed or its close frame is written, so that no more is written to it.
    #[must_use]
    pub fn takes_nothing(&self, client: ClientId) -> bool {
        let index = self.outboxes.entries.find(client);
        index.is_some_and(|index| self.outboxes.entries[index].sending == Sending::Ended)
    }

    /// The position, from 0, in a client's lease of the item that came with the publish of this
    /// [`sequence`](Self::sequence) number; `None` without such a lease or item. O(messages on lease).
    #[must_use]
    pub fn leased_at(&self, client: ClientId, sequence: u64) -> Option<usize> {
        self.outboxes.leased_at(self.outboxes.entries.find(client)?, sequence)
    }

    /// Whether the host writes too slowly: a client that waits only for its writer has half of its outbox full. A
    /// host that then writes before it reads more drops no message of a burst for clients that keep up. O(1).
    #[must_use]
    pub fn is_pressed(&self) -> bool {
        self.outboxes.is_pressed()
    }

    fn ids<'a>(&'a self, indexes: &'a [u32]) -> impl ExactSizeIterator<Item = ClientId> + 'a {
        indexes.iter().map(|&index| self.outboxes.entries.id(index))
    }
}
