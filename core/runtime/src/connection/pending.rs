//! A hook that waits.

use crate::handler::hooks::Running;
use crate::handler::limit::{Alarm, Failure};
use crate::notice::hook::{Hook, Ruling};
use crate::panic::caught;
use crate::state::shared::Shared;
use core::task::{Context, Poll};
use throng_core::time::Instant;
use throng_core::websocket::Message;

pub(crate) struct Pending {
    pub(crate) hook: Hook,
    call: Call,
    alarm: Alarm,
    /// When the first hook of the message was called, if somebody wants to know.
    pub(crate) begun: Option<Instant>,
}

pub(crate) enum Call {
    Plain(Running),
    /// What is to become of a message.
    Ask(Running<(Message, Ruling)>),
}

/// How a hook came to its end.
pub(crate) enum Finish {
    Returned,
    Ruled(Message, Ruling),
    Failed(Failure),
}

impl Pending {
    pub(crate) fn new(hook: Hook, call: Call, begun: Option<Instant>, shared: &Shared) -> Self {
        Self { hook, call, alarm: Alarm::new(shared.settings.limit_of(hook)), begun }
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
            Ok(Poll::Pending) => self.poll_alarm(shared, cx),
            Ok(finish) => finish,
            Err(()) => Poll::Ready(Finish::Failed(Failure::Panicked)),
        }
    }

    /// Whether it has had its time.
    pub(crate) fn poll_alarm(&mut self, shared: &Shared, cx: &mut Context<'_>) -> Poll<Finish> {
        self.alarm.poll(shared, cx).map(|()| Finish::Failed(Failure::TimedOut))
    }

    /// Lets go of the application's future, which may panic once more.
    pub(crate) fn end(self) -> Result<(), Failure> {
        caught(|| drop(self.call)).map_err(|()| Failure::Panicked)
    }
}
