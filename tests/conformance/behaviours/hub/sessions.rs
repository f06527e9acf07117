//! Clients that outlive their connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use throng_core::hub::{Config, SecondConnection};
use throng_core::websocket::handshake::Refusal;
use throng_core::{CloseFrame, hub};
use throng_runtime::{Authenticating, Away, Client, Connecting, Disconnected, Handler, Left, Resumed};
use throng_tests::http::upgrade;
use throng_tests::raw::Raw;
use throng_tests::server::{Server, listener};
use throng_tests::wait::{PATIENCE, eventually, within};

use crate::behaviours::peer::{Peer, connect, run, url};
use crate::hosts::Host;

/// Long enough for a busy machine, where a test needs that nobody is too late.
const LONG: Duration = Duration::from_secs(120);

/// What the hooks were told, line by line. The query names session and user; everybody is in the lobby.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note(&self, line: impl Into<String>) {
        self.lines().push(line.into());
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until exactly this was told.
    fn is(&self, expected: &[&str]) {
        let is_told = within(PATIENCE, || *self.lines() == expected);
        assert!(is_told, "told: {:?}, but not {expected:?}", self.lines());
    }

    fn server(&self, host: &Host, change: impl FnOnce(&mut Config)) -> Server {
        let log = self.clone();
        host.server_on(listener(None), change, |builder| builder.handler(log))
    }
}

impl Handler for Log {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        if connecting.path() == "/late" {
            connecting.authenticate();
        } else {
            let query = |key| connecting.request().query(key);
            let (session, user) = (query("session"), query("user"));
            session.into_iter().for_each(|session| connecting.set_session(session));
            user.into_iter().for_each(|user| connecting.set_user(user));
        }
        connecting.join("lobby");
        Ok(())
    }

    async fn authenticate(&self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        session.receive().await?;
        let query = |key| session.request().query(key).unwrap_or_default();
        let (name, user) = (query("session"), query("user"));
        session.identify(&user, &name)?;
        Ok(())
    }

    async fn connected(&self, _: &Client) {
        self.note("connected");
    }

    /// Gives the client another session if it asks for that, or says the same.
    async fn message(&self, client: &Client, message: throng_core::websocket::Message) {
        let text = String::from_utf8_lossy(message.as_bytes());
        let _ = match text.strip_prefix("be ").map(|session| client.set_session(session)) {
            Some(Err(error)) => client.send(error.refusal().map_or("no refusal", hub::Refusal::name)),
            Some(Ok(())) => client.send("it is"),
            None => client.send(message),
        };
    }

    async fn left(&self, _: &Client, room: &str, _: Left) {
        self.note(format!("left {room}"));
    }

    async fn away(&self, _: &Client, away: Away) {
        self.note(format!("away {}", away.code));
    }

    async fn resumed(&self, _: &Client, resumed: Resumed) {
        self.note(if resumed.away.is_some() { "returned" } else { "taken over" });
    }

    async fn disconnected(&self, _: &Client, end: Disconnected) {
        self.note(format!("disconnected {}", end.code));
    }
}

fn graceful(config: &mut Config) {
    config.sessions.grace = Some(LONG);
}

fn is_away(server: &Server) {
    eventually("the client is away", || server.hub.stats().away == 1);
}

fn status(server: &Server, path: &str) -> u16 {
    let mut raw = Raw::connect(server.address);
    raw.send(upgrade(path).as_bytes());
    raw.response().status
}

pub(crate) fn a_peer_that_returns_in_time_hears_what_it_missed_in_order(host: &Host) {
    const MESSAGES: u32 = 50;
    let log = Log::default();
    let server = log.server(host, graceful);
    let raw = server.open("/?session=s");
    let client = server.hub.find_session("s").expect("it is open");
    raw.reset();
    for _ in 0..3 {
        is_away(&server);
        for number in 0..MESSAGES {
            let published = server.hub.send_to_room("lobby", number.to_string()).expect("the room is there");
            assert_eq!((published.queued, published.dropped), (1, 0));
        }
        run(async {
            let mut peer = Peer::enter(&server, "/?session=s").await;
            for number in 0..MESSAGES {
                assert_eq!(peer.text().await, number.to_string());
            }
            peer.say("here").await;
            assert_eq!(peer.text().await, "here");
            // It is dropped without a close frame.
        });
    }
    is_away(&server);
    assert_eq!(server.hub.find_session("s"), Some(client));
    let (away, back) = ("away 1006", "returned");
    log.is(&["connected", away, back, away, back, away, back, away]);
}

pub(crate) fn whoever_does_not_return_has_left_once(host: &Host) {
    let log = Log::default();
    let server = log.server(host, |config| config.sessions.grace = Some(Duration::from_millis(300)));
    let raw = server.open("/?session=s");
    raw.reset();
    log.is(&["connected", "away 1006", "left lobby", "disconnected 1006"]);
    assert_eq!((server.hub.client_count(), server.hub.stats().not_returned), (0, 1));
    let _new = server.open("/?session=s");
    log.is(&["connected", "away 1006", "left lobby", "disconnected 1006", "connected"]);
}

