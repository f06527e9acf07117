//! What happens to a message for a client whose outbox is full.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{Action, DropReason, Flush, Policy, Target};
use alloc::string::String;
use alloc::vec::Vec;

/// A hub whose outboxes hold this many messages.
fn holding(messages: u32) -> Bench {
    Bench::with(|config| config.outbox.messages = messages)
}

/// A hub whose outboxes hold this many bytes, of messages of at most 50 bytes.
fn holding_bytes(bytes: u32) -> Bench {
    Bench::with(|config| {
        config.outbox.message_bytes = 50;
        config.outbox.bytes = bytes;
    })
}

const QUEUED: crate::hub::Published = published(1, 0, 0, 0);
const DROPPED: crate::hub::Published = published(0, 1, 0, 0);
const REFUSED: crate::hub::Published = published(0, 0, 1, 0);

#[test]
fn an_outbox_holds_256_messages_by_default() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for _ in 0..256 {
        assert_eq!(bench.tell(client, "x"), QUEUED);
    }
    assert_eq!(bench.tell(client, "x"), DROPPED);
    assert_eq!(bench.waiting(client), (256, 256));
}

#[test]
fn an_outbox_holds_a_mebibyte_by_default() {
    let mut bench = Bench::new();
    let client = bench.connect();
    let half = frame_of(512 << 10);
    for expected in [QUEUED, QUEUED, DROPPED] {
        assert_eq!(bench.publish_by(Policy::DropNewest, Target::Client(client), &half), Ok(expected));
    }
    assert_eq!(bench.tell(client, "x"), DROPPED, "it is full to the byte");
    assert_eq!(bench.waiting(client), (2, 1 << 20));
}

#[test]
fn the_bound_in_bytes_is_exact_for_every_policy() {
    let policies = [Policy::DropNewest, Policy::Disconnect, Policy::Wait, Policy::Conflate(1)];
    for policy in policies {
        let mut bench = holding_bytes(100);
        let client = bench.connect();
        bench.publish_by(policy, Target::Client(client), &frame_of(50)).expect("published");
        let second = Policy::DropNewest;
        bench.publish_by(second, Target::Client(client), &frame_of(49)).expect("published");
        assert_eq!(bench.publish_by(second, Target::Client(client), &frame_of(2)), Ok(DROPPED));
        let policy = if policy == Policy::Conflate(1) { Policy::Conflate(2) } else { policy };
        assert_eq!(bench.publish_by(policy, Target::Client(client), &frame_of(1)), Ok(QUEUED), "{policy:?}");
        assert_eq!(bench.waiting(client), (3, 100));
        let full = bench.publish_by(policy, Target::Client(client), &frame_of(1)).expect("published");
        assert_eq!(full.queued, u32::from(matches!(policy, Policy::Conflate(_))), "{policy:?}");
    }
}

#[test]
fn what_is_on_lease_fills_the_outbox_until_it_is_written() {
    let mut bench = holding(2);
    let client = bench.connect();
    bench.tell(client, "1");
    bench.tell(client, "2");
    bench.lease(client, PLENTY).expect("leased");
    assert_eq!(bench.tell(client, "3"), DROPPED);
    assert_eq!(bench.waiting(client), (2, 2));
    bench.wrote(client);
    assert_eq!(bench.waiting(client), (0, 0));
    assert_eq!(bench.tell(client, "4"), QUEUED);
}

#[test]
fn drop_newest_keeps_what_waits() {
    let mut bench = holding(2);
    let client = bench.connect();
    bench.quiet();
    for (text, expected) in [("1", QUEUED), ("2", QUEUED), ("three", DROPPED), ("4", DROPPED)] {
        assert_eq!(bench.tell_by(Policy::DropNewest, client, text), expected);
    }
    assert_eq!(bench.actions(), [lost(client, 2, 6, DropReason::OutboxFull)]);
    assert_eq!(bench.write_to(client), ["1", "2"]);
}

#[test]
fn drop_oldest_makes_room_from_the_front() {
    let mut bench = holding(2);
    let client = bench.connect();
    bench.quiet();
    for text in ["one", "2", "3", "4"] {
        assert_eq!(bench.tell_by(Policy::DropOldest, client, text), QUEUED);
    }
    assert_eq!(bench.actions(), [lost(client, 2, 4, DropReason::OutboxFull)]);
    assert_eq!(bench.write_to(client), ["3", "4"]);
}

