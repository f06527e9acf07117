//! Rooms with a history: messages that carry their offset, and clients that recover what they missed.

use super::host::World;
use super::peer::Peer;
use crate::{Builder, Client, Denied, Hub, IntoFrame, JoinError, Numbered, Publish};
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use throng_core::hub::{
    Config, Error, History, Ignored, Joined, Order, Position, Recover, Recovery, Refusal, Target,
    Unrecoverable, Unrecovered,
};
use throng_core::{Epoch, Window};

type Answers = Arc<Mutex<Vec<(String, Joined)>>>;

/// A hub whose rooms "news" and "prices" have a history, of 5 and of 2 messages. A request may name a room, a position and a session.
fn builder(answers: &Answers) -> Builder {
    let (mut config, answers) = (Config::default(), Arc::clone(answers));
    config.sessions.grace = Some(Duration::from_secs(30));
    for (room, messages) in [("news", 5), ("prices", 2)] {
        config.history.by_prefix.insert(room.into(), History { messages, ..History::default() });
    }
    Hub::builder()
        .config(config)
        .before_connect(|connecting| {
            let query = |key| connecting.request().query(key);
            let (room, since, session) = (query("room"), query("since"), query("session"));
            session.into_iter().for_each(|session| connecting.set_session(session));
            let since = since.and_then(|since| since.parse().ok());
            match (room, since) {
                (Some(room), Some(since)) => connecting.join_from(room, Recover::Since(since)),
                (Some(room), None) => connecting.join(room),
                (None, _) => {}
            }
            Ok(())
        })
        .on_join(move |_, room, joined| answers.lock().unwrap().push((room.into(), joined)))
}

fn world() -> (World, Answers) {
    let answers = Answers::default();
    (World::new(builder(&answers)), answers)
}

fn connect(world: &mut World, path: &str) -> (Peer, Vec<String>) {
    let peer = world.accept();
    peer.ask_for(path, &[]);
    world.run();
    let (head, texts) = peer.answer();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    (peer, texts)
}

fn only(world: &World) -> Client {
    let clients = world.hub.clients();
    assert_eq!(clients.len(), 1);
    world.hub.client(clients[0]).expect("it is there")
}

fn say(world: &World, room: &str, texts: &[&str]) -> Position {
    for text in texts {
        world.hub.send_to_room(room, *text).expect("the room keeps it");
    }
    world.hub.position(room).expect("the room has a history")
}

/// A hook that waits for nothing.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn back(position: Position, messages: u64) -> Recover {
    Recover::Since(Position { offset: position.offset - messages, ..position })
}

#[test]
fn a_client_that_joins_from_a_position_gets_what_it_missed_then_what_comes() {
    let (mut world, answers) = world();
    let top = say(&world, "news", &["one", "two", "three"]);
    let peer = world.connect();
    let client = only(&world);
    let joined = at_once(client.join_from("news", back(top, 2))).expect("it may");
    assert_eq!((joined.position, joined.recovery), (Some(top), Some(Recovery::Recovered { count: 2 })));
    client.send("you have all of it").unwrap();
    say(&world, "news", &["four"]);
    world.run();
    assert_eq!(peer.texts(), ["two", "three", "you have all of it", "four"]);
    assert_eq!(*answers.lock().unwrap(), [("news".into(), joined)]);
}

#[test]
fn a_client_that_missed_too_much_is_told_why_and_gets_what_comes() {
    let (mut world, _) = world();
    let top = say(&world, "news", &["1", "2", "3", "4", "5", "6", "7"]);
    let peer = world.connect();
    let joined = world.hub.join_from(only(&world).id(), "news", back(top, 6)).expect("it may");
    let unrecovered = Unrecovered { reason: Unrecoverable::Trimmed, oldest: 3, top: 7 };
    assert_eq!(joined.recovery, Some(Recovery::Unrecovered(unrecovered)));
    say(&world, "news", &["8"]);
    world.run();
    assert_eq!(peer.texts(), ["8"]);
    let stats = world.hub.stats();
    assert_eq!((stats.recovered, stats.unrecovered_for(Unrecoverable::Trimmed)), (0, 1));
}

#[test]
fn a_client_recovers_in_its_first_room() {
    let (mut world, answers) = world();
    let top = say(&world, "news", &["one", "two"]);
    let since = Position { offset: 1, ..top };
    let (_, texts) = connect(&mut world, &format!("/?room=news&since={since}"));
    assert_eq!(texts, ["two"]);
    let recovery = answers.lock().unwrap().pop().and_then(|(_, joined)| joined.recovery);
    assert_eq!(recovery, Some(Recovery::Recovered { count: 1 }));
}

