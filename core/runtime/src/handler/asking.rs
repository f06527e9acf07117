//! Operations of a client that the application's hooks decide about or are told of.

use crate::handler::Denied;
use crate::handler::application::Application;
use crate::handler::limit::{Failure, within};
use crate::handles::client::Client;
use crate::host::running::Borrowing;
use crate::notice::hook::{Hook, Left};
use core::fmt;
use throng_core::close::ClosedBy;
use throng_core::hub;
use throng_core::hub::{Event, Flush, Joined};

impl Client {
    /// Joins a room if [`Handler::before_join`](crate::Handler::before_join) allows it.
    ///
    /// Cancel-safe: if the future is dropped before it is ready, the client has not joined; a waiting hook is dropped,
    /// too.
    ///
    /// # Errors
    /// The application denies the join or does not answer in time, or the hub refuses it.
    pub async fn join(&self, room: &str) -> Result<Joined, JoinError> {
        let shared = &self.member.shared;
        if shared.settings.written_hooks.before_join {
            let ask = || Application::of(shared).hooks.before_join(self, room);
            match self.ask(Hook::BeforeJoin, ask).await {
                Ok(answer) => answer?,
                Err(Failure::TimedOut) => return Err(JoinError::TimedOut),
                Err(Failure::Panicked) => return Err(JoinError::Panicked),
            }
        }
        Ok(shared.with(|inner, now| inner.join(now, self.id(), room))?)
    }

    /// Leaves a room, after [`Handler::before_leave`](crate::Handler::before_leave).
    ///
    /// Cancel-safe: if the future is dropped before it is ready, the client has not left, though the hook may have been
    /// called.
    ///
    /// # Errors
    /// The client is gone or not in this room.
    pub async fn leave(&self, room: &str) -> Result<(), hub::Error> {
        self.tell_of_leaving(room).await;
        self.member.shared.with(|inner, now| inner.leave(now, self.id(), room, Left::Asked))
    }

    /// Leaves all rooms at once, after [`Handler::before_leave`](crate::Handler::before_leave) was called for each;
    /// returns their number.
    ///
    /// Cancel-safe: if the future is dropped before it is ready, the client has left no room, though the hook may have
    /// been called for some.
    ///
    /// # Errors
    /// The client is gone.
    pub async fn leave_all(&self) -> Result<u32, hub::Error> {
        let shared = &self.member.shared;
        if shared.settings.written_hooks.before_leave {
            for room in self.rooms() {
                self.tell_of_leaving(&room).await;
            }
        }
        shared.with(|inner, now| inner.leave_all(now, self.id(), Left::Asked))
    }

    async fn tell_of_leaving(&self, room: &str) {
        let shared = &self.member.shared;
        if shared.settings.written_hooks.before_leave {
            // Whatever the hook's result, the client leaves.
            let _ =
                self.ask(Hook::BeforeLeave, || Application::of(shared).hooks.before_leave(self, room)).await;
        }
    }

    /// Calls a hook in the calling task.
    async fn ask<'a, T>(&self, hook: Hook, call: impl FnOnce() -> Borrowing<'a, T>) -> Result<T, Failure> {
        let shared = &self.member.shared;
        let answer = within(shared, shared.settings.limit_of(hook), call).await;
        if let Err(failure) = answer {
            self.failed(hook, failure);
        }
        answer
    }

    /// Reports a failed hook that ran outside of the client's own task.
    fn failed(&self, hook: Hook, failure: Failure) {
        let (shared, client) = (&self.member.shared, self.id());
        let rejection = failure.cause(hook).map(|cause| shared.close_frame(cause));
        shared.with(|inner, now| {
            inner.tell_error(client, failure.error(hook));
            if let Some(rejection) = &rejection {
                let (code, reason) = (rejection.code, &rejection.reason);
                let (flush, by) = (Flush::Never, ClosedBy::Hub);
                // The client may be closing already; that error is ignored.
                let _ = inner.handle(now, Event::Close { client, code, reason, flush, by });
            }
        });
        shared.report(failure.report(Some(client), hook));
    }
}

/// Why a client did not join a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JoinError {
    /// The application denied the join.
    Denied,
    /// [`before_join`](crate::Handler::before_join) was over its time limit.
    TimedOut,
    /// [`before_join`](crate::Handler::before_join) panicked; the client is closed.
    Panicked,
    /// The hub refused the join.
    Hub(hub::Error),
}

impl JoinError {
    /// The hub's refusal, if the hub is what refused the join.
    ///
    /// ```
    /// use throng_core::hub::Refusal;
    /// use throng_runtime::{Client, JoinError};
    ///
    /// async fn enter(client: &Client, room: &str) -> Result<(), String> {
    ///     let Err(error) = client.join(room).await else { return Ok(()) };
    ///     match error.refusal() {
    ///         Some(Refusal::AlreadyInRoom) => Ok(()),
    ///         Some(Refusal::RoomFull { limit }) => Err(format!("this room has {limit} members: try another")),
    ///         _ => Err(error.to_string()),
    ///     }
    /// }
    /// # let _ = enter;
    /// ```
    #[must_use]
    pub const fn refusal(&self) -> Option<hub::Refusal> {
        if let Self::Hub(error) = self { error.refusal() } else { None }
    }
}

impl From<Denied> for JoinError {
    fn from(Denied: Denied) -> Self {
        Self::Denied
    }
}

impl From<hub::Error> for JoinError {
    fn from(error: hub::Error) -> Self {
        Self::Hub(error)
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => Denied.fmt(f),
            Self::TimedOut => f.write_str("the application did not answer in time"),
            Self::Panicked => f.write_str("the application failed to answer"),
            Self::Hub(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for JoinError {}
