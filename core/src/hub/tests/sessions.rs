//! Sessions: who is found by a name, who may come back, and who ends at once.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{Action, Config, DropReason, Error, Fate, Incumbent, PerUser, Refusal, Reserved, State};
use crate::id::{ClientId, ConnectionId};

pub(super) const GRACE: u64 = 30;

impl Bench {
    /// A hub with a grace.
    pub(super) fn graceful(change: impl FnOnce(&mut Config)) -> Self {
        Self::with(|config| {
            config.sessions.grace = Some(secs(GRACE));
            change(config);
        })
    }

    pub(super) fn ask(
        &mut self,
        user: Option<&str>,
        session: &str,
    ) -> (ConnectionId, Result<Reserved, Error>) {
        let connection = self.accept();
        (connection, self.hub.reserve_session(self.now, connection, user, Some(session), &[]))
    }

    /// A connection that is open with a session, and its client.
    pub(super) fn come(&mut self, user: Option<&str>, session: &str) -> (ConnectionId, ClientId) {
        let (connection, reserved) = self.ask(user, session);
        let Reserved { resumes, client } = reserved.expect("reserved");
        self.open(connection);
        let is = self.hub.client_of(connection).expect("a client");
        assert_eq!(is, resumes.unwrap_or(client));
        self.sane();
        (connection, is)
    }

    /// Asks in vain.
    pub(super) fn refusal(&mut self, user: Option<&str>, session: &str) -> Error {
        let connection = self.accept();
        let refused = self.refused(|hub, now| hub.reserve_session(now, connection, user, Some(session), &[]));
        self.gone(connection);
        refused
    }

    pub(super) fn sane(&self) {
        assert_eq!(self.hub.check(), Ok(()));
    }
}

fn not_returned(client: ClientId) -> Action {
    disconnected(client, CloseCode::ABNORMAL, ClosedBy::Hub, "did not return in time")
}

pub(super) fn broke_off(client: ClientId) -> Action {
    away(client, CloseCode::ABNORMAL, ClosedBy::Transport, "")
}

#[test]
fn a_client_returns_to_its_rooms_and_to_what_waited_and_nobody_hears_that_it_left() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, client) = bench.come(Some("ada"), "tab");
    bench.join(client, "lobby");
    bench.quiet();
    bench.gone(connection);
    bench.sane();
    assert!(bench.hub.is_away(client) && bench.hub.is_open(client));
    assert_eq!(bench.hub.find_session("tab"), Some(client));
    let stats = bench.hub.stats();
    assert_eq!((stats.clients, stats.away, stats.went_away, stats.memberships), (1, 1, 1, 1));
    bench.tell(client, "1");
    bench.wait(secs(GRACE - 1));
    let (connection, same) = bench.come(Some("ada"), "tab");
    assert_eq!(same, client);
    bench.tell(client, "2");
    assert_eq!(bench.write_to(client), ["1", "2"]);
    assert_eq!(bench.actions(), [broke_off(client), Action::Resumed { client, connection }]);
    bench.wait(secs(3 * GRACE));
    assert!(bench.hub.is_open(client) && !bench.hub.is_away(client), "its grace was taken back");
    assert_eq!((bench.hub.stats().away, bench.hub.stats().resumed), (0, 1));
}

#[test]
fn a_client_that_does_not_return_leaves_its_rooms_once_when_its_grace_is_over() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, client) = bench.come(None, "tab");
    bench.join(client, "lobby");
    bench.quiet();
    bench.gone(connection);
    bench.tell(client, "never read");
    bench.wait(secs(GRACE) - TICK);
    assert_eq!(bench.actions(), [broke_off(client)]);
    bench.wait(TICK);
    let dropped = lost(client, 1, 10, DropReason::Closed);
    assert_eq!(bench.actions(), [dropped, left(client, "lobby"), not_returned(client)]);
    bench.wait(secs(GRACE));
    assert_eq!((bench.actions(), bench.hub.stats().not_returned), ([].into(), 1));
    assert_eq!((bench.hub.find_session("tab"), bench.hub.sessions.len()), (None, 0));
    bench.sane();
    bench.assert_empty();
}

