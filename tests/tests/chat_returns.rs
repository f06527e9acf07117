//! Guests of the chat who lose their connection and return: what they have missed, and who they are.
//!
//! A guest here does what the page does: of each room it knows the position of the last message that it has, joins from there, and
//! passes over what it has already.

mod support;

use serde_json::{Value, json};
use support::chat::Chat;
use support::guest::Guest;
use support::network::Network;

const ROOM: &str = "tea";

/// Sessions that end soon, and histories of five messages.
const SHORT: &str = "[sessions]\ngrace = \"400ms\"\n[history.by_prefix.\"\"]\nmessages = 5\n";

/// What a guest has of the room.
#[derive(Clone, Debug, PartialEq)]
struct Position {
    epoch: String,
    offset: u64,
}

/// What came of joining from a position.
struct Returned {
    at: Position,
    /// What had been missed, in order.
    heard: Vec<String>,
    why_not: Value,
}

fn offset(said: &Value) -> u64 {
    said["offset"].as_u64().expect("what is said has a number")
}

fn text(said: &Value) -> String {
    said["text"].as_str().expect("what is said is text").to_owned()
}

fn position(history: &Value) -> Position {
    let text = history["position"].as_str().expect("the room has a history");
    let (epoch, offset) = text.split_once('.').expect("an epoch and an offset");
    Position { epoch: epoch.into(), offset: offset.parse().expect("a number") }
}

/// Joins for the first time.
async fn enter(guest: &mut Guest) -> Position {
    guest.join(ROOM).await;
    let history = guest.hear("history").await;
    assert_eq!(history["missed"], Value::Null);
    position(&history)
}

async fn say(guest: &mut Guest, text: &str) {
    guest.say(json!({"type": "say", "room": ROOM, "text": text})).await;
}

/// Hears what is said next, which must be the next of the room.
async fn hear(guest: &mut Guest, at: &mut Position) -> String {
    let said = guest.hear("said").await;
    assert_eq!(offset(&said), at.offset + 1, "{said}");
    at.offset += 1;
    text(&said)
}

/// Joins from a position, and hears the answer.
async fn join_from(guest: &mut Guest, from: &Position) -> Returned {
    let since = format!("{}.{}", from.epoch, from.offset);
    guest.say(json!({"type": "join", "room": ROOM, "since": since})).await;
    let (mut at, mut heard) = (from.clone(), Vec::new());
    loop {
        let message = guest.hear_any().await;
        match message["type"].as_str() {
            // What waited for a client that was away comes by itself, and again in answer to the position.
            Some("said") if offset(&message) > at.offset => {
                assert_eq!(offset(&message), at.offset + 1, "{message}");
                at.offset += 1;
                heard.push(text(&message));
            }
            Some("history") => {
                let told = position(&message);
                let why_not = message["missed"].clone();
                assert!(told == at || !why_not.is_null(), "{told:?} is told, {at:?} was heard");
                return Returned { at: told, heard, why_not };
            }
            Some("refused") => panic!("{message}"),
            _ => {}
        }
    }
}

/// Comes again over a new connection.
async fn come_again(chat: &Chat, name: &str, session: &str) -> Guest {
    Guest::connect(chat).await.named_with(name, Some(session)).await
}

