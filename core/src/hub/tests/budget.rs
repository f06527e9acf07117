//! The hub's budget of frame bytes and queue entries; at the limit the largest outboxes are shed first.

use super::bench::*;
use crate::frame::Frame;
use crate::hub::{Action, DropReason, Full, Policy, Target, Unreached};
use alloc::vec::Vec;

/// A hub with a budget of 1,000 bytes for frames and queue entries. An entry has 12 bytes; each span of a queue
/// except the last needs one.
fn small() -> Bench {
    Bench::with(|config| {
        config.outbox.message_bytes = 400;
        config.outbox.bytes = 1_000;
        config.outbox.hub_bytes = 1_000;
    })
}

#[test]
fn the_budget_counts_each_frame_once_and_each_entry() {
    let mut bench = small();
    let clients = bench.connect_many(10);
    bench.publish_by(Policy::DropNewest, Target::All, &frame_of(100)).expect("published");
    bench.publish_by(Policy::DropNewest, Target::All, &frame_of(100)).expect("published");
    assert_eq!(bench.hub.stats().queued_bytes, 200, "what follows each other in one source needs no entry");
    bench.publish_by(Policy::DropNewest, Target::Client(clients[0]), &frame_of(100)).expect("published");
    assert_eq!(bench.hub.stats().queued_bytes, 300 + 12);
    bench.write_all();
    assert_eq!(bench.hub.stats().queued_bytes, 0);
}

#[test]
fn a_deflated_variant_takes_of_the_budget_and_not_of_the_clients_bound() {
    for (last, shed) in [(204, 0), (205, 1)] {
        let mut bench = small();
        let [ann, bob] = [bench.connect(), bench.connect()];
        let deflated = frame_of(352).with_deflated(frame_of(40));
        for (client, frame) in [(ann, frame_of(392)), (ann, deflated), (bob, frame_of(last))] {
            bench.publish_by(Policy::DropNewest, Target::Client(client), &frame).expect("published");
        }
        assert_eq!(bench.hub.stats().dropped_hub_full > 0, shed > 0, "{last}");
        if shed == 0 {
            assert_eq!(bench.waiting(ann), (2, 744));
            assert_eq!(bench.hub.stats().queued_bytes, 392 + 392 + 204);
        }
        assert_eq!(bench.hub.check(), Ok(()));
        bench.write_all();
        assert_eq!(bench.hub.stats().queued_bytes, 0);
    }
}

#[test]
fn the_budget_is_exact() {
    for (last, shed) in [(204, 0), (205, 1)] {
        let mut bench = small();
        let [ann, bob] = [bench.connect(), bench.connect()];
        for bytes in [392, 392, last] {
            let client = if bytes == last { bob } else { ann };
            let outcome = bench.publish_by(Policy::DropNewest, Target::Client(client), &frame_of(bytes));
            assert_eq!(outcome, Ok(published(1, 0, 0, 0)));
        }
        assert_eq!(bench.hub.stats().dropped_hub_full > 0, shed > 0, "{last}");
        assert!(bench.hub.stats().queued_bytes <= 1_000);
    }
}

#[test]
fn nothing_is_shed_for_a_frame_that_just_fits() {
    for (last, dropped) in [(80, 0), (81, 2)] {
        let mut bench = small();
        let [ann, bob] = [bench.connect(), bench.connect()];
        for member in bench.connect_many(2) {
            bench.join(member, "room");
        }
        let room = Target::Room("room");
        for (target, bytes) in
            [(Target::Client(ann), 392), (Target::Client(ann), 392), (Target::Client(bob), 112), (room, last)]
        {
            bench.publish_by(Policy::DropNewest, target, &frame_of(bytes)).expect("published");
        }
        // With room for two entries of 12 bytes it is 1,000, or one more.
        assert_eq!(bench.hub.stats().dropped_hub_full, dropped, "{last}");
    }
}

