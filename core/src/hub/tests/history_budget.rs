//! Histories count in the hub's budget, and go before any outbox is shed.

use super::bench::*;
use super::history::{FIVE, with_histories};
use crate::hub::{
    History, Policy, Position, Published, Recover, Recovery, RoomConfig, Target, Unrecoverable, Unrecovered,
};
use core::time::Duration;

/// A hub with a budget of 1,000 bytes.
fn small() -> Bench {
    with_histories(|config| {
        config.history.by_prefix.insert("h".into(), History { messages: 100, ..FIVE });
        config.outbox.message_bytes = 400;
        config.outbox.bytes = 1_000;
        config.outbox.hub_bytes = 1_000;
    })
}

impl Bench {
    fn say_bytes(&mut self, room: &str, bytes: usize) -> Published {
        let target = [Target::Room(room)];
        self.hub.publish(self.now, &target, &[], &frame_of(bytes), None).expect("published")
    }

    fn count_kept(&self, room: &str) -> usize {
        self.kept(room).len()
    }
}

#[test]
fn a_kept_frame_counts_once_in_the_budget_whoever_waits_for_it() {
    let mut bench = small();
    bench.connect_in("h");
    bench.connect_in("h");
    bench.say_bytes("h", 100);
    assert_eq!(bench.hub.stats().queued_bytes, 100);
    bench.write_all();
    assert_eq!((bench.hub.stats().queued_bytes, bench.hub.stats().frames), (100, 1), "it is kept");
}

#[test]
fn history_goes_before_any_outbox_is_shed() {
    let mut bench = small();
    let ann = bench.connect();
    for _ in 0..4 {
        bench.say_bytes("h", 100);
    }
    for _ in 0..5 {
        bench.publish_by(Policy::DropNewest, Target::Client(ann), &frame_of(100)).expect("published");
    }
    assert_eq!((bench.count_kept("h"), bench.waiting(ann)), (4, (5, 500)));
    bench.publish_by(Policy::DropNewest, Target::Client(ann), &frame_of(200)).expect("published");
    assert_eq!(bench.waiting(ann), (6, 700), "nothing is dropped");
    assert_eq!((bench.count_kept("h"), bench.hub.stats().history_evicted), (2, 2), "the older half");
    assert_eq!((bench.hub.stats().sheds, bench.hub.stats().dropped_hub_full), (0, 0));
    assert_eq!(bench.hub.check(), Ok(()));
    let since = Position { offset: 0, ..bench.position("h") };
    let bob = bench.connect();
    let joined = bench.hub.join_from(bench.now, bob, "h", Recover::Since(since)).expect("joined");
    let unrecovered = Unrecovered { reason: Unrecoverable::Trimmed, oldest: 3, top: 4 };
    assert_eq!(joined.recovery, Some(Recovery::Unrecovered(unrecovered)));
}

#[test]
fn the_largest_history_loses_its_oldest_messages_until_there_is_room() {
    let mut bench = small();
    for (room, messages) in [("h1", 2), ("h2", 6)] {
        for _ in 0..messages {
            bench.say_bytes(room, 100);
        }
    }
    let ann = bench.connect();
    bench.publish_by(Policy::DropNewest, Target::Client(ann), &frame_of(300)).expect("published");
    assert_eq!((bench.count_kept("h1"), bench.count_kept("h2")), (2, 4));
}

