//! [`Client::join`], [`Client::leave`] and [`Client::leave_all`], which call a hook of the application first, and
//! [`JoinError`].

use crate::handler::Denied;
use crate::handler::application::Application;
use crate::handler::limit::{Failure, within};
use crate::handles::client::Client;
use crate::host::running::Borrowing;
use crate::notice::hook::{Hook, Left};
use core::fmt;
use throng_core::hub;
use throng_core::hub::{Flush, Joined, Recover};

impl Client {
    /// Joins a room if [`Handler::before_join`](crate::Handler::before_join) allows it.
    ///
    /// Cancel-safe: if the future is dropped before it is ready, the client has not joined, and a hook that still waits
    /// is dropped.
    ///
    /// # Errors
    /// The hook denies the join, exceeds its time limit or panics, or the hub refuses the join.
    pub async fn join(&self, room: &str) -> Result<Joined, JoinError> {
        self.join_asked(room, None, None).await
    }

    /// Joins a room, as [`join`](Self::join) does, and gets the messages that the client missed there: all after a position that its peer
    /// knows, or the latest one. [`Joined::recovery`] says whether it gets them.
    ///
    /// What was missed is queued at once, behind what waits for the client already and before any later message to the room. So
    /// nothing is missing and nothing comes twice, but the answer that the application sends then comes after these messages: a peer
    /// keeps what it gets until the answer is there, and discards its older state if the answer says that messages are missing.
    ///
    /// ```
    /// use throng_core::hub::{Position, Recover, Recovery};
    /// use throng_runtime::{Client, JoinError};
    ///
    /// async fn back(client: &Client, room: &str, since: Position) -> Result<(), JoinError> {
    ///     let joined = client.join_from(room, Recover::Since(since)).await?;
    ///     let _ = match joined.recovery {
    ///         Some(Recovery::Unrecovered(why)) => client.send(format!("reload: {why}")),
    ///         _ => client.send("you have all of it"),
    ///     };
    ///     Ok(())
    /// }
    /// # let _ = back;
    /// ```
    ///
    /// Cancel-safe: if the future is dropped before it is ready, the client has not joined, and a hook that still waits
    /// is dropped.
    ///
    /// # Errors
    /// The hook denies the join, exceeds its time limit or panics, or the hub refuses the join. That messages cannot be had is no
    /// error: then the client is in the room and gets new messages only.
    pub async fn join_from(&self, room: &str, from: Recover) -> Result<Joined, JoinError> {
        self.join_asked(room, Some(from), None).await
    }

    /// Joins a room, as [`join`](Self::join) does, or as [`join_from`](Self::join_from) with a position, with bytes about the client that the
    /// [presence](hub::Presence) of the room shows: a name and a picture, say, in a format of the application's choice.
    ///
    /// Cancel-safe, as they are.
    ///
    /// # Errors
    /// Those of `join`. The hub refuses bytes that are longer than [`info_bytes`](hub::Presence::info_bytes), or for a room without presence.
    pub async fn join_with_info(
        &self,
        room: &str,
        from: Option<Recover>,
        info: &[u8],
    ) -> Result<Joined, JoinError> {
        self.join_asked(room, from, Some(info)).await
    }

    async fn join_asked(
        &self,
        room: &str,
        recover: Option<Recover>,
        info: Option<&[u8]>,
    ) -> Result<Joined, JoinError> {
        let shared = &self.member.shared;
        if shared.settings.written_hooks.before_join {
            let ask = || Application::of(shared).hooks.before_join(self, room);
            match self.ask_hook(Hook::BeforeJoin, ask).await {
                Ok(answer) => answer?,
                Err(Failure::TimedOut) => return Err(JoinError::TimedOut),
                Err(Failure::Panicked) => return Err(JoinError::Panicked),
            }
        }
        Ok(shared.with(|inner, now| inner.join(now, self.id(), room, recover, info))?)
    }

    /// Leaves a room, after [`Handler::before_leave`](crate::Handler::before_leave).
    ///
    /// Cancel-safe: if the future is dropped before it is ready, the client has not left, though the hook may have been
    /// called.
    ///
    /// # Errors
    /// The client is not open, or is not in this room.
    pub async fn leave(&self, room: &str) -> Result<(), hub::Error> {
        self.tell_of_leaving(room).await;
        self.member.shared.with(|inner, now| inner.leave(now, self.id(), room, Left::Asked))
    }

    /// Leaves all rooms at once, after [`Handler::before_leave`](crate::Handler::before_leave) was called for each.
    /// Returns the number of rooms left.
    ///
    /// Cancel-safe: if the future is dropped before it is ready, the client has left no room, though the hook may have
    /// been called for some.
    ///
    /// # Errors
    /// The client is not open.
    pub async fn leave_all(&self) -> Result<u32, hub::Error> {
        let shared = &self.member.shared;
        if shared.settings.written_hooks.before_leave {
            for room in self.rooms() {
                self.tell_of_leaving(&room).await;
            }
        }
        shared.with(|inner, now| inner.leave_all(now, self.id(), Left::Asked))
    }

    /// Calls [`Handler::before_leave`](crate::Handler::before_leave) if the application implements it.
    async fn tell_of_leaving(&self, room: &str) {
        let shared = &self.member.shared;
        if shared.settings.written_hooks.before_leave {
            // The client leaves even if the hook panics or exceeds its time limit.
            let _ = self
                .ask_hook(Hook::BeforeLeave, || Application::of(shared).hooks.before_leave(self, room))
                .await;
        }
    }

    /// Calls a hook in the calling task, within the hook's time limit.
    async fn ask_hook<'a, T>(
        &self,
        hook: Hook,
        call: impl FnOnce() -> Borrowing<'a, T>,
    ) -> Result<T, Failure> {
        let shared = &self.member.shared;
        let answer = within(shared, shared.settings.limit_of(hook), call).await;
        if let Err(failure) = answer {
            self.failed(hook, failure);
        }
        answer
    }

    /// Reports a hook that failed outside of the client's own task. Closes the client if the hook panicked.
    fn failed(&self, hook: Hook, failure: Failure) {
        let (shared, client) = (&self.member.shared, self.id());
        let rejection = failure.cause(hook).map(|cause| shared.close_frame(cause));
        shared.with(|inner, now| {
            inner.tell_error(client, failure.error(hook));
            if let Some(rejection) = &rejection {
                // The hub refuses this if the client is closing already: then there is nothing to do.
                let _ = inner.close_by_hub(now, client, rejection, Flush::Never);
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
    /// [`before_join`](crate::Handler::before_join) exceeded its [time limit](crate::Builder::hook_limit).
    TimedOut,
    /// [`before_join`](crate::Handler::before_join) panicked; the client is closed.
    Panicked,
    /// The hub refused the join.
    Hub(hub::Error),
}

impl JoinError {
    /// Why the hub refused the join; `None` if the application prevented it, or the client is not open.
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
            Self::TimedOut => f.write_str("the application's before_join hook exceeded its time limit"),
            Self::Panicked => f.write_str("the application's before_join hook panicked"),
            Self::Hub(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for JoinError {}
