//! Another config at run time, and its effect on existing clients.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::frame::MAX_HEAD;
use crate::hub::{
    Action, Config, ConfigError, DropReason, Error, Event, Must, OverRate, PerUser, Policy, Refusal, Target,
    Verdict,
};
use crate::rate::Rate;
use alloc::format;
use alloc::vec::Vec;

impl Bench {
    fn change(&mut self, change: impl FnOnce(&mut Config)) {
        let mut config = self.hub.config().clone();
        change(&mut config);
        self.hub.reconfigure(self.now, &config).expect("a config that can be");
        self.hub.check().expect("the hub is in order");
    }
}

#[test]
fn a_config_that_cannot_be_is_refused_as_a_whole() {
    type Change = fn(&mut Config);
    let cases: [(&str, u64, Must, Change); 4] = [
        ("rooms.members", 0, Must::BePositive, |c| c.rooms.members = Some(0)),
        ("outbox.bytes", 1, Must::BeAtLeast((512 << 10) + MAX_HEAD as u64), |c| c.outbox.bytes = 1),
        ("host.lanes", 2, Must::Stay(1), |c| c.host.lanes = 2),
        ("host.seed", 7, Must::Stay(0), |c| c.host.seed = 7),
    ];
    for (field, value, must, change) in cases {
        let mut bench = Bench::new();
        bench.connect_in("room");
        let mut config = bench.hub.config().clone();
        config.rooms.per_client = Some(1);
        change(&mut config);
        let by_the_door = bench.refused(|hub, now| hub.handle(now, Event::Reconfigure { config: &config }));
        assert_eq!(by_the_door, Error::ConfigRefused);
        let refused = bench.hub.reconfigure(bench.now, &config);
        assert_eq!(refused, Err(ConfigError { field, value, must }));
        assert_eq!(bench.hub.config().rooms.per_client, Some(1024), "nothing of it is taken");
    }
    let error = ConfigError { field: "host.lanes", value: 2, must: Must::Stay(1) };
    assert_eq!(format!("{error}"), "config field `host.lanes` is 2: it must stay 1 while the hub runs");
}

#[test]
fn the_hub_keeps_its_own_hash_key_and_capacity() {
    let mut bench = Bench::with(|config| config.host.hash_key = [1, 2]);
    let client = bench.connect_in("room");
    bench.change(|config| (config.host.hash_key, config.host.capacity) = ([3, 4], 5));
    assert_eq!((bench.hub.config().host.hash_key, bench.hub.config().host.capacity), ([1, 2], 0));
    assert!(bench.hub.in_room(client, "room"));
}

#[test]
fn nobody_leaves_a_room_for_a_lower_limit_and_nobody_enters_it() {
    let mut bench = Bench::new();
    let members: [_; 3] = core::array::from_fn(|_| bench.connect_in("room"));
    let outside = bench.connect();
    bench.change(|config| config.rooms.members = Some(2));
    assert_eq!(bench.hub.member_count("room"), 3);
    let mut join = |client, limit: Option<u32>| {
        let full = limit.map(|limit| Error::Refused(Refusal::RoomFull { limit }));
        assert_eq!(bench.hub.join(bench.now, client, "room").err(), full);
        bench.hub.check().expect("the hub is in order");
    };
    join(outside, Some(2));
    bench.hub.leave(bench.now, members[0], "room").expect("a member");
    let mut join = |client, limit: Option<u32>| {
        let full = limit.map(|limit| Error::Refused(Refusal::RoomFull { limit }));
        assert_eq!(bench.hub.join(bench.now, client, "room").err(), full);
    };
    join(outside, Some(2));
    bench.hub.leave(bench.now, members[1], "room").expect("a member");
    bench.join(outside, "room");
    bench.change(|config| (config.rooms.per_client, config.rooms.total) = (Some(1), Some(1)));
    let refused = bench.refused(|hub, now| hub.join(now, outside, "other"));
    assert_eq!(refused, Refusal::TooManyRoomsOfClient { limit: 1 }.into());
    let refused = bench.refused(|hub, now| hub.join(now, members[0], "other"));
    assert_eq!(refused, Refusal::TooManyRooms { limit: 1 }.into());
}

