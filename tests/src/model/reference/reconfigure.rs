//! Another config at run time.

use super::publish::Shedding;
use super::timeouts::nanos;
use super::{Model, NEVER};
use crate::model::Limits;
use throng_core::hub::{Config, Error};
use throng_core::{ClientId, ConnectionId};

impl Model {
    pub(super) fn reconfigure(&mut self, config: &Config, shedding: &Shedding) -> Result<(), Error> {
        let (was, is) = (self.limits.clone(), self.asked.clone());
        let (now, since) = (self.now, self.arrived_since());
        if config.validate().is_err() || (was.lanes, was.seed) != (is.lanes, is.seed) {
            return Err(Error::ConfigRefused);
        }
        self.limits = is.clone();
        for client in &mut self.clients {
            client.messages.carry_over(was.client_messages, is.client_messages, since);
            client.bytes.carry_over(was.client_bytes, is.client_bytes, since);
        }
        for connection in &mut self.connections {
            connection.controls.carry_over(was.control, is.control, since);
        }
        for user in &mut self.users {
            user.messages.carry_over(was.user_messages, is.user_messages, since);
            user.bytes.carry_over(was.user_bytes, is.user_bytes, since);
        }
        for (_, bucket) in &mut self.addresses {
            bucket.carry_over(was.connect_rate, is.connect_rate, since);
        }
        let is_restarted = (was.ping, was.pong) != (is.ping, is.pong);
        let deadlines = |limits: &Limits| {
            let of_peers = (limits.handshake, limits.write, limits.write_rate, limits.close);
            (of_peers, limits.idle, limits.idle_inbound, limits.ping, limits.pong, limits.standstill)
        };
        if deadlines(&was) != deadlines(&is) {
            for connection in self.connections_by_index() {
                if is_restarted && self.need_open_on(connection).is_ok() {
                    self.at(connection).hear(now);
                    self.at(connection).next_ping = is.ping.map_or(NEVER, |ping| now + nanos(ping));
                }
                self.arm(connection);
            }
        }
        if was.written_messages != is.written_messages {
            for client in self.clients_by_index() {
                self.of(client).written.carry_over(was.written_messages, is.written_messages, now);
                self.unpace(client);
            }
        }
        let bounds = |limits: &Limits| {
            let all = (limits.message_bytes, limits.messages, limits.bytes, limits.policy, limits.hub_bytes);
            (all, limits.written_messages, limits.away_messages, limits.away_bytes)
        };
        if bounds(&was) != bounds(&is) {
            for client in self.clients_by_index() {
                self.tell_low(client);
            }
            self.keep_to_budget(shedding);
        }
        Ok(())
    }

    /// All connections, in the order of their places.
    fn connections_by_index(&self) -> Vec<ConnectionId> {
        let mut connections: Vec<_> = self.connections.iter().map(|connection| connection.id).collect();
        connections.sort_by_key(|connection| connection.index());
        connections
    }

    /// All clients, in the order of their places.
    fn clients_by_index(&self) -> Vec<ClientId> {
        let mut clients: Vec<_> = self.clients.iter().map(|client| client.id).collect();
        clients.sort_by_key(|client| client.index());
        clients
    }
}