#[test]
fn the_largest_outbox_sheds_first_and_is_told() {
    let mut bench = small();
    let [small_one, large, medium] = [bench.connect(), bench.connect(), bench.connect()];
    bench.quiet();
    for (client, bytes) in [(small_one, 100), (large, 200), (medium, 250), (large, 300)] {
        bench.publish_by(Policy::DropNewest, Target::Client(client), &frame_of(bytes)).expect("published");
    }
    assert_eq!(bench.hub.stats().dropped(), 0);
    bench.publish_by(Policy::DropNewest, Target::Client(small_one), &frame_of(140)).expect("published");
    assert_eq!(bench.actions(), [lost(large, 2, 500, DropReason::HubFull)]);
    assert_eq!(bench.waiting(large), (0, 0));
    assert_eq!(bench.waiting(medium), (1, 250));
    assert_eq!(bench.waiting(small_one), (2, 240));
    assert_eq!(bench.hub.stats().dropped_hub_full, 2);
}

#[test]
fn a_client_whose_outbox_was_shed_is_served_again() {
    let mut bench = small();
    let [large, other] = [bench.connect(), bench.connect()];
    for _ in 0..2 {
        bench.publish_by(Policy::DropNewest, Target::Client(large), &frame_of(400)).expect("published");
    }
    assert_eq!(bench.hub.poll_ready(), Some(bench.on(large)));
    bench.publish_by(Policy::DropNewest, Target::Client(other), &frame_of(400)).expect("published");
    assert_eq!(bench.waiting(large), (0, 0));
    assert_eq!(bench.lease(large, PLENTY), None, "the host finds nothing any more");
    assert_eq!(bench.hub.poll_ready(), Some(bench.on(other)));
    bench.tell(large, "hello");
    assert_eq!(bench.hub.poll_ready(), Some(bench.on(large)), "and is told anew");
    assert_eq!(bench.lease(large, PLENTY).expect("leased").items, ["hello"]);
}

#[test]
fn what_is_half_written_is_not_shed_while_something_else_can_be() {
    let mut bench = small();
    let [half, waiting, other] = [bench.connect(), bench.connect(), bench.connect()];
    for client in [half, waiting] {
        bench.publish_by(Policy::DropNewest, Target::Client(client), &frame_of(390)).expect("published");
    }
    bench.lease(half, PLENTY).expect("leased");
    bench.wrote_part(half, 0, 1);
    let outcome = bench.publish_by(Policy::DropNewest, Target::Client(other), &frame_of(300));
    assert_eq!(outcome, Ok(published(1, 0, 0, 0)));
    assert_eq!((bench.waiting(half), bench.waiting(waiting)), ((1, 390), (0, 0)));
    bench.resume(half);
    assert_eq!(bench.write_to(half), ["390 bytes"]);
}

/// A client that has taken one byte of a frame of `bytes` bytes.
fn half_written(bench: &mut Bench, bytes: usize) -> crate::ClientId {
    let client = bench.connect();
    bench.publish_by(Policy::DropNewest, Target::Client(client), &frame_of(bytes)).expect("published");
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 1);
    client
}

#[test]
fn who_holds_most_by_a_frame_it_has_in_part_is_ended_before_a_message_is_dropped_for_everybody() {
    let mut bench = small();
    let [medium, large, little] = [250, 390, 90].map(|bytes| half_written(&mut bench, bytes));
    let other = bench.connect_in("room");
    bench.quiet();
    let outcome = bench.publish_by(Policy::DropNewest, Target::Room("room"), &frame_of(300));
    assert_eq!(outcome, Ok(published(1, 0, 0, 0)));
    let why = "out of memory for its messages";
    let end = disconnected(large, crate::CloseCode::ABNORMAL, crate::ClosedBy::Hub, why);
    let lost = lost(large, 1, 390, DropReason::Closed);
    assert_eq!(bench.actions(), [lost, end, bench.abort(large)]);
    assert!(bench.hub.is_open(medium) && bench.hub.is_open(little));
    let stats = bench.hub.stats();
    assert_eq!((stats.ended_for_budget, stats.dropped_hub_full), (1, 0));
    assert_eq!(bench.write_to(other), ["300 bytes"]);
}

