//! Logs of short runs.

use super::run::{EVERY, Run};
use super::{Seed, seed};
use core::time::Duration;
use throng_core::hub::{
    Closes, Config, Drain, Event, Fate, Flush, History, Lifetime, Members, OnResume, Outcome, PerUser,
    Policy, Presence, Publishers, Recover, RoomConfig, Target,
};
use throng_core::outbox::{Progress, Transport};
use throng_core::trace::{Payloads, Recorder, read};
use throng_core::{Address, ClientId, CloseCode, CloseFrame, ClosedBy, Instant, MessageKind, Rate};

/// Each event at least once, in runs that somebody could have recorded, and logs that are damaged.
pub fn trace_file() -> Vec<Seed> {
    let whole = rooms();
    let torn = whole.1[..whole.1.len() - 5].to_vec();
    let mut damaged = whole.1.clone();
    damaged[whole.1.len() / 2] ^= 0x10;
    vec![
        Run::new(&Config::default()).finish("nothing-happened"),
        limited(),
        seed("torn", torn),
        seed("damaged", damaged),
        whole,
        transmits(),
        closes(),
        drains(),
        checkpoints(),
        payloads_kept(),
        stages("stages", Payloads::Redacted),
        stages("stages-with-payloads", Payloads::Kept),
        places(),
        reconfigured("reconfigured", Payloads::Redacted),
        reconfigured("reconfigured-with-payloads", Payloads::Kept),
        window("window", Payloads::Redacted),
        window("window-with-payloads", Payloads::Kept),
        windows(),
        sessions(),
        histories(),
        questions(),
        presence(),
    ]
}

/// Every limit, and every kind of inbound event.
fn limited() -> Seed {
    let mut config = Config::default();
    config.admission.connections = Some(3);
    config.admission.connect_rate = Some(Rate::per_second(100));
    config.admission.per_user = PerUser::EvictOldest(1);
    config.inbound.messages = Some(Rate::per_second(10).burst(2));
    config.deadlines.idle = Some(Duration::from_secs(5));
    let mut run = Run::new(&config);
    let connection = run.accept(Some(Address([7; 16])));
    run.reserve(connection, Some("ada"));
    run.event(Event::Open { connection });
    run.admit(Some("ada"));
    for bytes in [1, 2, 3, 4] {
        run.event(Event::Received { connection, kind: MessageKind::Text, bytes });
    }
    let client = run.admit(None);
    let connection = run.on(client);
    run.event(Event::SetUser { client, user: Some("bob") });
    run.event(Event::Ping { connection, payload: b"ping" });
    run.event(Event::Pong { connection });
    run.event(Event::Heard { connection });
    run.event(Event::Working { connection });
    run.event(Event::HalfClosed { connection });
    run.event(Event::Timeout);
    run.finish("limits")
}

fn rooms() -> Seed {
    let mut run = Run::new(&Config::default());
    meet(&mut run);
    run.finish("rooms")
}

fn checkpoints() -> Seed {
    let config = Config::default();
    let mut run = Run::recorded_by(Recorder::new(&config).checkpoint_every(EVERY), &config);
    meet(&mut run);
    run.recorder.checkpoint();
    run.finish("checkpoints")
}

fn payloads_kept() -> Seed {
    let config = Config::default();
    let mut run = Run::recorded_by(Recorder::new(&config).payloads(Payloads::Kept), &config);
    meet(&mut run);
    let client = run.admit(None);
    run.event(Event::Ping { connection: run.on(client), payload: b"ping" });
    run.finish("payloads-kept")
}

/// Rooms of their own kind, and publishing on a client's behalf, which not everybody may.
fn stages(name: &str, payloads: Payloads) -> Seed {
    let config = Config::default();
    let mut run = Run::recorded_by(Recorder::new(&config).payloads(payloads), &config);
    let clients = ["ada", "bob", "cleo"].map(|user| run.admit(Some(user)));
    let [one, two, three] = clients;
    stage(&mut run, Policy::DropOldest);
    for client in clients {
        run.event(Event::Join { client, room: "stage", recover: None });
    }
    run.publish_as(one, &[Target::Room("stage"), Target::Client(three)], 9);
    run.publish_as(three, &[Target::Room("stage")], 9);
    run.event(Event::CloseRoom { room: "stage", members: Members::Leave });
    stage(&mut run, Policy::Conflate(1));
    run.event(Event::Join { client: two, room: "stage", recover: None });
    run.publish_as(two, &[Target::User("ada"), Target::All], 200);
    let members = Members::Disconnect { code: CloseCode(4101), reason: "over" };
    run.event(Event::CloseRoom { room: "stage", members });
    run.event(Event::CloseRoom { room: "stage", members });
    run.event(Event::Timeout);
    run.finish(name)
}

