//! Several clients of one user: carries out the application's decision.
//!
//! The application sees the user's clients and decides, outside the lock. Its answer enters the core together with
//! these clients. If they are no longer the user's clients, nothing happens, and the application is asked again.

use crate::handler::application::Application;
use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::handshake::authenticating::Authenticating;
use crate::handshake::participation::Place;
use crate::handshake::placement::{Newcomer, Placement, Placing};
use crate::handshake::request::Connecting;
use crate::host::Report;
use crate::notice::user::SetUserError;
use crate::panic::caught;
use crate::state::inner::Inner;
use crate::state::member::Member;
use crate::state::session_name;
use crate::state::shared::Shared;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use http::StatusCode;
use throng_core::hub::{Cause, Event, Fate, Incumbent, Outcome};
use throng_core::websocket::handshake::Refusal;
use throng_core::{ClientId, CloseFrame, Instant, hub};

/// How often the application is asked about one newcomer while the user's clients keep changing.
const ATTEMPTS: u32 = 16;

impl Hub {
    /// Sets, changes or, with `None`, clears the user of a client.
    ///
    /// The client is gone, the user has the most clients allowed, or the [application](crate::Builder::per_user)
    /// refuses it; nothing has changed then.
    pub fn set_user(&self, client: ClientId, user: Option<&str>) -> Result<(), SetUserError> {
        if let Some(user) = user
            && Application::of(self.shared()).placing.is_some()
            && let Some(member) = self.newcomer(client, user)
        {
            return place(&member, user, |inner, now, event| inner.handle(now, event).map(drop));
        }
        Ok(self.shared().handle(Event::SetUser { client, user }).map(drop)?)
    }

    /// The client, if it is open and does not belong to this user yet.
    fn newcomer(&self, client: ClientId, user: &str) -> Option<Arc<Member>> {
        self.shared().look(|inner| {
            let is_new = inner.hub.is_open(client) && inner.hub.user_of(client).as_deref() != Some(user);
            inner.member(client).filter(|_| is_new).cloned()
        })
    }
}

impl Authenticating<'_> {
    /// Sets the client's user. The hub's limits per user and the [application's own](crate::Builder::per_user) are
    /// checked at once.
    ///
    /// # Errors
    /// The user has the most clients allowed, the name is invalid, or the application refuses the client. `?` in the
    /// hook turns the error into the fitting [`CloseFrame`].
    pub fn set_user(&mut self, user: &str) -> Result<(), SetUserError> {
        foresee(&self.member.shared, self.connecting, user, None)
            .map_err(|denial| SetUserError::Denied(denial.close))?;
        let event = Event::SetUser { client: self.member.id, user: Some(user) };
        self.member.shared.handle(event)?;
        self.span.set_user(user);
        Ok(())
    }

    /// Names the client's session, for a client without a user: see [`Connecting::set_session`]. Returns the client that will continue, if
    /// there is one now.
    ///
    /// # Errors
    /// The session is that of a user, another connection uses it, or the name is invalid. `?` in the hook turns the error into the
    /// fitting [`CloseFrame`].
    pub fn set_session(&mut self, session: &str) -> Result<Option<ClientId>, SetUserError> {
        self.identify_freely(None, session)
    }

    /// Sets the client's user and names its session, in one step: a user with as many clients as it may have can so continue one of them. Returns
    /// the client that will continue, if there is one now.
    ///
    /// # Errors
    /// As [`set_user`](Self::set_user) and [`set_session`](Self::set_session).
    pub fn identify(&mut self, user: &str, session: &str) -> Result<Option<ClientId>, SetUserError> {
        self.identify_freely(Some(user), session)
    }

    /// Makes the client the participant of a room: the session is named after it.
    pub(crate) fn identify_as(&mut self, place: &Place) -> Result<(), SetUserError> {
        self.set_identity(place.identity().user.as_deref(), &place.session()).map(drop)
    }

    fn identify_freely(
        &mut self,
        user: Option<&str>,
        session: &str,
    ) -> Result<Option<ClientId>, SetUserError> {
        // The session of a participant is named after it, and only that.
        if self.connecting.place.is_some() || session_name::is_reserved(session) {
            return Err(hub::Error::from(hub::Refusal::SessionOfAnotherUser).into());
        }
        self.set_identity(user, session)
    }

    fn set_identity(&mut self, user: Option<&str>, session: &str) -> Result<Option<ClientId>, SetUserError> {
        if let Some(user) = user {
            foresee(&self.member.shared, self.connecting, user, Some(session))
                .map_err(|denial| SetUserError::Denied(denial.close))?;
        }
        let event = Event::Identify { client: self.member.id, user, session: Some(session) };
        let outcome = self.member.shared.handle(event)?;
        if let Some(user) = user {
            self.span.set_user(user);
        }
        match outcome {
            Outcome::Identified(resumes) => Ok(resumes),
            _ => Ok(None),
        }
    }
}

