use super::super::door::Door;
use super::{ask, world};
use crate::middleware::Incoming;
use crate::router::{AppState, FromIncoming, Kind, Parts, Received, Router};
use crate::{Client, Hub};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};
use throng_core::websocket::Message;

#[derive(Deserialize)]
struct Add {
    a: i32,
    b: i32,
}

async fn add(add: Add) -> String {
    (add.a + add.b).to_string()
}

#[test]
fn a_message_goes_to_the_handler_of_its_type() {
    let (mut world, peer) =
        world(Router::new().on("add", add).on("ping", || async { "pong" }).on("silent", || async {}));
    // (sent, received)
    let table: [(&str, &[&str]); 8] = [
        (r#"{"type":"add","a":1,"b":2}"#, &["3"]),
        (r#"{"type":"ping"}"#, &["pong"]),
        (r#"{"type":"silent"}"#, &[]),
        // The type may be anywhere, in any notation.
        (r#"{"a":1,"x":{"type":"ping"},"b":2,"type":"add"}"#, &["3"]),
        (r#" { "type" : "ping" } "#, &["pong"]),
        (r#"{"\u0074ype":"p\u0069ng"}"#, &["pong"]),
        (r#"{"type":"p\u0069ng"}"#, &["pong"]),
        // The first of several type fields counts.
        (r#"{"type":"ping","type":"add"}"#, &["pong"]),
    ];
    for (said, heard) in table {
        assert_eq!(ask(&mut world, &peer, said), heard, "{said}");
    }
}

#[test]
fn arguments_are_told_by_their_types() {
    struct Length(usize);
    impl<S> FromIncoming<S> for Length {
        type Rejection = Infallible;
        fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, Infallible> {
            Ok(Self(parts.incoming.message.len()))
        }
    }
    let router = Router::new()
        .on("who", |client: Client| async move { client.id().to_string() })
        .on("many", |hub: Hub, Kind(kind): Kind| async move { format!("{kind} {}", hub.client_count()) })
        .on("back", |message: Message| async move { message })
        .on("long", |Length(length): Length, add: Add| async move { format!("{length} {}", add.a) })
        .on("all", |_: Client, _: Hub, _: Kind, _: Received, _: Message, add: Add| async move {
            add.b.to_string()
        });
    let (mut world, peer) = world(router);
    let table = [
        (r#"{"type":"who"}"#, "0.0"),
        (r#"{"type":"many"}"#, "many 1"),
        (r#"{"type":"back"}"#, r#"{"type":"back"}"#),
        (r#"{"type":"long","a":1,"b":2}"#, "27 1"),
        (r#"{"type":"all","a":1,"b":2}"#, "2"),
    ];
    for (said, heard) in table {
        assert_eq!(ask(&mut world, &peer, said), [heard], "{said}");
    }
}

#[test]
fn a_message_carries_its_receive_time() {
    let router = Router::new().on("when", |received: Received| async move {
        let wall = received.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        format!("{:?} {wall:?}", received.at)
    });
    let (mut world, peer) = world(router);
    world.pass(Duration::from_secs(7));
    assert_eq!(ask(&mut world, &peer, r#"{"type":"when"}"#), ["7s 7s"]);
}

#[test]
fn handlers_share_a_state() {
    let router = Router::new()
        .on("before", |AppState(()): AppState<()>| async { "before" })
        .state(Arc::new(AtomicU32::new(0)))
        .on("count", |AppState(count): AppState<Arc<AtomicU32>>| async move {
            count.fetch_add(1, Ordering::Relaxed).to_string()
        });
    let (mut world, peer) = world(router);
    for heard in ["0", "1", "2"] {
        assert_eq!(ask(&mut world, &peer, r#"{"type":"count"}"#), [heard]);
    }
    assert_eq!(ask(&mut world, &peer, r#"{"type":"before"}"#), ["before"]);
}

#[test]
fn a_later_handler_takes_the_place_of_an_earlier() {
    let router = Router::new().on("x", || async { "old" });
    let old = router.clone();
    let new = router.on("x", || async { "new" });
    let (mut world_of_new, peer) = world(new);
    assert_eq!(ask(&mut world_of_new, &peer, r#"{"type":"x"}"#), ["new"]);
    // A clone keeps its own routes.
    let (mut world_of_old, peer) = world(old);
    assert_eq!(ask(&mut world_of_old, &peer, r#"{"type":"x"}"#), ["old"]);
}

#[test]
fn a_handler_that_waits_keeps_its_client_in_order_and_no_other_waiting() {
    let door = Door::default();
    let router = Router::new()
        .state(door.clone())
        .on("slow", |AppState(door): AppState<Door>| async move {
            door.pass().await;
            "slow"
        })
        .on("fast", || async { "fast" });
    let (mut world, peer) = world(router);
    let other = world.connect();
    peer.send(r#"{"type":"slow"}"#);
    peer.send(r#"{"type":"fast"}"#);
    other.send(r#"{"type":"fast"}"#);
    world.run();
    assert!(peer.texts().is_empty());
    assert_eq!(other.texts(), ["fast"]);
    door.open();
    world.run();
    assert_eq!(peer.texts(), ["slow", "fast"]);
}

#[test]
fn a_router_is_asked_without_a_transport() {
    let (mut world, _) = world(Router::new());
    let client = world.hub.client(world.hub.clients()[0]).unwrap();
    world.pass(Duration::from_secs(1));
    let mut incoming = Incoming::new(client, Message::Text("{}".into()));
    let watch = incoming.watch();
    assert_eq!((watch.route(), watch.error()), (None, None));
    let mut router = Router::new().on("x", || async {});
    let mut future = tower_service::Service::call(&mut router, incoming);
    let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::pin::Pin::new(&mut future).poll(context).is_ready());
    assert_eq!(watch.error(), Some("no_type"));
    assert_eq!(router.stats().no_type, 1);
}