/// A room for two, who alone may publish to it; it stays without them.
fn stage(run: &mut Run, policy: Policy) {
    let config = RoomConfig {
        members: Some(2),
        publishers: Publishers::Members,
        policy: Some(policy),
        lifetime: Lifetime::Kept,
        history: None,
        presence: None,
    };
    run.event(Event::ConfigureRoom { room: "stage", config });
}

/// The application decides which of a user's clients stay.
fn places() -> Seed {
    let mut run = Run::new(&Config::default());
    let [one, two] = ["ada", "ada"].map(|user| run.admit(Some(user)));
    let connection = run.accept(None);
    let newcomer = run.reserve(connection, Some("ada"));
    run.place(newcomer, "ada", &[(one, Fate::Stays)]);
    run.place(newcomer, "ada", &[(one, Fate::Goes), (two, Fate::Stays)]);
    let other = run.admit(None);
    run.place(other, "ada", &[(two, Fate::Goes), (newcomer, Fate::Stays)]);
    run.place(one, "bob", &[]);
    run.finish("places")
}

/// Another config, one that cannot be, and messages that are too long under one of them.
fn reconfigured(name: &str, payloads: Payloads) -> Seed {
    let config = Config::default();
    let mut run = Run::recorded_by(Recorder::new(&config).payloads(payloads), &config);
    let client = run.admit(Some("ada"));
    run.publish(&[Target::All], &[], 60, None);
    let mut other = rates();
    other.outbox.message_bytes = 50;
    run.event(Event::Reconfigure { config: &other });
    run.publish(&[Target::All], &[], 60, None);
    run.publish_as(client, &[Target::All], 60);
    other.outbox.messages = 0;
    run.event(Event::Reconfigure { config: &other });
    for bytes in [1, 2, 3] {
        run.event(Event::Received { connection: run.on(client), kind: MessageKind::Text, bytes });
    }
    run.event(Event::Reconfigure { config: &config });
    run.publish_as(client, &[Target::User("ada")], 60);
    run.finish(name)
}

/// What a flight recorder has that begins in the midst of it.
fn window(name: &str, payloads: Payloads) -> Seed {
    let config = rates();
    let mut run = Run::new(&config);
    let clients = mingle(&mut run);
    run.record_last(&config, payloads);
    go_on(&mut run, clients);
    run.finish(name)
}

/// A window in which a state comes again, one that the replay has not come to by itself.
fn windows() -> Seed {
    let config = rates();
    let mut run = Run::new(&config);
    let clients = mingle(&mut run);
    run.record_last(&config, Payloads::Redacted);
    go_on(&mut run, clients);
    let mut log = run.recorder.take();
    run.record_last(&config, Payloads::Redacted);
    run.event(Event::Timeout);
    let second = run.recorder.take();
    let begins = read(&second).expect("it was just recorded").position();
    log.extend_from_slice(&second[begins..]);
    seed("windows", log)
}

/// Rates, so that a state has buckets, and codes of one's own, without many words: a config is there more than once.
fn rates() -> Config {
    let closes = Closes::from_fn(|cause| CloseFrame::new(CloseCode(4000 + cause as u16), ""));
    let mut config = Config { closes, ..Config::default() };
    config.admission.connect_rate = Some(Rate::per_second(100));
    config.inbound.messages = Some(Rate::per_second(10).burst(2));
    config
}

/// Somebody in every phase; frames that are queued, leased, written in part and waited for; control frames; a user and an
/// address that are only remembered, and free places.
fn mingle(run: &mut Run) -> [ClientId; 3] {
    let gone = run.accept(Some(Address([7; 16])));
    run.event(Event::Gone { connection: gone });
    run.accept(Some(Address([9; 16])));
    let reserved = run.accept(None);
    run.reserve(reserved, Some("dora"));
    let [one, two, three, four, five] =
        ["ada", "bob", "cleo", "bob", "eve"].map(|user| run.admit(Some(user)));
    for (client, room) in [(one, "lobby"), (two, "lobby"), (three, "lobby"), (two, "attic"), (five, "attic")]
    {
        run.event(Event::Join { client, room, recover: None });
    }
    for client in [one, five] {
        run.event(Event::Received { connection: run.on(client), kind: MessageKind::Text, bytes: 9 });
    }
    run.event(Event::Gone { connection: run.on(five) });
    run.publish(&[Target::Room("lobby")], &[], 20, None);
    run.publish(&[Target::Client(one)], &[two], 7, Some(Policy::Conflate(7)));
    run.event(Event::Transmit { connection: run.on(two), budget: 1 << 16 });
    let part = Progress::part(0, 3);
    run.event(Event::Transmitted { results: &[run.written(two, part, Transport::Blocked)] });
    run.publish(&[Target::All], &[], 5, Some(Policy::DropOldest));
    run.event(Event::Transmit { connection: run.on(three), budget: 1 << 16 });
    stage(run, Policy::Disconnect);
    run.publish(&[Target::User("cleo")], &[], 3, None);
    run.event(Event::Ping { connection: run.on(one), payload: b"ping" });
    let (code, flush, by) = (CloseCode::POLICY, Flush::First, ClosedBy::Application);
    run.event(Event::Close { client: four, code, reason: "enough", flush, by });
    [one, two, three]
}

