//! The core alone: how long a host holds its lock at most, and how many events it takes until all is done.

use bytes::Bytes;
use std::time::{Duration, Instant as Clock};
use throng_core::hub::{Config, Drain, Event, Hub, Members, Policy, Sink, Target};
use throng_core::outbox::{Batch, Progress, Transport};
use throng_core::{ClientId, CloseCode, Frame, Instant, MessageKind, Rate};
use throng_tests::rig::frame;

/// Runs of each scenario: the least of their longest holds is what the machine does when nothing disturbs it.
const RUNS: usize = 3;
const ROOMS: u32 = 1_024;
const ENOUGH: Members<'static> = Members::Disconnect { code: CloseCode(4000), reason: "enough" };

/// One event with consequences for many.
struct Scenario {
    name: &'static str,
    prepare: fn() -> Stage,
    begin: fn(&mut Stage),
}

/// A hub, its host's clock, and what was measured.
struct Stage {
    hub: Hub,
    now: Instant,
    clients: Vec<ClientId>,
    frame: Frame,
    longest: Duration,
    total: Duration,
    events: u32,
    /// Actions that one event led to, at most.
    actions: u32,
}

const SCENARIOS: &[Scenario] = &[
    Scenario { name: "disconnect 10,000 that are slow", prepare: || slow(10_000), begin: publish },
    Scenario { name: "disconnect 100,000 that are slow", prepare: || slow(100_000), begin: publish },
    Scenario {
        name: "shut down 1,000 clients in 1,024 rooms each",
        prepare: || in_rooms(1_000, |_| {}),
        begin: |stage| stage.event(Event::Shutdown),
    },
    Scenario {
        name: "close a room of 1,000 in 1,024 rooms each, and them",
        prepare: || in_rooms(1_000, |_| {}),
        begin: |stage| stage.event(Event::CloseRoom { room: "room 0", members: ENOUGH }),
    },
    Scenario {
        name: "pong deadline of 1,000 in 1,024 rooms each",
        prepare: || {
            in_rooms(1_000, |config| (config.deadlines.ping, config.deadlines.pong) = (None, Some(MINUTE)))
        },
        begin: |stage| stage.timeout_after(MINUTE),
    },
    Scenario {
        name: "close a room of 100,000",
        prepare: || lobby(100_000),
        begin: |stage| stage.event(Event::CloseRoom { room: "lobby", members: Members::Leave }),
    },
    Scenario {
        name: "shut down 100,000 clients",
        prepare: || lobby(100_000),
        begin: |stage| stage.event(Event::Shutdown),
    },
    Scenario {
        name: "drain 100,000 clients at once",
        prepare: || lobby(100_000),
        begin: |stage| stage.event(Event::Drain(Drain { idle: Duration::ZERO, spread: Duration::ZERO })),
    },
    Scenario {
        name: "ping 100,000 clients on a tick",
        prepare: || {
            of(100_000, |config| (config.deadlines.ping, config.deadlines.pong) = (Some(MINUTE), None))
        },
        begin: |stage| stage.timeout_after(MINUTE),
    },
    Scenario {
        name: "end of the grace of 100,000 on a tick",
        prepare: || away(100_000),
        begin: |stage| stage.timeout_after(MINUTE),
    },
    Scenario {
        name: "handshake deadline of 100,000 on a tick",
        prepare: || handshakes(100_000),
        begin: |stage| stage.timeout_after(MINUTE),
    },
    Scenario {
        name: "shut down 1,000 with 1,000 spans queued each",
        prepare: spans,
        begin: |stage| stage.event(Event::Shutdown),
    },
    Scenario { name: "lease to 100,000 that are paced", prepare: paced, begin: transmit },
    Scenario {
        name: "name a room of 10,000 members 10,000 times",
        prepare: || lobby(10_000),
        begin: name_often,
    },
    Scenario {
        name: "1,024 first rooms of 100 clients",
        prepare: || in_rooms(1_100, |_| {}),
        begin: join_many,
    },
    Scenario {
        name: "change the deadlines of 100,000 clients",
        prepare: || lobby(100_000),
        begin: |stage| {
            reconfigure(stage, |config| {
                (config.deadlines.ping, config.deadlines.pong) = (Some(MINUTE), Some(2 * MINUTE));
            });
        },
    },
    Scenario {
        name: "change the rates of 100,000 clients, each with a user",
        prepare: rated,
        begin: |stage| {
            reconfigure(stage, |config| {
                let rate = Some(Rate::per_second(20).burst(10));
                (config.inbound.messages, config.inbound.bytes, config.inbound.user_messages) =
                    (rate, rate, rate);
                config.inbound.control = rate;
            });
        },
    },
    Scenario {
        name: "change the outboxes of 100,000 clients",
        prepare: || lobby(100_000),
        begin: |stage| reconfigure(stage, |config| config.outbox.messages = 32),
    },
    Scenario { name: "shed for the budget among 100,000 clients", prepare: || short(1), begin: publish },
    Scenario { name: "shed long queues among 100,000 clients", prepare: || short(8), begin: publish },
    Scenario { name: "conflate 200 keys of 10,000 clients", prepare: || keyed(10_000), begin: conflate },
    Scenario { name: "conflate 200 keys of 100,000 clients", prepare: || keyed(100_000), begin: conflate },
];

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn run(filter: &str) {
    println!("| event | longest hold | in all | events | actions of one |");
    println!("| --- | --- | --- | --- | --- |");
    for Scenario { name, prepare, begin } in
        SCENARIOS.iter().filter(|scenario| scenario.name.contains(filter))
    {
        let runs = (0..RUNS).map(|_| {
            let mut stage = prepare();
            begin(&mut stage);
            stage.work_off();
            stage
        });
        let runs: Vec<_> =
            runs.map(|stage| (stage.longest, stage.total, stage.events, stage.actions)).collect();
        let longest = runs.iter().map(|run| run.0).min().unwrap_or_default();
        let total = runs.iter().map(|run| run.1).min().unwrap_or_default();
        let (_, _, events, actions) = runs[0];
        println!("| {name} | {longest:.2?} | {total:.2?} | {events} | {actions} |");
    }
}

