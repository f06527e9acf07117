//! Questions whose reply somebody waits for.

use crate::notice::ask::AskError;
use crate::state::wakes::{Wakes, replace};
use alloc::collections::{BTreeMap, VecDeque};
use core::task::{Poll, Waker};
use throng_core::hub::AskId;
use throng_core::websocket::Message;
use throng_core::{ClientId, Frame};

type Reply = Result<Message, AskError>;

/// What is known of each question whose future exists.
#[derive(Default)]
pub(crate) struct Asks {
    waiting: BTreeMap<AskId, Waiting>,
    /// Questions that are to be asked again, once the present event is over.
    again: VecDeque<(ClientId, AskId)>,
}

/// One question.
#[derive(Default)]
pub(crate) struct Waiting {
    reply: Option<Reply>,
    waker: Option<Waker>,
    /// The message, if it may have to be asked again, and the sequence number of its publish.
    message: Option<(Frame, u64)>,
}

impl Asks {
    pub(crate) fn open(&mut self, ask: AskId) {
        self.waiting.insert(ask, Waiting::default());
    }

    /// Keeps a message that may have to be asked again. Nothing if the question has ended meanwhile.
    pub(crate) fn keep(&mut self, ask: AskId, message: Frame, sequence: u64) {
        if let Some(waiting) = self.waiting.get_mut(&ask).filter(|waiting| waiting.reply.is_none()) {
            waiting.message = Some((message, sequence));
        }
    }

    /// Ends a question.
    pub(crate) fn end(&mut self, ask: AskId, reply: Reply, wakes: &mut Wakes) {
        if let Some(waiting) = self.waiting.get_mut(&ask) {
            waiting.reply = Some(reply);
            if let Some(waker) = waiting.waker.take() {
                wakes.push(waker);
            }
        }
    }

    /// Drop the returned values after the lock is released.
    pub(crate) fn poll(
        &mut self,
        ask: AskId,
        waker: &Waker,
    ) -> (Poll<Reply>, Option<Waker>, Option<Waiting>) {
        let Some(waiting) = self.waiting.get_mut(&ask) else {
            return (Poll::Ready(Err(AskError::Cancelled)), None, None);
        };
        match waiting.reply.take() {
            Some(reply) => (Poll::Ready(reply), None, self.waiting.remove(&ask)),
            None => (Poll::Pending, replace(&mut waiting.waker, waker), None),
        }
    }

    /// Drop the result after the lock is released.
    pub(crate) fn forget(&mut self, ask: AskId) -> Option<Waiting> {
        self.waiting.remove(&ask)
    }

    /// Notes that a question is to be asked again.
    pub(crate) fn ask_again(&mut self, client: ClientId, ask: AskId) {
        self.again.push_back((client, ask));
    }

    #[inline]
    pub(crate) fn has_again(&self) -> bool {
        !self.again.is_empty()
    }

    /// The next question that is to be asked again.
    pub(crate) fn next_again(&mut self) -> Option<(ClientId, AskId)> {
        self.again.pop_front()
    }

    /// The message of a question, and the sequence number of its publish.
    pub(crate) fn message(&self, ask: AskId) -> Option<(Frame, u64)> {
        self.waiting.get(&ask)?.message.clone()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}