/// What is there is used.
fn go_on(run: &mut Run, [one, two, three]: [ClientId; 3]) {
    run.event(Event::Transmitted { results: &[run.written(three, Progress::All, Transport::Ready)] });
    run.event(Event::Writable { connection: run.on(two) });
    run.event(Event::TransmitReady { lane: 0, connections: 8, budget: 1 << 16 });
    run.event(Event::Received { connection: run.on(one), kind: MessageKind::Binary, bytes: 9 });
    run.publish(&[Target::Room("lobby"), Target::Room("attic")], &[], 4, None);
    run.event(Event::LeaveAll { client: two });
    run.event(Event::Join { client: two, room: "stage", recover: None });
    run.publish_as(two, &[Target::Room("stage"), Target::Client(one)], 6);
    run.admit(Some("eve"));
    run.event(Event::Gone { connection: run.on(three) });
    run.event(Event::Timeout);
    run.recorder.checkpoint();
}

/// Three meet in a room.
fn meet(run: &mut Run) {
    let clients = ["ada", "bob", "cleo"].map(|user| run.admit(Some(user)));
    for client in clients {
        run.event(Event::Join { client, room: "lobby", recover: None });
    }
    run.publish(&[Target::Room("lobby")], &clients[..1], 20, None);
    run.publish(
        &[Target::All, Target::User("bob"), Target::Client(clients[2])],
        &[],
        0,
        Some(Policy::Conflate(7)),
    );
    run.publish(&[Target::Client(clients[0])], &[], 5, Some(Policy::Wait));
    run.event(Event::Leave { client: clients[0], room: "lobby" });
    run.event(Event::LeaveAll { client: clients[1] });
}

fn transmits() -> Seed {
    let mut run = Run::new(&Config::default());
    let [one, two] = ["ada", "bob"].map(|user| run.admit(Some(user)));
    for len in [10, 200, 3000] {
        run.publish(&[Target::All], &[], len, Some(Policy::DropOldest));
    }
    run.event(Event::TransmitReady { lane: 0, connections: 1, budget: 100 });
    run.event(Event::Transmit { connection: run.on(two), budget: 1 << 16 });
    let part = Progress::part(0, 3);
    run.event(Event::Transmitted {
        results: &[
            run.written(one, Progress::All, Transport::Ready),
            run.written(two, part, Transport::Blocked),
        ],
    });
    run.event(Event::Writable { connection: run.on(two) });
    run.event(Event::TransmitReady { lane: 0, connections: 8, budget: 1 << 16 });
    run.event(Event::Transmitted { results: &[run.written(one, Progress::All, Transport::Failed)] });
    run.finish("transmits")
}

fn closes() -> Seed {
    let mut run = Run::new(&Config::default());
    let [one, two, three] = ["ada", "bob", "cleo"].map(|user| run.admit(Some(user)));
    run.publish(&[Target::All], &[], 10, Some(Policy::DropNewest));
    run.event(Event::PeerClosed { connection: run.on(one), code: Some(CloseCode::NORMAL), reason: "bye" });
    run.event(Event::PeerClosed { connection: run.on(two), code: None, reason: "" });
    for (flush, by) in [(Flush::First, ClosedBy::Application), (Flush::Never, ClosedBy::Hub)] {
        run.event(Event::Close { client: three, code: CloseCode::POLICY, reason: "enough", flush, by });
    }
    run.event(Event::TransmitReady { lane: 0, connections: 8, budget: 1 << 16 });
    let connection = run.on(one);
    run.event(Event::Gone { connection });
    run.event(Event::Gone { connection });
    run.finish("closes")
}