/// Asks about a connection that is not open yet. Only a refusal counts now; the rest is decided when it opens.
pub(crate) fn foresee(
    shared: &Shared,
    connecting: &Connecting,
    user: &str,
    session: Option<&str>,
) -> Result<(), Denial> {
    let Some(placing) = &Application::of(shared).placing else { return Ok(()) };
    if let Some(session) = session
        && shared.look(|inner| inner.hub.find_session(session).is_some())
    {
        // The client that has the session continues, so the user gets none more.
        return Ok(());
    }
    let newcomer = Newcomer::connecting(user, connecting);
    let roster = roster(shared, user, None);
    match ask(shared, None, placing, &newcomer, &roster) {
        Placement::Refuse { status, close } => Err(Denial { status, close }),
        _ => Ok(()),
    }
}

/// The application refused a newcomer.
pub(crate) struct Denial {
    status: StatusCode,
    pub(crate) close: CloseFrame,
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::Custom { status: denial.status, body: String::from(&*denial.close.reason).into() }
    }
}

/// Asks about a connection that opens, or a client whose user changes, and passes `act` the event that carries out the
/// answer. Asks again while `act` finds that the user's clients have changed.
pub(crate) fn place<T>(
    member: &Arc<Member>,
    user: &str,
    act: impl Fn(&mut Inner, Instant, Event<'_>) -> Result<T, hub::Error>,
) -> Result<T, SetUserError> {
    let (shared, id) = (&member.shared, member.id);
    let Some(placing) = &Application::of(shared).placing else {
        return Err(hub::Error::RosterChanged.into());
    };
    let client = Client::new(Arc::clone(member));
    let newcomer = Newcomer::client(user, &client);
    for _ in 0..ATTEMPTS {
        let roster = roster(shared, user, Some(id));
        let asked = member.opened().map(|_| id);
        let (mut goers, close) = match ask(shared, asked, placing, &newcomer, &roster) {
            Placement::Admit => (Vec::new(), CloseFrame::default()),
            Placement::Evict { clients, close } => (clients, close),
            Placement::Refuse { close, .. } => return Err(SetUserError::Denied(close)),
        };
        goers.sort_unstable();
        let incumbent = |client: &Client| {
            let goes = goers.binary_search(&client.id()).is_ok();
            Incumbent { client: client.id(), fate: if goes { Fate::Goes } else { Fate::Stays } }
        };
        let among: Vec<_> = roster.iter().map(incumbent).collect();
        let (code, reason) = (close.code, &close.reason);
        let event = Event::Place { client: id, user, among: &among, code, reason };
        match shared.with(|inner, now| act(inner, now, event)) {
            Err(hub::Error::RosterChanged) => {}
            result => return Ok(result?),
        }
    }
    Err(hub::Error::RosterChanged.into())
}

/// The open clients of a user except the newcomer, in the order of `Hub::clients_of`.
fn roster(shared: &Shared, user: &str, but: Option<ClientId>) -> Vec<Client> {
    shared.look(|inner| {
        let others = inner.hub.clients_of(user).filter(|&client| Some(client) != but);
        others.filter_map(|client| inner.member(client).cloned().map(Client::new)).collect()
    })
}

/// Asks the application about a newcomer. `client` is its id, if it is open already.
fn ask(
    shared: &Shared,
    client: Option<ClientId>,
    placing: &Placing,
    newcomer: &Newcomer<'_>,
    roster: &[Client],
) -> Placement {
    caught(|| placing(newcomer, roster)).unwrap_or_else(|()| {
        shared.report(Report::Panicked { client, hook: "per_user" });
        let close = shared.close_frame(Cause::Panicked);
        Placement::Refuse { status: StatusCode::INTERNAL_SERVER_ERROR, close }
    })
}
