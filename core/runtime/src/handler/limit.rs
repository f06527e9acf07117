//! How long a hook may take, and what becomes of one that fails.

use crate::host::running::Borrowing;
use crate::host::{Report, Sleep};
use crate::notice::hook::{ClientError, HandledAs, Hook};
use crate::panic::caught;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use throng_core::hub::Cause;
use throng_core::id::ClientId;
use throng_core::time::Instant;

/// How a hook did not come to its end.
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

    /// Why the client is closed, if it is.
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

/// Rings when a hook has had its time. Has no timer until the hook is found to wait.
///
/// An alarm that is much later than it was set for shows that the process stood still, and whatever the hook waits for with
/// it: a peer that is to say who it is, for one. It is set again, once.
pub(crate) struct Alarm {
    limit: Option<Duration>,
    set: Option<(Instant, Box<dyn Sleep>)>,
    is_set_again: bool,
}

impl Alarm {
    pub(crate) const fn new(limit: Option<Duration>) -> Self {
        Self { limit, set: None, is_set_again: false }
    }

    pub(crate) fn poll(&mut self, shared: &Shared, cx: &mut Context<'_>) -> Poll<()> {
        let (Some(limit), Some(host)) = (self.limit, shared.host()) else { return Poll::Pending };
        let (until, sleep) = self.set.get_or_insert_with(|| (host.now() + limit, host.sleep()));
        ready!(sleep.poll_until(cx, *until));
        let late = host.now().since(*until);
        let is_still = || late > shared.look(|inner| inner.hub.config().deadlines.standstill);
        if self.is_set_again || !is_still() {
            return Poll::Ready(());
        }
        self.is_set_again = true;
        *until = host.now() + limit;
        sleep.poll_until(cx, *until)
    }
}

/// Calls a hook that borrows what it works with, and goes on with it until its end or the limit.
pub(crate) async fn within<'a, T>(
    shared: &Shared,
    limit: Option<Duration>,
    call: impl FnOnce() -> Borrowing<'a, T>,
) -> Result<T, Failure> {
    let mut running = caught(call).map_err(|()| Failure::Panicked)?;
    let mut alarm = Alarm::new(limit);
    let result = poll_fn(|cx| match caught(|| running.as_mut().poll(cx)) {
        Ok(Poll::Pending) => alarm.poll(shared, cx).map(|()| Err(Failure::TimedOut)),
        Ok(Poll::Ready(answer)) => Poll::Ready(Ok(answer)),
        Err(()) => Poll::Ready(Err(Failure::Panicked)),
    })
    .await;
    match caught(|| drop(running)) {
        Ok(()) => result,
        Err(()) => Err(Failure::Panicked),
    }
}
