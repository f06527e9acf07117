//! A hook that waits.

use crate::handler::hooks::Running;
use crate::handler::limit::{Failure, TimeLimit};
use crate::notice::hook::{Hook, Ruling};
use crate::panic::caught;
use crate::state::shared::Shared;
use core::task::{Context, Poll};
use throng_core::Instant;
use throng_core::websocket::Message;

pub(crate) struct WaitingHook {
    pub(crate) hook: Hook,
    call: Call,
    time_limit: TimeLimit,
    /// When the first hook of the message was called, if `after_message` is written.
    pub(crate) begun: Option<Instant>,
}

pub(crate) enum Call {
    Plain(Running),
    /// A question about a message: the answer of `before_message`.
    Ask(Running<(Message, Ruling)>),
}

/// How a hook ended.
pub(crate) enum Finish {
    Returned,
    Ruled(Message, Ruling),
    Failed(Failure),
}

impl WaitingHook {
    pub(crate) fn new(hook: Hook, call: Call, begun: Option<Instant>, shared: &Shared) -> Self {
        Self { hook, call, time_limit: TimeLimit::new(shared.settings.limit_of(hook)), begun }
    }

    pub(crate) fn poll(&mut self, shared: &Shared, cx: &mut Context<'_>) -> Poll<Finish> {
        let polled = match &mut self.call {
            Call::Plain(running) => {
                caught(|| running.as_mut().poll(cx)).map(|poll| poll.map(|()| Finish::Returned))
            }
            Call::Ask(running) => caught(|| running.as_mut().poll(cx))
                .map(|poll| poll.map(|(message, ruling)| Finish::Ruled(message, ruling))),
        };
        match polled {
            Ok(Poll::Pending) => self.poll_time_limit(shared, cx),
            Ok(finish) => finish,
            Err(()) => Poll::Ready(Finish::Failed(Failure::Panicked)),
        }
    }

    /// Ready when the hook has exceeded its time limit.
    pub(crate) fn poll_time_limit(&mut self, shared: &Shared, cx: &mut Context<'_>) -> Poll<Finish> {
        self.time_limit.poll(shared, cx).map(|()| Finish::Failed(Failure::TimedOut))
    }

    /// Drops the application's future, which may panic.
    pub(crate) fn end(self) -> Result<(), Failure> {
        caught(|| drop(self.call)).map_err(|()| Failure::Panicked)
    }
}
