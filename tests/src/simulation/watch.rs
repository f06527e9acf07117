//! The order of hooks: what each client's hooks were told must be a path through one small automaton.

use std::collections::BTreeSet;

use throng_core::CloseCode;
use throng_runtime::{Client, ClientError, Disconnected, Handled, HandledAs, Hook, Left, Ruling};

use super::application::{Application, serial};
use super::ledger::{Account, Stage};

/// What a client's hooks have been told so far, of what must be told in pairs.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Rooms that it has joined and not left.
    rooms: BTreeSet<String>,
    /// Its end has begun: what follows are the rooms that it was in.
    is_leaving: bool,
    /// A message that `before_message` had and `after_message` has not.
    message: Step,
    /// Messages whose handling has begun, and ended.
    begun: u64,
    done: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    None,
    Before,
    Handled,
}

impl Account {
    /// What is wrong with a hook that comes now, if anything is.
    fn must(&self, holds: bool, what: &str) -> Option<String> {
        (!holds || self.stage != Stage::Connected)
            .then(|| format!("{what}; {:?}, {:?}", self.stage, self.hooks))
    }

    pub(super) fn told_joined(&mut self, room: &str) -> Option<String> {
        let is_new = self.hooks.rooms.insert(room.into());
        self.must(is_new && !self.hooks.is_leaving && self.hooks.message == Step::None, "joined")
    }

    pub(super) fn told_left(&mut self, room: &str, left: Left) -> Option<String> {
        let was_in = self.hooks.rooms.remove(room);
        let may_leave = left == Left::Ended || !self.hooks.is_leaving;
        self.hooks.is_leaving |= left == Left::Ended;
        self.must(was_in && may_leave && self.hooks.message == Step::None, "left")
    }

    pub(super) fn told_message(&mut self) -> Option<String> {
        let step = self.hooks.message;
        if step == Step::Before {
            self.hooks.message = Step::Handled;
        }
        self.must(step != Step::Handled && !self.hooks.is_leaving, "message")
    }

    fn told_before_message(&mut self) -> Option<String> {
        self.hooks.begun += 1;
        let step = std::mem::replace(&mut self.hooks.message, Step::Before);
        self.must(step == Step::None && !self.hooks.is_leaving, "before_message")
    }

    fn told_after_message(&mut self, handled: Handled) -> Option<String> {
        self.hooks.done += 1;
        let step = std::mem::take(&mut self.hooks.message);
        let explains = match handled.result {
            HandledAs::Done => step == Step::Handled,
            HandledAs::Panicked | HandledAs::TimedOut | HandledAs::Abandoned => self.causes.failed,
            _ => false,
        };
        self.must(explains, &format!("after_message, {handled:?}"))
    }

    fn told_error(&mut self, error: &ClientError) -> Option<String> {
        let explains = match error {
            ClientError::Protocol(error) => self.causes.violated == Some(error.close_code()),
            ClientError::Panicked(Hook::Message) | ClientError::TimedOut(Hook::Message) => self.causes.failed,
            ClientError::Transport(_) => self.causes.broke,
            ClientError::FirstRoom { .. } => self.causes.may_not_join,
            _ => false,
        };
        self.must(explains && self.hooks.message == Step::None, &format!("error, {error:?}"))
    }

    pub(super) fn told_disconnected(&mut self, end: &Disconnected) -> Option<String> {
        let handled = self.heard - self.unheard;
        let received = handled + self.told_unheard;
        // The last one may have closed it.
        let is_one_more = end.code == CloseCode::POLICY && end.received == received + 1;
        let is_exact = (end.received == received || is_one_more)
            && (end.dropped, end.dropped_bytes) == (self.told, self.told_bytes);
        let is_done = self.hooks.message == Step::None && self.hooks.begun == self.hooks.done;
        self.must(self.hooks.rooms.is_empty() && is_done && is_exact, &format!("disconnected, {end:?}"))
    }
}

/// Closures for a hub that is watched; without them a message has one hook.
impl Application {
    pub(super) fn before_message(&self, client: &Client) -> Ruling {
        self.watch(client, Account::told_before_message);
        Ruling::Pass
    }

    pub(super) fn after_message(&self, client: &Client, handled: Handled) {
        self.watch(client, |account| account.told_after_message(handled));
    }

    pub(super) fn error(&self, client: &Client, error: &ClientError) {
        self.watch(client, |account| account.told_error(error));
    }

    pub(super) fn watch(&self, client: &Client, tell: impl FnOnce(&mut Account) -> Option<String>) {
        let Some(serial) = serial(client) else { return };
        let mut ledger = self.ledger();
        if let Some(wrong) = tell(&mut ledger.accounts[serial]) {
            ledger.violation(format!("client {serial}: out of order: {wrong}"));
        }
    }
}
