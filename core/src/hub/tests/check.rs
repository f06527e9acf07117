//! `Hub::check` finds every broken invariant.

use crate::frame::Frame;
use crate::hub::attendance::Attendance;
use crate::hub::client::NEVER;
use crate::hub::connection::{Connection, Marks, Row};
use crate::hub::{Config, Drain, Event, Hub, Notice, OnResume, OverRate, PerUser, Presence, State, Target};
use crate::id::{Address, ClientId, ConnectionId};
use crate::invariant::{Broken, Invariant, Invariant as I};
use crate::outbox::{Batch, Flags, Phase, Progress, Sending, Transport, Written};
use crate::rate::Rate;
use crate::time::Instant;
use alloc::string::ToString;
use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;

const NOW: Instant = Instant::from_nanos(1_000_000_000);

/// The indexes of the clients in [`hub_of_everything`]. The row of each connection is [`SHIFT`] more.
const IDLE: u32 = 0;
const LEASED: u32 = 1;
const READY: u32 = 2;
const BLOCKED: u32 = 3;
const RESERVED: u32 = 4;
const CLOSING: u32 = 5;
const GONE: u32 = 6;
/// Handshakes that were accepted before the first client.
const SHIFT: u32 = 2;

const fn on(index: u32) -> ConnectionId {
    ConnectionId { index: index + SHIFT, generation: 0 }
}

fn slot(hub: &mut Hub, index: u32) -> &mut Connection {
    &mut hub.connections[Row(index + SHIFT)]
}

/// A hub with a client in every state.
fn hub_of_everything() -> Hub {
    let mut config = Config::default();
    config.outbox.messages = 4;
    config.inbound.messages = Some(Rate::per_second(1));
    config.inbound.user_messages = Some(Rate::per_second(1));
    config.inbound.over_rate = OverRate::Drop;
    config.admission.connect_rate = Some(Rate::per_second(1).burst(10));
    config.presence.by_prefix.insert("library".into(), Presence::default());
    let mut hub = Hub::new(config).expect("a config that can stand");
    let id = |index| ClientId { index, generation: 0 };
    for _ in 0..SHIFT {
        hub.accept(NOW, None, 0).expect("admission is open");
    }
    for index in 0..=GONE {
        let address = Address([u8::from(index == GONE); 16]);
        let connection = hub.accept(NOW, Some(address), 0).expect("admission is open");
        let user = if index == GONE { "zoe" } else { "ada" };
        assert_eq!(hub.reserve(NOW, connection, Some(user)), Ok(id(index)));
        if index != RESERVED {
            hub.open(NOW, connection).expect("it is reserved");
        }
        assert_eq!(connection, on(index));
    }
    for index in [IDLE, LEASED, READY, BLOCKED] {
        hub.join(NOW, id(index), "lobby").expect("a room");
    }
    // The first client of the user is another one than that which the watcher knows.
    hub.join(NOW, id(IDLE), "library").expect("a room");
    hub.join_with_info(NOW, id(READY), "library", None, b"info").expect("a room");
    hub.watch_presence(NOW, id(READY), "library").expect("a member");
    hub.leave(NOW, id(IDLE), "library").expect("a member");
    hub.join(NOW, id(IDLE), "library").expect("a room");
    let frame = Frame::raw(Bytes::from_static(b"hello"));
    for (index, messages) in [(LEASED, 2), (READY, 1), (BLOCKED, 6)] {
        for _ in 0..messages {
            hub.publish(NOW, &[Target::Client(id(index))], &[], &frame, None).expect("a client");
        }
    }
    let target = [Target::Room("lobby")];
    hub.publish(NOW, &target, &[id(IDLE), id(LEASED), id(BLOCKED)], &frame, None).expect("a room");
    for index in [BLOCKED, LEASED] {
        hub.transmit(NOW, on(index), 1 << 20, &mut Batch::default()).expect("a client");
    }
    let progress = Progress::part(1, 2);
    hub.transmitted(NOW, &[written(BLOCKED, progress, Transport::Blocked)]).expect("never fails");
    hub.handle(NOW, Event::Ping { connection: on(READY), payload: b"who" }).expect("a client");
    for index in [IDLE, IDLE, GONE] {
        hub.received(NOW, on(index), crate::frame::MessageKind::Text, 5).expect("a client");
    }
    hub.handle(NOW, Event::PeerClosed { connection: on(CLOSING), code: None, reason: "" }).expect("a client");
    hub.gone(NOW, on(GONE)).expect("a client");
    hub
}

