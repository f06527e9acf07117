//! Rooms that keep their last messages, and peers that come back with a position.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use throng_core::hub::{Config, History, Joined, Order, Position, Recover, Recovery, Unrecoverable};
use throng_core::websocket::handshake::Refusal;
use throng_core::{BadPosition, CloseFrame, hub};
use throng_runtime::{Authenticating, Client, Connecting, Handler, Json, Numbered, Publish};
use throng_tests::http::upgrade;
use throng_tests::raw::Raw;
use throng_tests::server::{Server, listener};
use throng_tests::wait::eventually;

use crate::behaviours::peer::{Peer, connect, run, url};
use crate::hosts::Host;

const ROOM: &str = "news";
const KEPT: u32 = 50;
const LONG: Duration = Duration::from_secs(120);

/// Puts everybody into the room, from the position in the query if there is one, and answers with what came of it.
#[derive(Clone, Default)]
struct Desk {
    answers: Arc<Mutex<Vec<Joined>>>,
}

impl Desk {
    fn server(&self, host: &Host, change: impl FnOnce(&mut Config)) -> Server {
        let desk = self.clone();
        let change = |config: &mut Config| {
            config
                .history
                .by_prefix
                .insert(ROOM.into(), History { messages: KEPT, age: LONG, ..History::default() });
            change(config);
        };
        host.server_on(listener(None), change, |builder| builder.handler(desk))
    }

    fn recoveries(&self) -> Vec<Option<Recovery>> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.iter().map(|joined| joined.recovery).collect()
    }
}

impl Handler for Desk {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        let query = |key| connecting.request().query(key);
        let (session, since) = (query("session"), query("since"));
        session.into_iter().for_each(|session| connecting.set_session(session));
        if connecting.path() == "/late" {
            connecting.authenticate();
            return Ok(());
        }
        match since.map(|since| since.parse()) {
            Some(Ok(since)) => connecting.join_from(ROOM, Recover::Since(since)),
            Some(Err(BadPosition)) => return Err(Refusal::custom(400, BadPosition.to_string())),
            None => connecting.join(ROOM),
        }
        Ok(())
    }

    /// Answers with as many messages of the history as the peer asks for, or why not.
    async fn message(&self, client: &Client, message: throng_core::websocket::Message) {
        let asked = String::from_utf8_lossy(message.as_bytes()).parse();
        let limit = asked.expect("the peers of these tests ask for a number of 32 bits");
        let _ = match client.hub().history(ROOM, None, limit, Order::OldestFirst) {
            Ok(page) => client.send(Json(page.messages.len())),
            Err(why) => client.send(why.reason.name()),
        };
    }

    async fn authenticate(&self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        let since = session.receive().await?;
        let since = String::from_utf8_lossy(since.as_bytes()).parse();
        session.join_from(ROOM, since.map_or(Recover::Latest, Recover::Since));
        Ok(())
    }

    async fn joined(&self, _: &Client, _: &str, joined: Joined) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(joined);
    }
}

fn publish(server: &Server, numbers: std::ops::Range<u32>) -> Position {
    for number in numbers {
        let message = Numbered::new(ROOM, Json(number));
        server.hub.send_to_room(ROOM, message).expect("the room keeps it");
    }
    server.hub.position(ROOM).expect("the room has a history")
}

/// The next message of the room: its offset and what it says.
async fn next(peer: &mut Peer) -> (u64, u64) {
    let text = peer.text().await;
    let message: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(message["room"], ROOM);
    let number = |key: &str| message[key].as_u64().expect("it is a number");
    (number("offset"), number("message"))
}

pub(crate) fn a_peer_that_comes_and_goes_gets_each_message_once_and_in_order(host: &Host) {
    const MESSAGES: u32 = 250;
    let desk = Desk::default();
    // All of it is kept, however slow the peer is.
    let history = History { messages: MESSAGES, age: LONG, ..History::default() };
    let server = desk.server(host, |config| _ = config.history.by_prefix.insert(ROOM.into(), history));
    let start = publish(&server, 0..1);
    std::thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            for number in 1..MESSAGES {
                publish(&server, number..number + 1);
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        run(async {
            let mut at = Position { offset: 0, ..start };
            let mut stay = 1;
            while at.offset < MESSAGES.into() {
                let mut peer = Peer::enter(&server, &format!("/?since={at}")).await;
                for _ in 0..stay {
                    if at.offset == u64::from(MESSAGES) {
                        break;
                    }
                    let (offset, message) = next(&mut peer).await;
                    assert_eq!((offset, message), (at.offset + 1, at.offset), "after {at}");
                    at.offset = offset;
                }
                stay = stay % 7 + 3;
                // It is dropped without a close frame, with whatever was on its way.
            }
        });
        publisher.join().expect("it publishes");
    });
    assert!(desk.recoveries().iter().all(|one| matches!(one, Some(Recovery::Recovered { .. }))));
}

