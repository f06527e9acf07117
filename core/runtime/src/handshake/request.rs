//! The request that asked for a WebSocket, and the application's settings for the connection.

use crate::compression::Negotiated;
use crate::handshake::client_handlers::ClientHandlers;
use crate::handshake::participation::Place;
use crate::notice::expiry::Expiry;
use crate::state::metadata::Metadata;
pub(crate) use crate::state::request::Request;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use throng_core::Name;
use throng_core::hub::Recover;
use throng_core::websocket::handshake::{NotOffered, Protocol, Refusal, ReservedHeader, Upgrade};

/// A connection that has no client yet: the argument of
/// [`Handler::before_connect`](crate::Handler::before_connect).
#[derive(Debug)]
pub struct Connecting {
    pub(crate) request: Arc<Request>,
    pub(crate) upgrade: Upgrade,
    pub(crate) user: Option<String>,
    pub(crate) session: Option<String>,
    /// Set if the client is to be a participant of a room. Its session is the participant's then.
    pub(crate) place: Option<Arc<Place>>,
    pub(crate) expiry: Option<Expiry>,
    pub(crate) metadata: Metadata,
    pub(crate) rooms: Vec<Name>,
    /// How it joins, for those of the rooms in which it is to get what it missed, or to be present with information.
    pub(crate) joins: Vec<(Name, FirstJoin)>,
    pub(crate) own: Option<Box<ClientHandlers>>,
    pub(crate) authenticates: bool,
    pub(crate) is_bare: bool,
    pub(crate) compression: Option<Box<Negotiated>>,
    /// Headers of the answer if the hook refuses the request.
    refusal_headers: Option<Box<HeaderMap>>,
}

/// How a client joins one of its first rooms.
#[derive(Clone, Debug, Default)]
pub(crate) struct FirstJoin {
    pub(crate) from: Option<Recover>,
    pub(crate) info: Option<Bytes>,
}

impl Connecting {
    pub(crate) fn new(request: Request, upgrade: Upgrade, compression: Option<Box<Negotiated>>) -> Self {
        let request = Arc::new(request);
        Self {
            request,
            upgrade,
            user: None,
            session: None,
            place: None,
            expiry: None,
            metadata: Metadata::default(),
            rooms: Vec::new(),
            joins: Vec::new(),
            own: None,
            authenticates: false,
            is_bare: false,
            compression,
            refusal_headers: None,
        }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The path of the request.
    #[must_use]
    pub fn path(&self) -> &str {
        self.request.path()
    }

    /// Sets the user to which the client will belong. Limits per user are checked after the hook.
    pub fn set_user(&mut self, user: impl Into<String>) {
        self.user = Some(user.into());
    }

    /// Names the client's session. If the hub has a client with this session and the same user, that client continues on this
    /// connection: it keeps its rooms, its values, its handlers and the messages that wait for it, and everything else that this
    /// hook sets is ignored. If the hub has no such client, a new client opens and has the session.
    ///
    /// A peer that knows the name of a session, and is accepted as its user, takes over its client. So the name must be a secret
    /// that no peer can guess: `session::Tokens` makes such names (feature `session-tokens`). The application tells the peer the
    /// name of a new session, for example in the first message or in a cookie.
    ///
    /// The request is refused with 403 if the session is another user's, with 409 if another connection uses it under
    /// [`SecondConnection::Refused`](throng_core::hub::SecondConnection::Refused), and with 400 if the name is empty or longer than
    /// [`sessions.name_bytes`](throng_core::hub::Sessions::name_bytes). A name that begins with U+0000 belongs to a
    /// [participant](crate::participants) and is refused with 403; the session of a participant keeps its name, whatever is set here.
    pub fn set_session(&mut self, session: impl Into<String>) {
        self.session = Some(session.into());
    }

    /// Stores a value with the client, one per type; [`Client::get`](crate::Client::get) returns it later.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.metadata.insert(value);
    }

