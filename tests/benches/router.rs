//! What a message costs until its handler has it, and its answer is made: `cargo bench -p throng-tests --bench router`.
//!
//! The hand-written way is what one would do without a router: one enum of all messages, read at once.

#[path = "support/still.rs"]
#[allow(dead_code)]
mod still;

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::future::{Future, ready};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use still::Rig;
use throng_core::websocket::encode::encode_client_message;
use throng_core::websocket::{Message, Utf8Bytes};
use throng_core::{Frame, MessageKind, Rate};
use throng_runtime::hosting::Reader;
use throng_runtime::middleware::{
    Answer, CatchPanicLayer, InFlightLayer, Incoming, RateLimitLayer, TimeoutLayer,
};
use throng_runtime::router::{Reply, Router};
use throng_runtime::{Builder, Hub, IntoFrame, Json};
use tower::{Service, ServiceBuilder, service_fn};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// What is said.
const MESSAGES: [&str; 4] = [
    r#"{"type":"ping"}"#,
    r#"{"type":"chat","room":"lobby","text":"Hello"}"#,
    r#"{"room":"lobby","text":"Hello","type":"chat"}"#,
    r#"{"type":"chat","room":"lobby","text":"Somebody who has a little more to say than others do, and who says it in one message, so that it is about as long as what people really say to each other in a chat."}"#,
];

/// The same in envelopes.
const ENVELOPES: [&str; 2] =
    [r#"{"type":"ping"}"#, r#"{"type":"chat","payload":{"room":"lobby","text":"Hello"}}"#];

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    Ping,
    Chat(Chat),
    #[allow(dead_code)]
    Join {
        room: String,
    },
    #[allow(dead_code)]
    Leave {
        room: String,
    },
}

#[derive(Deserialize)]
struct Chat {
    room: String,
    text: String,
}

#[derive(Deserialize)]
struct Room {
    room: String,
}

#[derive(Serialize)]
struct Heard {
    letters: usize,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Tagged {
    Heard { letters: usize },
}

async fn hear(chat: Chat) -> Reply<Heard> {
    Reply::new("heard", Heard { letters: chat.room.len() + chat.text.len() })
}

async fn pass(room: Room) {
    black_box(room.room);
}

fn routes(router: Router) -> Router {
    router.on("ping", || async { "pong" }).on("chat", hear).on("join", pass).on("leave", pass)
}

/// One enum of all messages, and a match.
#[divan::bench(args = MESSAGES, sample_size = 1000, sample_count = 100)]
fn by_hand(bencher: Bencher<'_, '_>, said: &'static str) {
    let handle = |incoming: Incoming| {
        let answer = match serde_json::from_slice(incoming.message.as_bytes()) {
            Ok(Said::Ping) => "pong".into_frame().ok(),
            Ok(Said::Chat(Chat { room, text })) => {
                Json(Tagged::Heard { letters: room.len() + text.len() }).into_frame().ok()
            }
            _ => None,
        };
        ready(Ok::<Option<Frame>, Infallible>(answer))
    };
    call(bencher, &service_fn(handle), said);
}

#[divan::bench(args = MESSAGES, sample_size = 1000, sample_count = 100)]
fn routed(bencher: Bencher<'_, '_>, said: &'static str) {
    call(bencher, &routes(Router::new()), said);
}

#[divan::bench(args = ENVELOPES, sample_size = 1000, sample_count = 100)]
fn routed_by_envelope(bencher: Bencher<'_, '_>, said: &'static str) {
    call(bencher, &routes(Router::by_envelope("type", "payload")), said);
}

/// Behind the four layers that refuse.
#[divan::bench(args = MESSAGES, sample_size = 1000, sample_count = 100)]
fn routed_behind_layers(bencher: Bencher<'_, '_>, said: &'static str) {
    let rate = RateLimitLayer::per_user(Rate::per_second(u32::MAX)).expect("the rate lets something pass");
    let service = ServiceBuilder::new()
        .layer(rate)
        .layer(InFlightLayer::new(100))
        .layer(TimeoutLayer::new(Duration::from_secs(5)))
        .layer(CatchPanicLayer)
        .service(routes(Router::new()));
    call(bencher, &service, said);
}

/// A message of a type that nobody handles.
#[divan::bench(sample_size = 1000, sample_count = 100)]
fn unknown(bencher: Bencher<'_, '_>) {
    call(bencher, &routes(Router::new()), r#"{"type":"shout","text":"Hello"}"#);
}

/// A message from the transport to its handler: how the handler is called makes the difference.
#[divan::bench(sample_size = 1, sample_count = 300)]
fn read_by_closure(bencher: Bencher<'_, '_>) {
    read(bencher, Hub::builder().on_message(|_, message| _ = black_box(message)));
}

#[divan::bench(sample_size = 1, sample_count = 300)]
fn read_by_async_closure(bencher: Bencher<'_, '_>) {
    read(bencher, Hub::builder().on_message_async(|_, message| async { _ = black_box(message) }));
}

#[divan::bench(sample_size = 1, sample_count = 300)]
fn read_by_service(bencher: Bencher<'_, '_>) {
    let handle = |incoming: Incoming| async {
        black_box(incoming);
        Ok::<_, Infallible>(())
    };
    read(bencher, Hub::builder().messages(service_fn(handle)));
}

/// A thousand messages of one client.
fn read(bencher: Bencher<'_, '_>, builder: Builder) {
    let (hub, _host) = still::start(builder);
    let mut frame = Vec::new();
    encode_client_message(MessageKind::Text, MESSAGES[1].as_bytes(), [1, 2, 3, 4], &mut frame);
    let left = Arc::new(AtomicUsize::new(0));
    let mut connection = still::connect(&hub, still::user(0), Saying { frame, left: Arc::clone(&left) });
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| {
        left.store(MANY, Ordering::Relaxed);
        while left.load(Ordering::Relaxed) > 0 {
            still::poll_once(&mut connection);
        }
    });
}

const MANY: usize = 1000;

/// Says the same as often as it is to.
struct Saying {
    frame: Vec<u8>,
    left: Arc<AtomicUsize>,
}

impl Reader for Saying {
    fn poll_read(&mut self, _: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let left = self.left.load(Ordering::Relaxed);
        let count = left.min(into.len() / self.frame.len());
        if count == 0 {
            return Poll::Pending;
        }
        into.chunks_exact_mut(self.frame.len())
            .take(count)
            .for_each(|place| place.copy_from_slice(&self.frame));
        self.left.store(left - count, Ordering::Relaxed);
        Poll::Ready(Ok(count * self.frame.len()))
    }
}

/// From the message to the frame of its answer, as the hub calls: a clone for each message.
fn call<S>(bencher: Bencher<'_, '_>, service: &S, said: &'static str)
where
    S: Service<Incoming, Response: Answer> + Clone + Sync,
{
    let rig = Rig::new();
    let message = Message::Text(Utf8Bytes::from_static(said));
    bencher
        .counter(ItemsCount::new(1_u32))
        .with_inputs(|| Incoming::new(rig.clients[0].clone(), message.clone()))
        .bench_values(|incoming| {
            let mut service = service.clone();
            let cx = &mut Context::from_waker(Waker::noop());
            let _ = black_box(service.poll_ready(cx));
            let polled = pin!(service.call(incoming)).poll(cx);
            black_box(polled.map(|result| result.map(Answer::answer).is_ok()).is_ready())
        });
}