/// The presence of the room "library".
fn presence(hub: &mut Hub) -> &mut Attendance {
    let slot = hub.rooms.find(b"library").expect("a room");
    hub.attendance_mut(slot).expect("it has presence")
}

/// The result of a client's lease.
const fn written(index: u32, progress: Progress, transport: Transport) -> Written {
    Written { connection: on(index), client: ClientId { index, generation: 0 }, progress, transport }
}

fn ping(hub: &mut Hub, index: u32) {
    hub.handle(NOW, Event::Ping { connection: on(index), payload: b"who" }).expect("a client");
}

/// A change that breaks a hub, and the invariant that it breaks.
type Sabotage = (Invariant, fn(&mut Hub));

const SABOTAGES: &[Sabotage] = &[
    (I::TimerLate, |hub| slot(hub, IDLE).next_ping = 0),
    (I::TimerLate, |hub| {
        let timer = slot(hub, IDLE).timer;
        hub.wheel.reset(timer, Instant::FAR_FUTURE);
    }),
    (I::TimerOwner, |hub| slot(hub, IDLE).timer = slot(hub, READY).timer),
    (I::TimerCount, |hub| {
        hub.wheel.insert(Instant::FAR_FUTURE, crate::hub::Owner::User(9));
    }),
    (I::TimerLost, |hub| while hub.wheel.pop(Instant::FAR_FUTURE, &mut u32::MAX.clone()).is_some() {}),
    (I::FreeList, |hub| hub.outboxes.lose_a_free_entry()),
    (I::FreeList, |hub| hub.connections.free = crate::outbox::NONE),
    (I::QueueLinks, |hub| hub.outboxes.entries[READY].last += 100),
    (I::QueueLinks, |hub| hub.outboxes.point_a_queue_nowhere(READY)),
    (I::QueueLinks, |hub| hub.outboxes.empty_a_span()),
    (I::QueueCounts, |hub| hub.outboxes.entries[READY].messages += 1),
    (I::QueueCounts, |hub| hub.outboxes.entries[LEASED].bytes -= 1),
    (I::QueueBound, |hub| hub.outboxes.set_most_messages(1)),
    (I::QueueBound, |hub| hub.outboxes.set_most_bytes(1)),
    (I::HubBudget, |hub| hub.outboxes.set_budget(1)),
    (I::QueueOfNobody, |hub| hub.outboxes.entries[READY].phase = Phase::Reserved),
    (I::QueueOfNobody, |hub| hub.outboxes.entries[RESERVED].sending = Sending::Ready),
    (I::QueueOfNobody, |hub| {
        ping(hub, IDLE);
        hub.outboxes.entries[IDLE].sending = Sending::Idle;
        hub.outboxes.entries[IDLE].phase = Phase::Reserved;
    }),
    (I::Controls, |hub| hub.outboxes.miscount_pongs(READY)),
    (I::Controls, |hub| hub.outboxes.queue_a_close_among_pongs(READY)),
    (I::Begun, |hub| hub.outboxes.begin_nothing(BLOCKED)),
    (I::Begun, |hub| hub.outboxes.write_of_nothing(READY)),
    (I::Begun, |hub| hub.outboxes.miscount_begun_bytes(BLOCKED)),
    (I::Begun, |hub| hub.outboxes.begin_what_is_not_leased(LEASED)),
    (I::FrameHolders, |hub| hub.outboxes.hold_once_more(READY)),
    (I::FrameHolders, |hub| hub.outboxes.keep_an_orphan()),
    (I::Forgotten, |hub| hub.outboxes.entries[READY].sending = Sending::Idle),
    (I::Paced, |hub| hub.outboxes.entries[READY].sending = Sending::Paced),
    (I::Paced, |hub| {
        let mut config = Config::default();
        config.outbox.rate = Some(Rate::per_second(1));
        hub.reconfigure(NOW, &config).expect("a config that can stand");
        hub.outboxes.entries[IDLE].sending = Sending::Paced;
    }),
    (I::EndedWaits, |hub| hub.outboxes.entries[READY].sending = Sending::Ended),
    (I::WriteDeadline, |hub| hub.outboxes.entries[IDLE].sending = Sending::Ended),
    (I::EndedWaits, |hub| {
        ping(hub, IDLE);
        hub.outboxes.entries[IDLE].sending = Sending::Ended;
    }),
    (I::CloseFrame, |hub| hub.outboxes.entries[CLOSING].phase = Phase::Open),
    (I::CloseFrame, |hub| {
        hub.transmit(NOW, on(CLOSING), 1 << 20, &mut Batch::default()).expect("a client");
        hub.outboxes.entries[CLOSING].phase = Phase::Open;
    }),
    (I::CloseFrame, |hub| {
        hub.transmit(NOW, on(CLOSING), 1 << 20, &mut Batch::default()).expect("a client");
        hub.outboxes.push_ping(CLOSING);
    }),
    (I::ReadyForNothing, |hub| hub.outboxes.entries[IDLE].sending = Sending::Ready),
    (I::ReadyList, |hub| hub.outboxes.entries[READY].link += 1),
    (I::ReadyList, |hub| hub.outboxes.entries[READY].flags.set(Flags::BULK)),
    (I::ReadyList, |hub| hub.outboxes.miscount_gaps()),
    (I::RunHolders, |hub| hub.outboxes.entries[LEASED].link = 99),
    (I::RunHolders, |hub| hub.outboxes.hold_a_run_once_more(LEASED)),
    (I::Tallies, |hub| hub.notices.retain(|notice| !matches!(notice, Notice::Dropped(_)))),
    (I::Tallies, |hub| {
        for notice in &mut hub.notices {
            if let Notice::Dropped(tally) = notice {
                *tally += 100;
            }
        }
    }),
    (I::Tallies, |hub| hub.outboxes.share_a_tally(BLOCKED, IDLE)),
    (I::MessagesAddUp, |hub| hub.outboxes.totals.written += 1),
    (I::MessagesAddUp, |hub| hub.outboxes.totals.dropped[0] -= 1),
    (I::Blocked, |hub| hub.outboxes.blocked += 1),
    (I::Scratch, |hub| hub.outboxes.doomed.push(IDLE)),
    (I::Phases, |hub| hub.phases.reserved += 1),
    (I::Phases, |hub| hub.phases.accepted += 1),
    (I::Phases, |hub| hub.phases.detached += 1),
    (I::Phases, |hub| hub.connections.len += 1),
    (I::Aborted, |hub| slot(hub, IDLE).marks.set(Marks::ABORTED)),
    (I::Aborted, |hub| {
        hub.abort(Row(0));
        hub.connections[Row(0)].deadline = 1 << 40;
    }),
    (I::Aborted, |hub| {
        hub.abort(Row(CLOSING + SHIFT));
        hub.outboxes.entries[CLOSING].sending = Sending::Idle;
    }),
    (I::Attached, |hub| slot(hub, IDLE).marks.set(Marks::LEFT)),
    (I::Attached, |hub| slot(hub, IDLE).client = READY),
    (I::Attached, |hub| slot(hub, IDLE).client = 1_000),
    (I::Attached, |hub| slot(hub, IDLE).lane = 1),
    (I::Attached, |hub| slot(hub, IDLE).generation += 1),
    (I::Attached, |hub| {
        slot(hub, IDLE).client = crate::outbox::NONE;
        hub.phases.accepted += 1;
    }),
    (I::Phases, |hub| slot(hub, RESERVED).marks.clear(Marks::LIVE)),
    (I::Detached, |hub| hub.outboxes.entries[IDLE].connection = crate::outbox::NOWHERE),
    (I::WriteDeadline, |hub| hub.outboxes.entries[IDLE].sending = Sending::Detached),
    (I::QueueOfNobody, |hub| {
        hub.outboxes.entries[RESERVED].connection = crate::outbox::NOWHERE;
        hub.outboxes.entries[RESERVED].sending = Sending::Detached;
    }),
    (I::Clients, |hub| hub.all.swap(0, 1)),
    (I::Memberships, |hub| {
        let mut list = hub.clients[READY as usize].memberships;
        let first = list.first().expect("it is in a room");
        hub.memberships.remove(READY, &mut list, first);
        hub.clients[READY as usize].memberships = list;
    }),
    (I::Memberships, |hub| {
        let room = hub.rooms.find(b"lobby").expect("a room");
        hub.rooms.get_mut(room).expect("a room").members.swap(0, 1);
    }),
    (I::Memberships, |hub| {
        let first = hub.clients[READY as usize].memberships.first().expect("it is in a room");
        hub.memberships.set_position(first, 100);
    }),
    (I::Memberships, |hub| hub.memberships.len += 1),
    (I::Names, |hub| {
        let room = hub.rooms.find(b"lobby").expect("a room");
        hub.rooms.get_mut(room).expect("a room").name = "attic".into();
    }),
    (I::Joins, |hub| hub.totals.leaves += 1),
    (I::UserClients, |hub| {
        let user = hub.users.find(b"ada").expect("a user");
        hub.users.get_mut(user).expect("a user").clients.swap(0, 1);
    }),
    (I::UserClients, |hub| hub.clients[IDLE as usize].user = crate::outbox::NONE),
    (I::UsersPresent, |hub| hub.users_present += 1),
    (I::Remembered, |hub| {
        let user = hub.users.find(b"zoe").expect("it has used up its rate");
        hub.users.get_mut(user).expect("a user").timer = None;
    }),
    (I::Present, |hub| hub.present += 1),
    (I::Present, |hub| hub.watchers += 1),
    (I::Present, |hub| presence(hub).users += 1),
    (I::Present, |hub| presence(hub).version += 100),
    (I::Present, |hub| presence(hub).arrivals.swap(0, 1)),
    (I::Present, |hub| _ = presence(hub).arrivals.pop()),
    (I::Present, |hub| presence(hub).present.values_mut().for_each(|present| present.user = 1)),
    (I::Present, |hub| presence(hub).bounds.users = u32::MAX),
    (I::Watched, |hub| presence(hub).watchers[0] = IDLE),
    (I::Watched, |hub| presence(hub).watching[0] += 1),
    (I::Watched, |hub| presence(hub).watchers.push(IDLE)),
    (I::Watched, |hub| presence(hub).told = presence(hub).version),
    (I::Watched, |hub| presence(hub).pending.is_over = true),
    (I::Watched, |hub| presence(hub).bounds.users = 0),
    (I::Watched, |hub| {
        let edges = &mut presence(hub).pending.edges;
        edges.values_mut().for_each(|edge| edge.after = None);
    }),
    (I::Watched, |hub| {
        let timer = presence(hub).timer.take().expect("a change is to be told");
        hub.wheel.remove(timer);
    }),
    (I::TimerOwner, |hub| {
        let timer = slot(hub, IDLE).timer;
        presence(hub).timer = Some(timer);
    }),
    (I::Asks, |hub| {
        hub.ask(NOW, ClientId { index: IDLE, generation: 0 }, Duration::MAX, OnResume::Fails)
            .expect("a client");
        hub.totals.answered += 1;
    }),
    (I::AskLimit, |hub| {
        for _ in 0..2 {
            let client = ClientId { index: IDLE, generation: 0 };
            hub.ask(NOW, client, Duration::MAX, OnResume::Fails).expect("a client");
        }
        hub.config.asks.per_client = 1;
    }),
    (I::Expiries, |hub| {
        hub.set_expiry(NOW, ClientId { index: IDLE, generation: 0 }, Some(NOW + Duration::MAX), None)
            .expect("a client");
        hub.expiries.wheel.insert(Instant::FAR_FUTURE, READY);
    }),
    (I::TimerLate, |hub| {
        hub.set_expiry(NOW, ClientId { index: IDLE, generation: 0 }, Some(NOW + Duration::MAX), None)
            .expect("a client");
        let timer = hub.expiries.get(IDLE).expect("it was set").timer;
        hub.expiries.wheel.reset(timer, Instant::FAR_FUTURE);
        if let Some(expiry) = hub.expiries.get_mut(IDLE) {
            expiry.at = NOW;
        }
    }),
    (I::Addresses, |hub| slot(hub, IDLE).address = crate::outbox::NONE),
    (I::ConnectionLimit, |hub| hub.config.admission.connections = Some(2)),
    (I::ConnectionLimit, |hub| {
        hub.accept(NOW, None, 0).expect("admission is open");
        hub.config.admission.handshakes = Some(SHIFT);
    }),
    (I::RoomLimit, |hub| hub.config.rooms.members = Some(2)),
    (I::RoomLimit, |hub| hub.config.rooms.per_client = Some(1)),
    (I::RoomLimit, |hub| hub.config.rooms.total = Some(1)),
    (I::UserLimit, |hub| hub.config.admission.per_user = PerUser::EvictOldest(1)),
    (I::UserLimit, |hub| hub.config.admission.per_user = PerUser::RefuseNewest(4)),
    (I::AddressLimit, |hub| hub.config.admission.per_address = Some(2)),
    (I::OverRate, |hub| hub.notices.retain(|notice| !matches!(notice, Notice::OverRate(_)))),
    (I::WriteDeadline, |hub| slot(hub, BLOCKED).write_deadline = NEVER),
    (I::WriteDeadline, |hub| hub.connections[Row(0)].write_deadline = 1 << 40),
    (I::WriteDeadline, |hub| hub.outboxes.entries[BLOCKED].flags.clear(Flags::WRITE_DEADLINE)),
    (I::Usages, |hub| hub.usages.clear()),
    (I::Ends, |hub| hub.totals.opened += 1),
    (I::Stopped, |hub| hub.state = State::Stopped),
    (I::Stopped, |hub| {
        hub.state = State::Stopped;
        hub.stop_is_told = true;
    }),
    (I::Stopped, |hub| {
        *hub = Hub::new(Config::default()).expect("the default config");
        hub.state = State::Stopped;
    }),
];

