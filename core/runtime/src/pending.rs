//! A hook that waits.

use super::hook::{Hook, Ruling};
use super::hooks::Running;
use super::limit::{Alarm, Failure};
use super::panic::caught;
use super::shared::Shared;
use core::task::{Context, Poll};
use throng_core::time::Instant;
use throng_core::websocket::Message;

pub(super) struct Pending {
    pub(super) hook: Hook,
    call: Call,
    alarm: Alarm,
    /// When the first hook of the message was called, if somebody wants to know.
    pub(super) begun: Option<Instant>,
}

pub(super) enum Call {
    Plain(Running),
    /// What is to become of a message.
    Ask(Running<(Message, Ruling)>),
}

/// How a hook came to its end.
pub(super) enum Finish {
    Returned,
    Ruled(Message, Ruling),
    Failed(Failure),
}

impl Pending {
    pub(super) fn new(hook: Hook, call: Call, begun: Option<Instant>, shared: &Shared) -> Self {
        Self { hook, call, alarm: Alarm::new(shared.settings.limit_of(hook)), begun }
    }

    pub(super) fn poll(&mut self, shared: &Shared, cx: &mut Context<'_>) -> Poll<Finish> {
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
    pub(super) fn poll_alarm(&mut self, shared: &Shared, cx: &mut Context<'_>) -> Poll<Finish> {
        self.alarm.poll(shared, cx).map(|()| Finish::Failed(Failure::TimedOut))
    }

    /// Lets go of the application's future, which may panic once more.
    pub(super) fn end(self) -> Result<(), Failure> {
        caught(|| drop(self.call)).map_err(|()| Failure::Panicked)
    }
}
