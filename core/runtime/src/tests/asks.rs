//! Questions to peers: what is sent, which reply reaches whom, and how a question ends.

use super::host::World;
use super::peer::Peer;
use crate::{AskError, AskOptions, Asking, Builder, Client, EventsOptions, Hub, HubEvent, SendError};
use std::future::Future;
use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use throng_core::hub::{AskId, Config, Policy, Refusal};
use throng_core::websocket::Message;
use throng_core::{CloseCode, ClosedBy};

type Told = Arc<Mutex<Vec<String>>>;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn config() -> Config {
    let mut config = Config::default();
    config.sessions.grace = Some(secs(3600));
    config.asks.per_client = 3;
    (config.deadlines.ping, config.deadlines.pong) = (None, None);
    config
}

/// The id in "re 17 yes".
fn id_in(message: &Message) -> Option<AskId> {
    let text = str::from_utf8(message.as_bytes()).ok()?;
    assert_ne!(text, "re panic");
    text.strip_prefix("re ")?.split(' ').next()?.parse().ok().map(AskId::from_u64)
}

/// A hub whose messages and unmatched replies are noted; the session is in the query.
fn builder(told: &Told) -> Builder {
    let [messages, unmatched, disconnected] = [(); 3].map(|()| Arc::clone(told));
    Hub::builder()
        .config(config())
        .before_connect(|connecting| {
            let session = connecting.request().query("session");
            session.into_iter().for_each(|session| connecting.set_session(session));
            Ok(())
        })
        .replies_by(id_in)
        .on_message(move |_, message| messages.lock().unwrap().push(text(&message)))
        .on_unmatched_reply(move |_, reply| {
            unmatched.lock().unwrap().push(format!("unmatched {}: {}", reply.ask, text(&reply.message)));
        })
        .on_disconnect(move |_, end| disconnected.lock().unwrap().push(format!("ended {}", end.code)))
}

fn world() -> (World, Told) {
    let told = Told::default();
    (World::new(builder(&told)), told)
}

fn text(message: &Message) -> String {
    String::from_utf8_lossy(message.as_bytes()).into_owned()
}

fn take(told: &Told) -> Vec<String> {
    std::mem::take(&mut told.lock().unwrap())
}

fn open(world: &mut World, path: &str) -> (Peer, Client) {
    let peer = world.accept();
    peer.ask_for(path, &[]);
    world.run();
    let (head, _) = peer.answer();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    let client = world.hub.client(*world.hub.clients().last().expect("a client")).expect("it is open");
    (peer, client)
}

fn ask(client: &Client, options: impl Into<AskOptions>) -> Asking {
    client.ask_with(options, |ask| format!("ask {ask}"))
}

fn poll(asking: &mut Asking) -> Poll<Result<String, AskError>> {
    let polled = Pin::new(asking).poll(&mut Context::from_waker(Waker::noop()));
    polled.map(|reply| reply.map(|message| text(&message)))
}

fn open_asks(world: &World) -> (usize, u32) {
    world.hub.shared().with(|inner, _| {
        assert_eq!(inner.hub.check().err(), None);
        (inner.asks.len(), inner.hub.stats().asks)
    })
}

#[test]
fn a_reply_reaches_the_question_that_it_names_and_no_hook() {
    let (mut world, told) = world();
    let (peer, client) = open(&mut world, "/");
    let [mut first, mut second] = [(); 2].map(|()| ask(&client, secs(5)));
    world.run();
    assert_eq!(peer.texts(), ["ask 1", "ask 2"]);
    assert_eq!((poll(&mut first), poll(&mut second)), (Poll::Pending, Poll::Pending));
    peer.send("re 2 yes");
    peer.send("hello");
    world.run();
    assert_eq!((poll(&mut first), poll(&mut second)), (Poll::Pending, Poll::Ready(Ok("re 2 yes".into()))));
    peer.send("re 1 no");
    world.run();
    assert_eq!(poll(&mut first), Poll::Ready(Ok("re 1 no".into())));
    assert_eq!((take(&told), open_asks(&world)), (vec!["hello".to_owned()], (0, 0)));
    assert_eq!((poll(&mut first), first.id()), (Poll::Pending, None), "it is over");
}