#[test]
fn without_a_grace_or_a_session_a_client_ends_with_its_connection() {
    for (grace, session) in [(None, Some("tab")), (Some(secs(GRACE)), None)] {
        let mut bench = Bench::with(|config| config.sessions.grace = grace);
        let connection = bench.accept();
        let reserved = bench.hub.reserve_session(bench.now, connection, None, session, &[]);
        let client = reserved.expect("reserved").client;
        bench.open(connection);
        bench.quiet();
        bench.gone(connection);
        assert_eq!(bench.actions(), [vanished(client)]);
        bench.sane();
        bench.assert_empty();
    }
}

#[test]
fn in_the_tick_in_which_the_grace_ends_the_first_event_decides() {
    for is_first in [true, false] {
        let mut bench = Bench::graceful(|config| config.sessions.grace = Some(secs(5)));
        let (connection, client) = bench.come(None, "tab");
        bench.gone(connection);
        let (connection, reserved) = bench.ask(None, "tab");
        bench.oversleep(secs(5));
        if is_first {
            bench.open(connection);
        }
        bench.timeout();
        if !is_first {
            bench.open(connection);
        }
        assert_eq!(bench.hub.is_open(client), is_first);
        let of_its_own = reserved.expect("reserved").client;
        assert_eq!(bench.hub.client_of(connection), Some(if is_first { client } else { of_its_own }));
        bench.sane();
    }
}

#[test]
fn a_reservation_whose_client_ends_before_it_opens_is_a_client_of_its_own() {
    let mut bench = Bench::graceful(|config| config.sessions.grace = Some(secs(2)));
    let (connection, old) = bench.come(Some("ada"), "tab");
    bench.gone(connection);
    bench.wait(secs(1));
    let (connection, reserved) = bench.ask(Some("ada"), "tab");
    let Reserved { client, resumes } = reserved.expect("reserved");
    assert_eq!(resumes, Some(old));
    bench.quiet();
    bench.wait(secs(1));
    assert_eq!(bench.actions(), [not_returned(old)]);
    bench.open(connection);
    assert_eq!(bench.actions(), [Action::Connected { client, connection }]);
    assert_eq!(bench.hub.find_session("tab"), Some(client));
    bench.sane();
}

#[test]
fn a_reservation_that_is_given_up_leaves_the_away_client_as_it_was() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, client) = bench.come(None, "tab");
    bench.gone(connection);
    bench.tell(client, "1");
    bench.quiet();
    let (connection, _) = bench.ask(None, "tab");
    bench.gone(connection);
    bench.sane();
    assert!(bench.hub.is_away(client));
    let (late, _) = bench.ask(None, "tab");
    bench.wait(secs(10));
    assert_eq!(bench.actions(), [bench.abort(late)], "its handshake was too late");
    assert_eq!(bench.hub.find_session("tab"), Some(client));
    bench.come(None, "tab");
    assert_eq!(bench.write_to(client), ["1"]);
}

#[test]
fn a_session_belongs_to_the_user_under_whom_it_was_made() {
    let mut bench = Bench::graceful(|_| {});
    let (_, ada) = bench.come(Some("ada"), "of ada");
    let (connection, _) = bench.come(None, "of nobody");
    bench.gone(connection);
    bench.ask(Some("ada"), "reserved").1.expect("reserved");
    let foreign = Error::from(Refusal::SessionOfAnotherUser);
    for user in [Some("bob"), None] {
        assert_eq!(bench.refusal(user, "of ada"), foreign);
        assert_eq!(bench.refusal(user, "reserved"), foreign);
    }
    assert_eq!(bench.refusal(Some("ada"), "of nobody"), foreign);
    assert_eq!(bench.hub.stats().refusals.of(Refusal::SessionOfAnotherUser), 5);
    bench.come(None, "of nobody");
    assert!(bench.hub.is_open(ada));
    // The session goes with its client to another user, and the reservation that was made before does not get it.
    let (late, _) = bench.ask(Some("ada"), "of ada");
    bench.hub.set_user(bench.now, ada, Some("eve")).expect("open");
    assert_eq!(bench.refused(|hub, now| hub.open(now, late)), foreign);
    assert_eq!(bench.refusal(Some("ada"), "of ada"), foreign);
    bench.gone(late);
    assert_eq!(bench.come(Some("eve"), "of ada").1, ada);
}

