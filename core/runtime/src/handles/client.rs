//! The handle of one client.

use crate::handles::ended::Ended;
use crate::handles::wait::SendWait;
use crate::notice::message::{IntoFrame, SendError, published};
use crate::notice::user::SetUserError;
use crate::state::member::Member;
use crate::state::request::Request;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use std::time::SystemTime;
use throng_core::close::CloseCode;
use throng_core::frame::Frame;
use throng_core::hub;
use throng_core::hub::{Event, Policy, Published, Target};
use throng_core::id::{ClientId, Name};

/// A client. Cloning costs one reference count; the handle outlives the client, and says so by
/// [`Error::Gone`](hub::Error::Gone).
///
/// All methods return at once but [`send_wait`](Self::send_wait), [`ended`](Self::ended), and those that ask a hook: [`join`](Self::join),
/// [`leave`](Self::leave) and [`leave_all`](Self::leave_all).
#[derive(Clone)]
pub struct Client {
    pub(crate) member: Arc<Member>,
}

impl Client {
    pub(crate) fn new(member: Arc<Member>) -> Self {
        Self { member }
    }

    /// Sends to this client.
    ///
    /// # Errors
    /// The message cannot be encoded, the client is gone or closing, or its outbox is full under a policy that
    /// drops ([`SendError::Full`]).
    pub fn send(&self, message: impl IntoFrame) -> Result<(), SendError> {
        let frame = self.member.shared.deflating.send(self.member.window(), message.into_frame()?);
        let published = self.send_frame(&frame, None)?;
        if published.queued == 0 { Err(SendError::Full) } else { Ok(()) }
    }

    /// Sends to this client once its outbox has room.
    ///
    /// Cancel-safe: dropped before it is ready, nothing was sent. Ends with an error when the client ends. Several
    /// that wait for one client are not served in any order.
    pub fn send_wait(&self, message: impl IntoFrame) -> SendWait {
        let frame =
            message.into_frame().map(|frame| self.member.shared.deflating.send(self.member.window(), frame));
        SendWait::new(Arc::clone(&self.member), frame)
    }

    /// Closes the client: it leaves its rooms now, what is queued for it is written first, within the close
    /// deadline. What is over 123 bytes of the reason is cut off.
    ///
    /// # Errors
    /// The client is gone or closing already.
    pub fn close(&self, code: CloseCode, reason: &str) -> Result<(), hub::Error> {
        self.hub().close(self.id(), code, reason)
    }

    /// Ready once the client has ended, at once if it has: for what is to last no longer than the client does. Cancel-safe:
    /// dropped, it changes nothing.
    pub fn ended(&self) -> Ended {
        Ended::new(Arc::clone(&self.member))
    }

    /// Sets, changes or, with `None`, clears the user.
    ///
    /// # Errors
    /// The client is gone, the user has as many clients as it may, or the
    /// [application](crate::Builder::per_user) refuses it; then nothing has changed.
    pub fn set_user(&self, user: Option<&str>) -> Result<(), SetUserError> {
        self.hub().set_user(self.id(), user)
    }

    /// Keeps a value with the client, one a type; returns the one it takes the place of.
    pub fn insert<T: Send + Sync + 'static>(&self, value: T) -> Option<T> {
        self.member.details().metadata.insert(value)
    }

    /// A copy of the value of this type that is kept with the client. It is cloned while the client's values are
    /// locked, so a clone should be cheap (an `Arc`, say) and must not ask for the client's values itself.
    #[must_use]
    pub fn get<T: Clone + 'static>(&self) -> Option<T> {
        self.member.details().metadata.get().cloned()
    }

    /// Takes the value of this type away from the client.
    pub fn remove<T: 'static>(&self) -> Option<T> {
        self.member.details().metadata.remove()
    }

    /// The request that asked for the WebSocket: until [`connected`](crate::Handler::connected) has returned, or
    /// for good if the hub was [told to keep it](crate::Builder::keep_requests).
    #[must_use]
    pub fn request(&self) -> Option<Arc<Request>> {
        self.member.details().request.clone()
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.member.id
    }

    /// The user, if it has one. Once the client has ended, the user that it had: [`left`](crate::Handler::left) and
    /// [`disconnected`](crate::Handler::disconnected) can tell whose client it was, while
    /// [`clients_of`](crate::Hub::clients_of) does not name the client any more.
    #[must_use]
    pub fn user(&self) -> Option<Name> {
        self.member.user()
    }

    /// The rooms it is in, in the order in which it joined them.
    #[must_use]
    pub fn rooms(&self) -> Vec<Name> {
        self.member.shared.look(|inner| inner.hub.rooms_of(self.id()).collect())
    }

    /// How many rooms it is in.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.member.shared.look(|inner| inner.hub.room_count_of(self.id()))
    }

    /// Whether it is in this room.
    #[must_use]
    pub fn in_room(&self, room: &str) -> bool {
        self.member.shared.look(|inner| inner.hub.in_room(self.id(), room))
    }

    /// Messages and bytes that wait to be written to it; `None` if it is gone.
    #[must_use]
    pub fn outbox(&self) -> Option<(u32, u32)> {
        self.member.shared.look(|inner| inner.hub.outbox_of(self.id()))
    }

    /// Whether it is open: connected, and not closing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.member.shared.look(|inner| inner.hub.is_open(self.id()))
    }

    /// When it opened; `None` if it has not.
    #[must_use]
    pub fn connected_at(&self) -> Option<SystemTime> {
        self.member.opened().map(|moment| self.member.shared.wall(moment))
    }

    /// When its transport ended; `None` if it has not.
    #[must_use]
    pub fn closed_at(&self) -> Option<SystemTime> {
        self.member.closed().map(|moment| self.member.shared.wall(moment))
    }

    fn send_frame(&self, frame: &Frame, policy: Option<Policy>) -> Result<Published, SendError> {
        let targets = &[Target::Client(self.id())];
        let event = Event::Publish { publisher: None, targets, except: &[], frame, policy };
        let Member { shared, turn, .. } = &*self.member;
        Ok(published(shared.publish(Some(turn), event))?)
    }
}

impl PartialEq for Client {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.member, &other.member)
    }
}

impl Eq for Client {}

impl Hash for Client {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.member.id.hash(state);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.id())
    }
}