#[test]
fn a_task_that_waits_for_a_reply_is_woken() {
    let (mut world, _) = world();
    let (peer, client) = open(&mut world, "/");
    let got = Told::default();
    let more = Arc::clone(&got);
    let task = world.spawn(async move {
        let reply = ask(&client, secs(5)).await;
        more.lock().unwrap().push(format!("{:?}", reply.map(|message| text(&message))));
        let late = ask(&client, secs(5)).await;
        more.lock().unwrap().push(format!("{late:?}"));
    });
    world.run();
    assert_eq!(peer.texts(), ["ask 1"]);
    peer.send("re 1 yes");
    world.run();
    assert_eq!(take(&got), ["Ok(\"re 1 yes\")"]);
    world.pass(secs(6));
    assert_eq!(take(&got), ["Err(Deadline)"]);
    assert!(world.has_ended(task));
}

#[test]
fn late_repeated_and_forged_replies_are_told_and_counted() {
    let (mut world, told) = world();
    let (peer, client) = open(&mut world, "/");
    let (other, _) = open(&mut world, "/");
    let mut asking = ask(&client, secs(5));
    world.run();
    other.send("re 1 forged");
    peer.send("re 7 never asked");
    world.run();
    assert_eq!(poll(&mut asking), Poll::Pending);
    peer.send("re 1 yes");
    peer.send("re 1 again");
    world.run();
    assert_eq!(poll(&mut asking), Poll::Ready(Ok("re 1 yes".into())));
    let mut late = ask(&client, secs(5));
    world.pass(secs(5));
    assert_eq!(poll(&mut late), Poll::Ready(Err(AskError::Deadline)));
    peer.send("re 2 late");
    world.run();
    let mut unmatched = take(&told);
    unmatched.sort();
    let expected = [
        "unmatched 1: re 1 again",
        "unmatched 1: re 1 forged",
        "unmatched 2: re 2 late",
        "unmatched 7: re 7 never asked",
    ];
    assert_eq!(unmatched, expected);
    assert_eq!(world.hub.stats().refusals.of(Refusal::NoSuchAsk), 4);
}

#[test]
fn dropping_the_future_cancels_the_question_and_so_does_the_application() {
    let (mut world, told) = world();
    let (peer, client) = open(&mut world, "/");
    drop(ask(&client, secs(5)));
    let mut asking = ask(&client, secs(5));
    let id = asking.id().expect("it is open");
    assert!(client.cancel_ask(id) && !client.cancel_ask(id));
    assert_eq!(poll(&mut asking), Poll::Ready(Err(AskError::Cancelled)));
    world.run();
    peer.send("re 1 yes");
    world.run();
    assert_eq!(take(&told), ["unmatched 1: re 1 yes"]);
    assert_eq!((world.hub.stats().asks_cancelled, open_asks(&world)), (2, (0, 0)));
}

#[test]
fn a_question_that_cannot_be_asked_says_why() {
    let (mut world, _) = world();
    let (_peer, client) = open(&mut world, "/");
    let kept = [(); 3].map(|()| ask(&client, secs(5)));
    assert_eq!(poll(&mut ask(&client, secs(5))), Poll::Ready(Err(AskError::TooMany { limit: 3 })));
    drop(kept);
    let too_long = client.ask_with(secs(5), |_| "x".repeat(1 << 20));
    let refusal = Refusal::MessageTooBig { limit: 512 << 10 };
    let mut not_sent = too_long;
    assert_eq!(poll(&mut not_sent), Poll::Ready(Err(AskError::NotSent(SendError::Hub(refusal.into())))));
    client.close(CloseCode::NORMAL, "").expect("it is open");
    assert_eq!(poll(&mut ask(&client, secs(5))), Poll::Ready(Err(AskError::Gone)));
    world.run();
    assert_eq!(open_asks(&world), (0, 0));
}

