//! Participants of rooms.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use throng_core::hub::{Config, SecondConnection};
use throng_core::websocket::handshake::Refusal;
use throng_core::{CloseCode, CloseFrame};
use throng_runtime::ClientError;
use throng_runtime::participants::{
    Envelope, Failure, Hooks, Identity, JoinContext, LeaveReason, Participant, ParticipantError, Route,
};
use throng_runtime::router::{Reply, RouteError, Router};
use throng_tests::http::{Response, upgrade};
use throng_tests::raw::Raw;
use throng_tests::server::{Server, listener};
use throng_tests::wait::{PATIENCE, eventually, within};
use tokio::sync::Semaphore;

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

/// Long enough for a busy machine, where a test needs that nobody is too late.
const LONG: Duration = Duration::from_secs(120);

/// What the hooks were told, line by line.
#[derive(Clone)]
struct Game {
    lines: Arc<Mutex<Vec<String>>>,
    /// The hooks that may go on, of those that wait.
    door: Arc<Semaphore>,
}

#[derive(Deserialize, Serialize)]
struct Move {
    column: u8,
}

impl Hooks for Game {
    async fn resolve(&self, room: &str, identity: &Identity) -> Result<String, Refusal> {
        if room == "slow" {
            self.note(format!("{} asks", identity.user.as_deref().unwrap_or_default()));
            self.pass().await;
        }
        match identity.session.as_deref() {
            Some("banned") => Err(Refusal::custom(403, "You are banned.\n")),
            _ => Ok(identity.user.clone().unwrap_or_default()),
        }
    }

    async fn join(&self, participant: &Participant, context: &JoinContext) -> Result<(), CloseFrame> {
        let how = if context.reconnect { "again" } else { "anew" };
        self.note(format!("{} joins {how}", context.participant));
        if participant.id() == "slow" {
            self.pass().await;
            self.note("slow has joined");
        }
        if participant.id() == "third" {
            return Err(CloseFrame::new(CloseCode(4003), "two can play"));
        }
        Ok(())
    }

    async fn leave(&self, participant: &Participant, reason: &LeaveReason) {
        let why = match reason {
            LeaveReason::Ended(end) => format!("{}", end.code),
            other => format!("{other:?}"),
        };
        self.note(format!("{} leaves: {why}", participant.id()));
    }

    async fn error(&self, participant: &Participant, failure: &Failure) {
        // How a connection was lost depends on the system.
        if !matches!(failure.downcast_ref(), Some(ClientError::Transport(_))) {
            self.note(format!("{} failed: {failure}", participant.id()));
        }
    }
}

impl Game {
    fn new() -> Self {
        Self { lines: Arc::default(), door: Arc::new(Semaphore::new(0)) }
    }

    fn note(&self, line: impl Into<String>) {
        self.lines().push(line.into());
    }

