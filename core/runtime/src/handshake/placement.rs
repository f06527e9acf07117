//! Several clients of one user: what the application says when one more comes, and how that is carried out.
//!
//! The application looks at the user's clients and answers, all outside the lock. Its answer goes into the core together with
//! the clients for which it was given: if those are not the user's clients any more, nothing happens, and it is asked again.

use crate::handles::client::Client;
use crate::handshake::request::{Connecting, Request};
use crate::host::Report;
use crate::notice::hook::{Cause, Rejection};
use crate::panic::caught;
use crate::state::inner::Inner;
use crate::state::member::Member;
use crate::state::shared::Shared;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use http::StatusCode;
use throng_core::close::CloseCode;
use throng_core::hub;
use throng_core::hub::{Event, Fate, Incumbent};
use throng_core::id::ClientId;
use throng_core::time::Instant;
use throng_core::websocket::Refusal;

/// The application's function.
pub(crate) type Placing = dyn Fn(&Newcomer<'_>, &[Client]) -> Placement + Send + Sync;

/// How often it is asked about one newcomer whose user's clients keep changing.
const ATTEMPTS: u32 = 16;

/// Who comes: what [`Builder::per_user`](crate::Builder::per_user) decides about.
#[derive(Debug)]
pub struct Newcomer<'a> {
    user: &'a str,
    who: Who<'a>,
}

#[derive(Debug)]
enum Who<'a> {
    Connecting(&'a Connecting),
    Client(&'a Client),
}

impl Newcomer<'_> {
    /// The user it is to be of.
    #[must_use]
    pub fn user(&self) -> &str {
        self.user
    }

    /// A copy of the value of this type that is kept with it.
    #[must_use]
    pub fn get<T: Clone + 'static>(&self) -> Option<T> {
        match self.who {
            Who::Connecting(connecting) => connecting.get().cloned(),
            Who::Client(client) => client.get(),
        }
    }

    /// The request that asked for the WebSocket, for as long as it is kept.
    #[must_use]
    pub fn request(&self) -> Option<Arc<Request>> {
        match self.who {
            Who::Connecting(connecting) => Some(Arc::clone(&connecting.request)),
            Who::Client(client) => client.request(),
        }
    }
}

/// What becomes of a newcomer and of the clients that its user has already.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placement {
    /// It is a client beside the others.
    Admit,
    /// It is a client, and these are closed first. Who is none of the user's clients is passed over.
    Evict {
        /// Whom.
        clients: Vec<ClientId>,
        /// With what.
        rejection: Rejection,
    },
    /// It is no client of this user.
    Refuse {
        /// The status of the HTTP answer, if there has been none yet. The reason is its body.
        status: StatusCode,
        /// The close frame otherwise.
        rejection: Rejection,
    },
}

impl Placement {
    /// The newcomer is a client, and these are closed first, what is queued for them before that.
    pub fn evict<'a>(clients: impl IntoIterator<Item = &'a Client>, rejection: Rejection) -> Self {
        Self::Evict { clients: clients.into_iter().map(Client::id).collect(), rejection }
    }

    /// The newcomer is refused: by HTTP's 409 before the WebSocket is open, by this close frame afterwards.
    #[must_use]
    pub const fn refuse(rejection: Rejection) -> Self {
        Self::Refuse { status: StatusCode::CONFLICT, rejection }
    }
}

/// Why a client is not of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetUserError {
    /// The application [refuses](Placement::Refuse) it.
    Denied(Rejection),
    /// The hub says why. [`RosterChanged`](hub::Error::RosterChanged): the user's clients came and went too fast for an
    /// answer that would have held.
    Hub(hub::Error),
}

impl From<hub::Error> for SetUserError {
    fn from(error: hub::Error) -> Self {
        Self::Hub(error)
    }
}