#[test]
fn a_hub_in_order_passes() {
    assert_eq!(hub_of_everything().check(), Ok(()));
    assert_eq!(Hub::new(Config::default()).expect("the default config").check(), Ok(()));
}

#[test]
fn limits_that_are_just_reached_pass() {
    let limits: [fn(&mut Config); 7] = [
        |config| config.admission.connections = Some(6),
        |config| config.admission.per_user = PerUser::RefuseNewest(5),
        |config| config.admission.per_user = PerUser::EvictOldest(4),
        |config| config.admission.per_address = Some(6),
        |config| config.rooms.members = Some(4),
        |config| config.rooms.per_client = Some(2),
        |config| config.rooms.total = Some(2),
    ];
    for limit in limits {
        let mut hub = hub_of_everything();
        limit(&mut hub.config);
        assert_eq!(hub.check(), Ok(()));
    }
}

#[test]
fn what_is_rare_passes_too() {
    // A ping beside a pong.
    let mut hub = hub_of_everything();
    hub.outboxes.owe_a_ping(READY);
    assert_eq!(hub.check(), Ok(()));
    // A partly written pong beside as many queued ones as are allowed.
    for _ in 0..16 {
        ping(&mut hub, IDLE);
    }
    hub.transmit(NOW, on(IDLE), 1, &mut Batch::default()).expect("a client");
    ping(&mut hub, IDLE);
    let progress = Progress::part(0, 1);
    hub.transmitted(NOW, &[written(IDLE, progress, Transport::Blocked)]).expect("never");
    assert_eq!(hub.check(), Ok(()));
    // A client whose close frame is written.
    hub.transmit(NOW, on(CLOSING), 1 << 20, &mut Batch::default()).expect("a client");
    hub.transmitted(NOW, &[written(CLOSING, Progress::All, Transport::Ready)]).expect("never");
    assert_eq!(hub.outboxes.entries[CLOSING].sending, Sending::Ended);
    assert_eq!(hub.check(), Ok(()));
    // A second user, and one that is only remembered for its buckets.
    let mut hub = hub_of_everything();
    hub.admit(NOW, Some("bob")).expect("admission is open");
    assert_eq!(hub.check(), Ok(()));
    // A reservation that was given up while no more handshakes are allowed.
    hub.config.admission.handshakes = Some(SHIFT);
    assert_eq!(hub.check(), Ok(()));
    hub.abandon_handshake(Row(RESERVED + SHIFT));
    assert_eq!(hub.check(), Ok(()));
    // A hub after its end.
    let mut hub = Hub::new(Config::default()).expect("the default config");
    hub.shutdown(NOW).expect("never refused");
    hub.timeout(NOW).expect("never refused");
    assert_eq!((hub.state(), hub.check()), (State::Stopped, Ok(())));
    // The most lanes that are allowed.
    let mut config = Config::default();
    config.host.lanes = 256;
    assert_eq!(Hub::new(config).expect("a config that can stand").check(), Ok(()));
    // A publish to so many clients that they are in the bulk list.
    let mut hub = Hub::new(Config::default()).expect("the default config");
    for _ in 0..300 {
        hub.admit(NOW, None).expect("admission is open");
    }
    hub.publish(NOW, &[Target::All], &[], &Frame::raw(Bytes::from_static(b"x")), None).expect("never");
    assert_eq!(hub.check(), Ok(()));
}