#[test]
fn names_of_sessions_are_bounded_and_not_empty() {
    let mut bench = Bench::graceful(|config| config.sessions.name_bytes = 3);
    bench.come(None, "abc");
    assert_eq!(bench.refusal(None, "abcd"), Refusal::NameTooLong { limit: 3 }.into());
    assert_eq!(bench.refusal(None, ""), Refusal::EmptyName.into());
    let client = bench.connect();
    let named = bench.refused(|hub, now| hub.identify(now, client, None, Some("abcd")));
    assert_eq!(named, Refusal::NameTooLong { limit: 3 }.into());
}

#[test]
fn a_host_that_authenticates_late_names_user_and_session_together() {
    let mut bench = Bench::graceful(|config| config.admission.per_user = PerUser::RefuseNewest(1));
    let (connection, client) = bench.come(Some("ada"), "tab");
    bench.gone(connection);
    let reserved = bench.reserve(None);
    let connection = bench.on(reserved);
    let full = Refusal::TooManyOfUser { limit: 1 };
    assert_eq!(bench.refused(|hub, now| hub.set_user(now, reserved, Some("ada"))), full.into());
    let foreign = bench.refused(|hub, now| hub.identify(now, reserved, Some("bob"), Some("tab")));
    assert_eq!(foreign, Refusal::SessionOfAnotherUser.into());
    assert_eq!(bench.hub.identify(bench.now, reserved, Some("ada"), Some("tab")), Ok(Some(client)));
    bench.sane();
    assert_eq!(bench.refusal(Some("ada"), "another"), full.into(), "the user's one client is away");
    bench.open(connection);
    assert_eq!(bench.hub.client_of(connection), Some(client));
    assert_eq!(bench.refused(|hub, now| hub.join(now, reserved, "lobby")), Error::Gone);
    bench.sane();
}

#[test]
fn an_open_client_gets_a_session_that_is_free() {
    let mut bench = Bench::graceful(|_| {});
    let (_, _) = bench.come(None, "taken");
    let client = bench.connect();
    let taken = bench.refused(|hub, now| hub.identify(now, client, None, Some("taken")));
    assert_eq!(taken, Refusal::SessionInUse.into());
    assert_eq!(bench.hub.identify(bench.now, client, Some("ada"), Some("tab")), Ok(None));
    assert_eq!(bench.hub.identify(bench.now, client, Some("ada"), Some("other")), Ok(None));
    assert_eq!((bench.hub.find_session("tab"), bench.hub.find_session("other")), (None, Some(client)));
    bench.sane();
    bench.gone(client);
    assert_eq!(bench.refused(|hub, now| hub.identify(now, client, None, None)), Error::NotOpen);
    assert_eq!(bench.come(Some("ada"), "other").1, client);
}

#[test]
fn a_return_that_was_reserved_before_a_drain_continues_its_client_if_that_is_still_there() {
    for is_swept in [false, true] {
        let mut bench = Bench::graceful(|_| {});
        let (connection, client) = bench.come(None, "tab");
        bench.gone(connection);
        let (connection, _) = bench.ask(None, "tab");
        bench.hub.drain(bench.now, Default::default()).expect("never refused");
        if is_swept {
            bench.timeout();
        }
        bench.open(connection);
        assert_eq!(bench.hub.client_of(connection) == Some(client), !is_swept);
        bench.sane();
        bench.wait(secs(40));
        bench.gone(connection);
        assert_eq!(bench.hub.state(), State::Stopped, "it is closed as everybody is");
        bench.sane();
    }
}