impl Stage {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        (config.deadlines.ping, config.deadlines.pong) = (None, None);
        (config.admission.connections, config.admission.handshakes) = (None, None);
        config.outbox.hub_bytes = 1 << 30;
        change(&mut config);
        Self {
            hub: Hub::new(config).expect("the config stands"),
            now: Instant::ORIGIN,
            clients: Vec::new(),
            frame: frame(64),
            longest: Duration::ZERO,
            total: Duration::ZERO,
            events: 0,
            actions: 0,
        }
    }

    /// One event, and its actions: a host does both under its lock.
    fn event(&mut self, event: Event<'_>) {
        self.event_into(event, Sink::Nowhere);
    }

    fn event_into(&mut self, event: Event<'_>, sink: Sink<'_>) {
        let began = Clock::now();
        let _ = self.hub.handle_into(self.now, event, sink);
        let mut actions = 0;
        while let Some(action) = self.hub.poll_action() {
            std::hint::black_box(&action);
            actions += 1;
        }
        let took = began.elapsed();
        self.longest = self.longest.max(took);
        self.total += took;
        self.events += 1;
        self.actions = self.actions.max(actions);
    }

    fn timeout_after(&mut self, time: Duration) {
        self.now = self.now + time;
        self.event(Event::Timeout);
    }

    /// Whatever is left to do now.
    fn work_off(&mut self) {
        while self.hub.poll_timeout().is_some_and(|timeout| timeout <= self.now) {
            self.event(Event::Timeout);
        }
    }

    fn settle(&mut self) {
        while self.hub.poll_action().is_some() {}
    }
}

fn of(clients: u32, change: impl FnOnce(&mut Config)) -> Stage {
    let mut stage = Stage::new(change);
    stage.clients = (0..clients).map(|_| stage.hub.admit(stage.now, None).expect("admitted")).collect();
    stage.settle();
    stage
}

fn join(stage: &mut Stage, client: ClientId, room: &str) {
    stage.hub.join(stage.now, client, room).expect("joined");
}

fn lobby(clients: u32) -> Stage {
    let mut stage = of(clients, |_| {});
    for client in stage.clients.clone() {
        join(&mut stage, client, "lobby");
    }
    stage
}

fn in_rooms(clients: u32, change: impl FnOnce(&mut Config)) -> Stage {
    let mut stage = of(clients, change);
    for room in 0..ROOMS {
        let room = format!("room {room}");
        for client in stage.clients.clone() {
            join(&mut stage, client, &room);
        }
    }
    stage
}

/// All outboxes are full.
fn slow(clients: u32) -> Stage {
    const MESSAGES: u32 = 4;
    let mut stage = of(clients, |config| {
        (config.outbox.messages, config.outbox.policy) = (MESSAGES, Policy::Disconnect);
    });
    for _ in 0..MESSAGES {
        stage.hub.publish(stage.now, &[Target::All], &[], &stage.frame, None).expect("published");
    }
    stage
}

/// All are away, each is in a room and a message waits for it.
fn away(clients: u32) -> Stage {
    let mut stage = of(clients, |config| {
        (config.sessions.grace, config.sessions.total) = (Some(MINUTE), None);
    });
    for (at, client) in stage.clients.clone().into_iter().enumerate() {
        join(&mut stage, client, "lobby");
        let session = format!("session {at}");
        stage.hub.identify(stage.now, client, None, Some(&session)).expect("it is free");
        let connection = stage.hub.connection_of(client).expect("it is connected");
        stage.hub.gone(stage.now, connection).expect("it is known");
    }
    stage.hub.publish(stage.now, &[Target::Room("lobby")], &[], &stage.frame, None).expect("published");
    stage.settle();
    stage
}

fn handshakes(connections: u32) -> Stage {
    let mut stage = Stage::new(|config| config.deadlines.handshake = MINUTE);
    for _ in 0..connections {
        stage.hub.accept(stage.now, None, 0).expect("accepted");
    }
    stage
}

