//! The hooks of a route.

use super::participant::Participant;
use crate::handler::unset::Unset;
use crate::handshake::participation::Identity;
use crate::state::mailbox::Disconnected;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::future::Future;
use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;
use throng_core::{CloseFrame, Name};

/// What failed: any error, for [`Hooks::error`].
pub type Failure = Box<dyn core::error::Error + Send + Sync>;

/// What happens to the participants of a [`Route`](super::Route). Only [`resolve`](Self::resolve) has no default.
///
/// The hooks of one participant run one at a time, under the [time limits](crate::Builder::hook_limit) of the hooks of the hub's
/// [`Handler`](crate::Handler) that they follow: `join` that of `connected` or `resumed`, `leave` that of `disconnected`.
#[allow(unused_variables)]
pub trait Hooks: Send + Sync + 'static {
    /// Who asks to enter this room? Returns the participant's id, or the answer that refuses the request. Called before the WebSocket
    /// opens, each time a connection comes. A participant that is there already continues on the new connection, as
    /// [`sessions.second`](throng_core::hub::Sessions::second) says.
    ///
    /// Participants of one id are one participant, so the id must be one that only this identity can have.
    fn resolve(
        &self,
        room: &str,
        identity: &Identity,
    ) -> impl Future<Output = Result<String, Refusal>> + Send;

    /// A participant has entered the room, or has come back to it on another connection ([`JoinContext::reconnect`]). It is a member
    /// already, so it may get what is broadcast to the room before this hook has returned. Its messages wait for the hook.
    ///
    /// # Errors
    /// The participant is closed with this code and reason. If it had not joined before, [`leave`](Self::leave) is not called.
    fn join(
        &self,
        participant: &Participant,
        context: &JoinContext,
    ) -> impl Future<Output = Result<(), CloseFrame>> + Send {
        Unset::answering(Ok(()))
    }

    /// A participant has sent a message. If this hook is not written, and the route has no service for messages, the hub's
    /// [`Handler::message`](crate::Handler::message) gets it.
    ///
    /// # Errors
    /// The failure is told to [`error`](Self::error). The participant stays.
    fn message(
        &self,
        participant: &Participant,
        message: Message,
    ) -> impl Future<Output = Result<(), Failure>> + Send {
        Unset::answering(Ok(()))
    }

    /// A participant that has joined has left, for good: a lost connection is no leave before the grace is over. Called once for each
    /// participant whose [`join`](Self::join) was called and did not refuse it, also if `join` was dropped because the participant ended
    /// meanwhile. A later participant of the same id and room waits with its `join` until this has returned, within the hook's time limit.
    fn leave(&self, participant: &Participant, reason: &LeaveReason) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// Something went wrong: [`message`](Self::message) failed, the message of a service was answered with an error
    /// ([`ServiceError`](crate::middleware::ServiceError)), or there is a [`ClientError`](crate::ClientError). The participant stays, unless
    /// a `ClientError` says otherwise.
    fn error(&self, participant: &Participant, failure: &Failure) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }
}

/// How a participant comes: for [`Hooks::join`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JoinContext {
    /// The room.
    pub room: Name,
    /// The participant's id, as [`Hooks::resolve`] returned it.
    pub participant: Name,
    /// Who came with this connection.
    pub identity: Arc<Identity>,
    /// Whether the participant was in the room already, and has another connection now: it has returned, or the new connection has
    /// replaced one that was open.
    pub reconnect: bool,
}

/// Why a participant has left: for [`Hooks::leave`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaveReason {
    /// The room was closed.
    RoomClosed,
    /// The application has taken the participant's client out of the room, by [`Hub::leave`](crate::Hub::leave) or
    /// [`Client::leave`](crate::Client::leave). throng closes the client with 1000 then.
    Removed,
    /// The participant's client has ended: code, reason, and which side ended it.
    Ended(Disconnected),
}