#[test]
fn the_state_is_checked_by_the_loosest_bounds_that_there_were() {
    let mut bench = Bench::with(|config| {
        config.rooms.members = Some(1);
        config.admission.per_user = PerUser::RefuseNewest(1);
    });
    bench.change(|config| {
        config.rooms.members = Some(2);
        config.admission.per_user = PerUser::RefuseNewest(2);
    });
    for _ in 0..2 {
        let client = bench.connect_as("ann");
        bench.join(client, "room");
    }
    bench.change(|config| config.rooms.members = Some(1));
    bench.change(|config| config.admission.per_user = PerUser::RefuseNewest(1));
}

#[test]
fn limits_of_admission_are_for_newcomers() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(3);
    bench.change(|config| config.admission.connections = Some(2));
    assert_eq!(bench.hub.client_count(), 3);
    let newcomer = bench.accept();
    let refused = bench.refused(|hub, now| hub.reserve(now, newcomer, None));
    assert_eq!(refused, Refusal::TooManyConnections { limit: 2 }.into());
    for client in &clients[..2] {
        bench.close(*client, crate::hub::Flush::Never);
        bench.gone(*client);
    }
    bench.reserve_on(newcomer, None);
}

#[test]
fn addresses_are_counted_from_when_there_is_a_limit() {
    let mut bench = Bench::new();
    let before = bench.accept_from(1).expect("no limit");
    bench.change(|config| config.admission.per_address = Some(1));
    let counted = bench.accept_from(1).expect("the first that is counted");
    assert_eq!(bench.accept_from(1), Err(Refusal::TooManyOfAddress { limit: 1 }.into()));
    bench.gone(before);
    assert_eq!(bench.accept_from(1), Err(Refusal::TooManyOfAddress { limit: 1 }.into()));
    bench.change(|config| config.admission.per_address = None);
    let after = bench.accept_from(1).expect("no limit");
    for client in [counted, after] {
        bench.gone(client);
    }
    bench.assert_empty();
}

#[test]
fn the_next_client_of_a_user_evicts_all_that_are_too_many() {
    let mut bench = Bench::new();
    let clients: [_; 3] = core::array::from_fn(|_| bench.connect_as("ada"));
    bench.quiet();
    bench.change(|config| config.admission.per_user = PerUser::EvictOldest(1));
    assert_eq!(bench.actions(), [], "nobody is thrown out by the change");
    let newest = bench.connect_as("ada");
    assert_eq!(bench.hub.clients_of("ada").collect::<Vec<_>>(), [newest]);
    let evicted =
        |client| disconnected(client, CloseCode::POLICY, ClosedBy::Hub, "another client of this user");
    let [first, second, third] = clients;
    assert_eq!(bench.actions(), [evicted(first), evicted(second), evicted(third), bench.connected(newest)]);
}

#[test]
fn an_outbox_over_a_lower_bound_takes_nothing_more_and_loses_nothing() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for text in ["1", "2", "3"] {
        bench.tell(client, text);
    }
    bench.change(|config| config.outbox.messages = 2);
    assert_eq!(bench.waiting(client), (3, 3));
    assert_eq!(bench.tell(client, "4"), published(0, 1, 0, 0));
    assert_eq!(bench.write_to(client), ["1", "2", "3"]);
    assert_eq!(bench.tell(client, "5"), published(1, 0, 0, 0));
    assert_eq!(bench.tell(client, "6"), published(1, 0, 0, 0));
    assert_eq!(bench.tell(client, "7"), published(0, 1, 0, 0));
}

#[test]
fn the_policy_is_asked_from_the_next_publish_on() {
    let mut bench = Bench::with(|config| config.outbox.messages = 2);
    let client = bench.connect();
    for text in ["1", "2", "3"] {
        bench.tell(client, text);
    }
    bench.change(|config| (config.outbox.policy, config.outbox.messages) = (Policy::DropOldest, 1));
    assert_eq!(bench.tell(client, "4"), published(1, 0, 0, 0));
    assert_eq!(bench.write_to(client), ["4"], "as many of the oldest go as there are too many");
}

