use super::super::door::Door;
use super::super::peer::Peer;
use super::{World, ask, code, world};
use crate::hosting::Report;
use crate::middleware::{CatchPanicLayer, InFlightLayer, Incoming, TimeoutLayer};
use std::convert::Infallible;
use std::time::Duration;
use throng_core::websocket::Message;
use tower::{ServiceBuilder, service_fn};

/// Echoes; `now` panics at once, `later` panics after waiting, `wait` waits.
async fn handle(door: Door, incoming: Incoming) -> Result<Message, Infallible> {
    match incoming.message.as_bytes() {
        b"now" => panic!("on purpose"),
        b"wait" => door.pass().await,
        b"later" => {
            door.pass().await;
            panic!("on purpose");
        }
        _ => {}
    }
    Ok(incoming.message)
}

fn heard_code(world: &mut World, peer: &Peer, said: &str) -> Option<String> {
    let heard = ask(world, peer, said);
    assert!(heard.len() <= 1, "{heard:?}");
    heard.first().and_then(|heard| code(heard)).map(str::to_owned)
}

#[test]
fn a_handler_that_panics_kills_neither_the_process_nor_its_client() {
    let door = Door::default();
    let inner = door.clone();
    let service = service_fn(move |incoming| handle(inner.clone(), incoming));
    let mut world = world(ServiceBuilder::new().layer(CatchPanicLayer).service(service));
    let peer = world.connect();
    assert_eq!(heard_code(&mut world, &peer, "now").as_deref(), Some("panicked"));
    assert_eq!(ask(&mut world, &peer, "still here"), ["still here"]);
    assert_eq!(heard_code(&mut world, &peer, "later"), None);
    door.open();
    world.run();
    assert_eq!(code(&peer.texts()[0]), Some("panicked"));
    assert_eq!(ask(&mut world, &peer, "still here"), ["still here"]);
    assert!(matches!(world.reports()[..], [Report::Caught { .. }, Report::Caught { .. }]));
}

#[test]
fn a_service_that_panics_when_it_is_called_is_caught_too() {
    let service = service_fn(|incoming: Incoming| {
        assert!(incoming.message.as_bytes() != b"now", "on purpose");
        std::future::ready(Ok::<_, Infallible>(incoming.message))
    });
    let mut world = world(ServiceBuilder::new().layer(CatchPanicLayer).service(service));
    let peer = world.connect();
    assert_eq!(heard_code(&mut world, &peer, "now").as_deref(), Some("panicked"));
    assert_eq!(ask(&mut world, &peer, "still here"), ["still here"]);
}

#[test]
fn without_the_layer_a_panic_closes_its_own_client_only() {
    let mut world = world(service_fn(|incoming| handle(Door::default(), incoming)));
    let (peer, other) = (world.connect(), world.connect());
    assert_eq!(ask(&mut world, &peer, "now"), ["closed Some(1011)"]);
    assert_eq!(ask(&mut world, &other, "still here"), ["still here"]);
}

#[test]
fn a_handler_that_takes_too_long_is_given_up() {
    let service = service_fn(|incoming| handle(Door::default(), incoming));
    let layer = TimeoutLayer::new(Duration::from_secs(5));
    let mut world = world(ServiceBuilder::new().layer(layer).service(service));
    let peer = world.connect();
    world.pass(Duration::from_secs(10));
    assert_eq!(ask(&mut world, &peer, "quick"), ["quick"]);
    peer.send("wait");
    peer.send("after");
    world.run();
    world.pass(Duration::from_millis(4_999));
    assert!(peer.texts().is_empty());
    world.pass(Duration::from_millis(1));
    let heard = peer.texts();
    assert_eq!((code(&heard[0]), &*heard[1]), (Some("timed_out"), "after"));
}

#[test]
fn a_handler_in_time_is_not_given_up() {
    let door = Door::default();
    let inner = door.clone();
    let service = service_fn(move |incoming| handle(inner.clone(), incoming));
    let layer = TimeoutLayer::new(Duration::from_secs(5));
    let mut world = world(ServiceBuilder::new().layer(layer).service(service));
    let peer = world.connect();
    peer.send("wait");
    world.run();
    world.pass(Duration::from_secs(4));
    door.open();
    world.run();
    assert_eq!(peer.texts(), ["wait"]);
    world.pass(Duration::from_secs(10));
    assert_eq!(ask(&mut world, &peer, "on"), ["on"]);
}

#[test]
fn no_more_messages_are_in_work_than_may_be() {
    let door = Door::default();
    let inner = door.clone();
    let service = service_fn(move |incoming| handle(inner.clone(), incoming));
    let layer = InFlightLayer::new(2);
    let mut world = world(ServiceBuilder::new().layer(layer.clone()).service(service));
    let peers = [world.connect(), world.connect(), world.connect()];
    for peer in &peers[..2] {
        peer.send("wait");
    }
    world.run();
    assert_eq!(layer.count(), 2);
    assert_eq!(heard_code(&mut world, &peers[2], "hello").as_deref(), Some("busy"));
    // A message whose client goes away frees its slot.
    world.cancel(&peers[0]);
    assert_eq!(layer.count(), 1);
    assert_eq!(ask(&mut world, &peers[2], "hello"), ["hello"]);
    door.open();
    world.run();
    assert_eq!(peers[1].texts(), ["wait"]);
    assert_eq!(layer.count(), 0);
}