#[test]
fn a_client_that_gets_another_session_is_not_continued_by_a_reservation_of_the_old_one() {
    let mut bench = Bench::graceful(|config| config.admission.per_user = PerUser::RefuseNewest(1));
    let (_, client) = bench.come(Some("ada"), "old");
    let (reserved, _) = bench.ask(Some("ada"), "old");
    bench.quiet();
    assert_eq!(bench.hub.identify(bench.now, client, Some("ada"), Some("new")), Ok(None));
    assert_eq!(bench.actions(), [bench.abort(reserved)]);
    bench.sane();
    assert_eq!(bench.refusal(Some("ada"), "old"), Refusal::TooManyOfUser { limit: 1 }.into());
}

#[test]
fn a_reservation_that_continues_nobody_any_more_counts_for_its_user() {
    let mut bench = Bench::graceful(|config| config.admission.per_user = PerUser::RefuseNewest(1));
    let (_, client) = bench.come(Some("ada"), "tab");
    let (_, reserved) = bench.ask(Some("ada"), "tab");
    let reserved = reserved.expect("reserved").client;
    assert_eq!(bench.hub.set_user(bench.now, reserved, Some("ada")), Ok(()), "it is hers already");
    let full = Error::from(Refusal::TooManyOfUser { limit: 1 });
    assert_eq!(bench.refused(|hub, now| hub.identify(now, reserved, Some("ada"), None)), full);
    let foreign = Error::from(Refusal::SessionOfAnotherUser);
    assert_eq!(bench.refused(|hub, now| hub.set_user(now, reserved, None)), foreign);
    bench.hub.set_user(bench.now, client, Some("eve")).expect("open");
    bench.sane();
    assert_eq!(
        bench.refused(|hub, now| hub.set_user(now, client, Some("ada"))),
        full,
        "the reservation is hers"
    );
    bench.sane();
}

#[test]
fn a_client_that_is_placed_continues_the_one_with_its_session_if_that_one_stays() {
    for fate in [Fate::Stays, Fate::Goes] {
        let mut bench = Bench::graceful(|_| {});
        let (connection, client) = bench.come(Some("ada"), "tab");
        bench.gone(connection);
        let (connection, reserved) = bench.ask(Some("ada"), "tab");
        let reserved = reserved.expect("reserved").client;
        bench.quiet();
        let mut place = |user: &str, among: &[Incumbent]| {
            bench.hub.place(bench.now, reserved, user, among, CloseCode::POLICY, "elsewhere")
        };
        assert_eq!(place("ada", &[]), Err(Error::RosterChanged), "the away client is one of hers");
        if fate == Fate::Stays {
            assert_eq!(place("bob", &[]), Err(Refusal::SessionOfAnotherUser.into()));
        }
        assert_eq!(place("ada", &[Incumbent { client, fate }]), Ok(()));
        bench.sane();
        let expected = match fate {
            Fate::Stays => [Action::Resumed { client, connection }].to_vec(),
            Fate::Goes => [
                disconnected(client, CloseCode::POLICY, ClosedBy::Hub, "elsewhere"),
                Action::Connected { client: reserved, connection },
            ]
            .to_vec(),
        };
        assert_eq!(bench.actions(), expected);
    }
}

#[test]
fn an_open_client_that_has_a_session_can_be_placed_under_another_user() {
    let mut bench = Bench::graceful(|_| {});
    let (_, client) = bench.come(None, "tab");
    assert_eq!(bench.hub.place(bench.now, client, "ada", &[], CloseCode::POLICY, ""), Ok(()));
    assert_eq!(bench.hub.user_of(client).as_deref(), Some("ada"));
    bench.sane();
}

#[test]
fn first_rooms_are_not_looked_at_for_a_client_that_is_in_them_already() {
    let mut bench = Bench::graceful(|config| config.rooms.members = Some(1));
    let (connection, client) = bench.come(None, "tab");
    bench.join(client, "lobby");
    bench.gone(connection);
    let rooms = ["lobby".into()];
    let connection = bench.accept();
    let other = bench.refused(|hub, now| hub.reserve_session(now, connection, None, Some("other"), &rooms));
    assert_eq!(other, Refusal::RoomFull { limit: 1 }.into());
    let reserved = bench.hub.reserve_session(bench.now, connection, None, Some("tab"), &rooms);
    assert_eq!(reserved.map(|reserved| reserved.resumes), Ok(Some(client)));
}
