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
use core::future::Future;
use core::hash::{Hash, Hasher};
use std::time::SystemTime;
use throng_core::hub::{Event, Policy, Published, Target};
use throng_core::{ClientId, CloseCode, Frame, Name, hub};

/// A handle of one client. Cloning costs one reference count. The handle outlives the client; its methods then return
/// [`Error::NotOpen`](hub::Error::NotOpen) while the connection closes, and [`Error::Gone`](hub::Error::Gone) after that.
///
/// All methods return at once except [`send_wait`](Self::send_wait), [`ended`](Self::ended) and the ones that call a
/// hook: [`join`](Self::join), [`leave`](Self::leave) and [`leave_all`](Self::leave_all).
#[derive(Clone)]
pub struct Client {
    pub(crate) member: Arc<Member>,
}

impl Client {
    pub(crate) fn new(member: Arc<Member>) -> Self {
        Self { member }
    }

    /// Sends a message to this client.
    ///
    /// # Errors
    /// The message cannot be encoded, the client is gone or closing, or its outbox is full under a policy that
    /// drops ([`SendError::Full`]).
    pub fn send(&self, message: impl IntoFrame) -> Result<(), SendError> {
        let frame = self.member.shared.deflating.send(self.member.window(), message.into_frame()?);
        let published = self.send_frame(&frame, None)?;
        if published.queued == 0 { Err(SendError::Full) } else { Ok(()) }
    }

    /// Sends a message to this client once its outbox has room.
    ///
    /// Cancel-safe: nothing was sent if the future is dropped before it is ready. Returns an error when the client
    /// ends. Several sends that wait for one client are served in no particular order.
    pub fn send_wait(&self, message: impl IntoFrame) -> SendWait {
        let frame =
            message.into_frame().map(|frame| self.member.shared.deflating.send(self.member.window(), frame));
        SendWait::new(Arc::clone(&self.member), frame)
    }

    /// Closes the client: it leaves its rooms now; its queued messages are written first, within the close deadline. A
    /// reason over 123 bytes is truncated.
    ///
    /// # Errors
    /// The client is gone or closing already.
    pub fn close(&self, code: CloseCode, reason: &str) -> Result<(), hub::Error> {
        self.hub().close(self.id(), code, reason)
    }

    /// Waits until the client has ended; ready at once if it has. Bind work to the client's life with it. Cancel-safe:
    /// dropping the future changes nothing.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + Sync + Unpin + use<> {
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

    /// Stores a value with the client, one per type; returns the value that it replaces.
    ///
    /// There are no values by key beside these: a type of the application's own needs no check of what was stored, no
    /// serialization, and its fields have names that the compiler knows. An application that has keys keeps a map in such a
    /// type:
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use std::sync::{Arc, Mutex};
    /// use throng_runtime::Hub;
    ///
    /// #[derive(Clone, Default)]
    /// struct Settings(Arc<Mutex<BTreeMap<String, String>>>);
    ///
    /// let builder = Hub::builder()
    ///     .before_connect(|connecting| {
    ///         connecting.insert(Settings::default());
    ///         Ok(())
    ///     })
    ///     .on_message(|client, _| {
    ///         let Some(Settings(settings)) = client.get() else { return };
    ///         settings.lock().unwrap().insert("language".into(), "en".into());
    ///     });
    /// # builder.build().unwrap();
    /// ```
    pub fn insert<T: Send + Sync + 'static>(&self, value: T) -> Option<T> {
        self.member.details().insert(value)
    }

    /// A clone of the stored value of this type. The clone is made while the client's values are locked, so it should
    /// be cheap (an `Arc`, for example) and must not access the client's values.
    #[must_use]
    pub fn get<T: Clone + 'static>(&self) -> Option<T> {
        self.member.details().get().cloned()
    }

    /// Removes and returns the stored value of this type.
    pub fn remove<T: 'static>(&self) -> Option<T> {
        self.member.details().remove()
    }

    /// The request that opened the WebSocket. It is kept until [`connected`](crate::Handler::connected) has returned,
    /// or for the client's life if [`Builder::keep_requests`](crate::Builder::keep_requests) says so.
    #[must_use]
    pub fn request(&self) -> Option<Arc<Request>> {
        self.member.details().request().cloned()
    }

    /// The client's id.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.member.id
    }

    /// The client's user, if any. After the client's end this is still its last user, so that
    /// [`left`](crate::Handler::left) and [`disconnected`](crate::Handler::disconnected) can tell;
    /// [`clients_of`](crate::Hub::clients_of) no longer lists the client.
    #[must_use]
    pub fn user(&self) -> Option<Name> {
        self.member.user()
    }

    /// The client's rooms, in the order in which it joined them.
    #[must_use]
    pub fn rooms(&self) -> Vec<Name> {
        self.member.shared.look(|inner| inner.hub.rooms_of(self.id()).collect())
    }

    /// The number of rooms that the client is in.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.member.shared.look(|inner| inner.hub.room_count_of(self.id()))
    }

    /// Whether the client is in this room.
    #[must_use]
    pub fn in_room(&self, room: &str) -> bool {
        self.member.shared.look(|inner| inner.hub.in_room(self.id(), room))
    }

    /// Messages and bytes in the client's outbox; `None` if the client is gone.
    #[must_use]
    pub fn outbox(&self) -> Option<(u32, u32)> {
        self.member.shared.look(|inner| inner.hub.outbox_of(self.id()))
    }

    /// Whether the client is open: connected or [away](Self::is_away), and not closing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.member.shared.look(|inner| inner.hub.is_open(self.id()))
    }

    /// Whether the client is away: it has a session, has lost its connection, and may return. What is sent to it waits in its outbox.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.member.shared.look(|inner| inner.hub.is_away(self.id()))
    }

    /// The name of the client's session; `None` if it has none or has ended. Whoever knows the name can continue the client: keep it out of
    /// logs.
    #[must_use]
    pub fn session(&self) -> Option<Name> {
        self.member.shared.look(|inner| inner.hub.session_of(self.id()))
    }

    /// Names the session of an open client, so that it can return from now on: see
    /// [`Connecting::set_session`](crate::Connecting::set_session).
    ///
    /// # Errors
    /// The client is gone or away, another client has the session, or the name is invalid.
    pub fn set_session(&self, session: &str) -> Result<(), hub::Error> {
        let client = self.id();
        self.member.shared.with(|inner, now| {
            let user = inner.hub.user_of(client);
            let event = Event::Identify { client, user: user.as_deref(), session: Some(session) };
            inner.handle(now, event).map(drop)
        })
    }

    /// When the client opened; `None` if it never did.
    #[must_use]
    pub fn connected_at(&self) -> Option<SystemTime> {
        self.member.opened().map(|moment| self.member.shared.wall(moment))
    }

    /// When the client's transport ended, or the client itself if it was away; `None` while it lives.
    #[must_use]
    pub fn closed_at(&self) -> Option<SystemTime> {
        self.member.closed().map(|moment| self.member.shared.wall(moment))
    }

    fn send_frame(&self, frame: &Frame, policy: Option<Policy>) -> Result<Published, SendError> {
        let targets = &[Target::Client(self.id())];
        let event = Event::Publish { publisher: None, targets, except: &[], frame, policy, dedup: None };
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