fn numbered(from: u32, to: u32) -> Vec<String> {
    (from..=to).map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn whoever_loses_the_network_returns_and_has_missed_nothing() {
    let chat = Chat::start();
    let network = Network::to(chat.address);
    let mut bo = Guest::enter(&chat, "Bo").await;
    let mut bos = enter(&mut bo).await;
    let mut ada = Guest::connect_by(network.address).await.named("Ada").await;
    let mut at = enter(&mut ada).await;
    let (mut count, mut heard) = (0, Vec::new());
    for _ in 0..3 {
        for _ in 0..3 {
            count += 1;
            say(&mut bo, &count.to_string()).await;
            hear(&mut bo, &mut bos).await;
            heard.push(hear(&mut ada, &mut at).await);
        }
        // One more may be on its way when the network fails.
        count += 1;
        say(&mut bo, &count.to_string()).await;
        hear(&mut bo, &mut bos).await;
        network.fail();
        assert_eq!(bo.hear("away").await, json!({"type": "away", "room": ROOM, "id": ada.id, "name": "Ada"}));
        for _ in 0..2 {
            count += 1;
            say(&mut bo, &count.to_string()).await;
            hear(&mut bo, &mut bos).await;
        }
        network.mend();
        let (id, session) = (ada.id, ada.session);
        ada = Guest::connect_by(network.address).await.named_with("Ada", Some(&session)).await;
        assert_eq!((&ada.id, &ada.session), (&id, &session), "it is the same client");
        assert_eq!(bo.hear("back").await, json!({"type": "back", "room": ROOM, "id": ada.id, "name": "Ada"}));
        let returned = join_from(&mut ada, &at).await;
        assert_eq!(returned.why_not, Value::Null);
        heard.extend(returned.heard);
        at = returned.at;
    }
    assert_eq!(heard, numbered(1, count));
    assert_eq!(at, bos);
}

#[tokio::test]
async fn a_newcomer_sees_who_is_away() {
    let chat = Chat::start();
    let mut ada = Guest::enter(&chat, "Ada").await;
    ada.join(ROOM).await;
    let mut bo = Guest::enter(&chat, "Bo").await;
    bo.join(ROOM).await;
    let id = ada.id.clone();
    drop(ada);
    bo.hear("away").await;
    let members = Guest::enter(&chat, "Cy").await.join(ROOM).await["members"].take();
    let members = members.as_array().expect("a list");
    assert!(members.contains(&json!({"id": id, "name": "Ada", "away": true})), "{members:?}");
    assert!(members.contains(&json!({"id": bo.id, "name": "Bo"})), "{members:?}");
}

#[tokio::test]
async fn a_return_after_the_grace_is_served_by_the_history_as_far_as_that_goes() {
    let chat = Chat::start_configured("chat-short", SHORT);
    let mut bo = Guest::enter(&chat, "Bo").await;
    let mut bos = enter(&mut bo).await;
    for (missed, why_not) in [(5, Value::Null), (6, json!("trimmed"))] {
        let mut ada = Guest::enter(&chat, "Ada").await;
        let at = enter(&mut ada).await;
        bo.hear("joined").await;
        let id = ada.id.clone();
        let session = ada.session.clone();
        drop(ada);
        bo.hear("away").await;
        assert_eq!(bo.hear("left").await["id"], *id);
        for number in 1..=missed {
            say(&mut bo, &number.to_string()).await;
            hear(&mut bo, &mut bos).await;
        }
        let mut ada = come_again(&chat, "Ada", &session).await;
        assert_ne!(ada.id, id, "the client of before has ended");
        let returned = join_from(&mut ada, &at).await;
        assert_eq!((&returned.why_not, &returned.at), (&why_not, &bos));
        assert_eq!(returned.heard, if why_not.is_null() { numbered(1, missed) } else { Vec::new() });
        bo.hear("joined").await;
        say(&mut bo, "live").await;
        assert_eq!((hear(&mut ada, &mut returned.at.clone()).await, hear(&mut bo, &mut bos).await), {
            let live = String::from("live");
            (live.clone(), live)
        });
        ada.socket.close(None).await.expect("the chat listens");
        bo.hear("left").await;
    }
}

#[tokio::test]
async fn a_restart_of_the_server_is_told_as_a_gap_and_never_as_recovered() {
    let mut chat = Chat::start();
    let mut ada = Guest::enter(&chat, "Ada").await;
    let mut at = enter(&mut ada).await;
    for number in 1..=3 {
        say(&mut ada, &number.to_string()).await;
        hear(&mut ada, &mut at).await;
    }
    chat.kill();
    let chat = Chat::start_at(chat.address);
    // As many are said anew: the offset alone would look right.
    let mut bo = Guest::enter(&chat, "Bo").await;
    let mut bos = enter(&mut bo).await;
    for number in 4..=6 {
        say(&mut bo, &number.to_string()).await;
        hear(&mut bo, &mut bos).await;
    }
    assert_eq!(bos.offset, at.offset);
    let session = ada.session;
    let mut ada = come_again(&chat, "Ada", &session).await;
    assert_ne!(ada.session, session, "the key of before is gone");
    let returned = join_from(&mut ada, &at).await;
    assert_eq!((returned.why_not, returned.heard.len()), (json!("epoch_changed"), 0));
    assert_ne!(returned.at.epoch, at.epoch);
    say(&mut bo, "7").await;
    assert_eq!(hear(&mut ada, &mut returned.at.clone()).await, "7");
}

#[tokio::test]
async fn forged_and_foreign_sessions_continue_nobody() {
    let (chat, other) = (Chat::start(), Chat::start());
    let mut ada = Guest::enter(&chat, "Ada").await;
    ada.join(ROOM).await;
    let foreign = Guest::enter(&other, "Ada").await.session;
    let mut forged = ada.session.clone().into_bytes();
    forged[0] = if forged[0] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).expect("it is ASCII");
    for session in [&*foreign, &forged, "", "\0", &"x".repeat(300), &ada.session[..20]] {
        let mut guest = come_again(&chat, "Ada", session).await;
        assert_ne!(guest.id, ada.id, "{session:?}");
        assert!(guest.session != ada.session && guest.session != session, "{session:?}");
        guest.is_refused(json!({"type": "say", "room": ROOM, "text": "It is me"}), "not_in_room").await;
        guest.socket.close(None).await.expect("the chat listens");
    }
    // Whoever has the session needs the name as well.
    let mut bo = Guest::connect(&chat).await;
    let takes = json!({"type": "name", "name": "Bo", "session": ada.session});
    bo.is_refused(takes.clone(), "session_of_another_user").await;
    let (id, session) = (ada.id.clone(), ada.session.clone());
    ada.say(json!({"type": "say", "room": ROOM, "text": "I am here"})).await;
    assert_eq!(ada.hear("said").await["text"], "I am here", "nobody has taken her connection");
    drop(ada);
    bo.is_refused(takes, "session_of_another_user").await;
    assert_eq!(come_again(&chat, "Ada", &session).await.id, id);
}

