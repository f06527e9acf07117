//! What the core costs: `cargo bench -p throng-tests --bench hub`.
//!
//! Where an iteration is a thousand items, its microseconds are nanoseconds an item, and a thousandth of its
//! allocations are those of an item. A broadcast is one item for each recipient: the throughput says how many a
//! second.

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use std::cell::RefCell;
use std::time::Duration;
use throng_core::hub::{Config, Event, History, Hub, Position, Recover, Recovery, Target};
use throng_core::outbox::Batch;
use throng_core::{ClientId, Instant, MessageKind, Rate};
use throng_tests::rig::{Order, ROOM, Rig, frame};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// Items of an iteration: microseconds of one are nanoseconds of the other.
const THOUSAND: u32 = 1_000;
const NOW: Instant = Instant::ORIGIN;
const SIZES: [u32; 4] = [100, 10_000, 100_000, 1_000_000];

fn main() {
    divan::main();
}

/// Runs `act` for a thousand items an iteration; `prepare` is not measured.
fn thousand<S>(bencher: Bencher<'_, '_>, state: S, prepare: impl Fn(&mut S), act: impl Fn(&mut S)) {
    let state = RefCell::new(state);
    bencher
        .counter(ItemsCount::new(THOUSAND))
        .with_inputs(|| prepare(&mut state.borrow_mut()))
        .bench_local_values(|()| act(&mut state.borrow_mut()));
}

/// A frame into the queue of each recipient; the queues are empty before.
#[divan::bench_group(sample_size = 1, sample_count = 25, max_time = 2)]
mod broadcast {
    use super::*;

    #[divan::bench(args = SIZES)]
    fn all(bencher: Bencher<'_, '_>, clients: u32) {
        push(bencher, Rig::new(clients), Target::All, 64);
    }

    #[divan::bench(args = SIZES)]
    fn all_64_kib(bencher: Bencher<'_, '_>, clients: u32) {
        push(bencher, Rig::new(clients), Target::All, 64 << 10);
    }

    #[divan::bench(args = SIZES)]
    fn room_in_order(bencher: Bencher<'_, '_>, clients: u32) {
        push(bencher, Rig::new(clients).in_room(Order::Connected), Target::Room(ROOM), 64);
    }

    #[divan::bench(args = SIZES)]
    fn room_shuffled(bencher: Bencher<'_, '_>, clients: u32) {
        push(bencher, Rig::new(clients).in_room(Order::Shuffled), Target::Room(ROOM), 64);
    }

    fn push(bencher: Bencher<'_, '_>, mut rig: Rig, target: Target<'_>, bytes: usize) {
        let frame = frame(bytes);
        // The first one makes the pools as large as they must be.
        rig.publish(target, &frame);
        let count = ItemsCount::new(rig.clients.len());
        let rig = RefCell::new(rig);
        bencher
            .counter(count)
            .with_inputs(|| rig.borrow_mut().write_all())
            .bench_local_values(|()| rig.borrow_mut().publish(target, &frame));
    }
}

/// At the hub's budget.
#[divan::bench_group(sample_size = 1, sample_count = 25, max_time = 2)]
mod budget {
    use super::*;

    /// A message for which there is no room, as all of the budget is on lease: however many clients there are, none of them is
    /// looked at.
    #[divan::bench(args = [100, 20_000, 100_000])]
    fn without_room(bencher: Bencher<'_, '_>, clients: u32) {
        let mut config = Config::default();
        config.outbox.hub_bytes = u64::from(config.outbox.bytes);
        let mut hub = Hub::new(config).expect("the config stands");
        let mut admit = |_| hub.admit(NOW, None).expect("nobody is refused");
        let clients: Vec<ClientId> = (0..clients).map(&mut admit).collect();
        let (large, [busy, idle]) = (frame(400 << 10), [clients[0], clients[1]]);
        for _ in 0..2 {
            hub.publish(NOW, &[Target::Client(busy)], &[], &large, None).expect("it is there");
        }
        let busy = hub.connection_of(busy).expect("it is there");
        hub.transmit(NOW, busy, u32::MAX, &mut Batch::default()).expect("it is there");
        thousand(
            bencher,
            hub,
            |_| (),
            |hub| {
                for _ in 0..THOUSAND {
                    let published = hub.publish(NOW, &[Target::Client(idle)], &[], &large, None);
                    assert_eq!(published.map(|published| published.dropped), Ok(1));
                    while black_box(hub.poll_action()).is_some() {}
                }
            },
        );
    }
}