#[test]
fn positions_that_were_never_given_out_recover_nothing() {
    let (mut world, answers) = world();
    let top = say(&world, "news", &["one", "two"]);
    let foreign = Position { epoch: Epoch::from_u64(7).unwrap(), ..top };
    let future = Position { offset: top.offset + 1, ..top };
    let highest = Position { offset: u64::MAX, ..top };
    for position in [foreign, future, highest] {
        let (peer, texts) = connect(&mut world, &format!("/?room=news&since={position}"));
        assert!(texts.is_empty(), "{position}: {texts:?}");
        let recovery = answers.lock().unwrap().pop().and_then(|(_, joined)| joined.recovery);
        let why = Unrecovered { reason: Unrecoverable::EpochChanged, oldest: 1, top: 2 };
        assert_eq!(recovery, Some(Recovery::Unrecovered(why)), "{position}");
        peer.end();
        world.run();
    }
}

#[test]
fn before_join_is_asked_also_about_a_join_from_a_position() {
    let answers = Answers::default();
    let builder = builder(&answers).before_join(|_, room| if room == "news" { Err(Denied) } else { Ok(()) });
    let mut world = World::new(builder);
    let top = say(&world, "news", &["one"]);
    let peer = world.connect();
    let client = only(&world);
    assert_eq!(at_once(client.join_from("news", back(top, 1))), Err(JoinError::Denied));
    world.run();
    assert!(peer.texts().is_empty() && !client.in_room("news"));
}

#[test]
fn an_away_client_misses_nothing_and_gets_nothing_twice() {
    let (mut world, answers) = world();
    let top = say(&world, "news", &["one", "two"]);
    let path = format!("/?room=news&session=s&since={}", Position { offset: 1, ..top });
    let (peer, texts) = connect(&mut world, &path);
    assert_eq!(texts, ["two"]);
    peer.fail(ErrorKind::ConnectionReset);
    world.run();
    say(&world, "news", &["three"]);
    // The client is continued: what it missed is in its outbox, and the position has no effect.
    let (_, texts) = connect(&mut world, &path);
    assert_eq!(texts, ["three"]);
    assert_eq!(answers.lock().unwrap().len(), 1, "it has joined once");
}

#[test]
fn an_away_client_can_recover_what_it_then_gets_when_it_returns() {
    let (mut world, _) = world();
    let (peer, _) = connect(&mut world, "/?session=s");
    let client = only(&world);
    peer.fail(ErrorKind::ConnectionReset);
    world.run();
    assert!(client.is_away());
    let top = say(&world, "news", &["one", "two"]);
    let joined = world.hub.join_from(client.id(), "news", back(top, 2)).expect("it may");
    assert_eq!(joined.recovery, Some(Recovery::Recovered { count: 2 }));
    say(&world, "news", &["three"]);
    let (_, texts) = connect(&mut world, "/?session=s");
    assert_eq!(texts, ["one", "two", "three"]);
}

#[test]
fn a_drop_of_a_history_is_told_and_the_client_recovers() {
    let (answers, notices) = (Answers::default(), Arc::new(Mutex::new(Vec::new())));
    let noted = Arc::clone(&notices);
    let builder = builder(&answers).on_dropped(move |_, notice| {
        noted.lock().unwrap().push((notice.frames, notice.of_history));
    });
    let mut world = World::new(builder);
    let mut config = world.hub.config();
    config.outbox.messages = 2;
    world.hub.reconfigure(&config).unwrap();
    let peer = world.connect();
    let client = only(&world);
    let joined = world.hub.join(client.id(), "news").expect("it may");
    let at = joined.position.expect("the room has a history");
    say(&world, "news", &["one", "two", "three"]);
    world.run();
    assert_eq!(
        (peer.texts(), notices.lock().unwrap().pop()),
        (vec!["one".to_owned(), "two".to_owned()], Some((1, true)))
    );
    // What a host does then: the client joins anew from the last offset that its peer has seen.
    world.hub.leave(client.id(), "news").unwrap();
    let since = Recover::Since(Position { offset: at.offset + 2, ..at });
    let joined = world.hub.join_from(client.id(), "news", since).expect("it may");
    assert_eq!(joined.recovery, Some(Recovery::Recovered { count: 1 }));
    world.run();
    assert_eq!(peer.texts(), ["three"]);
    world.hub.send_to(client.id(), "other").unwrap();
    world.run();
    assert!(notices.lock().unwrap().is_empty(), "a message that arrives is no drop");
}

#[test]
fn a_publish_with_a_key_is_sent_once() {
    let (mut world, _) = world();
    let (peer, _) = connect(&mut world, "/?room=news");
    let to = [Target::Room("news")];
    let publish = |key| world.hub.publish(&Publish::to(&to).key(key), key).expect("published");
    let first = publish("a");
    assert_eq!((first.queued, first.ignored), (1, None));
    let again = publish("a");
    assert_eq!((again.position, again.ignored), (first.position, Some(Ignored::Repeated)));
    assert_eq!(publish("b").ignored, None);
    let client = only(&world);
    let again = client.publish(&Publish::to(&to).key("b"), "b").expect("published");
    assert_eq!(again.ignored, Some(Ignored::Repeated));
    world.run();
    assert_eq!(peer.texts(), ["a", "b"]);
    let long = "k".repeat(256);
    let refused = world.hub.publish(&Publish::to(&to).key(&long), "c").unwrap_err();
    assert_eq!(refused.refusal(), Some(Refusal::KeyTooLong { limit: 255 }));
    let nowhere = world.hub.publish(&Publish::to(&[Target::All]).key("a"), "c").unwrap_err();
    assert_eq!(nowhere.refusal(), Some(Refusal::NoHistory));
}