#[test]
fn what_many_have_in_part_counts_for_each_of_them_by_its_share() {
    let mut bench = small();
    for reader in bench.connect_many(4) {
        bench.join(reader, "lecture");
    }
    bench.publish_by(Policy::DropNewest, Target::Room("lecture"), &frame_of(390)).expect("published");
    for held in bench.lease_ready(4) {
        bench.wrote_part(held.client, 0, 1);
    }
    let alone = half_written(&mut bench, 200);
    half_written(&mut bench, 90);
    let other = bench.connect();
    bench.publish_by(Policy::DropNewest, Target::Client(other), &frame_of(330)).expect("published");
    assert!(!bench.hub.is_open(alone), "its end frees 200 bytes, and that of one of the four frees none");
    assert_eq!((bench.hub.member_count("lecture"), bench.hub.stats().ended_for_budget), (4, 1));
    assert_eq!(bench.waiting(other), (1, 330));
}

#[test]
fn a_message_for_whoever_is_ended_for_it_is_dropped_and_told() {
    let mut bench = small();
    let [first, _] = [390, 380].map(|bytes| half_written(&mut bench, bytes));
    let other = bench.connect();
    bench.quiet();
    for (targets, except, expected) in [
        (&[Target::Client(other), Target::All][..], &[][..], published(2, 1, 0, 0)),
        (&[Target::All][..], &[first][..], published(2, 0, 0, 0)),
    ] {
        let mut hub = bench.hub.clone();
        let (frame, policy, mut unreached) = (frame_of(300), Some(Policy::Wait), Vec::new());
        let outcome = hub.publish_listing(bench.now, targets, except, &frame, policy, &mut unreached);
        assert_eq!(outcome, Ok(expected));
        let missed = (expected.dropped > 0).then_some(Unreached { client: first, full: Full::Hub });
        assert_eq!(unreached, missed.as_slice());
        let drops = if expected.dropped > 0 { (2, 690) } else { (1, 390) };
        assert_eq!(hub.poll_action(), Some(lost(first, drops.0, drops.1, DropReason::Closed)));
        assert_eq!(hub.check(), Ok(()));
    }
}

#[test]
fn who_is_closing_with_a_frame_in_part_is_cut_off_too() {
    let mut bench = small();
    let [first, second] = [390, 390].map(|bytes| half_written(&mut bench, bytes));
    bench.close(first, crate::hub::Flush::First);
    bench.close(second, crate::hub::Flush::First);
    let other = bench.connect();
    bench.quiet();
    bench.publish_by(Policy::DropNewest, Target::Client(other), &frame_of(300)).expect("published");
    assert_eq!(bench.actions(), [bench.abort(first)]);
    assert_eq!((bench.hub.stats().ended_for_budget, bench.waiting(other)), (1, (1, 300)));
}

#[test]
fn a_room_whose_last_member_is_ended_for_the_budget_may_be_a_target() {
    let mut bench = small();
    let member = half_written(&mut bench, 390);
    half_written(&mut bench, 380);
    bench.join(member, "room");
    let outcome = bench.publish_by(Policy::DropNewest, Target::Room("room"), &frame_of(300));
    assert_eq!(outcome, Ok(published(0, 1, 0, 0)), "it was for one, which did not get it");
    assert_eq!((bench.hub.room_count(), bench.hub.check()), (0, Ok(())));
}

/// The attack: readers that each hold a partly written frame, and take a byte every nine seconds.
#[test]
fn readers_that_hold_all_of_the_budget_by_halves_of_frames_do_not_keep_others_from_their_messages() {
    const READERS: usize = 512;
    let mut bench = Bench::with(|config| config.outbox.hub_bytes = (READERS as u64) << 19);
    let readers = bench.connect_many(READERS);
    for member in bench.connect_many(20) {
        bench.join(member, "lobby");
    }
    let half = frame_of(512 << 10);
    for &reader in &readers {
        // Separate frames that share one payload in memory.
        let frame = Frame::raw(half.payload().clone());
        bench.publish_by(Policy::DropNewest, Target::Client(reader), &frame).expect("published");
        bench.lease(reader, PLENTY).expect("leased");
        bench.wrote_part(reader, 0, 256 << 10);
    }
    bench.quiet();
    for round in 0..5 {
        for number in 0..40 {
            let text = frame_of(1_000 + number);
            let outcome = bench.publish_by(Policy::DropNewest, Target::Room("lobby"), &text);
            assert_eq!(outcome, Ok(published(20, 0, 0, 0)), "round {round}");
            bench.write_all();
        }
        bench.wait(secs(9));
        for &reader in &readers {
            if bench.hub.is_open(reader) {
                bench.writable(reader);
                bench.lease(reader, PLENTY).expect("leased");
                bench.wrote_part(reader, 0, (256 << 10) + 1 + round);
            }
        }
    }
    let stats = bench.hub.stats();
    assert_eq!(stats.dropped_hub_full, 0);
    assert!(stats.write_timeouts as usize + stats.ended_for_budget as usize == READERS, "{stats:?}");
}