    /// The stored value of this type.
    #[must_use]
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.metadata.get()
    }

    /// The subprotocols that the peer offers, most preferred first.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.upgrade.offered_protocols().iter()
    }

    /// Chooses the subprotocol. Default: the hub's most preferred one that the peer offers.
    ///
    /// # Errors
    /// The peer does not offer it.
    pub fn set_subprotocol(&mut self, subprotocol: Protocol) -> Result<(), NotOffered> {
        self.upgrade.choose_protocol(subprotocol)
    }

    /// Adds a header to the response, for example a cookie.
    ///
    /// # Errors
    /// Only the handshake may set this header.
    pub fn add_header(&mut self, name: HeaderName, value: HeaderValue) -> Result<(), ReservedHeader> {
        self.upgrade.add_header(name, value)
    }

    /// Makes the client a member of a room from its first moment. Naming a room twice has no further effect.
    ///
    /// If a room cannot be joined, the request is refused: with 503 if the room is full, with 400 if its name is
    /// invalid or the client may not be in so many rooms. If the room fills up between the answer and the opening, the
    /// client is closed with 1013 right after it has opened.
    pub fn join(&mut self, room: impl Into<Name>) {
        let room = room.into();
        if !self.rooms.contains(&room) {
            self.rooms.push(room);
        }
    }

    /// The same with a position that the peer knows: as its first messages, before any later one of the room, the client gets what it
    /// missed there. The `joined` hook, [`Handler::joined`], is told whether it does. A client that is continued, by its session, has its
    /// messages in its outbox: then the position has no effect.
    ///
    /// [`Handler::joined`]: crate::Handler::joined
    pub fn join_from(&mut self, room: impl Into<Name>, from: Recover) {
        let room = room.into();
        if !self.rooms.contains(&room) {
            self.joins.push((Name::clone(&room), FirstJoin { from: Some(from), info: None }));
            self.rooms.push(room);
        }
    }

    /// Like [`join`](Self::join), or [`join_from`](Self::join_from) with a position, with bytes about the client that the
    /// [presence](throng_core::hub::Presence) of the room shows. If they are too long, or the room has no presence, the client is closed with
    /// 1013 right after it has opened. A client that is continued, by its session, is present as it was.
    pub fn join_with_info(&mut self, room: impl Into<Name>, from: Option<Recover>, info: impl Into<Bytes>) {
        let room = room.into();
        if !self.rooms.contains(&room) {
            self.joins.push((Name::clone(&room), FirstJoin { from, info: Some(info.into()) }));
            self.rooms.push(room);
        }
    }

    /// Asks for [`Handler::authenticate`], which is called after the WebSocket has opened and before the connection is
    /// a client.
    ///
    /// [`Handler::authenticate`]: crate::Handler::authenticate
    pub fn authenticate(&mut self) {
        self.authenticates = true;
    }

    /// The client gets the [bare variant](throng_core::Frame::with_bare) of each frame that has one: the message without an envelope.
    pub fn without_envelopes(&mut self) {
        self.is_bare = true;
    }

    /// Opens the WebSocket without compression, even if the peer asks for it. Use it for clients whose messages contain secrets
    /// beside text that other people wrote: the length of the compressed message could reveal a secret.
    #[cfg(feature = "deflate")]
    pub fn decline_compression(&mut self) {
        self.compression = None;
    }

    /// Sets a header of the answer if the hook refuses the request, for example `WWW-Authenticate`, `Retry-After`, or a
    /// `Content-Type` other than plain text.
    pub fn set_refusal_header(&mut self, name: HeaderName, value: HeaderValue) {
        self.refusal_headers.get_or_insert_default().insert(name, value);
    }

    /// The HTTP answer for a request that the application refuses, including its [headers](Self::set_refusal_header).
    /// For runtime crates.
    #[must_use]
    pub fn refusal_response(&self, refusal: &Refusal) -> Response<Cow<'static, str>> {
        let mut response = refusal.response();
        if let Some(headers) = &self.refusal_headers {
            response.headers_mut().extend(headers.as_ref().clone());
        }
        response
    }
}
