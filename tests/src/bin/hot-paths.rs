//! Does one thing so many times, the same in every run: what `tests/instructions` counts the instructions of.
//!
//!     hot-paths              the names of the paths, and how many items one round of each has
//!     hot-paths PATH ROUNDS  so many rounds of one path
//!
//! What is done once, to set things up, cancels out between two runs of different rounds.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::hint::black_box;
use std::process::ExitCode;
use throng_core::hub::{Config, History, Position, Recover, Recovery, Target};
use throng_core::trace::{Payloads, Recorder};
use throng_core::websocket::handshake::{Handshake, HeadLimits, Policy};
use throng_core::websocket::{Decoder, Limits, Message, encode};
use throng_core::{Instant, MessageKind, Rate};
use throng_runtime::{Builder, Client, Handler, Hub, Ruling};
use throng_tests::heard::Heard;
use throng_tests::recorded::Recorded;
use throng_tests::rig::{Order, ROOM, Rig, client_stream, frame};

const CLIENTS: u32 = 1_000;
/// The messages of a history, all of which a client has missed that returns.
const MISSED: u32 = 100;
const NOW: Instant = Instant::ORIGIN;

struct Path {
    name: &'static str,
    /// Items of one round: the figures are per item.
    items: u32,
    run: fn(u32),
}