#[test]
fn outboxes_are_shed_when_no_history_is_left() {
    let mut bench = small();
    let [ann, bob] = [bench.connect(), bench.connect()];
    bench.say_bytes("h", 100);
    for _ in 0..2 {
        bench.publish_by(Policy::DropNewest, Target::Client(ann), &frame_of(400)).expect("published");
    }
    bench.publish_by(Policy::DropNewest, Target::Client(bob), &frame_of(400)).expect("published");
    assert_eq!((bench.count_kept("h"), bench.waiting(ann), bench.waiting(bob)), (0, (0, 0), (1, 400)));
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn a_frame_that_is_in_an_outbox_and_in_a_history_goes_when_both_let_it_go() {
    let mut bench = small();
    let ann = bench.connect_in("h");
    bench.say_bytes("h", 400);
    bench.say_bytes("h", 400);
    let bob = bench.connect();
    bench.publish_by(Policy::DropNewest, Target::Client(bob), &frame_of(400)).expect("published");
    assert_eq!((bench.waiting(ann), bench.waiting(bob)), ((0, 0), (1, 400)));
    assert_eq!((bench.count_kept("h"), bench.hub.stats().queued_bytes), (0, 400));
    assert_eq!(bench.hub.stats().dropped_of_history, 2);
}

#[test]
fn a_message_without_room_gets_its_offset_and_is_a_hole_for_everybody() {
    let mut bench = small();
    let ann = bench.connect_in("h");
    bench.say_bytes("h", 100);
    for _ in 0..2 {
        bench.publish_by(Policy::DropNewest, Target::Client(ann), &frame_of(400)).expect("published");
    }
    // On lease, so that nothing can be shed.
    bench.lease(ann, PLENTY).expect("a lease");
    let published = bench.say_bytes("h", 200);
    assert_eq!(
        (published.queued, published.dropped, published.position.map(|at| at.offset)),
        (0, 1, Some(2))
    );
    assert_eq!((bench.count_kept("h"), bench.position("h").offset), (0, 2), "a history has no gaps");
    assert_eq!(bench.hub.stats().history_evicted, 2);
    assert_eq!(bench.hub.check(), Ok(()));
    bench.wrote(ann);
    assert_eq!(bench.say_bytes("h", 200).position.map(|at| at.offset), Some(3));
    assert_eq!(bench.count_kept("h"), 1);
}

#[test]
fn a_lower_budget_takes_the_history_first() {
    let mut bench = small();
    let ann = bench.connect();
    for _ in 0..4 {
        bench.say_bytes("h", 100);
    }
    bench.publish_by(Policy::DropNewest, Target::Client(ann), &frame_of(400)).expect("published");
    let mut config = bench.hub.config().clone();
    (config.outbox.bytes, config.outbox.hub_bytes) = (500, 500);
    bench.hub.reconfigure(bench.now, &config).expect("a config");
    assert_eq!((bench.count_kept("h"), bench.waiting(ann)), (0, (1, 400)));
}

#[test]
fn history_goes_also_while_shedding_is_known_not_to_help() {
    let mut bench = small();
    let [ann, bob] = [bench.connect(), bench.connect()];
    for _ in 0..2 {
        bench.publish_by(Policy::DropNewest, Target::Client(ann), &frame_of(390)).expect("published");
    }
    bench.lease(ann, PLENTY).expect("a lease, which cannot be shed");
    let dropped =
        bench.publish_by(Policy::DropNewest, Target::Client(bob), &frame_of(300)).expect("published");
    assert_eq!((dropped.queued, dropped.dropped), (0, 1));
    for _ in 0..2 {
        bench.say_bytes("h", 90);
    }
    assert_eq!(bench.count_kept("h"), 2);
    let queued =
        bench.publish_by(Policy::DropNewest, Target::Client(bob), &frame_of(100)).expect("published");
    assert_eq!((queued.queued, queued.dropped), (1, 0));
    assert_eq!(bench.hub.check(), Ok(()));
}

/// A hub with a long history of messages of 10 bytes that fill the budget but for 100 bytes, which have room for a queue entry.
fn full_of_history(members: u32, messages: u32) -> Bench {
    let bytes = messages * 10;
    let mut bench = with_histories(|config| {
        config.history.by_prefix.insert("h".into(), History { messages: 1 << 20, bytes, ..FIVE });
        config.outbox.messages = 1 << 20;
        config.outbox.message_bytes = 50_000;
        config.outbox.bytes = bytes;
        config.outbox.hub_bytes = u64::from(bytes) + 100;
    });
    for _ in 0..members {
        bench.connect_in("h");
    }
    for _ in 0..messages {
        bench.say_bytes("h", 10);
    }
    bench
}

#[test]
fn the_budget_takes_some_thousands_of_messages_of_a_history_at_a_time() {
    let mut bench = full_of_history(0, 40_000);
    let ann = bench.connect();
    let target = bench.hub.config().outbox.hub_bytes * 7 / 8;
    let queued = bench.publish_by(Policy::DropNewest, Target::Client(ann), &frame_of(100)).expect("queued");
    assert_eq!((queued.queued, bench.hub.stats().history_evicted), (1, 4_096), "there is room for it");
    assert!(bench.hub.stats().queued_bytes > target, "more would have gone at once");
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn the_budget_stops_to_take_history_that_outboxes_hold_as_well() {
    let mut bench = full_of_history(1, 70_000);
    let ann = bench.hub.members("h").next().expect("it is there");
    assert_eq!(bench.waiting(ann), (70_000, 700_000));
    let bob = bench.connect();
    assert_eq!(bench.hub.stats().history_evicted, 0);
    let queued = bench.publish_by(Policy::DropNewest, Target::Client(bob), &frame_of(200)).expect("queued");
    assert_eq!((queued.queued, bench.waiting(ann).0), (1, 0), "the outbox goes, too");
    assert_eq!(bench.hub.stats().history_evicted, 65_536);
    assert_eq!(bench.hub.stats().history_messages, 70_000 - 65_536);
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn what_was_discarded_and_waits_to_be_released_goes_before_any_history() {
    let mut bench = full_of_history(0, 9_000);
    let history = Some(History { messages: 1_000, ..FIVE });
    let config = RoomConfig { history, ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "h", config).expect("configured");
    let released = 9_000 - bench.hub.stats().frames;
    assert!(released < 8_000, "the slices of {} releases are left", 8_000 - released);
    let ann = bench.connect();
    let waiting = bench.hub.stats().frames;
    bench.publish_by(Policy::DropNewest, Target::Client(ann), &frame_of(45_000)).expect("published");
    assert!(bench.hub.stats().frames < waiting, "some were released for it");
    while bench.hub.poll_timeout().is_some_and(|at| at <= bench.now) {
        bench.hub.timeout(bench.now).expect("a timeout");
    }
    let stats = bench.hub.stats();
    assert_eq!((stats.history_evicted, stats.history_messages, stats.frames), (0, 1_000, 1_001));
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn a_long_history_expires_in_slices() {
    let mut bench = full_of_history(0, 20_000);
    bench.wait(FIVE.age - Duration::from_secs(1));
    bench.oversleep(Duration::from_secs(1));
    let mut rounds = 0;
    while bench.hub.poll_timeout().is_some_and(|at| at <= bench.now) {
        let before = bench.hub.stats();
        bench.hub.timeout(bench.now).expect("a timeout");
        let after = bench.hub.stats();
        assert!(after.history_expired - before.history_expired <= 9_216, "in a slice");
        assert_eq!(bench.hub.check(), Ok(()));
        rounds += 1;
    }
    let stats = bench.hub.stats();
    assert_eq!((stats.history_expired, stats.history_messages, stats.frames), (20_000, 0, 0));
    assert!(rounds >= 3, "{rounds} rounds");
}
