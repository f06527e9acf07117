//! From relative indices to ids: of clients and of connections.

use super::driver::Driver;
use super::op::{On, Through, Who};
use super::reference::{Client, Connection, Phase, Sending};
use throng_core::{ClientId, ConnectionId};

/// An id that was never given.
const NEVER_GIVEN: u64 = u64::MAX;

impl Driver {
    pub(super) fn pick(&self, who: Who) -> Option<ClientId> {
        let (n, is): (u8, fn(&Client) -> bool) = match who {
            Who::Stale(n) => {
                let gone = nth(&self.gone_clients, n).map(|(client, _)| client);
                return Some(gone.unwrap_or(ClientId::from_u64(NEVER_GIVEN)));
            }
            Who::AsConnection(n) => {
                let connections: Vec<_> = self.model.connections.iter().map(|one| one.id).collect();
                return nth(&connections, n).map(|connection| ClientId::from_u64(connection.to_u64()));
            }
            Who::Client(n) => (n, |one| one.phase == Phase::Open),
            Who::Reserved(n) => (n, |one| one.phase == Phase::Reserved),
            Who::Closing(n) => (n, |one| one.phase == Phase::Closing),
            Who::Leased(n) => (n, |one| one.outbox.sending == Sending::Leased),
            Who::Blocked(n) => (n, |one| one.outbox.sending == Sending::Blocked),
            Who::Failed(n) => (n, Client::has_failed),
            Who::Away(n) => (n, |one| one.phase == Phase::Away),
            Who::Anybody(n) => (n, |_| true),
        };
        let found: Vec<_> = self.model.clients.iter().filter(|one| is(one)).map(|one| one.id).collect();
        nth(&found, n)
    }

    pub(super) fn pick_connection(&self, on: On) -> Option<ConnectionId> {
        let (n, is): (u8, fn(&Connection) -> bool) = match on {
            On::Of(who) => return self.pick(who).and_then(|client| self.connection_of(client)),
            On::Ended(n) => return Some(self.ended(n)),
            On::AsClient(n) => {
                let clients: Vec<_> = self.model.clients.iter().map(|one| one.id).collect();
                return nth(&clients, n).map(|client| ConnectionId::from_u64(client.to_u64()));
            }
            On::Handshake(n) => (n, |one| one.client.is_none()),
            On::Aborted(n) => (n, |one| one.aborted),
            On::Any(n) => (n, |_| true),
        };
        let found: Vec<_> = self.model.connections.iter().filter(|one| is(one)).map(|one| one.id).collect();
        nth(&found, n)
    }

    /// The connection from which a lease of a client comes back.
    pub(super) fn connection_through(&self, client: ClientId, through: Through) -> Option<ConnectionId> {
        let its = self.connection_of(client);
        match through {
            Through::Its => Some(its.unwrap_or(ConnectionId::from_u64(NEVER_GIVEN))),
            Through::Anothers(n) => {
                let others = self.model.connections.iter().map(|one| one.id).filter(|&one| Some(one) != its);
                nth(&others.collect::<Vec<_>>(), n)
            }
            Through::Former(n) => Some(self.ended(n)),
        }
    }

    /// The connection that a client has, or had.
    fn connection_of(&self, client: ClientId) -> Option<ConnectionId> {
        let has = self.model.find(client).map(|found| found.connection);
        has.or_else(|| self.gone_clients.iter().find(|gone| gone.0 == client).map(|gone| gone.1))
    }

    fn ended(&self, n: u8) -> ConnectionId {
        nth(&self.gone_connections, n).unwrap_or(ConnectionId::from_u64(NEVER_GIVEN))
    }
}

fn nth<T: Copy>(all: &[T], n: u8) -> Option<T> {
    if all.is_empty() { None } else { Some(all[usize::from(n) % all.len()]) }
}
