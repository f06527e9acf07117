//! Questions to clients' peers.

use super::Model;
use super::client::{Ask, Client, NOWHERE};
use super::sessions::seat;
use super::timeouts::NEVER;
use std::time::Duration;
use throng_core::hub::{Action, AskEnd, AskId, Error, OnResume, Refusal};
use throng_core::{ClientId, CloseCode, ClosedBy, ConnectionId};

impl Model {
    pub(super) fn ask(
        &mut self,
        client: ClientId,
        lasts: Duration,
        on_resume: OnResume,
    ) -> Result<AskId, Error> {
        self.need_open(client)?;
        let limit = self.limits.asks;
        if self.of(client).asks.len() as u32 >= limit {
            return Err(Refusal::TooManyAsks { limit }.into());
        }
        self.numbers.asked += 1;
        let id = AskId::from_u64(self.numbers.asked);
        let lasts = u64::try_from(lasts.as_nanos()).unwrap_or(u64::MAX);
        let until = self.now.saturating_add(lasts);
        let one = self.of(client);
        let asked_on = Some(one.connection).filter(|&connection| connection != NOWHERE);
        one.asks.push(Ask { id, until, lasts, on_resume, asked_on });
        self.arm_asks(client);
        Ok(id)
    }

    pub(super) fn replied(&mut self, client: ClientId, ask: AskId) -> Result<(), Error> {
        self.need_open(client)?;
        if !self.remove_ask(client, ask) {
            return Err(Refusal::NoSuchAsk.into());
        }
        self.numbers.answered += 1;
        Ok(())
    }

    pub(super) fn cancel_ask(&mut self, client: ClientId, ask: AskId) -> Result<bool, Error> {
        self.phase(client)?;
        let was_open = self.remove_ask(client, ask);
        self.numbers.asks_cancelled += u64::from(was_open);
        Ok(was_open)
    }

    fn remove_ask(&mut self, client: ClientId, ask: AskId) -> bool {
        let before = self.of(client).asks.len();
        self.of(client).asks.retain(|one| one.id != ask);
        let is_removed = self.of(client).asks.len() < before;
        if is_removed {
            self.arm_asks(client);
        }
        is_removed
    }

    /// The hub looks at a client's questions.
    pub(super) fn asks_fire(&mut self, client: ClientId) {
        let one = self.of(client).clone();
        let is_late = |ask: &Ask| self.ask_deadline(client, ask) <= self.now;
        let (late, left): (Vec<_>, Vec<_>) = one.asks.into_iter().partition(is_late);
        self.of(client).asks = left;
        self.arm_asks(client);
        for ask in late {
            self.numbers.asks_late += 1;
            self.tell(Action::AskEnded { client, ask: ask.id, why: AskEnd::Deadline });
        }
    }

    /// A client has another connection.
    pub(super) fn resume_asks(&mut self, client: ClientId, connection: ConnectionId) {
        let (mut left, mut failed) = (Vec::new(), Vec::new());
        for mut ask in std::mem::take(&mut self.of(client).asks) {
            let was_asked = ask.asked_on.replace(connection).is_some();
            if was_asked && ask.on_resume == OnResume::Fails {
                failed.push(ask.id);
                continue;
            }
            if was_asked {
                self.numbers.asked_again += 1;
                self.tell(Action::AskAgain { client, ask: ask.id });
            }
            left.push(ask);
        }
        self.of(client).asks = left;
        self.arm_asks(client);
        for ask in failed {
            self.numbers.asks_not_resumed += 1;
            self.tell(Action::AskEnded { client, ask, why: AskEnd::Resumed });
        }
    }

    /// A client ends.
    pub(super) fn end_asks(&mut self, client: ClientId, code: CloseCode, by: ClosedBy) {
        for ask in std::mem::take(&mut self.of(client).asks) {
            self.numbers.asks_ended += 1;
            self.tell(Action::AskEnded { client, ask: ask.id, why: AskEnd::ClientEnded { code, by } });
        }
    }

    fn ask_deadline(&self, client: ClientId, ask: &Ask) -> u64 {
        self.put_off(seat(client), ask.until, ask.lasts)
    }

    /// When the first of a client's questions ends without a reply.
    pub(super) fn asks_due(&self, client: &Client) -> u64 {
        client.asks.iter().map(|ask| self.ask_deadline(client.id, ask)).min().unwrap_or(NEVER)
    }

    fn arm_asks(&mut self, client: ClientId) {
        let one = self.of(client).clone();
        let due = self.asks_due(&one);
        self.timers_set += 1;
        self.of(client).asks_timer = (due, self.timers_set);
    }
}