pub(crate) fn a_peer_that_missed_too_much_hears_it_and_gets_what_comes(host: &Host) {
    let desk = Desk::default();
    let server = desk.server(host, |_| {});
    let start = publish(&server, 0..1);
    publish(&server, 1..2 * KEPT);
    run(async {
        let mut peer = Peer::enter(&server, &format!("/?since={start}")).await;
        eventually("it has joined", || server.hub.member_count(ROOM) == 1);
        let top = publish(&server, 2 * KEPT..2 * KEPT + 1);
        assert_eq!(next(&mut peer).await, (top.offset, u64::from(2 * KEPT)));
    });
    let why = hub::Unrecovered {
        reason: Unrecoverable::Trimmed,
        oldest: (KEPT + 1).into(),
        top: (2 * KEPT).into(),
    };
    eventually("it is told", || desk.recoveries() == [Some(Recovery::Unrecovered(why))]);
}

pub(crate) fn a_position_of_another_process_is_never_taken_for_one_of_this(host: &Host) {
    let (before, after) = (Desk::default(), Desk::default());
    let old = publish(&before.server(host, |_| {}), 0..10);
    let server = after.server(host, |_| {});
    let new = publish(&server, 0..10);
    assert_eq!((new.offset, new.epoch == old.epoch), (old.offset, false));
    run(async {
        let mut peer = Peer::enter(&server, &format!("/?since={old}")).await;
        eventually("it has joined", || server.hub.member_count(ROOM) == 1);
        publish(&server, 10..11);
        assert_eq!(next(&mut peer).await, (11, 10));
    });
    let why = hub::Unrecovered { reason: Unrecoverable::EpochChanged, oldest: 1, top: 10 };
    eventually("it is told", || after.recoveries() == [Some(Recovery::Unrecovered(why))]);
}

/// A peer whose client opens when it has said something.
async fn late(server: &Server) -> Peer {
    let (socket, _) = connect(url(server.address, "/late")).await.expect("it opens");
    Peer(socket)
}

pub(crate) fn positions_that_are_forged_foreign_or_of_the_future_are_answered_and_change_nothing(
    host: &Host,
) {
    let desk = Desk::default();
    let server = desk.server(host, |_| {});
    let top = publish(&server, 0..10);
    let other: Position = format!("{:x}.0", u64::MAX).parse().expect("it is one");
    assert_ne!(other.epoch, top.epoch);
    let wrong = [
        Position { offset: top.offset + 1, ..top },
        Position { offset: u64::MAX, ..top },
        other,
        Position { offset: top.offset, ..other },
        Position { offset: u64::MAX, ..other },
    ];
    let mut answered = 0;
    run(async {
        let mut stays = Peer::enter(&server, "/").await;
        answered += 1;
        for since in wrong {
            let mut early = Peer::enter(&server, &format!("/?since={since}")).await;
            let mut after = late(&server).await;
            after.say(&since.to_string()).await;
            answered += 2;
            eventually("all are told", || desk.recoveries().len() == answered);
            let before = server.hub.position(ROOM).expect("the room has a history");
            let now = publish(&server, 10..11);
            assert_eq!(now, Position { offset: before.offset + 1, ..top });
            // None gets anything of before.
            for peer in [&mut stays, &mut early, &mut after] {
                assert_eq!(next(peer).await, (now.offset, 10), "{since}");
            }
        }
    });
    let refused = desk.recoveries().into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(refused.len(), 2 * wrong.len());
    for recovery in refused {
        let Recovery::Unrecovered(why) = recovery else { panic!("{recovery:?}") };
        assert_eq!((why.reason, why.oldest), (Unrecoverable::EpochChanged, 1));
    }
    let stats = server.hub.stats();
    assert_eq!(stats.unrecovered_for(Unrecoverable::EpochChanged), 2 * wrong.len() as u64);
    assert_eq!((stats.unrecovered, stats.recovered), (2 * wrong.len() as u64, 0));
    let page = server.hub.history(ROOM, None, 100, Order::OldestFirst).expect("all of it is there");
    assert_eq!(page.messages.len() as u64, page.top.offset);
}