#[test]
fn drop_oldest_drops_as_many_as_the_bytes_need_and_no_more() {
    let mut bench = holding_bytes(64);
    let client = bench.connect();
    for text in ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"] {
        bench.tell(client, text);
    }
    bench.quiet();
    let outcome = bench.publish_by(Policy::DropOldest, Target::Client(client), &frame_of(45));
    assert_eq!(outcome, Ok(QUEUED));
    assert_eq!(bench.actions(), [lost(client, 2, 20, DropReason::OutboxFull)]);
    assert_eq!(bench.waiting(client), (2, 55));
}

#[test]
fn drop_oldest_never_drops_what_is_on_lease() {
    let mut bench = holding(3);
    let client = bench.connect();
    bench.tell(client, "leased 1");
    bench.tell(client, "leased 2");
    assert_eq!(bench.lease(client, PLENTY).expect("leased").items, ["leased 1", "leased 2"]);
    bench.tell(client, "old");
    assert_eq!(bench.tell_by(Policy::DropOldest, client, "new"), QUEUED);
    bench.wrote_part(client, 0, 0);
    bench.resume(client);
    assert_eq!(bench.write_to(client), ["leased 1", "leased 2", "new"]);
}

#[test]
fn drop_oldest_drops_the_newest_when_all_is_on_lease() {
    let mut bench = holding(1);
    let client = bench.connect();
    bench.tell(client, "leased");
    bench.lease(client, PLENTY).expect("leased");
    assert_eq!(bench.tell_by(Policy::DropOldest, client, "new"), DROPPED);
    bench.wrote(client);
    assert_eq!(bench.write_to(client), [""; 0]);
}

#[test]
fn drop_oldest_drops_nothing_in_vain() {
    let mut bench = holding_bytes(64);
    let client = bench.connect();
    bench.publish_by(Policy::DropOldest, Target::Client(client), &frame_of(50)).expect("published");
    bench.lease(client, PLENTY).expect("leased");
    bench.tell(client, "old");
    assert_eq!(bench.tell_by(Policy::DropOldest, client, "too large for what is left"), DROPPED);
    bench.wrote(client);
    assert_eq!(bench.write_to(client), ["old"]);
}

#[test]
fn a_frame_that_is_half_written_is_never_dropped() {
    let mut bench = holding(2);
    let client = bench.connect();
    bench.tell(client, "half");
    bench.tell(client, "old");
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 2);
    assert_eq!(bench.tell_by(Policy::DropOldest, client, "new"), QUEUED);
    assert_eq!(bench.tell_by(Policy::DropOldest, client, "newer"), QUEUED);
    bench.writable(client);
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!((held.skip, held.items), (2, ["half".into(), "newer".into()].into()));
}

#[test]
fn control_frames_are_never_dropped_and_take_no_room() {
    let mut bench = holding(1);
    let client = bench.connect();
    bench.ping(client, "a");
    bench.tell(client, "1");
    bench.ping(client, "b");
    assert_eq!(bench.waiting(client), (1, 1));
    bench.tell_by(Policy::DropOldest, client, "2");
    bench.tell_by(Policy::Conflate(0), client, "3");
    bench.close(client, Flush::Never);
    assert_eq!(bench.write_to(client), ["pong a", "pong b", "close 1000 bye"]);
}

#[test]
fn conflate_keeps_the_latest_value_and_moves_it_to_the_back() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.quiet();
    bench.tell_by(Policy::Conflate(1), client, "a1");
    bench.tell_by(Policy::Conflate(2), client, "b1");
    bench.tell(client, "plain");
    bench.tell_by(Policy::Conflate(1), client, "a2");
    assert_eq!(bench.actions(), [lost(client, 1, 2, DropReason::Conflated)]);
    bench.tell_by(Policy::Conflate(1), client, "a3");
    assert_eq!(bench.write_to(client), ["b1", "plain", "a3"]);
    assert_eq!(bench.hub.stats().dropped_conflated, 2);
}

