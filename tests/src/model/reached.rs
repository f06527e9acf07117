//! What comes to pass in a case, by name.

use super::driver::Driver;
use super::reference::{Client, Phase, Sending};
use std::collections::BTreeSet;
use throng_core::hub::{Error, Event, Outcome};
use throng_core::{ClientId, ConnectionId};

impl Driver {
    /// What an event will be about, while things are as they were.
    pub(super) fn note_before(&mut self, event: Event<'_>) {
        let model = &self.model;
        let mut names = Vec::new();
        if let Some(connection) = connection_of(event) {
            let found = model.find_connection(connection);
            let is_reserving = matches!(event, Event::Reserve { .. });
            if found.is_some_and(|one| one.client.is_none()) && !is_reserving {
                names.push("On a connection without a client");
            }
            let client = ClientId::from_u64(connection.to_u64());
            if found.is_none() && model.find(client).is_some() {
                names.push("On a client's number");
            }
        }
        if let Some(client) = client_of(event) {
            let connection = ConnectionId::from_u64(client.to_u64());
            if model.find(client).is_none() && model.find_connection(connection).is_some() {
                names.push("For a connection's number");
            }
        }
        if let Event::Transmitted { results } = event {
            for written in results {
                let has_lease = |one: &Client| one.outbox.sending == Sending::Leased;
                let is_anothers = |one: &Client| one.connection != written.connection;
                if model.find(written.client).is_some_and(|one| has_lease(one) && is_anothers(one)) {
                    names.push("Stale lease");
                }
            }
        }
        self.reached.extend(names.into_iter().map(str::to_owned));
    }

    /// What the hub answered, and how things are now.
    pub(super) fn note_after(&mut self, event: Event<'_>, result: Result<Outcome, Error>) {
        self.reached.insert(match result {
            Err(Error::Refused(refusal)) => refusal.name().into(),
            Err(error) => first_word(&error),
            Ok(Outcome::Verdict(verdict)) => first_word(&verdict),
            Ok(outcome) => first_word(&outcome),
        });
        let is_there = |is: fn(&Client) -> bool| self.model.clients.iter().any(is);
        let given_up = |(_, had): &(ClientId, ConnectionId)| self.model.find_connection(*had).is_some();
        let names = [
            ("Reconfigured", matches!((event, result), (Event::Reconfigure { .. }, Ok(_)))),
            ("Paced", is_there(|one| one.outbox.sending == Sending::Paced)),
            ("Begun", is_there(|one| one.outbox.begun_messages().nth(1).is_some())),
            ("Marked", is_there(|one| one.phase == Phase::Marked)),
            ("Closing rooms", self.model.is_closing_rooms()),
            ("Rest", is_there(|one| one.is_rest)),
            ("Rest with a lease", is_there(|one| one.is_rest && one.outbox.sending == Sending::Leased)),
            ("Held", is_there(|one| one.phase == Phase::Open && one.outbox.sending == Sending::Held)),
            ("Given up", self.gone_clients.iter().any(given_up)),
        ];
        let came_to_pass = names.into_iter().filter(|(_, did)| *did);
        self.reached.extend(came_to_pass.map(|(name, _)| name.to_owned()));
    }

    /// All of it, and each of the hub's numbers that is not zero.
    pub(super) fn reached(&self) -> BTreeSet<String> {
        let stats = self.hub.stats();
        let numbers = self.model.compare_stats(&stats).into_iter();
        let counted = numbers.filter(|number| number.1 > 0).map(|number| number.0.to_owned());
        self.reached.iter().cloned().chain(counted).collect()
    }
}

/// The connection that an event names.
fn connection_of(event: Event<'_>) -> Option<ConnectionId> {
    match event {
        Event::Reserve { connection, .. }
        | Event::Open { connection }
        | Event::Received { connection, .. }
        | Event::Ping { connection, .. }
        | Event::Pong { connection }
        | Event::Heard { connection }
        | Event::Working { connection }
        | Event::PeerClosed { connection, .. }
        | Event::HalfClosed { connection }
        | Event::Gone { connection }
        | Event::CloseConnection { connection, .. }
        | Event::Transmit { connection, .. }
        | Event::Writable { connection } => Some(connection),
        _ => None,
    }
}

/// The client that an event names.
fn client_of(event: Event<'_>) -> Option<ClientId> {
    match event {
        Event::SetUser { client, .. }
        | Event::Identify { client, .. }
        | Event::SetExpiry { client, .. }
        | Event::Ask { client, .. }
        | Event::Replied { client, .. }
        | Event::CancelAsk { client, .. }
        | Event::Place { client, .. }
        | Event::Join { client, .. }
        | Event::JoinWithInfo { client, .. }
        | Event::WatchPresence { client, .. }
        | Event::UnwatchPresence { client, .. }
        | Event::Leave { client, .. }
        | Event::LeaveAll { client }
        | Event::Close { client, .. } => Some(client),
        _ => None,
    }
}

/// The name of a variant.
pub(super) fn first_word(variant: &impl std::fmt::Debug) -> String {
    let text = format!("{variant:?}");
    text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default().to_owned()
}
