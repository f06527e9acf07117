//! A naive account of every client: what it must receive, according to what the application asks the hub for and what the hub
//! tells the application. The account is compared with what the client's peer receives.

mod account;
#[cfg(test)]
mod tests;

pub(super) use account::{Account, Causes, EVICTED, Fate, Stage};

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use throng_core::trace::ActionHash;
use throng_core::{ClientId, CloseCode};

use super::plan::Bursts;

/// All accounts, by the serial number of their peer.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) accounts: Vec<Account>,
    /// Serial numbers by client, for as long as the client is open.
    pub(super) serials: BTreeMap<ClientId, usize>,
    /// The number of the latest message.
    messages: u64,
    /// How many deliveries the peers must receive: the recipients of all messages, added up.
    pub(super) meant: u64,
    /// How many clients the hub ended because it had no memory left for messages (`outbox.hub_bytes`).
    pub(super) ran_short: u64,
    /// The number of sends that wait for room in an outbox.
    pub(super) waiting: usize,
    /// Whether the hub was told to drain or to shut down.
    pub(super) is_ending: bool,
    /// A hash of all that the application and the peers saw, in order.
    pub(super) seen: ActionHash,
    pub(super) violations: Vec<String>,
    /// How much a peer may send at once without exceeding a rate of the hub.
    bursts: Bursts,
    /// The number of messages that all peers have sent.
    said: u64,
}

impl Ledger {
    pub(super) fn new(bursts: Bursts) -> Self {
        Self { bursts, ..Self::default() }
    }

    pub(super) fn violation(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    pub(super) fn require(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(what());
        }
    }

    /// Notes something that must be the same in every run of the seed.
    pub(super) fn see(&mut self, what: &str, serial: usize, value: impl Hash) {
        (what, serial).hash(&mut self.seen);
        value.hash(&mut self.seen);
    }

    pub(super) fn hash(&self) -> u64 {
        self.seen.finish()
    }

    /// The number of messages so far.
    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    pub(super) fn next_message(&mut self) -> u64 {
        self.messages += 1;
        self.messages
    }

    /// Notes that the hub has queued a message for these clients, or counted it as dropped.
    pub(super) fn expect(&mut self, serials: &[usize], message: u64, size: u32) {
        self.meant += serials.len() as u64;
        for serial in serials {
            self.accounts[*serial].expected.push((message, size));
        }
    }

    /// Notes that a peer has received a message. A violation if the message was not for this peer, came twice, or came out of
    /// order.
    pub(super) fn received(&mut self, serial: usize, message: u64) {
        self.see("received", serial, message);
        let account = &mut self.accounts[serial];
        let rest = &account.expected[account.next..];
        match rest.iter().position(|(id, _)| *id == message) {
            Some(skipped) => {
                account.missing += skipped as u64;
                account.missing_bytes +=
                    rest[..skipped].iter().map(|(_, size)| u64::from(*size)).sum::<u64>();
                account.next += skipped + 1;
                account.received += 1;
            }
            None => {
                let was_meant = account.expected.iter().any(|(id, _)| *id == message);
                let why = if was_meant { "twice or out of order" } else { "though it was for others" };
                self.violation(format!("peer {serial} received message {message} {why}"));
            }
        }
    }

    /// Notes that a client has ended. A violation if nothing that was done to the client, or that the client did, explains how it
    /// ended.
    pub(super) fn ended(&mut self, serial: usize, fate: Fate) {
        self.see("ended", serial, format!("{fate:?}"));
        let is_ending = self.is_ending;
        self.accounts[serial].causes.flooded = self.has_flooded(serial);
        let account = &mut self.accounts[serial];
        let mut wrong = Vec::new();
        if account.stage != Stage::Connected {
            wrong.push(format!("disconnected in stage {:?}, not Connected", account.stage));
        }
        if !account.rooms.is_empty() {
            wrong.push(format!("disconnected, but still in the rooms {:?}", account.rooms));
        }
        if !account.explains(&fate, is_ending) {
            wrong.push(format!("ended for no known cause: {fate:?}; possible causes: {:?}", account.causes));
        }
        account.stage = Stage::Ended;
        account.fate = Some(fate);
        if let Some(client) = account.client {
            self.serials.remove(&client);
        }
        for wrong in wrong {
            self.violation(format!("client {serial}: {wrong}"));
        }
    }

    /// Notes that a peer sends a message of this length in bytes.
    pub(super) fn says(&mut self, serial: usize, bytes: usize) {
        self.said += 1;
        let account = &mut self.accounts[serial];
        account.messages += 1;
        account.bytes += bytes as u64;
    }

    /// Whether a peer has sent so much that it may have exceeded a rate of the hub.
    fn has_flooded(&self, serial: usize) -> bool {
        let (bursts, account) = (&self.bursts, &self.accounts[serial]);
        // The rate of a user includes the messages of its other clients, so the messages of all peers are counted.
        [
            (account.controls, bursts.control),
            (account.messages, bursts.messages),
            (account.bytes, bursts.bytes),
            (self.said, bursts.user_messages),
        ]
        .iter()
        .any(|(said, burst)| burst.is_some_and(|burst| *said > u64::from(burst)))
    }

    /// Notes that a peer breaks the protocol, and the code of the close frame with which the hub must answer.
    pub(super) fn violates(&mut self, serial: usize, code: CloseCode) {
        self.accounts[serial].causes.violated.get_or_insert(code);
    }
}
