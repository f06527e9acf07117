//! Messages to send, and the result of sending.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use throng_core::hub::{Dedup, Outcome, Policy, Published, Target};
use throng_core::websocket::encode::{encode_binary, encode_text};
use throng_core::websocket::{Message, Utf8Bytes};
use throng_core::{ClientId, Frame, hub};

/// Something that can be sent: text, bytes, a received message, an encoded frame, or [`Json`](struct@Json). It is
/// encoded once for all recipients.
pub trait IntoFrame {
    /// Encodes the message.
    ///
    /// # Errors
    /// The message cannot be encoded.
    fn into_frame(self) -> Result<Frame, SendError>;
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// The hub refused the message.
    Hub(hub::Error),
    /// The message is 4 GiB or longer.
    TooLong,
    /// The value cannot be encoded: as JSON, for example, a map whose keys are not strings, or a `Serialize` that fails.
    NotEncoded,
    /// The client's outbox is full, and the message was not queued: it was dropped, as the policy says, or was refused under
    /// [`Policy::Wait`].
    Full,
    /// The limit of sends that wait for this client's outbox is reached.
    TooManyWaiters,
    /// The message cannot go to another node of the cluster: the queue for the broker is full, a name is too long, the hub is in no cluster,
    /// or has left it.
    NotRelayed,
}

impl SendError {
    /// The hub's refusal, if the hub is what refused the message: [`NoSuchRoom`](hub::Refusal::NoSuchRoom), for
    /// example.
    #[must_use]
    pub const fn refusal(&self) -> Option<hub::Refusal> {
        if let Self::Hub(error) = self { error.refusal() } else { None }
    }
}

impl From<hub::Error> for SendError {
    fn from(error: hub::Error) -> Self {
        Self::Hub(error)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub(error) => error.fmt(f),
            Self::TooLong => f.write_str("message of 4 GiB or more"),
            Self::NotEncoded => f.write_str("the value cannot be encoded"),
            Self::Full => f.write_str("the client's outbox is full"),
            Self::TooManyWaiters => f.write_str("too many sends already wait for this client's outbox"),
            Self::NotRelayed => f.write_str(
                "the message cannot go to another node: the queue for the broker is full, a name is too long, or the hub is in no cluster",
            ),
        }
    }
}

impl core::error::Error for SendError {}

/// A value that is sent as JSON text.
#[cfg(feature = "json")]
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

#[cfg(feature = "json")]
impl<T: serde::Serialize> IntoFrame for Json<T> {
    fn into_frame(self) -> Result<Frame, SendError> {
        let text = serde_json::to_string(&self.0).map_err(|_| SendError::NotEncoded)?;
        text.into_frame()
    }
}

impl IntoFrame for Frame {
    fn into_frame(self) -> Result<Frame, SendError> {
        Ok(self)
    }
}

impl IntoFrame for &Frame {
    fn into_frame(self) -> Result<Frame, SendError> {
        Ok(self.clone())
    }
}

impl IntoFrame for Message {
    fn into_frame(self) -> Result<Frame, SendError> {
        match self {
            Self::Text(text) => text.into_frame(),
            Self::Binary(bytes) => bytes.into_frame(),
        }
    }
}

macro_rules! into_frame {
    ($encode:ident: $($kind:ty),*) => {$(
        impl IntoFrame for $kind {
            fn into_frame(self) -> Result<Frame, SendError> {
                $encode(self).map_err(|_| SendError::TooLong)
            }
        }
    )*};
}

into_frame!(encode_text: Utf8Bytes, String, &str);
into_frame!(encode_binary: Bytes, Vec<u8>);

impl IntoFrame for &String {
    fn into_frame(self) -> Result<Frame, SendError> {
        self.as_str().into_frame()
    }
}

impl IntoFrame for &[u8] {
    fn into_frame(self) -> Result<Frame, SendError> {
        Bytes::copy_from_slice(self).into_frame()
    }
}

/// The recipients of a message, exceptions, and the policy for full outboxes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Publish<'a> {
    pub(crate) targets: &'a [Target<'a>],
    pub(crate) except: &'a [ClientId],
    pub(crate) except_user: Option<&'a str>,
    pub(crate) policy: Option<Policy>,
    pub(crate) key: Option<&'a str>,
    pub(crate) version: Option<u64>,
    pub(crate) is_local: bool,
}

