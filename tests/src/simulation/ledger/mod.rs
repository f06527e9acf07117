//! What must be: a naive account of every client, kept by what the application asks for and is told, and checked against
//! what each peer receives.

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
    /// The id of the last message.
    messages: u64,
    /// How many messages were meant for how many clients, in all.
    pub(super) meant: u64,
    /// How many clients were told that the hub had too little memory for messages.
    pub(super) ran_short: u64,
    /// Sends that wait for room.
    pub(super) waiting: usize,
    /// The hub was told to end everybody.
    pub(super) is_ending: bool,
    /// All that the application and the peers saw, in order.
    pub(super) seen: ActionHash,
    pub(super) violations: Vec<String>,
    /// How much at once peers may say.
    bursts: Bursts,
    /// Messages that all peers have said.
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

    /// How many messages there are so far.
    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    pub(super) fn next_message(&mut self) -> u64 {
        self.messages += 1;
        self.messages
    }

    /// A message is queued for these clients, or counted as dropped.
    pub(super) fn expect(&mut self, serials: &[usize], message: u64, size: u32) {
        self.meant += serials.len() as u64;
        for serial in serials {
            self.accounts[*serial].expected.push((message, size));
        }
    }

    /// A peer has received a message.
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

    /// A client has ended, with this fate: something that was done to it, or that it did itself, must explain it.
    pub(super) fn ended(&mut self, serial: usize, fate: Fate) {
        self.see("ended", serial, format!("{fate:?}"));
        let is_ending = self.is_ending;
        self.accounts[serial].causes.flooded = self.has_flooded(serial);
        let account = &mut self.accounts[serial];
        let mut wrong = Vec::new();
        if account.stage != Stage::Connected {
            wrong.push(format!("disconnected while {:?}", account.stage));
        }
        if !account.rooms.is_empty() {
            wrong.push(format!("disconnected and still in {:?}", account.rooms));
        }
        if !account.explains(&fate, is_ending) {
            wrong.push(format!("ended by no fault of its own: {fate:?}; {:?}", account.causes));
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

    /// A peer says a message of so many bytes.
    pub(super) fn says(&mut self, serial: usize, bytes: usize) {
        self.said += 1;
        let account = &mut self.accounts[serial];
        account.messages += 1;
        account.bytes += bytes as u64;
    }

    /// Whether so much was said that it may have been too much at once.
    fn has_flooded(&self, serial: usize) -> bool {
        let (bursts, account) = (&self.bursts, &self.accounts[serial]);
        // A user's other clients may have said it.
        [
            (account.controls, bursts.control),
            (account.messages, bursts.messages),
            (account.bytes, bursts.bytes),
            (self.said, bursts.user_messages),
        ]
        .iter()
        .any(|(said, burst)| burst.is_some_and(|burst| *said > u64::from(burst)))
    }

    /// The peer breaks the protocol, which is to be answered with this code.
    pub(super) fn violates(&mut self, serial: usize, code: CloseCode) {
        self.accounts[serial].causes.violated.get_or_insert(code);
    }
}