#[test]
fn whoever_waits_for_room_is_told_when_a_higher_bound_makes_it() {
    let mut bench = Bench::with(|config| config.outbox.messages = 2);
    let client = bench.connect();
    bench.stall(client);
    for text in ["1", "2"] {
        bench.tell(client, text);
    }
    bench.write_all();
    bench.quiet();
    assert_eq!(bench.tell_by(Policy::Wait, client, "3"), published(0, 0, 1, 0));
    bench.change(|config| config.outbox.messages = 3);
    assert_eq!(bench.actions(), [], "not half of it is free");
    bench.change(|config| config.outbox.messages = 4);
    assert_eq!(bench.actions(), [Action::OutboxLow { client }]);
    assert_eq!(bench.tell_by(Policy::Wait, client, "3"), published(1, 0, 0, 0));
}

#[test]
fn a_lower_budget_is_kept_at_once() {
    let mut bench = Bench::with(|config| config.outbox.bytes = 600_000);
    let (large, small) = (bench.connect(), bench.connect());
    bench.publish_by(Policy::DropNewest, Target::Client(large), &frame_of(400_000)).expect("published");
    bench.publish_by(Policy::DropNewest, Target::Client(large), &frame_of(100_000)).expect("published");
    bench.publish_by(Policy::DropNewest, Target::Client(small), &frame_of(300_000)).expect("published");
    bench.quiet();
    bench.change(|config| config.outbox.hub_bytes = 600_000);
    assert_eq!((bench.waiting(large).0, bench.waiting(small).0), (0, 1));
    assert_eq!(bench.actions(), [lost(large, 2, 500_000, DropReason::HubFull)]);
}

#[test]
fn what_is_being_written_is_not_shed_for_a_lower_budget() {
    let mut bench = Bench::with(|config| config.outbox.bytes = 600_000);
    let clients = bench.connect_many(2);
    for &client in &clients {
        bench.publish_by(Policy::DropNewest, Target::Client(client), &frame_of(400_000)).expect("published");
        bench.lease(client, PLENTY).expect("a lease");
    }
    bench.change(|config| config.outbox.hub_bytes = 600_000);
    for &client in &clients {
        assert_eq!(bench.waiting(client).0, 1);
        bench.wrote(client);
        bench.hub.check().expect("the hub is in order");
    }
    assert_eq!(bench.hub.stats().queued_bytes, 0);
}

#[test]
fn the_longest_message_is_another_from_the_next_publish_on() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.change(|config| config.outbox.message_bytes = 10);
    let publish = |bench: &mut Bench, bytes| {
        bench.publish_by(Policy::DropNewest, Target::Client(client), &frame_of(bytes)).err()
    };
    assert_eq!(publish(&mut bench, 10), None);
    assert_eq!(publish(&mut bench, 11), Some(Refusal::MessageTooBig { limit: 10 }.into()));
    bench.change(|config| config.outbox.message_bytes = 11);
    assert_eq!(publish(&mut bench, 11), None);
}

fn limited() -> Bench {
    Bench::with(|config| {
        config.inbound.messages = Some(Rate::per_second(10).burst(4));
        config.inbound.over_rate = OverRate::Drop;
    })
}

/// The number of messages that are within the rate now.
fn passes(bench: &mut Bench, client: crate::id::ClientId) -> usize {
    (0..100).take_while(|_| bench.send(client, 1) == Verdict::Accept).count()
}

#[test]
fn what_is_used_of_a_rate_stays_used() {
    for (burst, left) in [(4, 1), (9, 6), (3, 0), (1, 0)] {
        let mut bench = limited();
        let client = bench.connect();
        for _ in 0..3 {
            bench.send(client, 1);
        }
        bench.change(|config| config.inbound.messages = Some(Rate::per_second(100).burst(burst)));
        assert_eq!(passes(&mut bench, client), left, "burst {burst}");
        bench.wait(millis(10));
        assert_eq!(passes(&mut bench, client), 1, "it fills at the new rate, at once");
    }
}

