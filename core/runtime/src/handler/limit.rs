//! The time limit of a hook, and the consequences if a hook fails.

use crate::host::Report;
use crate::host::deadline::Deadline;
use crate::host::running::Borrowing;
use crate::notice::hook::{ClientError, HandledAs, Hook};
use crate::panic::caught;
use crate::state::shared::Shared;
use core::future::poll_fn;
use core::task::{Context, Poll};
use core::time::Duration;
use throng_core::ClientId;
use throng_core::hub::Cause;

/// How a hook failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Panicked,
    TimedOut,
}

impl Failure {
    pub(crate) const fn error(self, hook: Hook) -> ClientError {
        match self {
            Self::Panicked => ClientError::Panicked(hook),
            Self::TimedOut => ClientError::TimedOut(hook),
        }
    }

    pub(crate) const fn report(self, client: Option<ClientId>, hook: Hook) -> Report {
        let hook = hook.name();
        match self {
            Self::Panicked => Report::Panicked { client, hook },
            Self::TimedOut => Report::TimedOut { client, hook },
        }
    }

    /// The cause with which the client is closed; `None` if the client stays open.
    pub(crate) const fn cause(self, hook: Hook) -> Option<Cause> {
        match (self, hook) {
            (Self::Panicked, _) => Some(Cause::Panicked),
            (Self::TimedOut, Hook::Connected) => Some(Cause::TimedOut),
            (Self::TimedOut, _) => None,
        }
    }

    pub(crate) const fn handled_as(self) -> HandledAs {
        match self {
            Self::Panicked => HandledAs::Panicked,
            Self::TimedOut => HandledAs::TimedOut,
        }
    }
}

/// The time limit of a hook. Has no timer until the hook is found to wait.
pub(crate) struct TimeLimit {
    limit: Option<Duration>,
    deadline: Option<Deadline>,
}

impl TimeLimit {
    pub(crate) const fn new(limit: Option<Duration>) -> Self {
        Self { limit, deadline: None }
    }

    /// Ready when the hook has exceeded its limit.
    pub(crate) fn poll(&mut self, shared: &Shared, cx: &mut Context<'_>) -> Poll<()> {
        let Some(limit) = self.limit else { return Poll::Pending };
        if self.deadline.is_none() {
            self.deadline = shared.deadline(limit);
        }
        // Without a host there is no connection, and no hook runs.
        self.deadline.as_mut().map_or(Poll::Pending, |deadline| deadline.poll_over(cx))
    }
}

/// Calls a hook that borrows its arguments, and polls it until it ends or exceeds its limit.
pub(crate) async fn within<'a, T>(
    shared: &Shared,
    limit: Option<Duration>,
    call: impl FnOnce() -> Borrowing<'a, T>,
) -> Result<T, Failure> {
    let mut running = caught(call).map_err(|()| Failure::Panicked)?;
    let mut time_limit = TimeLimit::new(limit);
    let result = poll_fn(|cx| match caught(|| running.as_mut().poll(cx)) {
        Ok(Poll::Pending) => time_limit.poll(shared, cx).map(|()| Err(Failure::TimedOut)),
        Ok(Poll::Ready(answer)) => Poll::Ready(Ok(answer)),
        Err(()) => Poll::Ready(Err(Failure::Panicked)),
    })
    .await;
    match caught(|| drop(running)) {
        Ok(()) => result,
        Err(()) => Err(Failure::Panicked),
    }
}