/// A lease for each client of a room, and its return; each has `outstanding` messages.
#[divan::bench_group(sample_size = 1, sample_count = 25, max_time = 2)]
mod transmit {
    use super::*;

    #[divan::bench(args = [1, 16], consts = [100, 10_000, 1_000_000])]
    fn in_order<const CLIENTS: u32>(bencher: Bencher<'_, '_>, outstanding: u32) {
        transmit(bencher, Rig::new(CLIENTS).in_room(Order::Connected), outstanding);
    }

    #[divan::bench(args = [1, 16], consts = [100, 10_000, 1_000_000])]
    fn shuffled<const CLIENTS: u32>(bencher: Bencher<'_, '_>, outstanding: u32) {
        transmit(bencher, Rig::new(CLIENTS).in_room(Order::Shuffled), outstanding);
    }

    fn transmit(bencher: Bencher<'_, '_>, rig: Rig, outstanding: u32) {
        let frame = frame(64);
        let count = ItemsCount::new(rig.clients.len());
        let publish = |rig: &mut Rig| {
            for _ in 0..outstanding {
                rig.publish(Target::Room(ROOM), &frame);
            }
        };
        let rig = RefCell::new(rig);
        publish(&mut rig.borrow_mut());
        rig.borrow_mut().write_all();
        bencher
            .counter(count)
            .with_inputs(|| publish(&mut rig.borrow_mut()))
            .bench_local_values(|()| rig.borrow_mut().write_all());
    }
}

/// One recipient a publish, of 10,000 clients.
#[divan::bench_group(sample_size = 1, sample_count = 300, max_time = 1)]
mod send {
    use super::*;

    #[divan::bench]
    fn to_client(bencher: Bencher<'_, '_>) {
        let frame = frame(128);
        let send = |rig: &mut Rig| {
            for at in 0..THOUSAND as usize {
                rig.publish(Target::Client(rig.clients[at]), &frame);
            }
        };
        thousand(bencher, Rig::new(10_000), Rig::write_all, send);
    }

    #[divan::bench]
    fn to_client_and_write(bencher: Bencher<'_, '_>) {
        let frame = frame(128);
        let send = |rig: &mut Rig| {
            for at in 0..THOUSAND as usize {
                rig.publish(Target::Client(rig.clients[at]), &frame);
                rig.write_all();
            }
        };
        thousand(bencher, Rig::new(10_000), |_| {}, send);
    }

    #[divan::bench]
    fn to_user(bencher: Bencher<'_, '_>) {
        let (rig, users) = with_users(10_000);
        let frame = frame(128);
        let send = |rig: &mut Rig| {
            for user in &users[..THOUSAND as usize] {
                rig.publish(Target::User(user), &frame);
            }
        };
        thousand(bencher, rig, Rig::write_all, send);
    }
}

/// Membership, of 10,000 clients.
#[divan::bench_group(sample_size = 1, sample_count = 300, max_time = 1)]
mod room {
    use super::*;

    fn join_all(rig: &mut Rig) {
        for &client in &rig.clients[..THOUSAND as usize] {
            rig.hub.join(NOW, client, "library").expect("it is not in there");
        }
    }

    fn leave_all(rig: &mut Rig) {
        for &client in &rig.clients[..THOUSAND as usize] {
            // Before the first iteration nobody is in the room.
            let _ = rig.hub.leave(NOW, client, "library");
        }
    }

    #[divan::bench]
    fn join(bencher: Bencher<'_, '_>) {
        thousand(bencher, Rig::new(10_000).in_room(Order::Connected), leave_all, join_all);
    }

    #[divan::bench]
    fn leave(bencher: Bencher<'_, '_>) {
        thousand(bencher, Rig::new(10_000).in_room(Order::Connected), join_all, leave_all);
    }
}

/// Coming and going, beside 10,000 clients that stay. Connecting is accept, reserve and open.
#[divan::bench_group(sample_size = 1, sample_count = 300, max_time = 1)]
mod connection {
    use super::*;