#[tokio::test]
async fn positions_that_are_none_are_refused_and_those_of_elsewhere_are_told_as_gaps() {
    let chat = Chat::start();
    let mut ada = Guest::enter(&chat, "Ada").await;
    let mut at = enter(&mut ada).await;
    let wrong = ["", ".", "1", "x.1", "1.x", "1.-1", "1.+1", "1.18446744073709551616", "10000000000000000.1"];
    for since in wrong {
        ada.is_refused(json!({"type": "join", "room": ROOM, "since": since}), "bad_position").await;
    }
    say(&mut ada, "still here").await;
    hear(&mut ada, &mut at).await;
    let mut ada = come_again(&chat, "Ada", &ada.session).await;
    for offset in [2, u64::MAX] {
        let returned = join_from(&mut ada, &Position { offset, ..at.clone() }).await;
        assert_eq!((returned.why_not, &returned.at), (json!("epoch_changed"), &at));
    }
    let elsewhere = Position { epoch: "ffffffffffffffff".into(), offset: 0 };
    assert_eq!(join_from(&mut ada, &elsewhere).await.why_not, "epoch_changed");
    assert_eq!(join_from(&mut ada, &at).await.why_not, Value::Null);
}

#[tokio::test]
async fn what_is_said_again_with_its_key_is_said_once() {
    let chat = Chat::start();
    let mut ada = Guest::enter(&chat, "Ada").await;
    let mut at = enter(&mut ada).await;
    let hello = json!({"type": "say", "room": ROOM, "text": "Hello", "key": "7x"});
    ada.say(hello.clone()).await;
    // Ada does not know whether it arrived.
    let mut ada = come_again(&chat, "Ada", &ada.session).await;
    let before = join_from(&mut ada, &at).await;
    ada.say(hello.clone()).await;
    if before.heard.is_empty() {
        assert_eq!(hear(&mut ada, &mut at).await, "Hello");
        ada.say(hello).await;
    } else {
        at = before.at;
    }
    assert_eq!(ada.hear("known").await, json!({"type": "known", "key": "7x"}));
    say(&mut ada, "And now?").await;
    assert_eq!(hear(&mut ada, &mut at).await, "And now?");
    assert_eq!(at.offset, 2);
    let long = "x".repeat(256);
    ada.is_refused(json!({"type": "say", "room": ROOM, "text": "?", "key": long}), "key_too_long").await;
}

#[tokio::test]
async fn a_server_that_keeps_nothing_says_so() {
    let chat = Chat::start_configured("chat-forgets", "[sessions]\ngrace = \"20s\"\n");
    let mut ada = Guest::enter(&chat, "Ada").await;
    ada.join(ROOM).await;
    assert_eq!(
        ada.hear("history").await,
        json!({"type": "history", "room": ROOM, "position": null, "missed": null})
    );
    ada.say(json!({"type": "join", "room": ROOM, "since": "1.7"})).await;
    assert_eq!(ada.hear("history").await["missed"], "none_kept");
}