#[test]
fn a_question_that_finds_the_outbox_full_is_not_asked() {
    let told = Told::default();
    let mut config = config();
    config.outbox.messages = 1;
    config.outbox.policy = Policy::DropNewest;
    let mut world = World::new(builder(&told).config(config));
    let (peer, client) = open(&mut world, "/");
    peer.set_room(Some(0));
    client.send("first").expect("there is room");
    assert_eq!(poll(&mut ask(&client, secs(5))), Poll::Ready(Err(AskError::NotSent(SendError::Full))));
    assert_eq!(open_asks(&world), (0, 0));
}

#[test]
fn the_end_of_the_client_ends_its_questions_with_the_cause() {
    let (mut world, told) = world();
    let (peer, client) = open(&mut world, "/");
    let mut asking = ask(&client, secs(5));
    world.run();
    peer.fail(ErrorKind::ConnectionReset);
    world.run();
    let cause = AskError::Ended { code: CloseCode::ABNORMAL, by: ClosedBy::Transport };
    assert_eq!(poll(&mut asking), Poll::Ready(Err(cause)));
    assert_eq!((take(&told), open_asks(&world)), (vec!["ended 1006".to_owned()], (0, 0)));
    assert!(cause.to_string().contains("1006") && cause.to_string().contains("transport"));
}

#[test]
fn across_a_return_a_question_is_asked_again_or_fails_by_choice() {
    let (mut world, told) = world();
    let (peer, client) = open(&mut world, "/?session=s");
    let mut fails = ask(&client, secs(60));
    let mut again = ask(&client, AskOptions::from(secs(60)).again_on_resume());
    world.run();
    assert_eq!(peer.texts(), ["ask 1", "ask 2"]);
    peer.fail(ErrorKind::ConnectionReset);
    world.run();
    let mut away = ask(&client, AskOptions::from(secs(60)).again_on_resume());
    assert_eq!(poll(&mut fails), Poll::Pending, "it may return");
    let (peer, same) = open_returning(&mut world);
    assert_eq!(same, client);
    assert_eq!(poll(&mut fails), Poll::Ready(Err(AskError::Resumed)));
    assert_eq!(peer.1, ["ask 3", "ask 2"], "what waited comes first, and nothing twice");
    peer.0.send("re 2 yes");
    peer.0.send("re 3 no");
    peer.0.send("re 1 late");
    world.run();
    assert_eq!(poll(&mut again), Poll::Ready(Ok("re 2 yes".into())));
    assert_eq!(poll(&mut away), Poll::Ready(Ok("re 3 no".into())));
    assert_eq!(take(&told), ["unmatched 1: re 1 late"]);
    assert_eq!((world.hub.stats().asked_again, open_asks(&world)), (1, (0, 0)));
}

/// A client that has returned, and what it was written at once.
fn open_returning(world: &mut World) -> ((Peer, Vec<String>), Client) {
    let peer = world.accept();
    peer.ask_for("/?session=s", &[]);
    world.run();
    let (head, texts) = peer.answer();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    let client = world.hub.client(world.hub.clients()[0]).expect("it is open");
    ((peer, texts), client)
}

#[test]
fn a_question_that_still_waits_in_the_outbox_is_not_asked_twice() {
    let (mut world, _) = world();
    let (peer, client) = open(&mut world, "/?session=s");
    peer.set_room(Some(0));
    let mut asking = ask(&client, AskOptions::from(secs(3600)).again_on_resume());
    world.run();
    peer.fail(ErrorKind::ConnectionReset);
    world.run();
    let ((peer, texts), _) = open_returning(&mut world);
    assert_eq!(texts, ["ask 1"]);
    world.run();
    assert!(peer.texts().is_empty());
    peer.send("re 1 yes");
    world.run();
    assert_eq!(poll(&mut asking), Poll::Ready(Ok("re 1 yes".into())));
}

#[test]
fn a_hook_that_replies_by_hand_resolves_the_question() {
    let told = Told::default();
    let refused = Arc::clone(&told);
    let builder = Hub::builder().config(config()).on_message(move |client, message| {
        if let Some(ask) = id_in(&message)
            && let Err(message) = client.resolve(ask, message)
        {
            refused.lock().unwrap().push(text(&message));
        }
    });
    let mut world = World::new(builder);
    let (peer, client) = open(&mut world, "/");
    let mut asking = ask(&client, secs(5));
    peer.send("re 1 yes");
    peer.send("re 1 again");
    world.run();
    assert_eq!(poll(&mut asking), Poll::Ready(Ok("re 1 yes".into())));
    assert_eq!(take(&told), ["re 1 again"]);
}