#[test]
fn for_a_frame_that_never_fits_nobody_loses_anything() {
    let mut bench = Bench::with(|config| {
        config.outbox.message_bytes = 600;
        config.outbox.bytes = 1_000;
        config.outbox.hub_bytes = 1_000;
    });
    let half = half_written(&mut bench, 390);
    let [waiting, other] = [bench.connect(), bench.connect()];
    bench.publish_by(Policy::DropNewest, Target::Client(waiting), &frame_of(390)).expect("published");
    let frame = frame_of(600).with_deflated(frame_of(590));
    let outcome = bench.publish_by(Policy::DropNewest, Target::Client(other), &frame);
    assert_eq!(outcome, Ok(published(0, 1, 0, 0)));
    assert_eq!((bench.waiting(half), bench.waiting(waiting)), ((1, 390), (1, 390)));
}

#[test]
fn one_publish_ends_no_more_than_a_slice_of_those_who_hold_the_budget() {
    let mut bench = Bench::with(|config| {
        config.outbox.message_bytes = 400;
        config.outbox.bytes = 1_000;
        config.outbox.hub_bytes = 20_012;
    });
    for _ in 0..1_000 {
        half_written(&mut bench, 20);
    }
    assert_eq!(bench.hub.stats().queued_bytes, 20_000);
    let other = bench.connect();
    let outcome = bench.publish_by(Policy::DropNewest, Target::Client(other), &frame_of(400));
    assert_eq!(outcome, Ok(published(1, 0, 0, 0)), "sixty-four of them held 1,280 bytes");
    assert_eq!(bench.hub.stats().ended_for_budget, 64);
}

#[test]
fn when_only_leases_hold_the_budget_a_publish_that_fails_looks_at_nobody_again() {
    let (mut bench, idle) = full_of_leases();
    bench.connect_many(1_000);
    for _ in 0..200 {
        let outcome = bench.publish_by(Policy::DropNewest, Target::Client(idle), &frame_of(300));
        assert_eq!(outcome, Ok(published(0, 1, 0, 0)));
    }
    assert_eq!(bench.hub.stats().sheds, 1, "once, and all the others cost as much as a comparison");
    // A message that fits is queued without another shed.
    bench.tell(idle, "hello");
    bench.publish_by(Policy::DropNewest, Target::Client(idle), &frame_of(300)).expect("published");
    assert_eq!((bench.hub.stats().sheds, bench.waiting(idle)), (1, (1, 5)));
    // A lease that comes back is a reason to shed again.
    let busy = bench.hub.clients().next().expect("the first");
    bench.wrote_part(busy, 0, 0);
    let outcome = bench.publish_by(Policy::DropNewest, Target::Client(idle), &frame_of(300));
    assert_eq!((outcome, bench.hub.stats().sheds), (Ok(published(1, 0, 0, 0)), 2));
}

#[test]
fn a_budget_that_was_full_of_leases_is_shed_again_when_it_is_full_of_something_else() {
    let (mut bench, idle) = full_of_leases();
    bench.publish_by(Policy::DropNewest, Target::Client(idle), &frame_of(300)).expect("published");
    let busy = bench.hub.clients().next().expect("the first");
    bench.gone(busy);
    for _ in 0..10 {
        for client in [bench.connect(), idle] {
            let outcome = bench.publish_by(Policy::DropNewest, Target::Client(client), &frame_of(390));
            assert_eq!(outcome, Ok(published(1, 0, 0, 0)));
        }
    }
}