impl<'a> Publish<'a> {
    /// To all clients that at least one of these targets reaches, once each.
    #[must_use]
    pub const fn to(targets: &'a [Target<'a>]) -> Self {
        Self {
            targets,
            except: &[],
            except_user: None,
            policy: None,
            key: None,
            version: None,
            is_local: false,
        }
    }

    /// Except these clients. Ids of ended clients are ignored, so [`Hub::publish`](crate::Hub::publish) sends a message even if its
    /// sender, named here, has just ended. To relay a client's message, prefer [`Client::publish`](crate::Client::publish),
    /// which refuses it then.
    #[must_use]
    pub const fn except(self, except: &'a [ClientId]) -> Self {
        Self { except, ..self }
    }

    /// Except the clients that this user has at the moment of the publish. A user without clients is ignored, and so is the empty
    /// name, which no user has.
    ///
    /// ```
    /// use throng_core::hub::Target;
    /// use throng_runtime::{Client, Publish, SendError};
    ///
    /// /// To all other users in the room: the sender's own devices do not get the message.
    /// fn say(client: &Client, room: &str, text: &str) -> Result<(), SendError> {
    ///     let (to, user) = ([Target::Room(room)], client.user());
    ///     let publish = Publish::to(&to).except_user(user.as_deref().unwrap_or_default());
    ///     client.publish(&publish, text).map(drop)
    /// }
    /// ```
    #[must_use]
    pub const fn except_user(self, user: &'a str) -> Self {
        Self { except_user: Some(user), ..self }
    }

    /// The excluded clients. Call under the lock, together with the publish.
    pub(crate) fn left_out(&self, hub: &hub::Hub) -> Cow<'a, [ClientId]> {
        let Some(user) = self.except_user else { return Cow::Borrowed(self.except) };
        Cow::Owned(self.except.iter().copied().chain(hub.clients_of(user)).collect())
    }

    /// The policy for full outboxes. Default: as the hub's config says.
    #[must_use]
    pub const fn policy(self, policy: Policy) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// Publishes the message once for this key, in a room with a [history](hub::History), which must be the only target: a publish of
    /// the same key within [`history.key_age`](hub::Histories::key_age), 5 minutes by default, sends nothing, and its outcome is that of the
    /// first, [`ignored`](Published::ignored) as repeated. Give a request that a peer or service may repeat its own id as key.
    ///
    /// ```
    /// use throng_core::hub::{Published, Target};
    /// use throng_runtime::{Hub, Publish, SendError};
    ///
    /// /// Publishes what a peer sends, once, also if it sends it again because it saw no answer.
    /// fn post(hub: &Hub, room: &str, id: &str, text: &str) -> Result<Published, SendError> {
    ///     hub.publish(&Publish::to(&[Target::Room(room)]).key(id), text)
    /// }
    /// # let _ = post;
    /// ```
    #[must_use]
    pub const fn key(self, key: &'a str) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Publishes the message unless the room has had one of this version or a later one: then nothing is sent, and the outcome says
    /// [`ignored`](Published::ignored) as outdated. The room must have a [history](hub::History) and be the only target. For values that several
    /// sources publish, of which the newest counts.
    #[must_use]
    pub const fn version(self, version: u64) -> Self {
        Self { version: Some(version), ..self }
    }

    /// To clients of this node only. Default: in a [cluster](crate::cluster), a publish to rooms, users and all clients goes to those of the
    /// other nodes, too. There, a client that several of the targets reach gets the message once for each of them.
    #[must_use]
    pub const fn local(self) -> Self {
        Self { is_local: true, ..self }
    }

    pub(crate) fn dedup(&self) -> Option<Dedup<'a>> {
        let Self { key, version, .. } = *self;
        (key.is_some() || version.is_some()).then_some(Dedup { key, version })
    }
}

/// The counts of a publish.
pub(crate) fn published(result: Result<Outcome, hub::Error>) -> Result<Published, hub::Error> {
    match result? {
        Outcome::Published(published) => Ok(published),
        _ => Ok(Published::default()),
    }
}