#[test]
fn a_debt_stays_a_debt() {
    let mut bench = Bench::with(|config| {
        config.inbound.bytes = Some(Rate::per_second(10).burst(10));
        config.inbound.over_rate = OverRate::Drop;
    });
    let client = bench.connect();
    assert_eq!(bench.send(client, 50), Verdict::Accept, "as the bucket was full");
    bench.change(|config| config.inbound.bytes = Some(Rate::per_second(100).burst(20)));
    // A debt of 40 bytes, and 10 of the burst of 20 used.
    bench.wait(millis(310) - TICK);
    assert_eq!(bench.send(client, 1), Verdict::Drop);
    bench.wait(TICK);
    assert_eq!(bench.send(client, 1), Verdict::Accept);
}

#[test]
fn a_rate_that_is_new_begins_with_full_buckets_for_those_who_are_there() {
    let mut bench = Bench::with(|config| config.inbound.over_rate = OverRate::Drop);
    let client = bench.connect();
    assert_eq!(passes(&mut bench, client), 100);
    bench.change(|config| config.inbound.messages = Some(Rate::per_second(1).burst(5)));
    assert_eq!(passes(&mut bench, client), 5);
    let newcomer = bench.connect();
    assert_eq!(passes(&mut bench, newcomer), 5);
    bench.change(|config| config.inbound.messages = None);
    assert_eq!(passes(&mut bench, client), 100);
}

#[test]
fn who_is_paused_reads_on_when_it_was_told_also_without_any_rate() {
    let mut bench = limited();
    bench.change(|config| config.inbound.over_rate = OverRate::Pause);
    let client = bench.connect();
    bench.quiet();
    while bench.send(client, 1) == Verdict::Accept {}
    bench.change(|config| config.inbound.messages = None);
    bench.wait(millis(100) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [bench.reads_again(client)]);
    let newcomer = bench.connect();
    assert_eq!(passes(&mut bench, newcomer), 100);
    bench.hub.check().expect("the hub is in order");
}

#[test]
fn who_is_remembered_for_its_rate_is_forgotten_in_time() {
    let rate = Some(Rate::per(1, secs(1000)).burst(5));
    let mut bench = Bench::with(|config| {
        config.inbound.user_messages = rate;
        config.admission.connect_rate = rate;
    });
    let connection = bench.accept_from(1).expect("accepted");
    let client = bench.reserve_on(connection, Some("ada"));
    bench.open(client);
    bench.send(client, 1);
    bench.gone(client);
    assert_eq!((bench.hub.users.len(), bench.hub.addresses.len()), (1, 1));
    let rate = Some(Rate::per(1, secs(2)).burst(5));
    bench.change(|config| (config.inbound.user_messages, config.admission.connect_rate) = (rate, rate));
    bench.wait(secs(2) - TICK);
    assert_eq!((bench.hub.users.len(), bench.hub.addresses.len()), (1, 1));
    bench.wait(TICK);
    assert_eq!((bench.hub.users.len(), bench.hub.addresses.len()), (0, 0));
    bench.assert_empty();
}

#[test]
fn without_a_rate_nobody_is_remembered() {
    let rate = Some(Rate::per(1, secs(1000)).burst(5));
    let mut bench = Bench::with(|config| config.inbound.user_messages = rate);
    let client = bench.connect_as("ada");
    bench.send(client, 1);
    bench.gone(client);
    bench.change(|config| config.inbound.user_messages = None);
    bench.timeout();
    assert_eq!(bench.hub.users.len(), 0);
}

#[test]
fn control_frames_have_the_new_rate() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.change(|config| config.inbound.control = Some(Rate::per_second(1).burst(1)));
    bench.pong(client);
    assert!(bench.hub.is_open(client));
    bench.pong(client);
    assert!(!bench.hub.is_open(client));
}