const PATHS: &[Path] = &[
    Path { name: "publish to a room, a recipient", items: CLIENTS, run: publish },
    Path { name: "publish and write, k=1, a recipient", items: CLIENTS, run: |rounds| write(rounds, 1) },
    Path { name: "publish and write, k=16, a recipient", items: CLIENTS, run: |rounds| write(rounds, 16) },
    Path { name: "publish to a history, a recipient", items: CLIENTS, run: publish_to_history },
    Path { name: "publish to rooms of one", items: 100, run: |rounds| publish_to_rooms(rounds, |_| {}) },
    Path {
        name: "publish to histories of rooms of one",
        items: 100,
        run: |rounds| publish_to_rooms(rounds, with_histories),
    },
    Path { name: "publish and write 100, a delivery", items: CLIENTS * MISSED, run: publish_many },
    Path { name: "recover and write 100, a delivery", items: CLIENTS * MISSED, run: recover_many },
    Path { name: "send to a client", items: 100, run: send_to_client },
    Path { name: "send to a user", items: 100, run: send_to_user },
    Path { name: "send to a client and write", items: CLIENTS, run: send_and_write },
    Path { name: "send to a client, recorded", items: 100, run: |rounds| record(rounds, Payloads::Redacted) },
    Path {
        name: "send to a client, recorded whole",
        items: 100,
        run: |rounds| record(rounds, Payloads::Kept),
    },
    Path { name: "publish and write, k=1, a recipient, recorded", items: CLIENTS, run: record_and_write },
    Path { name: "join and leave", items: CLIENTS, run: join_and_leave },
    Path { name: "connect and disconnect", items: 100, run: connect_and_disconnect },
    Path { name: "received", items: CLIENTS, run: |rounds| received(rounds, |_| {}) },
    Path { name: "received, under two rates", items: CLIENTS, run: |rounds| received(rounds, two_rates) },
    Path { name: "hear a message", items: 100, run: |rounds| hear(rounds, at_once()) },
    Path { name: "hear a message, by a handler", items: 100, run: |rounds| hear(rounds, by_handler()) },
    Path { name: "hear a message, between hooks", items: 100, run: |rounds| hear(rounds, between_hooks()) },
    Path { name: "decode 128 B", items: 100, run: |rounds| decode(rounds, 128) },
    Path { name: "decode 4 KiB", items: 100, run: |rounds| decode(rounds, 4 << 10) },
    Path { name: "encode", items: 100, run: encode },
    Path { name: "handshake", items: 10, run: handshake },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            for path in PATHS {
                println!("{}\t{}", path.items, path.name);
            }
        }
        [name, rounds] => {
            let path = PATHS.iter().find(|path| path.name == name);
            let (Some(path), Ok(rounds)) = (path, rounds.parse()) else {
                eprintln!("no such path, or not a number: {name:?}, {rounds:?}");
                return ExitCode::FAILURE;
            };
            (path.run)(rounds);
        }
        _ => {
            eprintln!("usage: hot-paths [PATH ROUNDS]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Nobody writes, but for so rarely that it does not count: the queues stay as they are.
fn publish(rounds: u32) {
    let mut rig = Rig::with(CLIENTS, deep_outboxes).in_room(Order::Shuffled);
    let frame = frame(128);
    for _ in 0..rounds {
        rig.publish(Target::Room(ROOM), &frame);
    }
}

fn publish_to_history(rounds: u32) {
    let config = |config: &mut Config| {
        deep_outboxes(config);
        with_histories(config);
    };
    let mut rig = Rig::with(CLIENTS, config).in_room(Order::Shuffled);
    let frame = frame(128);
    for _ in 0..rounds {
        rig.publish(Target::Room(ROOM), &frame);
    }
}

/// Of what a publish to a room of a thousand costs, the history is too small a part to be seen.
fn publish_to_rooms(rounds: u32, change: fn(&mut Config)) {
    let mut rig = Rig::with(CLIENTS, change);
    let names: Vec<String> = (0..100).map(|at| format!("{ROOM}-{at}")).collect();
    for (&client, name) in rig.clients.iter().zip(&names) {
        rig.hub.join(NOW, client, name).expect("it is not in there");
    }
    let frame = frame(128);
    for _ in 0..rounds {
        for name in &names {
            rig.publish(Target::Room(name), &frame);
        }
        rig.write_all();
    }
}

fn publish_many(rounds: u32) {
    let mut rig = Rig::with(CLIENTS, with_histories).in_room(Order::Connected);
    let frame = frame(128);
    for _ in 0..rounds {
        for _ in 0..MISSED {
            rig.publish(Target::Room(ROOM), &frame);
        }
        rig.write_all();
    }
}

/// Clients return to a room, and get what they missed.
fn recover_many(rounds: u32) {
    let mut rig = Rig::with(CLIENTS, with_histories);
    let frame = frame(128);
    for _ in 0..MISSED {
        rig.publish(Target::Room(ROOM), &frame);
    }
    let top = rig.hub.position(ROOM).expect("the room has a history");
    let since = Recover::Since(Position { offset: top.offset - u64::from(MISSED), ..top });
    for _ in 0..rounds {
        for &client in &rig.clients {
            let joined = rig.hub.join_from(NOW, client, ROOM, since).expect("it is not in there");
            assert_eq!(joined.recovery, Some(Recovery::Recovered { count: MISSED }));
        }
        rig.write_all();
        for &client in &rig.clients {
            rig.hub.leave(NOW, client, ROOM).expect("it is in there");
        }
    }
}

fn with_histories(config: &mut Config) {
    config.host.epoch_seed = 1;
    config.history.by_prefix.insert(ROOM.into(), History { messages: MISSED, ..History::default() });
}

fn write(rounds: u32, outstanding: u32) {
    let mut rig = Rig::new(CLIENTS).in_room(Order::Shuffled);
    let frame = frame(128);
    for _ in 0..rounds {
        for _ in 0..outstanding {
            rig.publish(Target::Room(ROOM), &frame);
        }
        rig.write_all();
    }
}

fn send_to_client(rounds: u32) {
    let mut rig = Rig::with(CLIENTS, deep_outboxes);
    let frame = frame(128);
    for _ in 0..rounds {
        for at in 0..100 {
            rig.publish(Target::Client(rig.clients[at]), &frame);
        }
    }
}

fn send_to_user(rounds: u32) {
    let mut rig = Rig::with(CLIENTS, deep_outboxes);
    let names: Vec<String> = (0..100).map(|at| format!("user-{at}")).collect();
    for (at, name) in names.iter().enumerate() {
        rig.hub.set_user(NOW, rig.clients[at], Some(name)).expect("the client is open");
    }
    let frame = frame(128);
    for _ in 0..rounds {
        for name in &names {
            rig.publish(Target::User(name), &frame);
        }
    }
}

fn send_and_write(rounds: u32) {
    let mut rig = Rig::new(CLIENTS);
    let frame = frame(128);
    for _ in 0..rounds {
        for at in 0..rig.clients.len() {
            rig.publish(Target::Client(rig.clients[at]), &frame);
        }
        rig.write_all();
    }
}

/// A publish to one: of what a publish to a room costs, its record is too small a part to be seen.
fn record(rounds: u32, payloads: Payloads) {
    let mut recorded = recorded(Rig::with(CLIENTS, deep_outboxes), payloads);
    let frame = frame(128);
    for _ in 0..rounds {
        for at in 0..100 {
            let target = Target::Client(recorded.rig.clients[at]);
            recorded.publish(target, &frame);
        }
    }
}

/// What is read from a lease and told of it is the same however payloads are recorded.
fn record_and_write(rounds: u32) {
    let mut recorded = recorded(Rig::new(CLIENTS).in_room(Order::Shuffled), Payloads::Redacted);
    let frame = frame(128);
    for _ in 0..rounds {
        recorded.publish(Target::Room(ROOM), &frame);
        recorded.write_all();
    }
}

/// By a ring so large that no path begins a second segment: when that happens would depend on the length of a record.
fn recorded(rig: Rig, payloads: Payloads) -> Recorded {
    let recorder = Recorder::ring(rig.hub.config(), 64 << 20).payloads(payloads);
    Recorded::new(rig, Some(recorder))
}

fn join_and_leave(rounds: u32) {
    let mut rig = Rig::new(CLIENTS).in_room(Order::Connected);
    for _ in 0..rounds {
        for &client in &rig.clients {
            rig.hub.join(NOW, client, "library").expect("it is not in there");
        }
        for &client in &rig.clients {
            rig.hub.leave(NOW, client, "library").expect("it is in there");
        }
    }
}

fn connect_and_disconnect(rounds: u32) {
    let mut rig = Rig::new(CLIENTS);
    let mut newcomers = Vec::new();
    for _ in 0..rounds {
        newcomers.extend((0..100).map(|_| rig.connect()));
        for client in newcomers.drain(..) {
            rig.disconnect(client);
        }
    }
}

fn received(rounds: u32, change: fn(&mut Config)) {
    let mut rig = Rig::with(CLIENTS, change);
    for _ in 0..rounds {
        for &connection in &rig.connections {
            let verdict = rig.hub.received(NOW, connection, MessageKind::Text, 128);
            black_box(verdict.expect("the client is open"));
        }
    }
}

/// From the bytes that are read to the end of the handler.
fn hear(rounds: u32, builder: Builder) {
    let mut heard = Heard::by(builder, 100, 128);
    for _ in 0..rounds {
        heard.hear();
    }
}

fn at_once() -> Builder {
    Hub::builder().on_message(|_, message| {
        black_box(message);
    })
}

fn by_handler() -> Builder {
    struct Handling;
    impl Handler for Handling {
        async fn message(&self, _: &Client, message: Message) {
            black_box(message);
        }
    }
    Hub::builder().handler(Handling)
}

fn between_hooks() -> Builder {
    at_once().before_message(|_, _| black_box(Ruling::Pass)).after_message(|_, handled| {
        black_box(handled);
    })
}

fn decode(rounds: u32, bytes: usize) {
    let stream = client_stream(100, bytes);
    let mut decoder = Decoder::server(Limits::default());
    for _ in 0..rounds {
        let mut input = &mut *stream.clone();
        while let Some(item) = decoder.decode(&mut input).expect("the stream is sound") {
            black_box(item);
        }
    }
}

fn encode(rounds: u32) {
    let payload = bytes::Bytes::from(vec![b'x'; 128]);
    for _ in 0..rounds * 100 {
        let frame = encode::encode_binary(black_box(&payload).clone());
        black_box(frame.expect("the payload is short"));
    }
}

fn handshake(rounds: u32) {
    const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nOrigin: http://example.com\r\n\
        User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let policy = Policy::default();
    for _ in 0..rounds * 10 {
        let mut input = &mut *REQUEST.to_vec();
        let request = Handshake::new(HeadLimits::default()).receive(&mut input).expect("nothing is wrong");
        let upgrade = request.expect("it is whole").upgrade(&policy).expect("it opens a WebSocket");
        black_box(upgrade.to_bytes());
    }
}

/// Of outboxes that nobody empties.
fn deep_outboxes(config: &mut Config) {
    config.outbox.messages = u32::MAX;
    config.outbox.bytes = 1 << 29;
    config.outbox.hub_bytes = 1 << 40;
}

fn two_rates(config: &mut Config) {
    config.inbound.messages = Some(Rate::per_second(u32::MAX));
    config.inbound.bytes = Some(Rate::per_second(u32::MAX));
}
