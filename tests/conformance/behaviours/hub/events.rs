//! What happens, as a stream in one order.

use std::collections::BTreeMap;
use std::time::Duration;

use throng_core::hub::{Config, Drain, PerUser};
use throng_core::{ClientId, CloseCode, ClosedBy, Name};
use throng_runtime::{Builder, Events, EventsOptions, HubEvent, Lag};
use throng_tests::http::upgrade;
use throng_tests::raw::{Raw, close};
use throng_tests::server::{Server, listener};
use throng_tests::wait::{PATIENCE, eventually, within};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use futures_util::{SinkExt, StreamExt};

use crate::behaviours::peer::{connect, run, url};
use crate::hosts::Host;

/// A hub whose application is a stream, in which a path names the user.
fn serve(host: &Host, options: EventsOptions, change: impl FnOnce(&mut Config)) -> (Server, Events) {
    serve_built(host, options, change, |builder| builder)
}

fn serve_built(
    host: &Host,
    options: EventsOptions,
    change: impl FnOnce(&mut Config),
    build: impl FnOnce(Builder) -> Builder,
) -> (Server, Events) {
    let server = host.server_on(listener(None), change, |builder| {
        build(builder).events(options).before_connect(|connecting| {
            let user = connecting.path().trim_start_matches('/').to_owned();
            connecting.set_user(user);
            Ok(())
        })
    });
    let events = server.hub.events().expect("they are there");
    (server, events)
}

fn options(events: u32, lag: Lag) -> EventsOptions {
    let mut options = EventsOptions::default();
    options.events = events;
    options.lag = lag;
    options
}

/// The next so many events.
fn next(events: &mut Events, count: usize) -> Vec<HubEvent> {
    run(async {
        let mut told = Vec::new();
        for _ in 0..count {
            let event = timeout(PATIENCE, events.next()).await.expect("something happens");
            told.push(event.expect("the hub has not stopped"));
        }
        told
    })
}

fn text(event: &HubEvent) -> &str {
    match event {
        HubEvent::Message { message, .. } => str::from_utf8(message.as_bytes()).expect("a text"),
        other => panic!("{other:?} is no message"),
    }
}

/// What the stream may say next of a client.
struct Life {
    user: Option<Name>,
    messages: u64,
    is_over: bool,
}

/// Sees that what a stream tells can be.
#[derive(Default)]
struct Order {
    lives: BTreeMap<ClientId, Life>,
    /// Of each user at most one is there, as the newest evicts the others.
    present: BTreeMap<Name, ClientId>,
}

impl Order {
    fn tell(&mut self, event: &HubEvent) {
        match event {
            HubEvent::Connected { client, user, .. } => {
                let user = user.clone();
                if let Some(name) = &user {
                    let other = self.present.insert(Name::clone(name), client.id());
                    assert_eq!(other, None, "{name} is evicted before it comes again");
                }
                let life = Life { user, messages: 0, is_over: false };
                assert!(self.lives.insert(client.id(), life).is_none(), "{client:?} comes once");
            }
            HubEvent::Message { client, .. } => {
                let life = self.lives.get_mut(&client.id()).expect("it is connected first");
                assert!(!life.is_over, "{client:?} has ended");
                assert_eq!(text(event), life.messages.to_string(), "{client:?} loses nothing");
                life.messages += 1;
            }
            HubEvent::Disconnected { client, disconnected } => {
                let life = self.lives.get_mut(&client.id()).expect("it is connected first");
                assert!(!std::mem::replace(&mut life.is_over, true), "{client:?} ends once");
                if let Some(name) = &life.user {
                    assert_eq!(self.present.remove(name), Some(client.id()));
                }
                let told = life.messages..=disconnected.received;
                assert!(told.contains(&life.messages), "{disconnected:?}");
                if matches!(disconnected.by, ClosedBy::Peer | ClosedBy::Transport) {
                    assert_eq!(disconnected.received, life.messages, "all that came was told");
                }
            }
            other => panic!("{other:?} when nothing is dropped"),
        }
    }
}

