use crate::tests::host::World;
use crate::{Builder, Handler, Hub};
use std::fmt::Debug;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Records events, and the span in which each occurs.
#[derive(Clone)]
struct Listening {
    level: Level,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    /// The fields of each span.
    spans: Vec<String>,
    within: Vec<usize>,
    closed: usize,
    entered: usize,
    events: Vec<String>,
}

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

fn at(id: &Id) -> usize {
    id.into_u64() as usize - 1
}

impl Listening {
    fn to(level: Level) -> Self {
        Self { level, heard: Arc::default() }
    }

    fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap().events)
    }
}

impl Subscriber for Listening {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut heard = self.heard.lock().unwrap();
        let mut words = format!("{} {}", span.metadata().target(), span.metadata().name());
        span.record(&mut Words(&mut words));
        heard.spans.push(words);
        Id::from_u64(heard.spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        values.record(&mut Words(&mut self.heard.lock().unwrap().spans[at(id)]));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut heard = self.heard.lock().unwrap();
        let mut words = heard.within.last().map_or(String::new(), |at| format!("[{}]", heard.spans[*at]));
        event.record(&mut Words(&mut words));
        heard.events.push(words);
    }

    fn enter(&self, id: &Id) {
        let mut heard = self.heard.lock().unwrap();
        heard.within.push(at(id));
        heard.entered += 1;
    }

    fn exit(&self, id: &Id) {
        assert_eq!(self.heard.lock().unwrap().within.pop(), Some(at(id)));
    }

    fn try_close(&self, _: Id) -> bool {
        self.heard.lock().unwrap().closed += 1;
        true
    }
}

/// Logs in each hook. No event in between belongs to another task.
struct Says;

impl Handler for Says {
    async fn before_connect(&self, connecting: &mut crate::Connecting) -> Result<(), Refusal> {
        tracing::info!("before_connect");
        connecting.set_user("ada");
        if connecting.path() == "/authenticate" {
            connecting.authenticate();
        }
        Ok(())
    }

    async fn authenticate(
        &self,
        session: &mut crate::Authenticating<'_>,
    ) -> Result<(), throng_core::CloseFrame> {
        let _ = session.receive().await?;
        tracing::info!("authenticate");
        Ok(())
    }

    async fn connected(&self, _: &crate::Client) {
        tracing::info!("connected");
    }

    async fn message(&self, _: &crate::Client, _: Message) {
        tracing::info!("message");
        let mut has_waited = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut has_waited, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        tracing::info!("message, later");
    }

    async fn disconnected(&self, _: &crate::Client, _: crate::Disconnected) {
        tracing::info!("disconnected");
    }
}

fn listened_to(level: Level, builder: Builder, act: impl FnOnce(&mut World)) -> Listening {
    let listening = Listening::to(level);
    tracing::subscriber::with_default(listening.clone(), || act(&mut World::new(builder)));
    listening
}

fn come_and_go(world: &mut World, path: &str) {
    let peer = world.accept_from(Some(([192, 0, 2, 7], 50_000).into()));
    peer.ask_for(path, &[]);
    world.run();
    peer.send("hello");
    world.run();
    peer.send("again");
    world.run();
    peer.end();
    world.run();
}

#[test]
fn what_a_hook_says_stands_in_the_span_of_its_connection() {
    let listening = listened_to(Level::DEBUG, Hub::builder().handler(Says), |world| come_and_go(world, "/"));
    let span = "[throng::connection connection address=192.0.2.7:50000 connection=3.1";
    // There is no client yet.
    let before = format!("{span}] message=before_connect");
    let within = |what: &str| format!("{span} client=0.0 user=\"ada\"] message={what}");
    let expected = [
        before,
        within("connected"),
        within("message"),
        within("message, later"),
        within("message"),
        within("message, later"),
        within("disconnected"),
    ];
    assert_eq!(listening.events(), expected);
    let heard = listening.heard.lock().unwrap();
    assert_eq!(
        (heard.spans.len(), heard.within.len()),
        (1, 0),
        "one for the connection, and none is left open"
    );
    assert!(heard.closed > 0);
}

#[test]
fn authentication_is_within_the_span_too() {
    let listening =
        listened_to(Level::DEBUG, Hub::builder().handler(Says), |world| come_and_go(world, "/authenticate"));
    let events = listening.events();
    let said = events.iter().find(|event| event.ends_with("message=authenticate")).expect("it was said");
    assert!(
        said.starts_with("[throng::connection connection address=192.0.2.7:50000 connection=3.1 client=0.0"),
        "{said}"
    );
}

#[test]
fn where_nobody_listens_to_the_level_there_is_no_span() {
    let listening = listened_to(Level::INFO, Hub::builder().handler(Says), |world| {
        come_and_go(world, "/");
        come_and_go(world, "/authenticate");
    });
    let events = listening.events();
    assert_eq!(events.first().map(String::as_str), Some(" message=before_connect"));
    let heard = listening.heard.lock().unwrap();
    assert_eq!((heard.spans.len(), heard.entered), (0, 0));
}

#[test]
fn a_connection_that_is_never_one_has_its_span_closed() {
    let listening = listened_to(Level::DEBUG, Hub::builder().handler(Says), |world| {
        for _ in 0..3 {
            let peer = world.accept();
            peer.push(b"GET / HTTP/1.0\r\n\r\n");
            world.run();
            peer.end();
            world.run();
        }
    });
    let heard = listening.heard.lock().unwrap();
    assert_eq!((heard.spans.len(), heard.within.len()), (3, 0));
}