#[test]
fn an_older_version_is_ignored() {
    let (mut world, _) = world();
    let (peer, _) = connect(&mut world, "/?room=prices");
    let to = [Target::Room("prices")];
    let publish = |version, text| {
        let publish = Publish::to(&to).version(version).except_user("nobody");
        world.hub.publish(&publish, text).expect("published").ignored
    };
    assert_eq!(
        [publish(2, "two"), publish(1, "one"), publish(2, "two")],
        [None, Some(Ignored::Outdated), Some(Ignored::Outdated)]
    );
    assert_eq!(publish(3, "three"), None);
    world.run();
    assert_eq!(peer.texts(), ["two", "three"]);
}

#[test]
fn a_history_is_read_in_pages_and_removed() {
    let (world, _) = world();
    assert_eq!(world.hub.position("news"), None);
    assert_eq!(world.hub.history_config("news").map(|history| history.messages), Some(5));
    assert_eq!(world.hub.history_config("lobby"), None);
    let top = say(&world, "news", &["1", "2", "3"]);
    let page = world.hub.history("news", None, 2, Order::OldestFirst).expect("all of it is there");
    assert_eq!((page.top, page.oldest), (top, 1));
    let offsets: Vec<_> = page.messages.iter().map(|message| message.offset).collect();
    assert_eq!(offsets, [1, 2]);
    let next = Position { offset: 2, ..top };
    let page = world.hub.history("news", Some(next), 2, Order::OldestFirst).expect("all of it is there");
    assert_eq!(page.messages[0].frame.payload().as_ref(), b"3");
    let page = world.hub.history("news", None, 1, Order::NewestFirst).expect("all of it is there");
    assert_eq!(page.messages[0].offset, 3);
    let over = world.hub.history("news", None, 1_000_000_000, Order::OldestFirst).unwrap_err();
    assert_eq!(over.reason, Unrecoverable::OverLimit);

    world.hub.remove_history("news").expect("it has one");
    let new = world.hub.position("news").expect("it has one");
    assert!(new.offset == 0 && new.epoch != top.epoch);
    let changed = world.hub.history("news", Some(next), 2, Order::OldestFirst).unwrap_err();
    assert_eq!(changed.reason, Unrecoverable::EpochChanged);
    let none = world.hub.remove_history("nowhere").unwrap_err();
    assert_eq!(none.refusal(), Some(Refusal::NoSuchRoom));
}

#[test]
fn two_hubs_have_no_epoch_in_common() {
    let [one, other] = [world().0, world().0].map(|world| say(&world, "news", &["first"]));
    assert!(one.epoch != other.epoch, "a position of a process that has ended is none of the next one");
}

#[test]
fn numbered_messages_carry_their_offset() {
    let (mut world, _) = world();
    let (peer, _) = connect(&mut world, "/?room=news");
    world.hub.send_to_room("news", Numbered::new("news", vec![b'x', b'y'])).unwrap();
    world.run();
    assert_eq!(peer.take(), [&[0x82, 10, 0, 0, 0, 0, 0, 0, 0, 1][..], b"xy"].concat());
    let frame = Numbered::new("lobby", &b"z"[..]).into_frame().unwrap();
    let mut bytes = Vec::new();
    frame.append_to(Window::NONE, &mut bytes);
    assert_eq!(bytes, [&[0x82, 9][..], &[0; 8], b"z"].concat(), "without a history it is 0");
}

#[cfg(feature = "json")]
#[test]
fn numbered_json_carries_room_and_offset() {
    let (mut world, _) = world();
    let (peer, _) = connect(&mut world, "/?room=news");
    for text in ["\"quoted\"", "second"] {
        world.hub.send_to_room("news", Numbered::new("news", crate::Json(text))).unwrap();
    }
    world.run();
    let texts = peer.texts();
    assert!(
        texts[1].starts_with(r#"{"room":"news","offset":                   2,"message":"#),
        "{}",
        texts[1]
    );
    let parsed: Vec<serde_json::Value> =
        texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    assert_eq!(parsed[0], serde_json::json!({ "room": "news", "offset": 1, "message": "\"quoted\"" }));
}

#[test]
fn a_client_that_has_ended_joins_nothing() {
    let (mut world, _) = world();
    let peer = world.connect();
    let client = only(&world);
    peer.end();
    world.run();
    let joined = at_once(client.join_from("news", Recover::Latest));
    assert!(matches!(joined, Err(JoinError::Hub(Error::Gone | Error::NotOpen))), "{joined:?}");
}