/// Values of six keys wait for three clients. Messages for one client in between, of which each bit of `alone` makes one, decide
/// where the spans of its queue begin.
#[test]
fn a_value_is_replaced_wherever_it_lies_and_the_others_keep_their_order() {
    const KEYS: u64 = 6;
    for (alone, replaced) in (0..1u32 << KEYS).flat_map(|alone| (0..KEYS).map(move |key| (alone, key))) {
        let mut bench = Bench::new();
        let clients: Vec<_> = (0..3).map(|_| bench.connect_in("lobby")).collect();
        let mut expected: [Vec<String>; 3] = Default::default();
        for key in 0..KEYS {
            if alone >> key & 1 == 1 {
                let text = alloc::format!("alone {key}");
                bench.tell(clients[0], &text);
                expected[0].push(text);
            }
            let text = alloc::format!("{key}");
            bench.publish_by(Policy::Conflate(key), Target::Room("lobby"), &frame(&text)).expect("published");
            expected.iter_mut().for_each(|texts| texts.push(text.clone()));
        }
        // The second time the spans have holes, and the last one ends with the value itself.
        for again in ["first", "second"] {
            for key in [replaced, (replaced + 2) % KEYS] {
                let text = alloc::format!("{key} {again}");
                let published = bench
                    .publish_by(Policy::Conflate(key), Target::Room("lobby"), &frame(&text))
                    .expect("published");
                assert_eq!(published.queued, 3);
                let is_old = |old: &String| old.split(' ').next() == Some(&*alloc::format!("{key}"));
                for texts in &mut expected {
                    texts.retain(|old| !is_old(old));
                    texts.push(text.clone());
                }
                assert_eq!(bench.hub.check(), Ok(()), "{alone:b}, {key} {again}");
            }
        }
        let texts = [0, 1, 2].map(|at: usize| bench.write_to(clients[at]));
        assert_eq!(texts, expected, "{alone:b}, {replaced}");
        assert_eq!(bench.hub.stats().dropped_conflated, 3 * 4);
    }
}

#[test]
fn conflate_replaces_a_value_in_a_full_outbox_and_else_drops_the_newest() {
    let mut bench = holding(2);
    let client = bench.connect();
    bench.tell_by(Policy::Conflate(1), client, "a1");
    bench.tell(client, "plain");
    assert_eq!(bench.tell_by(Policy::Conflate(1), client, "a2"), QUEUED);
    assert_eq!(bench.tell_by(Policy::Conflate(2), client, "b1"), DROPPED);
    assert_eq!(bench.write_to(client), ["plain", "a2"]);
}

#[test]
fn conflate_leaves_alone_what_is_on_lease_or_half_written() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell_by(Policy::Conflate(1), client, "a1");
    bench.lease(client, PLENTY).expect("leased");
    bench.tell_by(Policy::Conflate(1), client, "a2");
    bench.wrote_part(client, 0, 1);
    bench.tell_by(Policy::Conflate(1), client, "a3");
    bench.writable(client);
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!((held.skip, held.items), (1, ["a1".into(), "a3".into()].into()));
}

#[test]
fn conflate_in_a_room_is_for_each_member_by_itself() {
    let mut bench = Bench::new();
    let [fast, slow] = [bench.connect_in("prices"), bench.connect_in("prices")];
    bench.stall(slow);
    for price in ["1", "2", "3"] {
        let outcome = bench.publish_by(Policy::Conflate(9), Target::Room("prices"), &frame(price));
        assert_eq!(outcome, Ok(published(2, 0, 0, 0)));
        bench.write_all();
    }
    bench.resume(slow);
    assert_eq!(bench.write_to(slow), ["3"]);
    assert_eq!(bench.taken(fast), ["1", "2", "3"]);
}

#[test]
fn disconnect_closes_with_1013_and_writes_nothing_that_is_queued() {
    let mut bench = holding(2);
    let [slow, other] = [bench.connect_in("lobby"), bench.connect_in("lobby")];
    bench.tell(slow, "1");
    bench.tell(slow, "2");
    bench.quiet();
    let outcome = bench.publish_by(Policy::Disconnect, Target::Room("lobby"), &frame("three"));
    assert_eq!(outcome, Ok(published(1, 1, 0, 0)));
    let too_slow = disconnected(slow, CloseCode::TRY_AGAIN_LATER, ClosedBy::Hub, "too slow");
    assert_eq!(bench.actions(), [lost(slow, 3, 7, DropReason::Closed), left(slow, "lobby"), too_slow]);
    assert_eq!(bench.write_to(slow), ["close 1013 too slow"]);
    assert_eq!(bench.taken(other), ["three"], "the others are served");
}

#[test]
fn disconnect_writes_nothing_of_what_comes_back_from_a_lease() {
    let mut bench = holding(4);
    let client = bench.connect();
    for text in ["half", "leased", "leased too"] {
        bench.tell(client, text);
    }
    bench.lease(client, PLENTY).expect("leased");
    bench.tell(client, "queued");
    bench.tell_by(Policy::Disconnect, client, "one too many");
    bench.wrote_part(client, 0, 2);
    assert_eq!(bench.waiting(client), (1, 4), "a frame that is half written must be finished");
    bench.resume(client);
    assert_eq!(bench.write_to(client), ["half", "close 1013 too slow"]);
}

