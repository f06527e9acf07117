//! Sets until when a client is authorised.

use crate::handles::client::Client;
use crate::handshake::authenticating::Authenticating;
use crate::handshake::request::Connecting;
use crate::notice::expiry::Expiry;
use crate::state::shared::Shared;
use core::time::Duration;
use throng_core::hub::Event;
use throng_core::{ClientId, hub};

impl Client {
    /// Sets the time at which the client's authorisation ends, in place of the one that it has. Before it,
    /// [`Handler::expiring`](crate::Handler::expiring) is called, which may set a later one. At it the client ends, also if it is
    /// [away](Self::is_away): it leaves its rooms and is closed, after its queued messages. A time that has passed ends the client at once.
    ///
    /// Time in which the process stood still counts. The expiry belongs to the client and not to its connection: a client that returns keeps
    /// it, unless the new connection brings [another](Connecting::set_expiry).
    ///
    /// # Errors
    /// The client is gone or closing.
    pub fn set_expiry(&self, expiry: impl Into<Expiry>) -> Result<(), hub::Error> {
        set(&self.member.shared, self.id(), &expiry.into())
    }

    /// Takes the client's expiry back: it stays until something else ends it.
    ///
    /// # Errors
    /// The client is gone or closing.
    pub fn clear_expiry(&self) -> Result<(), hub::Error> {
        let event = Event::SetExpiry { client: self.id(), at: None, code: None, reason: "" };
        self.member.shared.handle(event).map(drop)
    }

    /// How long the client is still authorised; `None` if it has no expiry or is gone.
    #[must_use]
    pub fn expires_in(&self) -> Option<Duration> {
        let now = self.member.shared.now();
        let at = self.member.shared.look(|inner| inner.hub.expiry_of(self.id()))?;
        Some(at.since(now))
    }
}

impl Connecting {
    /// Sets the time at which the client's authorisation ends: see [`Client::set_expiry`]. If the connection continues a client that has
    /// the same [session](Self::set_session), that client gets this expiry; without one it keeps its own.
    pub fn set_expiry(&mut self, expiry: impl Into<Expiry>) {
        self.expiry = Some(expiry.into());
    }
}

impl Authenticating<'_> {
    /// Sets the time at which the client's authorisation ends: see [`Client::set_expiry`] and [`Connecting::set_expiry`]. If that is
    /// before the end of this hook, the connection is ended.
    ///
    /// # Errors
    /// The hub has given up the connection.
    pub fn set_expiry(&mut self, expiry: impl Into<Expiry>) -> Result<(), hub::Error> {
        set(&self.member.shared, self.member.id, &expiry.into())
    }
}

fn set(shared: &Shared, client: ClientId, expiry: &Expiry) -> Result<(), hub::Error> {
    // The clocks are read without the lock.
    let now = shared.now();
    let event = expiry.event(client, now, || shared.wall_now(now));
    shared.handle_at(now, event).map(drop)
}

/// Sets the expiry of a client that was just reserved.
pub(crate) fn set_reserved(shared: &Shared, client: ClientId, expiry: Option<&Expiry>) {
    if let Some(expiry) = expiry {
        // If the hub has given up the connection meanwhile, that is told elsewhere.
        let _ = set(shared, client, expiry);
    }
}
