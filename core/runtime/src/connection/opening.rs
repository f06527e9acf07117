//! Opens a client: its first rooms, the clients that it evicts, and the client that it continues.

use crate::connection::place::place;
use crate::connection::serves::Serves;
use crate::handler::application::Application;
use crate::handshake::participation::Place;
use crate::handshake::request::FirstJoin;
use crate::host::Report;
use crate::host::transport::Writer;
use crate::notice::hook::ClientError;
use crate::notice::user::SetUserError;
use crate::state::connection::ConnectionShared;
use crate::state::inner::{Inner, LaneNotice};
use crate::state::member::Member;
use alloc::sync::Arc;
use alloc::vec::Vec;
use throng_core::hub::{Cause, Event, Flush};
use throng_core::websocket::encode::encode_close;
use throng_core::{CloseFrame, Name, hub};

/// What opening a client has led to.
pub(super) struct Opened {
    /// Earlier clients whose last hooks come before its first: those that it evicted, and the participant whose place it takes.
    pub(super) earlier: Vec<Arc<Member>>,
    /// The client that continues on the connection in place of the reserved one.
    pub(super) continued: Option<Arc<Member>>,
}

/// Tells hub and lane that the client is open, and joins its first rooms; or continues the client that has its session. An error is
/// the close frame for a peer whose client could not be opened.
pub(super) fn open(
    connection: &Arc<ConnectionShared>,
    member: &Arc<Member>,
    (rooms, joins): (&[Name], &[(Name, FirstJoin)]),
    participant: Option<&Place>,
    writer: &Arc<dyn Writer>,
) -> Result<Opened, CloseFrame> {
    let (client, shared, window) = (member.id, &member.shared, connection.window());
    let begin = |inner: &mut Inner, now, event: Event<'_>| {
        let mut earlier = inner.handle_ends(now, event)?;
        connection.set_open();
        shared.deflating.opened(window);
        let (continued, reserved) = inner.continued(connection.id, client);
        let served = continued.as_ref().unwrap_or(member);
        // The lane gets no lease before the lock is released.
        let attach = LaneNotice::Attach(Arc::clone(connection), Arc::clone(served), Arc::clone(writer));
        inner.tell_lane(connection.lane, attach);
        if continued.is_some() {
            served.set_resumed(window);
            return Ok((Opened { earlier, continued }, None, reserved));
        }
        member.set_opened(now, window);
        if let Some(place) = participant {
            let session = Name::from(place.session());
            earlier.extend(shared.last_hooks.leaving(&session));
            inner.set_place(client, session);
        }
        let failed = rooms.iter().find_map(|room| {
            let join = joins.iter().find(|(name, _)| name == room).map(|(_, join)| join);
            let (from, info) = join.map_or((None, None), |join| (join.from, join.info.as_deref()));
            let error = inner.join(now, client, room, from, info).err()?;
            inner.tell_error(client, ClientError::FirstRoom { room: room.clone(), error });
            Some(error)
        });
        Ok::<_, hub::Error>((Opened { earlier, continued }, failed, reserved))
    };
    let event = Event::Open { connection: connection.id };
    // A client without a user competes with no others, and one that continues is none more.
    let asks = Application::of(shared).placing.is_some();
    let asked = if asks { shared.look(|inner| inner.hub.user_of(client)) } else { None };
    let opened = match asked {
        Some(user) => {
            let resumed = shared.with(|inner, now| {
                let is_known =
                    inner.hub.session_of(client).is_some_and(|name| inner.hub.find_session(&name).is_some());
                is_known.then(|| begin(inner, now, event))
            });
            resumed.map_or_else(|| place(member, &user, begin), |resumed| resumed.map_err(Into::into))
        }
        None => shared.with(|inner, now| begin(inner, now, event)).map_err(Into::into),
    };
    let (opened, failed, reserved) = opened.map_err(|error| refused_opening(connection, error))?;
    // Dropped outside the lock.
    drop(reserved);
    if let Some(error) = failed {
        let mut rejection = shared.close_frame(Cause::FirstRoom);
        if rejection.reason.is_empty() {
            rejection.reason = error.refusal().map_or("", hub::Refusal::name).into();
        }
        let (connection, code, reason) = (connection.id, rejection.code, &*rejection.reason);
        // The client may be closing already; that error is ignored.
        let _ = shared.handle(Event::CloseConnection { connection, code, reason, flush: Flush::Never });
    }
    Ok(opened)
}

/// The client that a connection serves, and whether at once. If a client continues in place of the reserved one, it gets the request
/// and the place of the connection.
pub(super) fn serve(
    continued: Option<Arc<Member>>,
    reserved: Arc<Member>,
    place: Option<&Arc<Place>>,
) -> (Arc<Member>, Serves) {
    let Some(continued) = continued else { return (reserved, Serves::Client) };
    let request = reserved.details().take_request();
    let mut details = continued.details();
    let old = details.take_request();
    if let Some(request) = request {
        details.set_request(request);
    }
    if let (Some(known), Some(place)) = (details.get::<Arc<Place>>(), place) {
        known.continue_as(place);
    }
    drop(details);
    // Dropped outside the lock.
    drop(old);
    (continued, Serves::Later)
}

/// The close frame for a peer whose client could not be opened.
fn refused_opening(connection: &ConnectionShared, error: SetUserError) -> CloseFrame {
    let shared = &connection.shared;
    let rejection = match error {
        SetUserError::Denied(rejection) => rejection,
        SetUserError::Hub(hub::Error::RosterChanged) => shared.close_frame(Cause::RosterChanged),
        SetUserError::Hub(hub::Error::Refused(
            hub::Refusal::SessionInUse | hub::Refusal::SessionOfAnotherUser,
        )) => error.into(),
        // Another connection has come with the session since the hub reserved a client for this one.
        _ if shared.look(|inner| inner.hub.was_replaced(connection.id)) => {
            shared.close_frame(Cause::Replaced)
        }
        // The hub has stopped since then.
        SetUserError::Hub(_)
            if shared.look(|inner| inner.hub.newcomer_refusal()) == Some(hub::Refusal::Stopped) =>
        {
            return shared.close_frame(Cause::ShutDown);
        }
        // It has given up the connection, which was too late or whose authorisation has ended.
        SetUserError::Hub(_) => error.into(),
    };
    shared.report(Report::Rejected { code: rejection.code.0 });
    rejection
}

/// The bytes of a close frame.
pub(super) fn close_bytes(frame: &CloseFrame) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_close(Some(frame.code), &frame.reason, &mut bytes);
    bytes
}