#[test]
fn a_closure_that_panics_over_a_reply_closes_only_its_client() {
    let (mut world, told) = world();
    let (peer, _client) = open(&mut world, "/");
    let (_other, other) = open(&mut world, "/");
    peer.send("re panic");
    world.run();
    assert_eq!(take(&told), ["ended 1011"]);
    assert!(other.is_open());
}

#[test]
fn a_stream_of_events_has_no_replies() {
    let mut world =
        World::new(Hub::builder().config(config()).replies_by(id_in).events(EventsOptions::default()));
    let mut events = world.hub.events().expect("the stream is there");
    let (peer, client) = open(&mut world, "/");
    let mut asking = ask(&client, secs(5));
    peer.send("re 1 yes");
    peer.send("hello");
    world.run();
    assert_eq!(poll(&mut asking), Poll::Ready(Ok("re 1 yes".into())));
    let mut next = || {
        let mut next = Box::pin(events.next());
        match next.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(event) => event,
            Poll::Pending => None,
        }
    };
    assert!(matches!(next(), Some(HubEvent::Connected { .. })));
    assert!(matches!(next(), Some(HubEvent::Message { message, .. }) if text(&message) == "hello"));
    assert!(next().is_none());
}

#[cfg(feature = "router")]
#[test]
fn questions_and_replies_in_json_have_their_ids_in_the_named_fields() {
    use serde_json::json;
    let told = Told::default();
    let [messages, unmatched] = [(); 2].map(|()| Arc::clone(&told));
    let builder = Hub::builder()
        .config(config())
        .asks("ask", "reply")
        .on_message(move |_, message| messages.lock().unwrap().push(text(&message)))
        .on_unmatched_reply(move |_, reply| {
            unmatched.lock().unwrap().push(format!("unmatched {}", reply.ask));
        });
    let mut world = World::new(builder);
    let (peer, client) = open(&mut world, "/");
    let mut asking = client.ask(&json!({"type": "confirm", "order": 5}), secs(5));
    let mut empty = client.ask(&json!({}), secs(5));
    // No place for an id, and another one in its place.
    for message in [json!([1, 2]), json!({"order": 5, "ask": 99})] {
        let refused = poll(&mut client.ask(&message, secs(5)));
        assert_eq!(refused, Poll::Ready(Err(AskError::NotSent(SendError::NotEncoded))), "{message}");
    }
    world.run();
    let asked: Vec<serde_json::Value> =
        peer.texts().iter().map(|text| serde_json::from_str(text).expect("JSON")).collect();
    assert_eq!(asked, [json!({"ask": 1, "type": "confirm", "order": 5}), json!({"ask": 2})]);
    for sent in [
        r#"{"confirmed":true,"reply":1}"#,
        r#"{"reply":"1"}"#,
        r#"{"reply":-1}"#,
        r#"{"re":2}"#,
        r#"not json "reply":2"#,
        r#"{"reply":9007199254740993}"#,
        r#"{"reply":2,"type":"done"}"#,
    ] {
        peer.send(sent);
    }
    world.run();
    assert_eq!(poll(&mut asking), Poll::Ready(Ok(r#"{"confirmed":true,"reply":1}"#.into())));
    assert_eq!(poll(&mut empty), Poll::Ready(Ok(r#"{"reply":2,"type":"done"}"#.into())));
    let expected = [
        r#"{"reply":"1"}"#,
        r#"{"reply":-1}"#,
        r#"{"re":2}"#,
        r#"not json "reply":2"#,
        "unmatched 9007199254740993",
    ];
    assert_eq!(take(&told), expected);
}

#[cfg(feature = "router")]
#[test]
fn without_field_names_json_is_not_asked() {
    let (mut world, _) = world();
    let (_peer, client) = open(&mut world, "/");
    let mut asking = client.ask(&serde_json::json!({}), secs(5));
    assert_eq!(poll(&mut asking), Poll::Ready(Err(AskError::NotSetUp)));
}
