//! Layers of `tower`, around and within ours.

use super::super::door::Door;
use super::{ask, code, world};
use crate::middleware::{CatchPanicLayer, Incoming, ServiceError, TimeoutLayer};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use throng_core::websocket::Message;
use tower::load_shed::error::Overloaded;
use tower::{BoxError, ServiceBuilder, service_fn};
use tower_layer::Layer;
use tower_service::Service;

async fn handle(door: Door, incoming: Incoming) -> Result<Message, Infallible> {
    if incoming.message.as_bytes() == b"wait" {
        door.pass().await;
    }
    Ok(incoming.message)
}

fn behind(
    door: &Door,
) -> impl Service<Incoming, Response = Message, Error = Infallible, Future: Send + 'static>
+ Clone
+ Send
+ Sync
+ 'static {
    let door = door.clone();
    service_fn(move |incoming| handle(door.clone(), incoming))
}

#[test]
fn at_the_concurrency_limit_a_client_waits_for_its_turn() {
    let door = Door::default();
    let mut world = world(ServiceBuilder::new().concurrency_limit(1).service(behind(&door)));
    let (one, two) = (world.connect(), world.connect());
    one.send("wait");
    world.run();
    two.send("hello");
    world.run();
    assert!(two.texts().is_empty());
    door.open();
    world.run();
    assert_eq!((one.texts(), two.texts()), (vec!["wait".into()], vec!["hello".into()]));
}

#[test]
fn load_that_is_shed_is_answered() {
    let door = Door::default();
    let service = ServiceBuilder::new()
        .map_err(|error: BoxError| match error.downcast_ref() {
            Some(Overloaded { .. }) => ServiceError::Other("overloaded"),
            None => error.into(),
        })
        .load_shed()
        .concurrency_limit(1)
        .service(behind(&door));
    let mut world = world(service);
    let (one, two) = (world.connect(), world.connect());
    one.send("wait");
    world.run();
    assert_eq!(code(&ask(&mut world, &two, "hello")[0]), Some("overloaded"));
    door.open();
    world.run();
    assert_eq!(one.texts(), ["wait"]);
    assert_eq!(ask(&mut world, &two, "hello"), ["hello"]);
}

#[test]
fn a_message_may_be_changed_on_its_way_in_and_its_answer_on_its_way_out() {
    let service = ServiceBuilder::new()
        .map_request(|mut incoming: Incoming| {
            incoming.message = Message::Text("changed".into());
            incoming
        })
        .map_response(|message: Message| {
            vec![message.len() as u8].into_iter().map(|n| n.to_string()).collect::<String>()
        })
        .service(behind(&Door::default()));
    let mut world = world(service);
    let peer = world.connect();
    assert_eq!(ask(&mut world, &peer, "hello"), ["7"]);
}

/// Counts calls, of all clones together.
#[derive(Clone)]
struct Counted<S>(S, Arc<AtomicU32>);

struct Counting(Arc<AtomicU32>);

impl<S> Layer<S> for Counting {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted(inner, Arc::clone(&self.0))
    }
}

impl<S: Service<Incoming>> Service<Incoming> for Counted<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, incoming: Incoming) -> S::Future {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.call(incoming)
    }
}

#[test]
fn layers_of_all_makers_stand_in_any_order() {
    let (door, calls) = (Door::default(), Arc::new(AtomicU32::new(0)));
    let service = ServiceBuilder::new()
        .layer(Counting(Arc::clone(&calls)))
        .layer(TimeoutLayer::new(Duration::from_secs(1)))
        .load_shed()
        .concurrency_limit(10)
        .layer(CatchPanicLayer)
        .layer(Counting(Arc::clone(&calls)))
        .service(behind(&door));
    let mut world = world(service);
    let peer = world.connect();
    assert_eq!(ask(&mut world, &peer, "hello"), ["hello"]);
    peer.send("wait");
    world.run();
    world.pass(Duration::from_secs(1));
    assert_eq!(code(&peer.texts()[0]), Some("timed_out"));
    assert_eq!(calls.load(Ordering::Relaxed), 4);
}
