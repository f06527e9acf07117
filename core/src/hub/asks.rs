//! The questions of each client that wait for a reply: a bounded table by client, with one timer for each client that has any.
//!
//! The hub knows ids and deadlines, and neither the question nor the reply: the host publishes the one like any message, and tells the hub
//! the id in the other. So a question counts in the outbox as what it is, a message.

use super::ask::{AskEnd, AskId, OnResume};
use super::asked::{Ask, Asked};
use super::connection::Row;
use super::{Action, Error, Hub, Notice, Owner, Refusal};
use crate::close::{CloseCode, ClosedBy};
use crate::id::{ClientId, ConnectionId};
use crate::outbox::NOWHERE;
use crate::time::{Instant, nanos};
use alloc::vec::Vec;
use core::time::Duration;

impl Hub {
    pub(super) fn handle_ask(
        &mut self,
        client: ClientId,
        lasts: Duration,
        on_resume: OnResume,
    ) -> Result<AskId, Error> {
        let index = self.open_index(client)?;
        let limit = self.config.asks.per_client;
        if self.asks_of_index(index).len() >= limit as usize {
            return Err(Refusal::TooManyAsks { limit }.into());
        }
        self.totals.asked += 1;
        let id = AskId(self.totals.asked);
        let lasts = nanos(lasts);
        let until = self.now.as_nanos().saturating_add(lasts);
        let connection = self.outboxes.entries[index].connection;
        let ask = Ask { id, until, lasts, on_resume, connection };
        match self.asks.get_mut(index) {
            Some(asked) => asked.asks.push(ask),
            None => {
                let timer = self.wheel.insert(Instant::FAR_FUTURE, Owner::Asks(index));
                self.asks.put(index, Asked { timer, asks: Vec::from([ask]) });
            }
        }
        self.asks_open += 1;
        self.arm_asks(index);
        Ok(id)
    }

    /// A reply came. It ends the question only if that is one of this client's own.
    pub(super) fn handle_replied(&mut self, client: ClientId, ask: AskId) -> Result<(), Error> {
        let index = self.open_index(client)?;
        if !self.end_ask(index, ask) {
            return Err(Refusal::NoSuchAsk.into());
        }
        self.totals.answered += 1;
        Ok(())
    }

    pub(super) fn handle_cancel_ask(&mut self, client: ClientId, ask: AskId) -> Result<bool, Error> {
        let index = self.outboxes.entries.find(client).ok_or(Error::Gone)?;
        let is_open = self.end_ask(index, ask);
        self.totals.asks_cancelled += u64::from(is_open);
        Ok(is_open)
    }

    /// Removes a question; `false` if this client has none of this id.
    fn end_ask(&mut self, index: u32, ask: AskId) -> bool {
        let Some(asked) = self.asks.get_mut(index) else { return false };
        let Some(at) = asked.asks.iter().position(|one| one.id == ask) else { return false };
        asked.asks.remove(at);
        self.asks_open -= 1;
        self.arm_asks(index);
        true
    }

    /// Ends the questions of a client whose deadline has passed.
    pub(super) fn asks_timeout(&mut self, index: u32) {
        let now = self.now.as_nanos();
        let (late, left): (Vec<Ask>, Vec<Ask>) =
            self.asks_of_index(index).iter().partition(|ask| self.ask_deadline(index, ask) <= now);
        self.totals.asks_late += late.len() as u64;
        self.keep_asks(index, left, late.len());
        for ask in late {
            self.tell_ask_end(index, ask.id, AskEnd::Deadline);
        }
    }

    /// A client has another connection: each of its questions that an earlier one had is asked again, or ends.
    pub(super) fn resume_asks(&mut self, index: u32, connection: ConnectionId) {
        if self.asks.len() == 0 {
            return;
        }
        let Some(asked) = self.asks.get_mut(index) else { return };
        let mut left = core::mem::take(&mut asked.asks);
        let mut failed = Vec::new();
        let client = self.outboxes.entries.id(index);
        left.retain_mut(|ask| {
            let was_asked = core::mem::replace(&mut ask.connection, connection) != NOWHERE;
            match ask.on_resume {
                // It is asked now for the first time: it waits in the outbox.
                _ if !was_asked => true,
                OnResume::Fails => {
                    failed.push(ask.id);
                    false
                }
                OnResume::AskedAgain => {
                    self.totals.asked_again += 1;
                    self.notices.push_back(Notice::Action(Action::AskAgain { client, ask: ask.id }));
                    true
                }
            }
        });
        self.totals.asks_not_resumed += failed.len() as u64;
        self.keep_asks(index, left, failed.len());
        for ask in failed {
            self.tell_ask_end(index, ask, AskEnd::Resumed);
        }
    }

    /// Ends all questions of a client that ends.
    #[inline]
    pub(super) fn end_asks(&mut self, index: u32, code: CloseCode, by: ClosedBy) {
        if self.asks.len() == 0 {
            return;
        }
        let Some(Asked { timer, asks }) = self.asks.take(index) else { return };
        self.wheel.remove(timer);
        self.asks_open -= asks.len() as u32;
        self.totals.asks_ended += asks.len() as u64;
        for ask in asks {
            self.tell_ask_end(index, ask.id, AskEnd::ClientEnded { code, by });
        }
    }

    fn tell_ask_end(&mut self, index: u32, ask: AskId, why: AskEnd) {
        let client = self.outboxes.entries.id(index);
        self.notices.push_back(Notice::Action(Action::AskEnded { client, ask, why }));
    }

    /// Keeps these of a client's questions, whose timer is set anew.
    fn keep_asks(&mut self, index: u32, asks: Vec<Ask>, ended: usize) {
        self.asks_open -= ended as u32;
        if let Some(asked) = self.asks.get_mut(index) {
            asked.asks = asks;
        }
        self.arm_asks(index);
    }

    /// Sets the timer of a client's questions to the first deadline; without a question it is removed.
    fn arm_asks(&mut self, index: u32) {
        let Some(asked) = self.asks.get(index) else { return };
        let timer = asked.timer;
        match asked.asks.iter().map(|ask| self.ask_deadline(index, ask)).min() {
            Some(until) => self.wheel.reset(timer, Instant::from_nanos(until)),
            None => {
                self.wheel.remove(timer);
                self.asks.take(index);
            }
        }
    }

    /// When a question ends without a reply. A standstill of the host delays it: the reply may be there, unread.
    pub(super) fn ask_deadline(&self, index: u32, ask: &Ask) -> u64 {
        self.put_off(Row(index), ask.until, ask.lasts)
    }

    fn asks_of_index(&self, index: u32) -> &[Ask] {
        self.asks.get(index).map_or(&[], |asked| &asked.asks)
    }

    /// The number of a client's questions.
    #[inline]
    pub(super) fn ask_count(&self, index: u32) -> u32 {
        if self.asks.len() == 0 { 0 } else { self.asks_of_index(index).len() as u32 }
    }

    /// The questions to a client's peer that wait for a reply, in the order of asking; none if the client is gone.
    pub fn asks_of(&self, client: ClientId) -> impl ExactSizeIterator<Item = AskId> + '_ {
        let index = self.outboxes.entries.find(client);
        let asks = index.map_or(&[][..], |index| self.asks_of_index(index));
        asks.iter().map(|ask| ask.id)
    }
}