/// Each message begins a span, as the one before it was for somebody else, too.
fn spans() -> Stage {
    let mut stage = of(1_000, |config| config.outbox.messages = 1_000);
    for client in stage.clients.clone() {
        join(&mut stage, client, "lobby");
    }
    for at in 0..1_000 {
        let target = if at % 2 == 0 { Target::All } else { Target::Room("lobby") };
        let published = stage.hub.publish(stage.now, &[target], &[], &stage.frame, None).expect("published");
        assert_eq!(published.queued, 1_000);
    }
    stage
}

/// All have more to be written than they may be given.
fn paced() -> Stage {
    let mut stage = of(100_000, |config| config.outbox.rate = Some(Rate::per(1, MINUTE).burst(1)));
    for _ in 0..2 {
        stage.hub.publish(stage.now, &[Target::All], &[], &stage.frame, None).expect("published");
    }
    let mut batch = Batch::default();
    stage.hub.transmit_ready(stage.now, 0, 100_000, 1 << 16, &mut batch).expect("the lane exists");
    let (progress, transport) = (Progress::All, Transport::Ready);
    let written = batch.leases().iter().map(|lease| lease.written(progress, transport));
    stage.hub.transmitted(stage.now, &written.collect::<Vec<_>>()).expect("never an error");
    stage
}

fn reconfigure(stage: &mut Stage, change: impl FnOnce(&mut Config)) {
    let mut config = stage.hub.config().clone();
    change(&mut config);
    stage.event(Event::Reconfigure { config: &config });
}

/// Each client has a user, and buckets that are not full.
fn rated() -> Stage {
    let mut stage = Stage::new(|config| {
        let rate = Some(Rate::per_second(10).burst(10));
        (config.inbound.messages, config.inbound.bytes, config.inbound.user_messages) = (rate, rate, rate);
    });
    for client in 0..100_000 {
        let client = stage.hub.admit(stage.now, Some(&format!("user {client}"))).expect("admitted");
        let connection = stage.hub.connection_of(client).expect("attached");
        stage.event(Event::Received { connection, kind: MessageKind::Text, bytes: 1 });
    }
    stage.settle();
    (stage.longest, stage.total, stage.events) = Default::default();
    stage
}

/// The budget is used up by queues of these lengths and less, which all have frames of their own.
fn short(most: usize) -> Stage {
    const CLIENTS: usize = 100_000;
    let mut stage = of(CLIENTS as u32, |_| {});
    for at in 0..CLIENTS * most {
        let client = stage.clients[at * 7_919 % CLIENTS];
        let frame = Frame::raw(Bytes::from(vec![0; 32]));
        let event = Event::Publish {
            publisher: None,
            targets: &[Target::Client(client)],
            except: &[],
            frame: &frame,
            policy: None,
            dedup: None,
        };
        stage.hub.handle(stage.now, event).expect("published");
    }
    reconfigure(&mut stage, |config| config.outbox.hub_bytes = 1 << 30);
    let used = stage.hub.stats().queued_bytes;
    reconfigure(&mut stage, |config| config.outbox.hub_bytes = used);
    stage.settle();
    (stage.longest, stage.total, stage.events) = Default::default();
    stage
}

/// A value of each key waits for each client.
fn keyed(clients: u32) -> Stage {
    let mut stage = of(clients, |_| {});
    for key in 0..200 {
        publish_value(&mut stage, key);
    }
    stage.settle();
    (stage.longest, stage.total, stage.events) = Default::default();
    stage
}

/// The keys that are replaced are neither the first nor the last in the queues.
fn conflate(stage: &mut Stage) {
    for key in [150, 50, 100] {
        publish_value(stage, key);
    }
}

fn publish_value(stage: &mut Stage, key: u64) {
    let frame = stage.frame.clone();
    let policy = Some(Policy::Conflate(key));
    stage.event(Event::Publish {
        publisher: None,
        targets: &[Target::All],
        except: &[],
        frame: &frame,
        policy,
        dedup: None,
    });
}

fn transmit(stage: &mut Stage) {
    let mut batch = Batch::default();
    while stage.hub.has_ready(0) {
        stage.event_into(
            Event::TransmitReady { lane: 0, connections: 256, budget: 1 << 16 },
            Sink::Batch(&mut batch),
        );
        batch.clear();
    }
}

fn publish(stage: &mut Stage) {
    let frame = stage.frame.clone();
    stage.event(Event::Publish {
        publisher: None,
        targets: &[Target::All],
        except: &[],
        frame: &frame,
        policy: None,
        dedup: None,
    });
}

fn name_often(stage: &mut Stage) {
    let (frame, targets) = (stage.frame.clone(), vec![Target::Room("lobby"); 10_000]);
    stage.event(Event::Publish {
        publisher: None,
        targets: &targets,
        except: &[],
        frame: &frame,
        policy: None,
        dedup: None,
    });
}

fn join_many(stage: &mut Stage) {
    for _ in 0..100 {
        let client = stage.hub.admit(stage.now, None).expect("admitted");
        for room in 0..ROOMS {
            let room = format!("room {room}");
            stage.event(Event::Join { client, room: &room, recover: None });
        }
    }
}