/// Comes, says some numbers, and goes in one way or another, or waits until it is evicted.
async fn live(address: std::net::SocketAddr, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    tokio::time::sleep(Duration::from_millis(random.u64(..200))).await;
    let (mut socket, _) = connect(url(address, &format!("/{}", random.u8(..40)))).await.expect("it opens");
    for number in 0..random.u32(..40) {
        // It may be evicted meanwhile.
        if socket.send(Message::text(number.to_string())).await.is_err() {
            return;
        }
        if random.u8(..8) == 0 {
            tokio::time::sleep(Duration::from_millis(random.u64(..10))).await;
        }
    }
    match random.u8(..3) {
        0 => drop(socket),
        1 => drop(socket.close(None).await),
        _ => {
            let end = async { while let Some(Ok(_)) = socket.next().await {} };
            let _ = timeout(Duration::from_millis(random.u64(..400)), end).await;
        }
    }
}

pub(crate) fn a_crowd_that_comes_and_talks_and_dies_is_told_in_one_order(host: &Host) {
    const CROWD: u64 = 200;
    // So small that it is full most of the time.
    let evicts = |config: &mut Config| config.admission.per_user = PerUser::EvictOldest(1);
    let (server, mut events) = serve(host, options(16, Lag::Pause), evicts);
    let order = run(async {
        let told = tokio::spawn(async move {
            let mut order = Order::default();
            while let Some(event) = events.next().await {
                order.tell(&event);
                if let HubEvent::Message { client, message } = &event
                    && message.as_bytes() == b"13"
                {
                    let _ = client.close(CloseCode(4013), "");
                }
            }
            order
        });
        let crowd: Vec<_> = (0..CROWD).map(|seed| tokio::spawn(live(server.address, seed))).collect();
        for one in crowd {
            one.await.expect("it lives without panic");
        }
        server.hub.shutdown();
        timeout(PATIENCE, told).await.expect("it ends").expect("the order holds")
    });
    assert_eq!(order.lives.len() as u64, CROWD);
    assert!(order.lives.values().all(|life| life.is_over) && order.present.is_empty());
    let stats = server.hub.stats();
    assert!(stats.evicted > 0 && order.lives.values().any(|life| life.messages > 0));
}

pub(crate) fn an_evicted_client_ends_before_the_connection_that_caused_it(host: &Host) {
    let evicts = |config: &mut Config| config.admission.per_user = PerUser::EvictOldest(1);
    let (server, mut events) = serve(host, EventsOptions::default(), evicts);
    let mut first = server.open("/ann");
    first.say("first");
    let told = next(&mut events, 2);
    assert!(matches!(&told[0], HubEvent::Connected { user: Some(user), .. } if **user == *"ann"));
    assert_eq!(text(&told[1]), "first");
    let mut second = server.open("/ann");
    second.say("second");
    assert_eq!(first.closed().code, 1008);
    let told = next(&mut events, 3);
    assert!(matches!(&told[0], HubEvent::Disconnected { disconnected, .. }
        if disconnected.code == CloseCode::POLICY && disconnected.received == 1));
    assert!(matches!(&told[1], HubEvent::Connected { user: Some(user), .. } if **user == *"ann"));
    assert_eq!(text(&told[2]), "second");
}

pub(crate) fn who_sends_more_than_the_application_takes_is_not_read_and_loses_nothing(host: &Host) {
    const MESSAGES: u64 = 2_000;
    let (server, mut events) = serve(host, options(8, Lag::Pause), |_| {});
    let mut raw = server.open("/ann");
    let mut writer = raw.writer();
    let writing = std::thread::spawn(move || {
        for number in 0..MESSAGES {
            let frame = throng_tests::raw::frame(throng_tests::raw::TEXT, number.to_string().as_bytes());
            std::io::Write::write_all(&mut writer, &frame).expect("it is taken in time");
        }
    });
    // The connection is one of the eight events.
    eventually("there is no room", || server.hub.stats().received >= 7);
    assert!(!within(Duration::from_millis(100), || server.hub.stats().received > 7));
    let told = next(&mut events, 1 + MESSAGES as usize);
    assert!(told[1..].iter().zip(0..).all(|(event, number)| text(event) == format!("{number}")));
    writing.join().expect("all is written");
    raw.send(&close(1000, ""));
    assert_eq!(raw.closed().code, 1000);
    let end = next(&mut events, 1);
    assert!(matches!(&end[0], HubEvent::Disconnected { disconnected, .. }
        if (disconnected.received, disconnected.by) == (MESSAGES, ClosedBy::Peer)));
}