    fn connect_all((rig, newcomers): &mut (Rig, Vec<ClientId>)) {
        newcomers.extend((0..THOUSAND).map(|_| rig.connect()));
    }

    fn disconnect_all((rig, newcomers): &mut (Rig, Vec<ClientId>)) {
        for client in newcomers.drain(..) {
            rig.disconnect(client);
        }
    }

    #[divan::bench]
    fn connect(bencher: Bencher<'_, '_>) {
        thousand(bencher, (Rig::new(10_000), Vec::new()), disconnect_all, connect_all);
    }

    #[divan::bench]
    fn disconnect(bencher: Bencher<'_, '_>) {
        thousand(bencher, (Rig::new(10_000), Vec::new()), connect_all, disconnect_all);
    }
}

/// Questions to a hub of 10,000 clients, each of a user of its own and in the room.
#[divan::bench_group(sample_size = 1, sample_count = 300, max_time = 1)]
mod look_up {
    use super::*;

    fn ask<A>(bencher: Bencher<'_, '_>, question: impl Fn(&Hub, ClientId, &str) -> A) {
        let (rig, users) = with_users(10_000);
        let rig = rig.in_room(Order::Shuffled);
        let ask = |rig: &mut Rig| {
            for (&client, user) in rig.clients.iter().zip(&users).take(THOUSAND as usize) {
                black_box(question(&rig.hub, black_box(client), black_box(user)));
            }
        };
        thousand(bencher, rig, |_| {}, ask);
    }

    #[divan::bench]
    fn is_open(bencher: Bencher<'_, '_>) {
        ask(bencher, |hub, client, _| hub.is_open(client));
    }

    #[divan::bench]
    fn connection_of(bencher: Bencher<'_, '_>) {
        ask(bencher, |hub, client, _| hub.connection_of(client));
    }

    #[divan::bench]
    fn user_of(bencher: Bencher<'_, '_>) {
        ask(bencher, |hub, client, _| hub.user_of(client));
    }

    #[divan::bench]
    fn clients_of(bencher: Bencher<'_, '_>) {
        ask(bencher, |hub, _, user| hub.clients_of(user).count());
    }

    #[divan::bench]
    fn in_room(bencher: Bencher<'_, '_>) {
        ask(bencher, |hub, client, _| hub.in_room(client, ROOM));
    }

    #[divan::bench]
    fn member_count(bencher: Bencher<'_, '_>) {
        ask(bencher, |hub, _, _| hub.member_count(ROOM));
    }

    #[divan::bench]
    fn client_count(bencher: Bencher<'_, '_>) {
        ask(bencher, |hub, _, _| hub.client_count());
    }
}

/// What a message costs that comes in, of 10,000 clients.
#[divan::bench_group(sample_size = 1, sample_count = 300, max_time = 1)]
mod received {
    use super::*;

    fn receive(bencher: Bencher<'_, '_>, change: fn(&mut Config)) {
        let receive = |rig: &mut Rig| {
            for &connection in &rig.connections[..THOUSAND as usize] {
                let verdict = rig.hub.received(NOW, connection, MessageKind::Text, 128);
                black_box(verdict.expect("the client is open"));
            }
        };
        thousand(bencher, Rig::with(10_000, change), |_| {}, receive);
    }

    #[divan::bench]
    fn without_rates(bencher: Bencher<'_, '_>) {
        receive(bencher, |_| {});
    }

    #[divan::bench]
    fn under_two_rates(bencher: Bencher<'_, '_>) {
        receive(bencher, |config| {
            config.inbound.messages = Some(Rate::per_second(u32::MAX));
            config.inbound.bytes = Some(Rate::per_second(u32::MAX));
        });
    }

    #[divan::bench]
    fn pong(bencher: Bencher<'_, '_>) {
        let no_control_rate = |config: &mut Config| config.inbound.control = None;
        let pong = |rig: &mut Rig| {
            for &connection in &rig.connections[..THOUSAND as usize] {
                black_box(rig.hub.handle(NOW, Event::Pong { connection }).expect("the client is open"));
            }
        };
        thousand(bencher, Rig::with(10_000, no_control_rate), |_| {}, pong);
    }
}