pub(crate) fn what_is_no_position_is_refused_before_the_upgrade(host: &Host) {
    let server = Desk::default().server(host, |_| {});
    let top = publish(&server, 0..10);
    for since in [
        "",
        ".",
        "1",
        "1.",
        ".1",
        "x.1",
        "1.x",
        "1.-1",
        "-1.1",
        "1.18446744073709551616",
        "10000000000000000.1",
    ] {
        let mut raw = Raw::connect(server.address);
        raw.send(upgrade(&format!("/?since={since}")).as_bytes());
        assert_eq!(raw.response().status, 400, "{since:?}");
    }
    let long = "1".repeat(4_000);
    let mut raw = Raw::connect(server.address);
    raw.send(upgrade(&format!("/?since={long}.{long}")).as_bytes());
    assert_eq!(raw.response().status, 400);
    assert_eq!((server.hub.position(ROOM), server.hub.member_count(ROOM)), (Some(top), 0));
}

pub(crate) fn a_peer_that_asks_for_a_billion_messages_gets_none_and_hears_why(host: &Host) {
    const MORE: u32 = 6;
    let desk = Desk::default();
    let server = desk.server(host, |config| config.history.recover_messages = MORE - 1);
    let top = publish(&server, 0..MORE);
    run(async {
        let mut peer = Peer::enter(&server, &format!("/?since={}", Position { offset: 0, ..top })).await;
        eventually("it is told", || desk.recoveries().len() == 1);
        for (asked, answer) in [
            ("1000000000", "over_limit"),
            (&*u32::MAX.to_string(), "over_limit"),
            ("1001", "over_limit"),
            ("1000", "6"),
            ("2", "2"),
            ("0", "0"),
        ] {
            peer.say(asked).await;
            // Of what it came for it has got nothing.
            assert_eq!(peer.text().await, answer, "{asked}");
        }
        publish(&server, MORE..MORE + 1);
        assert_eq!(next(&mut peer).await, (u64::from(MORE) + 1, u64::from(MORE)));
    });
    let why = hub::Unrecovered { reason: Unrecoverable::OverLimit, oldest: 1, top: MORE.into() };
    assert_eq!(desk.recoveries(), [Some(Recovery::Unrecovered(why))]);
    assert_eq!(server.hub.stats().unrecovered_for(Unrecoverable::OverLimit), 1);
}

pub(crate) fn a_position_may_come_after_the_upgrade(host: &Host) {
    let desk = Desk::default();
    let server = desk.server(host, |_| {});
    let top = publish(&server, 0..5);
    run(async {
        let mut peer = late(&server).await;
        peer.say(&Position { offset: 3, ..top }.to_string()).await;
        assert_eq!([next(&mut peer).await, next(&mut peer).await], [(4, 3), (5, 4)]);
        let mut peer = late(&server).await;
        peer.say("the latest").await;
        assert_eq!(next(&mut peer).await, (5, 4));
    });
}

pub(crate) fn a_client_that_is_away_gets_what_was_published_once(host: &Host) {
    let desk = Desk::default();
    let server = desk.server(host, |config| config.sessions.grace = Some(LONG));
    let top = publish(&server, 0..3);
    let path = format!("/?session=s&since={}", Position { offset: 1, ..top });
    run(async {
        let mut peer = Peer::enter(&server, &path).await;
        assert_eq!([next(&mut peer).await, next(&mut peer).await], [(2, 1), (3, 2)]);
    });
    eventually("the client is away", || server.hub.stats().away == 1);
    publish(&server, 3..5);
    run(async {
        // It comes with the position of the start, and is continued: nothing comes twice.
        let mut peer = Peer::enter(&server, &path).await;
        assert_eq!([next(&mut peer).await, next(&mut peer).await], [(4, 3), (5, 4)]);
    });
    assert_eq!(desk.recoveries(), [Some(Recovery::Recovered { count: 2 })], "it has joined once");
}

pub(crate) fn a_message_with_a_key_is_published_once_and_is_in_the_history(host: &Host) {
    let server = Desk::default().server(host, |_| {});
    run(async {
        let mut peer = Peer::enter(&server, "/").await;
        let to = [hub::Target::Room(ROOM)];
        for ignored in [None, Some(hub::Ignored::Repeated)] {
            let message = Numbered::new(ROOM, Json(7));
            let published = server.hub.publish(&Publish::to(&to).key("request 1"), message);
            assert_eq!(published.map(|published| published.ignored), Ok(ignored));
        }
        publish(&server, 8..9);
        assert_eq!([next(&mut peer).await, next(&mut peer).await], [(1, 7), (2, 8)]);
    });
    let page = server.hub.history(ROOM, None, 10, Order::NewestFirst).expect("all of it is there");
    assert_eq!(page.messages.iter().map(|message| message.offset).collect::<Vec<_>>(), [2, 1]);
    server.hub.remove_history(ROOM).expect("it has one");
    assert_eq!(server.hub.position(ROOM).map(|position| position.offset), Some(0));
}