impl From<SetUserError> for Rejection {
    /// With what a connection is closed that cannot be of its user.
    fn from(error: SetUserError) -> Self {
        match error {
            SetUserError::Denied(rejection) => rejection,
            SetUserError::Hub(hub::Error::Refused(refusal @ hub::Refusal::TooManyOfUser { .. })) => {
                Self::new(CloseCode::POLICY, refusal.name())
            }
            SetUserError::Hub(hub::Error::RosterChanged) => Self::new(CloseCode::TRY_AGAIN_LATER, ""),
            SetUserError::Hub(_) => Self::default(),
        }
    }
}

impl fmt::Display for SetUserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(rejection) => write!(f, "the application refuses it: {}", rejection.reason()),
            Self::Hub(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SetUserError {}

/// Asks about a connection that is not open yet. A refusal counts; the rest is for when it opens.
pub(crate) fn foresee(member: &Member, connecting: &Connecting, user: &str) -> Result<(), Denial> {
    let Some(placing) = &member.shared.settings.placement else { return Ok(()) };
    let newcomer = Newcomer { user, who: Who::Connecting(connecting) };
    let roster = roster(&member.shared, user, member.id);
    match ask(member, placing, &newcomer, &roster) {
        Placement::Refuse { status, rejection } => Err(Denial { status, rejection }),
        _ => Ok(()),
    }
}

/// A newcomer is refused.
pub(crate) struct Denial {
    status: StatusCode,
    pub(crate) rejection: Rejection,
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::Custom { status: denial.status, body: denial.rejection.reason }
    }
}

/// Asks about a connection that opens, or a client that gets another user, and gives `act` the event that carries it out.
/// It is asked again while `act` finds that the roster has changed.
pub(crate) fn place<T>(
    member: &Arc<Member>,
    user: &str,
    act: impl Fn(&mut Inner, Instant, Event<'_>) -> Result<T, hub::Error>,
) -> Result<T, SetUserError> {
    let (shared, id) = (&member.shared, member.id);
    let Some(placing) = &shared.settings.placement else { return Err(hub::Error::RosterChanged.into()) };
    let client = Client::new(Arc::clone(member));
    let newcomer = Newcomer { user, who: Who::Client(&client) };
    for _ in 0..ATTEMPTS {
        let roster = roster(shared, user, id);
        let (mut goers, rejection) = match ask(member, placing, &newcomer, &roster) {
            Placement::Admit => (Vec::new(), Rejection::default()),
            Placement::Evict { clients, rejection } => (clients, rejection),
            Placement::Refuse { rejection, .. } => return Err(SetUserError::Denied(rejection)),
        };
        goers.sort_unstable();
        let incumbent = |client: &Client| {
            let goes = goers.binary_search(&client.id()).is_ok();
            Incumbent { client: client.id(), fate: if goes { Fate::Goes } else { Fate::Stays } }
        };
        let among: Vec<_> = roster.iter().map(incumbent).collect();
        let (code, reason) = (rejection.code(), rejection.reason());
        let event = Event::Place { client: id, user, among: &among, code, reason };
        match shared.with(|inner, now| act(inner, now, event)) {
            Err(hub::Error::RosterChanged) => {}
            result => return Ok(result?),
        }
    }
    Err(hub::Error::RosterChanged.into())
}

/// The open clients of a user but one, in their order.
fn roster(shared: &Shared, user: &str, but: ClientId) -> Vec<Client> {
    shared.look(|inner| {
        let others = inner.hub.clients_of(user).filter(|&client| client != but);
        others.filter_map(|client| inner.member(client).cloned().map(Client::new)).collect()
    })
}

fn ask(member: &Member, placing: &Placing, newcomer: &Newcomer<'_>, roster: &[Client]) -> Placement {
    caught(|| placing(newcomer, roster)).unwrap_or_else(|()| {
        let client = member.opened().map(|_| member.id);
        member.shared.report(Report::Panicked { client, hook: "per_user" });
        let rejection = member.shared.settings.rejection(Cause::Panicked);
        Placement::Refuse { status: StatusCode::INTERNAL_SERVER_ERROR, rejection }
    })
}
