//! What a client may do only if the application allows it.

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
    /// Joins a room, if [`Handler::before_join`](crate::Handler::before_join) allows it.
    ///
    /// Cancel-safe: dropped before it is ready, the client has not joined, and the hook is dropped where it waits.
    ///
    /// # Errors
    /// The application denies it or does not answer in time, or the hub refuses it.
    pub async fn join(&self, room: &str) -> Result<Joined, JoinError> {
        let shared = &self.member.shared;
        if shared.settings.wants.before_join {
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
    /// Cancel-safe: dropped before it is ready, the client has not left, though the hook may have been told that it is about
    /// to.
    ///
    /// # Errors
    /// The client is gone or not in this room.
    pub async fn leave(&self, room: &str) -> Result<(), hub::Error> {
        self.tell_of_leaving(room).await;
        self.member.shared.with(|inner, now| inner.leave(now, self.id(), room, Left::Asked))
    }

    /// Leaves every room, at once and after [`Handler::before_leave`](crate::Handler::before_leave) for each; says how
    /// many.
    ///
    /// Cancel-safe: dropped before it is ready, the client has left none, though the hook may have been told of some.
    ///
    /// # Errors
    /// The client is gone.
    pub async fn leave_all(&self) -> Result<u32, hub::Error> {
        let shared = &self.member.shared;
        if shared.settings.wants.before_leave {
            for room in self.rooms() {
                self.tell_of_leaving(&room).await;
            }
        }
        shared.with(|inner, now| inner.leave_all(now, self.id(), Left::Asked))
    }

    async fn tell_of_leaving(&self, room: &str) {
        let shared = &self.member.shared;
        if shared.settings.wants.before_leave {
            // However it ends, the client leaves.
            let _ =
                self.ask(Hook::BeforeLeave, || Application::of(shared).hooks.before_leave(self, room)).await;
        }
    }

    /// Asks the application, in whichever task this is.
    async fn ask<'a, T>(&self, hook: Hook, call: impl FnOnce() -> Borrowing<'a, T>) -> Result<T, Failure> {
        let shared = &self.member.shared;
        let answer = within(shared, shared.settings.limit_of(hook), call).await;
        if let Err(failure) = answer {
            self.failed(hook, failure);
        }
        answer
    }

    /// A hook has failed that this client's own task does not know of.
    fn failed(&self, hook: Hook, failure: Failure) {
        let (shared, client) = (&self.member.shared, self.id());
        let rejection = failure.cause(hook).map(|cause| shared.rejection(cause));
        shared.with(|inner, now| {
            inner.tell_error(client, failure.error(hook));
            if let Some(rejection) = &rejection {
                let (code, reason) = (rejection.code(), rejection.reason());
                let (flush, by) = (Flush::Never, ClosedBy::Hub);
                // It may be closing already.
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
    /// The application denies it.
    Denied,
    /// [`before_join`](crate::Handler::before_join) was over its time limit.
    TimedOut,
    /// [`before_join`](crate::Handler::before_join) panicked; the client is closed.
    Panicked,
    /// The hub says why.
    Hub(hub::Error),
}

impl JoinError {
    /// Why the hub refuses, if it is the hub that does.
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
