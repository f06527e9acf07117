//! The times until which clients are authorised, and a wheel of their timers. See [`expiry`](super::expiry).

use super::per_client::PerClient;
use crate::close::CloseFrame;
use crate::time::Instant;
use crate::timer::{Timer, Wheel};

/// The time until which a client is authorised. Both times are of the host's clock.
#[derive(Clone, Debug)]
pub(super) struct Expiry {
    pub(super) timer: Timer,
    /// When the client ends.
    pub(super) at: Instant,
    /// When the application is told that it will; `FAR_FUTURE` if it was told, or is not to be.
    pub(super) tell: Instant,
    /// The code and reason that the application chose.
    pub(super) close: Option<CloseFrame>,
}

impl Expiry {
    /// When its timer fires.
    pub(super) fn due(&self) -> Instant {
        self.at.min(self.tell)
    }
}

/// The expiries of all clients that have one.
#[derive(Clone, Debug)]
pub(super) struct Expiries {
    of: PerClient<Expiry>,
    /// Each timer's owner is the index of its client.
    pub(super) wheel: Wheel<u32>,
}

impl Expiries {
    pub(super) fn new() -> Self {
        Self { of: PerClient::new(), wheel: Wheel::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.of.len()
    }

    pub(super) fn get(&self, index: u32) -> Option<&Expiry> {
        self.of.get(index)
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut Expiry> {
        self.of.get_mut(index)
    }

    /// Gives a client an expiry in place of the one that it has, with a timer for it.
    pub(super) fn set(&mut self, index: u32, at: Instant, tell: Instant, close: Option<CloseFrame>) {
        let due = at.min(tell);
        if let Some(old) = self.get_mut(index) {
            let timer = old.timer;
            *old = Expiry { timer, at, tell, close };
            return self.wheel.reset(timer, due);
        }
        let timer = self.wheel.insert(due, index);
        self.put(index, Expiry { timer, at, tell, close });
    }

    /// Stores the expiry of a client that has none.
    pub(super) fn put(&mut self, index: u32, expiry: Expiry) {
        self.of.put(index, expiry);
    }

    /// Takes the expiry of a client, and removes its timer.
    pub(super) fn remove(&mut self, index: u32) -> Option<Expiry> {
        let expiry = self.of.take(index)?;
        self.wheel.remove(expiry.timer);
        Some(expiry)
    }
}
