use super::super::door::Door;
use super::{World, ask, code, world};
use crate::middleware::{AnswerErrorsLayer, Incoming, ServiceError};
use crate::{Client, Disconnected, Handler, Hub};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use throng_core::websocket::Message;
use tower::{ServiceBuilder, service_fn};
use tower_service::Service;

async fn echo(incoming: Incoming) -> Result<Message, Infallible> {
    Ok(incoming.message)
}

#[test]
fn what_a_service_returns_goes_to_the_client() {
    let mut world = world(service_fn(echo));
    let (peer, other) = (world.connect(), world.connect());
    assert_eq!(ask(&mut world, &peer, "hello"), ["hello"]);
    assert!(other.texts().is_empty());
}

#[test]
fn a_service_may_answer_nothing() {
    let mut world = world(service_fn(|_: Incoming| async { Ok::<Option<&str>, Infallible>(None) }));
    let peer = world.connect();
    assert!(ask(&mut world, &peer, "hello").is_empty());
}

#[test]
fn a_service_stands_beside_a_handler_for_all_else() {
    #[derive(Clone, Default)]
    struct Noting(Arc<Mutex<Vec<&'static str>>>);
    impl Handler for Noting {
        async fn connected(&self, _: &Client) {
            self.0.lock().unwrap().push("connected");
        }
        async fn message(&self, _: &Client, _: Message) {
            self.0.lock().unwrap().push("message");
        }
        async fn disconnected(&self, _: &Client, _: Disconnected) {
            self.0.lock().unwrap().push("disconnected");
        }
    }
    let noting = Noting::default();
    // The layers work in either order.
    let builders = [
        Hub::builder().handler(noting.clone()).messages(service_fn(echo)),
        Hub::builder().messages(service_fn(echo)).handler(noting.clone()),
    ];
    for builder in builders {
        let mut world = World::new(builder);
        let peer = world.connect();
        assert_eq!(ask(&mut world, &peer, "hello"), ["hello"]);
        peer.end();
        world.run();
        assert_eq!(std::mem::take(&mut *noting.0.lock().unwrap()), ["connected", "disconnected"]);
    }
}

#[test]
fn a_service_that_waits_is_woken_and_its_client_kept_in_order() {
    let door = Door::default();
    let inner = door.clone();
    let mut world = world(service_fn(move |incoming: Incoming| {
        let door = inner.clone();
        async move {
            if incoming.message.as_bytes() == b"wait" {
                door.pass().await;
            }
            Ok::<_, Infallible>(incoming.message)
        }
    }));
    let (peer, other) = (world.connect(), world.connect());
    peer.send("wait");
    peer.send("after");
    assert_eq!(ask(&mut world, &other, "meanwhile"), ["meanwhile"]);
    assert!(peer.texts().is_empty());
    door.open();
    world.run();
    assert_eq!(peer.texts(), ["wait", "after"]);
}

/// A service that is ready once the gate is open, and fails on request.
#[derive(Clone)]
struct Gate {
    door: Door,
    is_open: bool,
    error: Option<ServiceError>,
}

impl Service<Incoming> for Gate {
    type Response = Message;
    type Error = ServiceError;
    type Future = Ready<Result<Message, ServiceError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ServiceError>> {
        if let Some(error) = self.error {
            return Poll::Ready(Err(error));
        }
        let pass = std::pin::pin!(self.door.pass());
        self.is_open = pass.poll(cx).is_ready();
        if self.is_open { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn call(&mut self, incoming: Incoming) -> Self::Future {
        assert!(self.is_open, "called before it was ready");
        ready(Ok(incoming.message))
    }
}

#[test]
fn a_service_is_called_once_it_is_ready() {
    let door = Door::default();
    let mut world = world(Gate { door: door.clone(), is_open: false, error: None });
    let peer = world.connect();
    assert!(ask(&mut world, &peer, "hello").is_empty());
    door.open();
    world.run();
    assert_eq!(peer.texts(), ["hello"]);
}

#[test]
fn a_service_that_is_never_ready_says_why() {
    let error = Some(ServiceError::Other("out \"of\" order\n"));
    let mut world = world(Gate { door: Door::default(), is_open: false, error });
    let peer = world.connect();
    let text = r#"{"type":"error","code":"out \"of\" order\u000a","message":"out \"of\" order\u000a"}"#;
    assert_eq!(ask(&mut world, &peer, "hello"), [text]);
}

#[test]
fn errors_are_answered_by_their_code() {
    let errors = [
        (ServiceError::Panicked, "the handler failed"),
        (ServiceError::TimedOut { limit: Duration::from_secs(5) }, "the handler took longer than 5s"),
        (
            ServiceError::OverRate { retry_after: Duration::from_micros(1500) },
            "too many messages, try again in 2 ms",
        ),
        (ServiceError::Busy { limit: 3 }, "too many messages are being handled (limit 3), try again later"),
        (ServiceError::NotEncoded, "the answer could not be encoded"),
        (ServiceError::Other("failed"), "the message could not be handled"),
        (ServiceError::Other("closed on Sundays"), "closed on Sundays"),
    ];
    for (error, message) in errors {
        let mut world = world(service_fn(move |_: Incoming| ready(Err::<(), _>(error))));
        let peer = world.connect();
        let text = format!(r#"{{"type":"error","code":"{}","message":"{message}"}}"#, error.code());
        assert_eq!(ask(&mut world, &peer, "hello"), [text]);
    }
}

#[test]
fn an_error_stays_what_it_is_through_a_box() {
    let boxed =
        |error: ServiceError| ServiceError::from(Box::<dyn std::error::Error + Send + Sync>::from(error));
    assert_eq!(boxed(ServiceError::Panicked), ServiceError::Panicked);
    assert_eq!(ServiceError::from(Box::<dyn std::error::Error + Send + Sync>::from("?")).code(), "failed");
}

#[test]
fn errors_may_be_answered_otherwise_or_not_at_all() {
    let failing = service_fn(|_: Incoming| ready(Err::<(), _>(ServiceError::Panicked)));
    let text = AnswerErrorsLayer::by(|error: &ServiceError, about: &Incoming| {
        let said = str::from_utf8(about.message.as_bytes()).unwrap_or("?");
        format!("{} said {said}: {error}", about.client.id())
    });
    let mut sorry = world(ServiceBuilder::new().layer(text).service(failing));
    let peer = sorry.connect();
    assert_eq!(ask(&mut sorry, &peer, "hello"), ["0.0 said hello: the handler failed"]);
    let mut silent = world(ServiceBuilder::new().layer(AnswerErrorsLayer::by(|_, _| ())).service(failing));
    let peer = silent.connect();
    assert!(ask(&mut silent, &peer, "hello").is_empty());
}

#[test]
fn an_answer_without_a_form_is_an_error() {
    struct Never;
    impl crate::IntoFrame for Never {
        fn into_frame(self) -> Result<throng_core::Frame, crate::SendError> {
            Err(crate::SendError::TooLong)
        }
    }
    let mut world = world(service_fn(|_: Incoming| ready(Ok::<_, Infallible>(Never))));
    let peer = world.connect();
    let heard = ask(&mut world, &peer, "hello");
    assert_eq!(code(&heard[0]), Some("not_encoded"));
}

#[test]
fn a_client_that_went_away_is_not_answered() {
    let door = Door::default();
    let inner = door.clone();
    let mut world = world(service_fn(move |incoming: Incoming| {
        let door = inner.clone();
        async move {
            door.pass().await;
            Ok::<_, Infallible>(incoming.message)
        }
    }));
    let peer = world.connect();
    peer.send("wait");
    world.run();
    world.cancel(&peer);
    door.open();
    world.run();
    assert_eq!(world.hub.connection_count(), 0);
}