#[test]
fn the_shortest_message_does_not_go_past_the_budget() {
    let mut bench = small();
    let [ann, bob] = [bench.connect(), bench.connect()];
    for _ in 0..2 {
        bench.publish_by(Policy::DropNewest, Target::All, &frame_of(400)).expect("published");
    }
    for bytes in [164, 12] {
        bench.publish_by(Policy::DropNewest, Target::Client(bob), &frame_of(bytes)).expect("published");
    }
    assert_eq!(bench.hub.stats().queued_bytes, 988);
    assert_eq!(bench.tell(ann, "x"), published(1, 0, 0, 0));
    assert!(bench.hub.stats().queued_bytes <= 1_000, "a byte and an entry are 13");
    assert_eq!(bench.waiting(bob), (0, 0), "room was made");
}

#[test]
fn the_budget_holds_for_the_queue_entries_that_one_publish_needs() {
    let mut bench = small();
    let clients = bench.connect_many(20);
    let idle = bench.connect();
    for &client in &clients {
        bench.publish_by(Policy::DropNewest, Target::Client(client), &frame_of(38)).expect("published");
    }
    // 20 frames and this one are 860 bytes: 11 entries are left.
    let outcome = bench.publish_by(Policy::Conflate(1), Target::All, &frame_of(100));
    assert_eq!(outcome, Ok(published(12, 9, 0, 0)));
    assert_eq!(bench.hub.stats().queued_bytes, 860 + 11 * 12);
    assert_eq!(bench.waiting(idle), (1, 100), "who has nothing waiting needs no entry");
}

#[test]
fn shedding_frees_an_eighth_of_the_budget_so_that_it_is_rare() {
    let mut bench = small();
    for client in bench.connect_many(10) {
        bench.publish_by(Policy::DropNewest, Target::Client(client), &frame_of(98)).expect("published");
    }
    let other = bench.connect();
    bench.publish_by(Policy::DropNewest, Target::Client(other), &frame_of(30)).expect("published");
    let stats = bench.hub.stats();
    assert_eq!((stats.dropped_hub_full, stats.queued_bytes), (2, 8 * 98 + 30));
}

#[test]
fn what_comes_back_from_a_lease_sheds_an_eighth_of_the_budget_too() {
    let mut bench = small();
    let client = bench.connect();
    // Alternating messages of two rooms need an entry each, except for the last.
    for room in ["a", "b"] {
        bench.join(client, room);
    }
    for _ in 0..5 {
        for room in ["a", "b"] {
            bench.publish(&[Target::Room(room)], "x").expect("published");
        }
    }
    bench.lease(client, PLENTY).expect("leased");
    for other in bench.connect_many(9) {
        bench.publish_by(Policy::DropNewest, Target::Client(other), &frame_of(108)).expect("published");
    }
    assert_eq!(bench.hub.stats().queued_bytes, 10 + 9 * 108);
    bench.wrote_part(client, 0, 0);
    let stats = bench.hub.stats();
    assert_eq!((stats.dropped_hub_full, stats.queued_bytes), (2, 10 + 9 * 12 + 7 * 108));
}

#[test]
fn a_publish_for_which_there_is_just_room_sheds_nothing() {
    for (last, shed) in [(176, 0), (177, 4)] {
        let mut bench = small();
        bench.connect_many(2);
        // Two recipients might need an entry each.
        for bytes in [400, 400, last] {
            bench.publish_by(Policy::DropNewest, Target::All, &frame_of(bytes)).expect("published");
        }
        assert_eq!(bench.hub.stats().dropped_hub_full, shed, "{last}");
    }
}

#[test]
fn a_hub_that_is_full_to_the_byte_sheds_nothing() {
    let mut bench = small();
    let [ann, idle] = [bench.connect(), bench.connect()];
    for _ in 0..2 {
        bench.publish_by(Policy::DropNewest, Target::All, &frame_of(400)).expect("published");
    }
    bench.publish_by(Policy::DropNewest, Target::Client(ann), &frame_of(188)).expect("published");
    assert_eq!(bench.hub.stats().queued_bytes, 1_000);
    bench.wrote(idle);
    assert_eq!(bench.hub.stats().dropped(), 0);
}