    async fn pass(&self) {
        self.door.acquire().await.expect("it is not closed").forget();
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until exactly this was told.
    fn is(&self, expected: &[&str]) {
        let is_told = within(PATIENCE, || *self.lines() == expected);
        assert!(is_told, "told: {:?}, but not {expected:?}", self.lines());
    }

    /// The path is the room, the query says who comes.
    fn server(&self, host: &Host, change: impl FnOnce(&mut Config)) -> Server {
        let messages = Router::by_envelope("type", "payload")
            .on("move", |player: Participant, Move { column }: Move| async move {
                if column > 6 {
                    return Err(RouteError::refused("no_such_column", "There are seven columns."));
                }
                let participants = player.client().hub().participants();
                let moved = Envelope::new("moved", Move { column });
                let told = participants.broadcast(player.room(), &[player.id()], moved);
                Ok(told.ok().map(|told| Reply::new("told", told.queued)))
            })
            .on(
                "close",
                |player: Participant| async move { _ = player.close(CloseCode(4000), "as you say") },
            );
        let route = Route::new(self.clone()).messages(messages);
        host.server_on(listener(None), change, |builder| {
            builder.before_connect_async(move |connecting| {
                let route = route.clone();
                Box::pin(async move {
                    let room = connecting.path().trim_start_matches('/').to_owned();
                    let query = |key| connecting.request().query(key);
                    let identity = Identity { user: query("user"), session: query("session") };
                    Ok(route.enter(connecting, &room, identity).await?)
                })
            })
        })
    }
}

fn graceful(config: &mut Config) {
    config.sessions.grace = Some(LONG);
}

fn is_away(server: &Server) {
    eventually("the participant is away", || server.hub.stats().away == 1);
}

fn answer(server: &Server, path: &str) -> Response {
    let mut raw = Raw::connect(server.address);
    raw.send(upgrade(path).as_bytes());
    raw.response()
}

pub(crate) fn participants_enter_talk_in_envelopes_and_leave(host: &Host) {
    let game = Game::new();
    let server = game.server(host, |_| {});
    let participants = server.hub.participants();
    run(async {
        let mut ada = Peer::enter(&server, "/7?user=ada").await;
        let mut bob = Peer::enter(&server, "/7?user=bob").await;
        let mut elsewhere = Peer::enter(&server, "/8?user=ada").await;
        ada.say(r#"{"type":"move","payload":{"column":3}}"#).await;
        assert_eq!(ada.text().await, r#"{"type":"told","payload":1}"#);
        assert_eq!(bob.text().await, r#"{"type":"moved","payload":{"column":3}}"#);
        participants.send_to("7", "ada", Envelope::new("your_turn", ())).expect("it is there");
        participants.broadcast("7", &["ada"], "not for ada").expect("it is there");
        participants.broadcast("7", &[], "for both").expect("it is there");
        assert_eq!(ada.text().await, r#"{"type":"your_turn","payload":null}"#);
        assert_eq!(ada.text().await, "for both");
        assert_eq!((bob.text().await, bob.text().await), ("not for ada".into(), "for both".into()));
        ada.say(r#"{"type":"close"}"#).await;
        assert_eq!(ada.closed().await, (4000, "as you say".into()));
        bob.close(1000, "").await;
        bob.closed().await;
        participants.send_to("8", "ada", "still here").expect("it is there");
        assert_eq!(elsewhere.text().await, "still here");
    });
    let lines =
        ["ada joins anew", "bob joins anew", "ada joins anew", "ada leaves: 4000", "bob leaves: 1000"];
    eventually("all is told", || lines.iter().all(|line| game.lines().iter().any(|told| told == line)));
}

pub(crate) fn a_participant_that_returns_in_time_has_missed_nothing_and_has_not_left(host: &Host) {
    const MESSAGES: u32 = 50;
    let game = Game::new();
    let server = game.server(host, graceful);
    let participants = server.hub.participants();
    let raw = server.open("/7?user=ada");
    let handle = participants.get("7", "ada").expect("it is there");
    raw.reset();
    for _ in 0..3 {
        is_away(&server);
        for number in 0..MESSAGES {
            let sent = match number % 3 {
                0 => participants.send_to("7", "ada", number.to_string()),
                1 => participants.broadcast("7", &["bob"], number.to_string()).map(drop),
                _ => handle.send(number.to_string()),
            };
            assert_eq!(sent, Ok(()));
        }
        run(async {
            let mut ada = Peer::enter(&server, "/7?user=ada").await;
            for number in 0..MESSAGES {
                assert_eq!(ada.text().await, number.to_string());
            }
            ada.say(r#"{"type":"move","payload":{"column":3}}"#).await;
            assert_eq!(ada.text().await, r#"{"type":"told","payload":0}"#);
            // It is dropped without a close frame.
        });
    }
    is_away(&server);
    assert_eq!(participants.get("7", "ada"), Ok(handle));
    game.is(&["ada joins anew", "ada joins again", "ada joins again", "ada joins again"]);
}

pub(crate) fn a_participant_that_does_not_return_leaves_once(host: &Host) {
    let game = Game::new();
    let server = game.server(host, |config| config.sessions.grace = Some(Duration::from_millis(300)));
    let raw = server.open("/7?user=ada");
    raw.reset();
    game.is(&["ada joins anew", "ada leaves: 1006"]);
    let _new = server.open("/7?user=ada");
    game.is(&["ada joins anew", "ada leaves: 1006", "ada joins anew"]);
    assert_eq!(server.hub.participants().get("7", "bob"), Err(ParticipantError::ParticipantNotFound));
}

pub(crate) fn the_resolver_answers_the_request_and_join_closes_with_its_code(host: &Host) {
    let game = Game::new();
    let server = game.server(host, graceful);
    let banned = answer(&server, "/7?user=ada&session=banned");
    assert_eq!((banned.status, &*banned.body), (403, "You are banned.\n"));
    let nameless = answer(&server, "/7");
    assert_eq!((nameless.status, &*nameless.body), (400, "Invalid participant: its id is empty.\n"));
    run(async {
        let mut third = Peer::enter(&server, "/7?user=third").await;
        assert_eq!(third.closed().await, (4003, "two can play".into()));
    });
    game.is(&["third joins anew"]);
    eventually("nobody is there", || server.hub.client_count() == 0);
    assert_eq!(server.hub.stats().away, 0);
}

pub(crate) fn of_two_connections_of_a_participant_the_newer_wins_or_is_refused(host: &Host) {
    let game = Game::new();
    let server = game.server(host, |_| {});
    run(async {
        let mut older = Peer::enter(&server, "/7?user=ada").await;
        let mut newer = Peer::enter(&server, "/7?user=ada").await;
        assert_eq!(older.closed().await, (1008, "another connection of this session".into()));
        server.hub.participants().send_to("7", "ada", "hello").expect("it is there");
        assert_eq!(newer.text().await, "hello");
        game.is(&["ada joins anew", "ada joins again"]);
    });
    let game = Game::new();
    let server = game.server(host, |config| config.sessions.second = SecondConnection::Refused);
    let _older = server.open("/7?user=ada");
    assert_eq!(answer(&server, "/7?user=ada").status, 409);
    game.is(&["ada joins anew"]);
}

pub(crate) fn a_room_that_is_closed_ends_its_participants_those_that_are_away_too(host: &Host) {
    let game = Game::new();
    let server = game.server(host, graceful);
    let participants = server.hub.participants();
    run(async {
        let mut ada = Peer::enter(&server, "/7?user=ada").await;
        let bob = server.open("/7?user=bob");
        bob.reset();
        is_away(&server);
        assert_eq!(participants.close_room("7", CloseCode(4001), "game over"), Ok(2));
        assert_eq!(ada.closed().await, (4001, "game over".into()));
    });
    let expected = ["ada joins anew", "ada leaves: RoomClosed", "bob joins anew", "bob leaves: RoomClosed"];
    eventually("both have left", || {
        let mut lines = game.lines().clone();
        lines.sort();
        lines == expected
    });
    assert_eq!(participants.close_room("7", CloseCode(4001), ""), Err(ParticipantError::RoomNotFound));
}

pub(crate) fn whoever_cannot_be_reached_is_a_typed_error(host: &Host) {
    let game = Game::new();
    let server = game.server(host, |config| {
        graceful(config);
        config.sessions.messages = 2;
    });
    let participants = server.hub.participants();
    assert_eq!(participants.send_to("7", "ada", "x"), Err(ParticipantError::RoomNotFound));
    assert_eq!(participants.broadcast("7", &[], "x"), Err(ParticipantError::RoomNotFound));
    let ada = server.open("/7?user=ada");
    assert_eq!(participants.send_to("7", "bob", "x"), Err(ParticipantError::ParticipantNotFound));
    assert_eq!(participants.send_to("7", "", "x"), Err(ParticipantError::EmptyParticipantId));
    ada.reset();
    is_away(&server);
    assert_eq!(participants.send_to("7", "ada", "1"), Ok(()));
    assert_eq!(participants.send_to("7", "ada", "2"), Ok(()));
    assert_eq!(participants.send_to("7", "ada", "3"), Err(ParticipantError::ParticipantOffline));
    // Without a grace it ends with its connection, and only a handle still knows it.
    let server = Game::new().server(host, |_| {});
    let ada = server.open("/7?user=ada");
    let handle = server.hub.participants().get("7", "ada").expect("it is there");
    ada.reset();
    eventually("it is gone", || server.hub.client_count() == 0);
    assert_eq!(handle.send("x"), Err(ParticipantError::ParticipantOffline));
}

pub(crate) fn a_message_that_fails_is_told_and_its_participant_stays(host: &Host) {
    let game = Game::new();
    let server = game.server(host, graceful);
    run(async {
        let mut ada = Peer::enter(&server, "/7?user=ada").await;
        ada.say(r#"{"type":"move","payload":{"column":9}}"#).await;
        let answer = ada.text().await;
        assert!(answer.starts_with(r#"{"type":"error","payload":{"code":"no_such_column","#), "{answer}");
        ada.say("not even JSON").await;
        assert!(ada.text().await.contains("malformed"));
        ada.say(r#"{"type":"move","payload":{"column":3}}"#).await;
        assert_eq!(ada.text().await, r#"{"type":"told","payload":0}"#);
        game.is(&["ada joins anew", "ada failed: no_such_column", "ada failed: malformed"]);
    });
}

pub(crate) fn whoever_leaves_while_it_joins_or_enters_a_room_that_is_being_closed_is_told_as_it_is(
    host: &Host,
) {
    let game = Game::new();
    let server = game.server(host, |_| {});
    // The hook waits, and its participant goes.
    let slow = server.open("/7?user=slow");
    game.is(&["slow joins anew"]);
    // While a hook runs nothing is read: the application ends it, and its peer hears that.
    server
        .hub
        .participants()
        .get("7", "slow")
        .expect("it is there")
        .close(CloseCode(4000), "")
        .expect("it is open");
    drop(slow);
    game.door.add_permits(1);
    eventually("it has left, once", || game.lines().last().is_some_and(|line| line == "slow leaves: 4000"));
    game.lines().clear();
    game.door.forget_permits(usize::MAX);
    // The resolver waits, and its room is closed.
    let _ada = {
        game.door.add_permits(1);
        server.open("/slow?user=ada")
    };
    game.is(&["ada asks", "ada joins anew"]);
    run(async {
        let bob = tokio::spawn(Peer::open(server.address, "/slow?user=bob"));
        game.is(&["ada asks", "ada joins anew", "bob asks"]);
        assert_eq!(server.hub.participants().close_room("slow", CloseCode(4001), ""), Ok(1));
        let told = ["ada asks", "ada joins anew", "bob asks", "ada leaves: RoomClosed", "bob joins anew"];
        game.is(&told[..4]);
        game.door.add_permits(1);
        let _bob = bob.await.expect("it has entered a new room");
        game.is(&told);
        assert_eq!(server.hub.member_count("slow"), 1);
    });
}