#[test]
fn what_is_used_of_the_rate_of_control_frames_stays_used() {
    let rate = |period| Some(Rate::per(1, period).burst(3));
    let mut bench = Bench::with(|config| config.inbound.control = rate(secs(10)));
    let [one, other] = [bench.connect(), bench.connect()];
    for client in [one, one, one, other, other, other] {
        bench.pong(client);
    }
    bench.change(|config| config.inbound.control = rate(secs(1)));
    bench.pong(one);
    assert!(!bench.hub.is_open(one), "nothing is left");
    bench.wait(secs(1));
    bench.pong(other);
    assert!(bench.hub.is_open(other), "it fills at the new rate");
}

#[test]
fn pings_and_pongs_begin_anew_so_that_nobody_is_late() {
    let mut bench = Bench::of(Config::default());
    let client = bench.connect();
    bench.wait(secs(50));
    bench.quiet();
    bench.change(|config| (config.deadlines.ping, config.deadlines.pong) = (Some(secs(5)), Some(secs(8))));
    bench.wait(secs(5) - TICK);
    assert_eq!(bench.write_to(client), [""; 0]);
    bench.wait(TICK);
    assert_eq!(bench.write_to(client), ["ping"], "the first an interval from the change");
    bench.wait(secs(3) - TICK);
    assert_eq!(bench.actions(), [], "nobody is gone for what it was silent before");
    bench.wait(TICK);
    let gone = disconnected(client, CloseCode::ABNORMAL, ClosedBy::Hub, "pong deadline");
    assert_eq!(bench.actions(), [gone, bench.abort(client)]);
}

#[test]
fn pings_begin_and_end_with_the_config() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.wait(secs(1000));
    bench.change(|config| (config.deadlines.ping, config.deadlines.pong) = (Some(secs(5)), Some(secs(8))));
    bench.wait(secs(5));
    assert_eq!(bench.write_to(client), ["ping"]);
    bench.pong(client);
    bench.change(|config| (config.deadlines.ping, config.deadlines.pong) = (None, None));
    bench.wait(secs(1000));
    assert_eq!(bench.write_to(client), [""; 0]);
    assert!(bench.hub.is_open(client));
    assert_eq!(bench.hub.poll_timeout(), None, "nothing is waited for");
}

#[test]
fn idleness_counts_from_when_a_client_was_last_active() {
    let mut bench = Bench::new();
    let (silent, active) = (bench.connect(), bench.connect());
    bench.wait(secs(50));
    bench.send(active, 1);
    bench.quiet();
    bench.change(|config| config.deadlines.idle = Some(secs(30)));
    bench.timeout();
    let idle = |client| disconnected(client, CloseCode::NORMAL, ClosedBy::Hub, "idle");
    assert_eq!(bench.actions(), [idle(silent)]);
    bench.wait(secs(20));
    bench.change(|config| config.deadlines.idle = Some(secs(40)));
    bench.wait(secs(20) - TICK);
    assert_eq!(bench.actions(), [bench.abort(silent)], "its close deadline");
    bench.wait(TICK);
    assert_eq!(bench.actions(), [idle(active)]);
}

#[test]
fn deadlines_that_run_keep_their_end() {
    let mut bench = Bench::new();
    let handshake = bench.accept();
    bench.change(|config| config.deadlines.handshake = secs(1));
    let late = bench.accept();
    bench.wait(secs(1));
    assert_eq!(bench.actions(), [bench.abort(late)]);
    bench.wait(secs(9));
    assert_eq!(bench.actions(), [bench.abort(handshake)]);
}

#[test]
fn who_takes_nothing_and_who_is_closing_have_the_time_they_were_given() {
    let mut bench = Bench::new();
    let (stuck, closing) = (bench.connect(), bench.connect());
    bench.stall(stuck);
    bench.tell(stuck, "x");
    bench.write_all();
    bench.close(closing, crate::hub::Flush::First);
    bench.quiet();
    bench.change(|config| (config.deadlines.write, config.deadlines.close) = (secs(1), secs(1)));
    bench.wait(secs(5) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [bench.abort(closing)]);
    bench.wait(secs(5));
    let gone = disconnected(stuck, CloseCode::ABNORMAL, ClosedBy::Hub, "write deadline");
    assert_eq!(bench.actions(), [lost(stuck, 1, 1, DropReason::Closed), gone, bench.abort(stuck)]);
}
