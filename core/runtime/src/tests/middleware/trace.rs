use super::{ask, world};
use crate::middleware::{Incoming, TraceLayer};
use std::convert::Infallible;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tower::{ServiceBuilder, service_fn};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Stores events and spans up to a level.
#[derive(Clone)]
struct Listening {
    level: Level,
    lines: Arc<Mutex<Vec<String>>>,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

impl Listening {
    fn at(level: Level) -> Self {
        Self { level, lines: Arc::default() }
    }

    fn line(&self, first: &str, record: impl FnOnce(&mut Line)) {
        let mut line = Line(first.to_owned());
        record(&mut line);
        self.lines.lock().unwrap().push(line.0);
    }

    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

impl Subscriber for Listening {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The connection's own span is left out here.
        *metadata.level() <= self.level && metadata.target() != "throng::connection"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.line(span.metadata().name(), |line| span.record(line));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.line("then", |line| values.record(line));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.line("event", |line| event.record(line));
    }

    fn enter(&self, _: &Id) {
        self.line("enter", |_| {});
    }

    fn exit(&self, _: &Id) {
        self.line("exit", |_| {});
    }
}

fn service() -> impl tower_service::Service<
    Incoming,
    Response = (),
    Error = crate::middleware::ServiceError,
    Future: Send + 'static,
> + Clone
+ Send
+ Sync
+ 'static {
    let handle = |_: Incoming| async {
        tracing::info!("handled");
        Ok::<_, Infallible>(())
    };
    ServiceBuilder::new().layer(TraceLayer).service(service_fn(handle))
}

#[test]
fn each_message_has_a_span() {
    let listening = Listening::at(Level::DEBUG);
    tracing::subscriber::with_default(listening.clone(), || {
        let mut world = world(service());
        let peer = world.connect();
        world.hub.set_user(world.hub.clients()[0], Some("ada")).unwrap();
        ask(&mut world, &peer, "hello");
    });
    let lines = listening.lines();
    assert_eq!(lines[0], "message client=0.0 kind=Text bytes=5");
    assert_eq!(lines[1], "then user=\"ada\"");
    let entered = lines.iter().position(|line| line == "event message=handled").unwrap();
    assert_eq!(lines[entered - 1], "enter");
    assert_eq!(lines[entered + 1..], ["then result=\"ok\"", "exit"]);
}

#[cfg(feature = "router")]
#[test]
fn a_span_knows_the_route_and_the_error() {
    use crate::router::Router;
    let router = Router::new().on("chat", |_: u8| async {});
    let listening = Listening::at(Level::DEBUG);
    tracing::subscriber::with_default(listening.clone(), || {
        let mut world = world(ServiceBuilder::new().layer(TraceLayer).service(router));
        let peer = world.connect();
        ask(&mut world, &peer, r#"{"type":"chat"}"#);
    });
    let lines = listening.lines();
    let said: Vec<_> = lines.iter().filter(|line| line.starts_with("then")).collect();
    assert_eq!(said, ["then route=chat", "then result=\"bad_body\""]);
}

#[test]
fn where_nobody_listens_nothing_is_said() {
    let listening = Listening::at(Level::WARN);
    tracing::subscriber::with_default(listening.clone(), || {
        let mut world = world(service());
        let peer = world.connect();
        for _ in 0..100 {
            ask(&mut world, &peer, "hello");
        }
    });
    assert!(listening.lines().is_empty());
}