pub(crate) fn a_newer_connection_takes_over_and_the_older_one_hears_why(host: &Host) {
    let log = Log::default();
    let server = log.server(host, graceful);
    run(async {
        let mut older = Peer::enter(&server, "/?session=s").await;
        older.say("first").await;
        assert_eq!(older.text().await, "first");
        let mut newer = Peer::enter(&server, "/?session=s").await;
        assert_eq!(older.closed().await, (1008, "another connection of this session".into()));
        newer.say("second").await;
        assert_eq!(newer.text().await, "second");
    });
    is_away(&server);
    server.returns_to(0);
    log.is(&["connected", "taken over", "away 1006"]);
}

pub(crate) fn a_session_is_refused_to_others_and_to_a_second_connection_if_the_hub_says_so(host: &Host) {
    let log = Log::default();
    let server = log.server(host, |config| {
        graceful(config);
        config.sessions.second = SecondConnection::Refused;
    });
    let raw = server.open("/?session=s&user=ada");
    assert_eq!(status(&server, "/?session=s&user=bob"), 403);
    assert_eq!(status(&server, "/?session=s"), 403);
    assert_eq!(status(&server, "/?session=s&user=ada"), 409);
    assert_eq!(status(&server, &format!("/?session={}", "x".repeat(256))), 400);
    raw.reset();
    is_away(&server);
    assert_eq!(status(&server, "/?session=s&user=bob"), 403);
    let _back = server.open("/?session=s&user=ada");
    log.is(&["connected", "away 1006", "returned"]);
}

pub(crate) fn so_is_it_after_the_upgrade(host: &Host) {
    let log = Log::default();
    let server = log.server(host, graceful);
    let raw = server.open("/?session=s&user=ada");
    raw.reset();
    is_away(&server);
    run(async {
        let (socket, _) = connect(url(server.address, "/late?session=s&user=bob")).await.expect("it opens");
        let mut bob = Peer(socket);
        bob.say("it is me").await;
        let refusal = hub::Refusal::SessionOfAnotherUser.name();
        assert_eq!(bob.closed().await, (1008, refusal.into()));
        let (socket, _) = connect(url(server.address, "/late?session=s&user=ada")).await.expect("it opens");
        let mut ada = Peer(socket);
        ada.say("it is me").await;
        ada.say("hello").await;
        assert_eq!(ada.text().await, "hello");
    });
    log.is(&["connected", "away 1006", "returned", "away 1006"]);
}

pub(crate) fn names_that_are_empty_too_long_or_reserved_are_refused_and_change_nothing(host: &Host) {
    let log = Log::default();
    let server = log.server(host, graceful);
    let (longest, longer) = ("x".repeat(255), "x".repeat(256));
    let endless = "x".repeat(4_000);
    let reserved = "%00game/ada";
    run(async {
        let mut ada = Peer::enter(&server, &format!("/?session={longest}")).await;
        let client = server.hub.find_session(&longest).expect("it is open");
        for (name, code, told) in [
            ("", 400, hub::Refusal::EmptyName.name()),
            (&*longer, 400, "name_too_long"),
            (&*endless, 400, "name_too_long"),
            (reserved, 403, hub::Refusal::SessionOfAnotherUser.name()),
        ] {
            assert_eq!(status(&server, &format!("/?session={name}")), code, "{name}");
            let path = format!("/late?user=ada&session={name}");
            let (socket, _) = connect(url(server.address, &path)).await.expect("it opens");
            let mut late = Peer(socket);
            late.say("it is me").await;
            assert_eq!(late.closed().await, (1008, told.into()), "{name}");
            // A client that is open keeps the session that it has.
            ada.say(&format!("be {}", name.replace("%00", "\0"))).await;
            assert_eq!(ada.text().await, told, "{name}");
            assert_eq!(server.hub.find_session(&longest).as_ref(), Some(&client), "{name}");
        }
        assert_eq!(server.hub.client_count(), 1);
        ada.say("still here").await;
        assert_eq!(ada.text().await, "still here");
    });
    is_away(&server);
    log.is(&["connected", "away 1006"]);
}

pub(crate) fn a_peer_that_closes_with_1000_has_left_and_one_that_reloads_has_not(host: &Host) {
    let log = Log::default();
    let server = log.server(host, graceful);
    run(async {
        for (code, told) in [
            (1000, &["connected", "left lobby", "disconnected 1000"][..]),
            (1001, &["connected", "away 1001"]),
        ] {
            log.lines().clear();
            let mut peer = Peer::enter(&server, "/?session=s").await;
            peer.close(code, "").await;
            assert_eq!(peer.closed().await.0, code);
            log.is(told);
        }
    });
    assert_eq!(server.hub.stats().away, 1);
}

pub(crate) fn a_drain_ends_the_clients_that_are_away(host: &Host) {
    let log = Log::default();
    let server = log.server(host, graceful);
    let raw = server.open("/?session=s");
    raw.reset();
    is_away(&server);
    run(async {
        let drained = server.hub.drain(hub::Drain::default(), LONG);
        tokio::time::timeout(LONG, drained).await.expect("in time").expect("nobody is left");
    });
    log.is(&["connected", "away 1006", "left lobby", "disconnected 1001"]);
    assert_eq!(server.hub.client_count(), 0);
}