#[test]
fn wait_refuses_drops_nothing_and_says_once_when_half_is_free() {
    let mut bench = holding(4);
    let client = bench.connect();
    bench.quiet();
    for text in ["1", "2", "3", "4"] {
        assert_eq!(bench.tell_by(Policy::Wait, client, text), QUEUED);
    }
    assert_eq!(bench.tell_by(Policy::Wait, client, "5"), REFUSED);
    assert_eq!(bench.tell_by(Policy::Wait, client, "5"), REFUSED);
    assert_eq!((bench.actions(), bench.hub.stats().dropped()), ([].into(), 0));
    bench.lease(client, 1).expect("one message");
    bench.wrote(client);
    assert_eq!(bench.actions(), [], "three are left, more than half");
    bench.lease(client, 1).expect("one message");
    bench.wrote(client);
    assert_eq!(bench.actions(), [Action::OutboxLow { client }]);
    bench.write_all();
    assert_eq!(bench.actions(), [], "it is said once");
    assert_eq!(bench.tell_by(Policy::Wait, client, "5"), QUEUED);
    bench.write_all();
    assert_eq!(bench.actions(), [], "nobody waits any more");
}

#[test]
fn wait_refuses_what_does_not_fit_also_while_half_of_the_outbox_is_free() {
    let mut bench = holding_bytes(64);
    let client = bench.connect();
    bench.publish_by(Policy::Wait, Target::Client(client), &frame_of(30)).expect("published");
    bench.quiet();
    assert_eq!(bench.publish_by(Policy::Wait, Target::Client(client), &frame_of(40)), Ok(REFUSED));
    assert_eq!(bench.actions(), []);
    bench.write_all();
    assert_eq!(bench.actions(), [Action::OutboxLow { client }]);
}

#[test]
fn wait_hears_of_bytes_too() {
    let mut bench = holding_bytes(64);
    let client = bench.connect();
    bench.quiet();
    bench.publish_by(Policy::Wait, Target::Client(client), &frame_of(40)).expect("published");
    bench.publish_by(Policy::Wait, Target::Client(client), &frame_of(24)).expect("published");
    assert_eq!(bench.tell_by(Policy::Wait, client, "x"), REFUSED);
    bench.lease(client, 1).expect("leased");
    bench.wrote(client);
    assert_eq!(bench.actions(), [Action::OutboxLow { client }]);
}

#[test]
fn wait_hears_of_room_that_a_drop_makes() {
    let mut bench = holding_bytes(64);
    let client = bench.connect();
    bench.publish_by(Policy::Conflate(1), Target::Client(client), &frame_of(50)).expect("published");
    bench.publish_by(Policy::Wait, Target::Client(client), &frame_of(14)).expect("published");
    assert_eq!(bench.tell_by(Policy::Wait, client, "x"), REFUSED);
    bench.quiet();
    bench.tell_by(Policy::Conflate(1), client, "small");
    let actions = bench.actions();
    assert!(actions.contains(&Action::OutboxLow { client }), "{actions:?}");
}

#[test]
fn wait_ends_with_the_client() {
    let mut bench = holding(1);
    let client = bench.connect();
    bench.tell(client, "1");
    bench.tell_by(Policy::Wait, client, "2");
    bench.quiet();
    bench.gone(client);
    assert_eq!(bench.actions(), [lost(client, 1, 1, DropReason::Closed), vanished(client)]);
}

#[test]
fn the_policy_of_the_hub_stands_where_a_publish_names_none() {
    let mut bench = Bench::with(|config| {
        config.outbox.messages = 1;
        config.outbox.policy = Policy::DropOldest;
    });
    let client = bench.connect();
    assert_eq!((bench.tell(client, "1"), bench.tell(client, "2")), (QUEUED, QUEUED));
    assert_eq!(bench.tell_by(Policy::DropNewest, client, "3"), DROPPED);
    assert_eq!(bench.write_to(client), ["2"]);
}

#[test]
fn a_reader_that_stalls_costs_nobody_else_anything() {
    let mut bench = Bench::new();
    let clients: [_; 10] = core::array::from_fn(|_| bench.connect_in("lobby"));
    let slow = clients[3];
    bench.stall(slow);
    bench.quiet();
    let mut dropped = 0;
    for _ in 0..1_000 {
        let outcome = bench.publish(&[Target::Room("lobby")], "tick").expect("published");
        assert_eq!(outcome.queued + outcome.dropped, 10);
        dropped += outcome.dropped;
        bench.write_all();
    }
    for client in clients {
        assert_eq!(bench.taken(client).len(), if client == slow { 0 } else { 1_000 });
    }
    assert_eq!(dropped, 1_000 - 256);
    assert_eq!(bench.actions(), [lost(slow, dropped, 4 * u64::from(dropped), DropReason::OutboxFull)]);
    bench.resume(slow);
    assert_eq!(bench.write_to(slow).len(), 256, "what it did not lose it gets");
}