pub(crate) fn messages_that_are_dropped_are_counted_where_they_would_have_been(host: &Host) {
    const MESSAGES: u64 = 500;
    let (server, mut events) = serve(host, options(8, Lag::Drop), |_| {});
    let mut raw = server.open("/ann");
    for number in 0..MESSAGES {
        raw.say(&number.to_string());
    }
    eventually("all has come", || server.hub.stats().received == MESSAGES);
    raw.send(&close(1000, ""));
    assert_eq!(raw.closed().code, 1000);
    let told = next(&mut events, 10);
    assert!(told[1..8].iter().zip(0..).all(|(event, number)| text(event) == format!("{number}")));
    assert!(matches!(told[8], HubEvent::Lagged { messages, .. } if messages == MESSAGES - 7));
    assert!(matches!(&told[9], HubEvent::Disconnected { disconnected, .. }
        if disconnected.received == MESSAGES));
    let mut other = server.open("/bob");
    other.say("again");
    assert_eq!(text(&next(&mut events, 2)[1]), "again");
}

pub(crate) fn who_finds_no_room_is_closed_if_that_is_the_policy(host: &Host) {
    let (server, mut events) = serve(host, options(4, Lag::Close), |_| {});
    let mut raw = server.open("/ann");
    for number in 0..4 {
        raw.say(&number.to_string());
    }
    assert_eq!(raw.closed().code, 1013);
    let told = next(&mut events, 5);
    assert_eq!(text(&told[3]), "2");
    assert!(matches!(&told[4], HubEvent::Disconnected { disconnected, .. }
        if disconnected.code == CloseCode::TRY_AGAIN_LATER));
}

pub(crate) fn newcomers_wait_for_an_application_that_lags(host: &Host) {
    let limited = |builder: Builder| builder.hook_limit(Duration::from_millis(300));
    let (server, mut events) = serve_built(host, options(1, Lag::Pause), |_| {}, limited);
    let first = server.open("/ann");
    let ask = || {
        let mut raw = Raw::connect(server.address);
        raw.send(upgrade("/bob").as_bytes());
        raw
    };
    assert_eq!(ask().response().status, 503);
    assert_eq!(server.hub.numbers().refused_requests["unavailable"], 1);
    assert!(matches!(next(&mut events, 1)[0], HubEvent::Connected { .. }));
    // What was taken counts until the next is asked for.
    let mut second = ask();
    let told = next(&mut events, 1);
    assert!(matches!(&told[0], HubEvent::Connected { user: Some(user), .. } if **user == *"bob"));
    assert_eq!(second.response().status, 101);
    drop(first);
}

pub(crate) fn the_stream_ends_when_a_drain_has_ended_everybody(host: &Host) {
    let (server, mut events) = serve(host, EventsOptions::default(), |_| {});
    let mut raw = server.open("/ann");
    assert_eq!(next(&mut events, 1).len(), 1);
    run(async {
        let drain = Drain { spread: Duration::ZERO, ..Drain::default() };
        let hub = server.hub.clone();
        let drained = tokio::spawn(async move { hub.drain(drain, PATIENCE).await });
        let end = timeout(PATIENCE, events.next()).await.expect("it is told");
        assert!(matches!(end, Some(HubEvent::Disconnected { .. })), "{end:?}");
        assert_eq!(raw.closed().code, 1001);
        raw.send(&close(1001, ""));
        assert_eq!(timeout(PATIENCE, events.next()).await.expect("it ends"), None);
        drained.await.expect("no panic").expect("in time");
    });
}

pub(crate) fn a_stream_that_is_dropped_shuts_the_hub_down(host: &Host) {
    let (server, events) = serve(host, EventsOptions::default(), |_| {});
    let mut raw = server.open("/ann");
    drop(events);
    assert_eq!(raw.closed().code, 1001);
    raw.send(&close(1001, ""));
    raw.ended();
    eventually("serving has ended", || server.has_ended());
}