#[test]
fn whatever_is_put_out_of_order_is_found() {
    let found: Vec<_> = SABOTAGES
        .iter()
        .map(|(_, sabotage)| {
            let mut hub = hub_of_everything();
            sabotage(&mut hub);
            hub.check().err().map(|Broken { invariant, .. }| invariant)
        })
        .collect();
    let expected: Vec<_> = SABOTAGES.iter().map(|(invariant, _)| Some(*invariant)).collect();
    assert_eq!(found, expected);
}

#[test]
fn each_invariant_has_a_sentence_of_its_own() {
    let sentences: alloc::collections::BTreeSet<_> = Invariant::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(sentences.len(), Invariant::ALL.len());
}

#[test]
fn a_client_that_speaks_again_during_a_drain_leaves_its_timer_in_order() {
    let mut hub = Hub::new(Config::default()).expect("the default config");
    let client = hub.admit(NOW, None).expect("admission is open");
    let connection = hub.connection_of(client).expect("it is attached");
    let later = NOW + Duration::from_secs(30);
    hub.received(later, connection, crate::frame::MessageKind::Text, 5).expect("a client");
    let plan = Drain { idle: Duration::from_secs(1), spread: Duration::from_secs(1_000) };
    let begin = later + Duration::from_secs(10);
    hub.handle(begin, Event::Drain(plan)).expect("never refused");
    hub.timeout(begin).expect("never refused");
    assert_eq!(hub.check(), Ok(()));
    hub.received(begin, connection, crate::frame::MessageKind::Text, 5).expect("a client");
    let spoke = begin + Duration::from_nanos(1);
    hub.received(spoke, connection, crate::frame::MessageKind::Text, 5).expect("a client");
    assert_eq!(hub.check(), Ok(()));
}