/// A room that keeps its last 100 messages, beside one that keeps none: a publish must cost at most 1.15 times as much. And what
/// clients get that return, beside a broadcast of as many messages: at least 0.8 times as many a second.
#[divan::bench_group(sample_size = 1, sample_count = 100, max_time = 2)]
mod history {
    use super::*;

    const MESSAGES: u32 = 100;
    const RETURNING: u32 = 10_000;

    fn with_history(config: &mut Config) {
        config.host.epoch_seed = 1;
        config.history.by_prefix.insert(ROOM.into(), History { messages: MESSAGES, ..History::default() });
    }

    #[divan::bench(args = [1, 100, 10_000])]
    fn publish_without(bencher: Bencher<'_, '_>, members: u32) {
        publish(bencher, Rig::new(members), members);
    }

    #[divan::bench(args = [1, 100, 10_000])]
    fn publish_with(bencher: Bencher<'_, '_>, members: u32) {
        publish(bencher, Rig::with(members, with_history), members);
    }

    /// Messages to a room, a hundred before all are written.
    fn publish(bencher: Bencher<'_, '_>, rig: Rig, members: u32) {
        let (mut rig, frame) = (rig.in_room(Order::Connected), frame(128));
        bencher.counter(ItemsCount::new(MESSAGES * members)).bench_local(|| {
            for _ in 0..MESSAGES {
                rig.publish(Target::Room(ROOM), &frame);
            }
            rig.write_all();
        });
    }

    #[divan::bench]
    fn broadcast_100(bencher: Bencher<'_, '_>) {
        publish(bencher, Rig::new(RETURNING), RETURNING);
    }

    /// The clients join from the position before the last 100 messages, and get them.
    #[divan::bench]
    fn recover_100(bencher: Bencher<'_, '_>) {
        let (mut rig, frame) = (Rig::with(RETURNING, with_history), frame(128));
        for _ in 0..MESSAGES {
            rig.publish(Target::Room(ROOM), &frame);
        }
        let top = rig.hub.position(ROOM).expect("the room has a history");
        let since = Recover::Since(Position { offset: top.offset - u64::from(MESSAGES), ..top });
        let rig = RefCell::new(rig);
        let leave = || {
            let mut rig = rig.borrow_mut();
            for at in 0..rig.clients.len() {
                let client = rig.clients[at];
                // In the first round nobody is in the room.
                let _ = rig.hub.leave(NOW, client, ROOM);
            }
        };
        bencher.counter(ItemsCount::new(MESSAGES * RETURNING)).with_inputs(leave).bench_local_values(|()| {
            let mut rig = rig.borrow_mut();
            for at in 0..rig.clients.len() {
                let client = rig.clients[at];
                let joined = rig.hub.join_from(NOW, client, ROOM, since).expect("the client is open");
                assert_eq!(joined.recovery, Some(Recovery::Recovered { count: MESSAGES }));
            }
            rig.write_all();
        });
    }
}

/// A thousand timers: each fires, queues a ping, is set anew, and the ping is written.
#[divan::bench(sample_size = 1, sample_count = 500, max_time = 1)]
fn keepalive(bencher: Bencher<'_, '_>) {
    let mut now = NOW;
    let mut rig = Rig::with(THOUSAND, |config| config.deadlines.pong = None);
    bencher.counter(ItemsCount::new(THOUSAND)).bench_local(|| {
        now = now + Duration::from_secs(60);
        rig.hub.timeout(now).expect("a timeout is never an error");
        rig.write_all();
    });
}

/// All memory of a hub, and of the rig's lists of ids, which are 16 bytes a client; `tests/tests/memory.rs` has the bytes of one
/// client and of one membership.
#[divan::bench_group(sample_size = 1, sample_count = 3)]
mod memory {
    use super::*;

    #[divan::bench]
    fn of_65_536_clients() -> Rig {
        Rig::new(65_536)
    }

    #[divan::bench]
    fn of_65_536_clients_in_a_room() -> Rig {
        Rig::new(65_536).in_room(Order::Connected)
    }
}

fn with_users(clients: u32) -> (Rig, Vec<String>) {
    let mut rig = Rig::new(clients);
    let users: Vec<String> = (0..clients).map(|at| format!("user-{at}")).collect();
    for (&client, user) in rig.clients.iter().zip(&users) {
        rig.hub.set_user(NOW, client, Some(user)).expect("the client is open");
    }
    (rig, users)
}