/// A client goes away and returns, another is closed by its connection.
fn sessions() -> Seed {
    let mut config = Config::default();
    config.sessions.grace = Some(Duration::from_secs(30));
    let mut run = Run::new(&config);
    let client = run.admit(Some("ada"));
    let session = Some("a");
    run.event(Event::Identify { client, user: Some("ada"), session });
    run.event(Event::Join { client, room: "lobby", recover: None });
    run.event(Event::Gone { connection: run.on(client) });
    run.publish(&[Target::Room("lobby")], &[], 10, None);
    let connection = run.accept(None);
    run.event(Event::Reserve { connection, user: Some("ada"), session, rooms: &[] });
    run.event(Event::Open { connection });
    run.event(Event::TransmitReady { lane: 0, connections: 8, budget: 1 << 16 });
    let (code, flush) = (CloseCode::POLICY, Flush::First);
    run.event(Event::CloseConnection { connection, code, reason: "enough", flush });
    run.finish("sessions")
}

/// A client recovers what it has missed, and a history ends.
fn histories() -> Seed {
    let mut config = Config::default();
    config.host.epoch_seed = 1;
    config.history.by_prefix.insert("lobby".into(), History::default());
    let mut run = Run::new(&config);
    let (client, room) = (run.admit(None), "lobby");
    run.event(Event::Join { client, room, recover: None });
    run.publish(&[Target::Room(room)], &[], 10, None);
    run.event(Event::Leave { client, room });
    let position = run.hub.position(room);
    run.publish(&[Target::Room(room)], &[], 11, None);
    run.event(Event::Join { client, room, recover: position.map(Recover::Since) });
    run.event(Event::TransmitReady { lane: 0, connections: 8, budget: 1 << 16 });
    run.event(Event::RemoveHistory { room });
    run.event(Event::Join { client, room, recover: position.map(Recover::Since) });
    run.finish("histories")
}

/// Questions that are answered, cancelled and too late, of a client that is authorised for a second.
fn questions() -> Seed {
    let mut run = Run::new(&Config::default());
    let client = run.admit(Some("ada"));
    let (code, reason) = (Some(CloseCode(4100)), "sign in again");
    let at = Some(Instant::from_nanos(1_000_000_000));
    run.event(Event::SetExpiry { client, at, code, reason });
    for on_resume in [OnResume::Fails, OnResume::AskedAgain, OnResume::Fails] {
        let lasts = Duration::from_millis(20);
        let Some(Outcome::Asked(ask)) = run.event(Event::Ask { client, lasts, on_resume }) else {
            unreachable!("few questions are open");
        };
        match on_resume {
            OnResume::AskedAgain => run.event(Event::CancelAsk { client, ask }),
            _ => run.event(Event::Replied { client, ask }),
        };
    }
    run.event(Event::Ask { client, lasts: Duration::ZERO, on_resume: OnResume::Fails });
    run.event(Event::Timeout);
    run.now += 1_000_000_000;
    run.event(Event::Timeout);
    run.finish("questions")
}

/// A member watches a room, others come and go, and what changes is told: of users, then only in numbers.
fn presence() -> Seed {
    let mut config = Config::default();
    let presence = Presence { users: 2, ..Presence::default() };
    config.presence.by_prefix.insert("lobby".into(), presence);
    let mut run = Run::new(&config);
    let [one, two, three] = ["ada", "bob", "cleo"].map(|user| run.admit(Some(user)));
    let room = "lobby";
    run.event(Event::JoinWithInfo { client: one, room, recover: None, info: b"info" });
    run.event(Event::WatchPresence { client: one, room });
    for client in [two, three] {
        run.event(Event::JoinWithInfo { client, room, recover: None, info: b"" });
        run.now += 200_000_000;
        run.event(Event::Timeout);
        run.publish(&[Target::Watchers(room)], &[], 10, None);
    }
    run.event(Event::SetUser { client: three, user: Some("bob") });
    run.event(Event::Leave { client: two, room });
    run.event(Event::UnwatchPresence { client: one, room });
    run.finish("presence")
}

fn drains() -> Seed {
    let mut run = Run::new(&Config::default());
    for user in ["ada", "bob"] {
        run.admit(Some(user));
    }
    run.event(Event::Drain(Drain { idle: Duration::ZERO, spread: Duration::from_millis(5) }));
    for _ in 0..8 {
        run.event(Event::Timeout);
    }
    run.event(Event::Shutdown);
    run.event(Event::TransmitReady { lane: 0, connections: 8, budget: 1 << 16 });
    run.finish("drain")
}