/// A hub whose whole budget is on lease to another client.
fn full_of_leases() -> (Bench, crate::ClientId) {
    let mut bench = small();
    let [busy, idle] = [bench.connect(), bench.connect()];
    for _ in 0..2 {
        bench.publish_by(Policy::DropNewest, Target::Client(busy), &frame_of(400)).expect("published");
    }
    bench.lease(busy, PLENTY).expect("leased");
    bench.quiet();
    (bench, idle)
}

#[test]
fn when_nothing_can_be_shed_a_message_is_dropped_for_everybody_it_was_for() {
    for policy in [Policy::DropNewest, Policy::DropOldest, Policy::Conflate(1)] {
        let (mut bench, idle) = full_of_leases();
        let outcome = bench.publish_by(policy, Target::Client(idle), &frame_of(300));
        assert_eq!(outcome, Ok(published(0, 1, 0, 0)));
        assert_eq!(bench.actions(), [lost(idle, 1, 300, DropReason::HubFull)]);
    }
}

#[test]
fn a_full_hub_closes_nobody_whose_own_outbox_has_room() {
    let (mut bench, idle) = full_of_leases();
    let outcome = bench.publish_by(Policy::Disconnect, Target::Client(idle), &frame_of(300));
    assert_eq!(outcome, Ok(published(0, 1, 0, 0)));
    assert!(bench.hub.is_open(idle));
}

#[test]
fn nobody_is_left_waiting_for_an_outbox_that_is_empty_already() {
    let (mut bench, idle) = full_of_leases();
    let outcome = bench.publish_by(Policy::Wait, Target::Client(idle), &frame_of(300)).expect("published");
    let full = if outcome.refused == 0 { Full::Hub } else { Full::Outbox };
    assert_eq!(bench.unreached, [Unreached { client: idle, full }]);
    let actions = bench.actions();
    let will_hear = actions.contains(&Action::OutboxLow { client: idle });
    assert!(outcome.refused == 0 || will_hear, "refused, and nothing will say when to try again");
}

#[test]
fn who_waits_for_an_outbox_that_is_full_is_refused_when_the_hub_is_too() {
    let mut bench = small();
    let busy = bench.connect();
    for _ in 0..2 {
        bench.publish_by(Policy::DropNewest, Target::Client(busy), &frame_of(400)).expect("published");
    }
    bench.lease(busy, PLENTY).expect("leased");
    let outcome = bench.publish_by(Policy::Wait, Target::Client(busy), &frame_of(190));
    assert_eq!(outcome, Ok(published(1, 0, 0, 0)));
    let outcome = bench.publish_by(Policy::Wait, Target::Client(busy), &frame_of(300));
    assert_eq!(outcome, Ok(published(0, 0, 1, 0)), "there is an outbox whose room can be told of");
    bench.quiet();
    bench.wrote(busy);
    assert_eq!(bench.actions(), [Action::OutboxLow { client: busy }]);
}

#[test]
fn shedding_tells_who_waits_for_room() {
    let mut bench = Bench::with(|config| {
        config.outbox.message_bytes = 400;
        config.outbox.bytes = 800;
        config.outbox.hub_bytes = 1_000;
    });
    let [full, other] = [bench.connect(), bench.connect()];
    for expected in [published(1, 0, 0, 0), published(1, 0, 0, 0), published(0, 0, 1, 0)] {
        let size = if expected.refused == 1 { 1 } else { 400 };
        assert_eq!(bench.publish_by(Policy::Wait, Target::Client(full), &frame_of(size)), Ok(expected));
    }
    bench.quiet();
    bench.publish_by(Policy::DropNewest, Target::Client(other), &frame_of(400)).expect("published");
    let shed = lost(full, 2, 800, DropReason::HubFull);
    assert_eq!(bench.actions(), [shed, Action::OutboxLow { client: full }]);
}
