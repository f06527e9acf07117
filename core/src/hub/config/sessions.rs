//! Clients that lose their connection and may return.

use core::time::Duration;

/// Clients that lose their connection and may return.
///
/// A client with a [session](crate::hub::Event::Reserve) goes away when its connection ends, and stays a client for the time of its
/// grace. A connection with the same session continues it. The chapter `sessions` says what is told, kept and lost.
///
/// A client ends at once if the application or the hub closes it, also for a breach of protocol or a limit, while the hub drains, and
/// if its peer says that it leaves ([`ended_by`](Self::ended_by)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// How long a client without a connection stays. `None`: it ends with its connection. Default: `None`.
    pub grace: Option<Duration>,
    /// The most messages that wait for an away client: with as many, [`Outbox::policy`](crate::outbox::Outbox::policy) or that of the publish applies to the next one. What
    /// was queued before the client went away stays. At most `outbox.messages` count. Default: 64.
    pub messages: u32,
    /// The most bytes that wait for an away client, likewise. A message that is longer is dropped. Default: 256 KiB.
    pub bytes: u32,
    /// Most away clients. One more ends with its connection. Default: 100,000.
    pub total: Option<u32>,
    /// Most away clients of one user. One more ends with its connection. Default: 16.
    pub per_user: Option<u32>,
    /// Most away clients whose last connection was from one address. One more ends with its connection. Default: `None`.
    pub per_address: Option<u32>,
    /// The close frames of a peer that end its client at once. Default: [`EndedBy::NormalClose`].
    pub ended_by: EndedBy,
    /// What happens when a connection comes with the session of a client that has a connection. Default:
    /// [`SecondConnection::TakesOver`].
    pub second: SecondConnection,
    /// Longest name of a session, in bytes. Default: 255.
    pub name_bytes: u32,
}

/// The close frames of a peer that end its client at once, although it has a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndedBy {
    /// Any close frame. Only a connection that breaks off is waited for.
    AnyClose,
    /// A close frame with code 1000, without a code, or with a code from 3000 to 4999. After any other code the client goes away: a
    /// browser sends 1001 when its page is reloaded.
    NormalClose,
    /// No close frame: the client always goes away.
    NoClose,
}

/// What happens when a connection comes with the session of a client that has a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecondConnection {
    /// The newer connection gets the client. The older one is closed, as [`Cause::Replaced`](crate::hub::Cause::Replaced) says.
    TakesOver,
    /// The newer connection is refused. A peer whose connection died unnoticed cannot return until the hub has found that out, which takes up
    /// to `deadlines.pong`.
    Refused,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            grace: None,
            messages: 64,
            bytes: 256 << 10,
            total: Some(100_000),
            per_user: Some(16),
            per_address: None,
            ended_by: EndedBy::NormalClose,
            second: SecondConnection::TakesOver,
            name_bytes: 255,
        }
    }
}

impl Sessions {
    /// The most messages and bytes of an away client.
    pub(crate) const fn bounds(&self) -> (u32, u32) {
        (self.messages, self.bytes)
    }

    /// Whether away clients are counted by address.
    pub(crate) const fn counts_addresses(&self) -> bool {
        self.grace.is_some() && self.per_address.is_some()
    }
}
