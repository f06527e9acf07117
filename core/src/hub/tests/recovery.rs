//! Recovery: what a client gets that joins from a position.

use super::bench::*;
use super::history::{FIVE, with_histories, with_history};
use crate::hub::{
    Action, DropReason, Dropped, Epoch, Flush, History, Joined, Members, Policy, Position, Recover, Recovery,
    RoomConfig, Target, Unrecoverable, Unrecovered,
};
use crate::id::ClientId;
use crate::outbox::{Progress, Transport};
use alloc::vec::Vec;

fn recovered(count: u32) -> Option<Recovery> {
    Some(Recovery::Recovered { count })
}

fn unrecovered(reason: Unrecoverable, oldest: u64, top: u64) -> Option<Recovery> {
    Some(Recovery::Unrecovered(Unrecovered { reason, oldest, top }))
}

impl Bench {
    fn join_since(&mut self, client: ClientId, room: &str, since: Position) -> Joined {
        self.hub.join_from(self.now, client, room, Recover::Since(since)).expect("joined")
    }

    /// A new client that joins from an offset in the room's epoch.
    fn returns(&mut self, room: &str, offset: u64) -> (ClientId, Option<Recovery>) {
        let since = Position { offset, ..self.position(room) };
        let client = self.connect();
        let joined = self.join_since(client, room, since);
        (client, joined.recovery)
    }
}

#[test]
fn a_client_that_returns_gets_what_it_missed_and_then_live_messages() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 4);
    let (ann, recovery) = bench.returns("h", 1);
    assert_eq!(recovery, recovered(3));
    bench.say_in("h", "live");
    assert_eq!(bench.waiting(ann).0, 4);
    assert_eq!(bench.write_to(ann), ["2", "3", "4", "live"]);
    let stats = bench.hub.stats();
    assert_eq!((stats.recovered, stats.recovered_messages, stats.unrecovered), (1, 3, 0));
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn live_messages_go_behind_a_backlog_that_is_written_in_parts() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 4);
    let (ann, _) = bench.returns("h", 0);
    let held = bench.lease(ann, 2).expect("a lease");
    assert_eq!(held.items, ["1", "2"]);
    bench.say_in("h", "live");
    bench.wrote_part(ann, 1, 0);
    bench.say_in("h", "more");
    bench.writable(ann);
    assert_eq!(bench.write_to(ann), ["2", "3", "4", "live", "more"]);
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn clients_that_return_to_the_same_position_share_what_is_written() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 4);
    for _ in 0..10 {
        bench.returns("h", 1);
    }
    let held = bench.lease_ready(64);
    assert_eq!(held.len(), 10);
    assert!(held.iter().all(|held| held.run == 0 && held.items == ["2", "3", "4"]));
}

#[test]
fn nothing_missed_is_recovered_without_a_message() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 4);
    let (ann, recovery) = bench.returns("h", 4);
    assert_eq!((recovery, bench.waiting(ann)), (recovered(0), (0, 0)));
    // Also when nothing was ever published, and when all has expired.
    let bob = bench.connect_in("h:empty");
    let (_, recovery) = bench.returns("h:empty", 0);
    assert_eq!(recovery, recovered(0));
    bench.wait(secs(61));
    let (_, recovery) = bench.returns("h", 4);
    assert_eq!(recovery, recovered(0));
    bench.gone(bob);
}

#[test]
fn a_position_at_the_edge_of_the_ring_is_recovered_and_one_before_it_is_not() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 8);
    assert_eq!(bench.returns("h", 3).1, recovered(5), "4 to 8 are kept");
    let (ann, recovery) = bench.returns("h", 2);
    assert_eq!(recovery, unrecovered(Unrecoverable::Trimmed, 4, 8));
    assert_eq!(bench.waiting(ann), (0, 0), "never a part");
    bench.say_in("h", "live");
    assert_eq!(bench.write_to(ann), ["live"], "it is a member nevertheless");
    assert_eq!(bench.hub.stats().unrecovered_for(Unrecoverable::Trimmed), 1);
}

#[test]
fn expired_messages_are_unrecovered() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 2);
    bench.wait(secs(60));
    assert_eq!(bench.returns("h", 1).1, unrecovered(Unrecoverable::Expired, 3, 2));
    bench.count_to("h", 1);
    assert_eq!(bench.returns("h", 1).1, unrecovered(Unrecoverable::Expired, 3, 3));
    assert_eq!(bench.returns("h", 2).1, recovered(1));
    bench.count_to("h", 5);
    assert_eq!(bench.returns("h", 1).1, unrecovered(Unrecoverable::Trimmed, 4, 8), "3 was trimmed later");
}

#[test]
fn a_forged_foreign_future_or_overflowing_position_is_unrecovered() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 3);
    bench.count_to("h:other", 3);
    let (mine, foreign) = (bench.position("h"), bench.position("h:other"));
    let forged = |number| Position { epoch: Epoch::from_u64(number).expect("not zero"), offset: 2 };
    for since in [
        Position { offset: 2, ..foreign },
        forged(1),
        forged(mine.epoch.to_u64() ^ 1),
        forged(u64::MAX),
        Position { offset: 4, ..mine },
        Position { offset: u64::MAX, ..mine },
        Position { offset: u64::MAX, ..forged(u64::MAX) },
        Position { offset: 0, ..foreign },
    ] {
        let ann = bench.connect();
        let joined = bench.join_since(ann, "h", since);
        assert_eq!(joined.recovery, unrecovered(Unrecoverable::EpochChanged, 1, 3), "{since:?}");
        assert_eq!((joined.position, bench.waiting(ann)), (Some(mine), (0, 0)));
    }
    assert_eq!(bench.hub.stats().unrecovered_by_reason, [8, 0, 0, 0, 0]);
}

#[test]
fn positions_from_before_a_loss_are_unrecovered() {
    let mut bench = with_history(FIVE);
    let losses: [fn(&mut Bench); 3] = [
        |bench| bench.hub.remove_history(bench.now, "h").expect("removed"),
        |bench| _ = bench.hub.close_room(bench.now, "h", Members::Leave).expect("closed"),
        |bench| bench.wait(secs(600)),
    ];
    for lose in losses {
        bench.count_to("h", 2);
        let before = bench.position("h");
        lose(&mut bench);
        bench.count_to("h", 2);
        let ann = bench.connect();
        let joined = bench.join_since(ann, "h", before);
        assert_eq!(joined.recovery, unrecovered(Unrecoverable::EpochChanged, 1, 2));
        bench.gone(ann);
    }
}

#[test]
fn a_restarted_process_answers_every_position_with_another_epoch() {
    let mut before = with_history(FIVE);
    before.count_to("h", 5);
    let mut after = with_histories(|config| {
        config.host.epoch_seed = 8;
        config.history.by_prefix.insert("h".into(), FIVE);
    });
    after.count_to("h", 5);
    for offset in 0..=6 {
        let since = Position { offset, ..before.position("h") };
        let ann = after.connect();
        let joined = after.join_since(ann, "h", since);
        assert_eq!(joined.recovery, unrecovered(Unrecoverable::EpochChanged, 1, 5), "{offset}");
    }
}

#[test]
fn a_room_without_a_history_recovers_nothing() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 1);
    let (since, ann) = (bench.position("h"), bench.connect());
    let joined = bench.join_since(ann, "lobby", since);
    assert_eq!((joined.position, joined.recovery), (None, unrecovered(Unrecoverable::NoneKept, 1, 0)));
    let latest = bench.hub.join_from(bench.now, ann, "attic", Recover::Latest).expect("joined");
    assert_eq!(latest.recovery, unrecovered(Unrecoverable::NoneKept, 1, 0));
}

#[test]
fn the_latest_message_is_recovered_alone() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 4);
    let (ann, bob) = (bench.connect(), bench.connect());
    let joined = bench.hub.join_from(bench.now, ann, "h", Recover::Latest).expect("joined");
    assert_eq!(joined.recovery, recovered(1));
    bench.say_in("h", "live");
    assert_eq!(bench.write_to(ann), ["4", "live"]);
    let joined = bench.hub.join_from(bench.now, bob, "h:empty", Recover::Latest).expect("joined");
    assert_eq!(joined.recovery, recovered(0), "there was none");
    bench.wait(secs(60));
    let joined = bench.hub.join_from(bench.now, bob, "h", Recover::Latest).expect("joined");
    assert_eq!(joined.recovery, unrecovered(Unrecoverable::Expired, 6, 5));
}

#[test]
fn more_messages_or_bytes_than_allowed_are_unrecovered() {
    let mut bench = with_histories(|config| {
        config.history.by_prefix.insert("h".into(), FIVE);
        (config.history.recover_messages, config.history.recover_bytes) = (3, 30);
    });
    for _ in 0..4 {
        bench.hub.publish(bench.now, &[Target::Room("h")], &[], &frame_of(10), None).expect("published");
    }
    assert_eq!(bench.returns("h", 1).1, recovered(3));
    assert_eq!(bench.returns("h", 0).1, unrecovered(Unrecoverable::OverLimit, 1, 4));
    bench.hub.publish(bench.now, &[Target::Room("h")], &[], &frame_of(11), None).expect("published");
    assert_eq!(bench.returns("h", 2).1, unrecovered(Unrecoverable::OverLimit, 1, 5), "31 bytes");
    assert_eq!(bench.returns("h", 3).1, recovered(2));
}

#[test]
fn what_an_outbox_has_no_room_for_is_unrecovered() {
    let mut bench = with_histories(|config| {
        config.history.by_prefix.insert("h".into(), FIVE);
        (config.outbox.messages, config.outbox.bytes) = (4, 600_000);
    });
    bench.count_to("h", 3);
    let since = Position { offset: 0, ..bench.position("h") };
    for (waiting, recovery) in [(1, recovered(3)), (2, unrecovered(Unrecoverable::OverLimit, 1, 3))] {
        let ann = bench.connect();
        for _ in 0..waiting {
            bench.tell(ann, "before");
        }
        assert_eq!(bench.join_since(ann, "h", since).recovery, recovery, "beside {waiting} messages");
    }
    for (bytes, recovery) in [(599_997, recovered(3)), (599_998, unrecovered(Unrecoverable::OverLimit, 1, 3))]
    {
        let ann = bench.connect();
        for bytes in [bytes - 400_000, 200_000, 200_000] {
            let whole = frame_of(bytes);
            bench.publish_by(Policy::DropNewest, Target::Client(ann), &whole).expect("published");
        }
        bench.lease(ann, 400_000).expect("a lease counts, too");
        bench.hub.outboxes.set_most_messages(9);
        assert_eq!(bench.join_since(ann, "h", since).recovery, recovery, "beside {bytes} bytes");
        bench.wrote(ann);
    }
}

#[test]
fn a_backlog_goes_behind_what_waits_already() {
    let mut bench = with_history(FIVE);
    let ann = bench.connect_in("lobby");
    bench.say_in("lobby", "before");
    bench.count_to("h", 2);
    let since = Position { offset: 0, ..bench.position("h") };
    assert_eq!(bench.join_since(ann, "h", since).recovery, recovered(2));
    bench.say_in("lobby", "between");
    bench.say_in("h", "3");
    assert_eq!(bench.write_to(ann), ["before", "1", "2", "between", "3"]);
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn messages_that_are_trimmed_meanwhile_are_still_written_to_who_recovers() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 5);
    let (ann, _) = bench.returns("h", 0);
    bench.stall(ann);
    bench.count_to("h", 5);
    bench.wait(secs(5));
    bench.hub.remove_history(bench.now, "h").expect("removed");
    assert_eq!(bench.hub.check(), Ok(()));
    bench.write_all();
    bench.resume(ann);
    assert_eq!(bench.write_to(ann), ["1", "2", "3", "4", "5", "1", "2", "3", "4", "5"]);
    assert_eq!(bench.hub.stats().frames, 0);
}

#[test]
fn a_client_that_ends_while_it_recovers_leaves_nothing() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 5);
    for how in 0..4 {
        let (ann, _) = bench.returns("h", 1);
        match how {
            0 => bench.gone(ann),
            1 => bench.close(ann, Flush::Never),
            2 => {
                bench.lease(ann, PLENTY).expect("a lease");
                bench.gone(ann);
            }
            _ => {
                bench.lease(ann, 2).expect("a lease");
                bench.give_back(ann, Progress::part(1, 0), Transport::Failed);
                bench.gone(ann);
            }
        }
        assert_eq!(bench.hub.check(), Ok(()));
    }
    bench.hub.remove_history(bench.now, "h").expect("removed");
    bench.write_all();
    assert_eq!(bench.hub.stats().frames, 0);
    // Once more, from the position up to which it has the messages.
    bench.count_to("h", 3);
    assert_eq!(bench.returns("h", 1).1, recovered(2));
}

#[test]
fn a_client_whose_transport_has_failed_gets_nothing_more() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 3);
    let ann = bench.connect();
    bench.tell(ann, "x");
    bench.lease(ann, PLENTY).expect("a lease");
    bench.give_back(ann, Progress::part(0, 0), Transport::Failed);
    let since = Position { offset: 0, ..bench.position("h") };
    assert_eq!(bench.join_since(ann, "h", since).recovery, recovered(3));
    assert_eq!(bench.hub.check(), Ok(()));
    assert_eq!((bench.waiting(ann), bench.hub.stats().dropped_closed), ((0, 0), 4));
}

#[test]
fn a_dropped_message_of_a_history_is_a_hole_of_which_the_host_hears() {
    let mut bench = with_histories(|config| {
        config.history.by_prefix.insert("h".into(), FIVE);
        config.outbox.messages = 3;
    });
    let hole = |client, frames, bytes, reason| {
        [Action::Dropped { client, dropped: Dropped { frames, bytes, of_history: true, reason } }]
    };
    bench.count_to("h", 3);
    let (ann, _) = bench.returns("h", 0);
    bench.quiet();
    bench.say_in("h", "4");
    assert_eq!(bench.actions(), hole(ann, 1, 1, DropReason::OutboxFull), "the newest");
    bench.tell(ann, "to ann");
    assert_eq!(bench.actions(), [lost(ann, 1, 6, DropReason::OutboxFull)], "this is no hole");
    bench.publish_by(Policy::DropOldest, Target::Room("h"), &frame("5")).expect("published");
    assert_eq!(bench.actions(), hole(ann, 1, 1, DropReason::OutboxFull), "the oldest");
    assert_eq!(bench.write_to(ann), ["2", "3", "5"]);
    assert_eq!((bench.hub.stats().dropped_of_history, bench.hub.stats().dropped_outbox_full), (2, 3));
    // It joins again from the last position without a hole.
    bench.hub.leave(bench.now, ann, "h").expect("left");
    let since = Position { offset: 3, ..bench.position("h") };
    assert_eq!(bench.join_since(ann, "h", since).recovery, recovered(2));
    assert_eq!(bench.write_to(ann), ["4", "5"]);
}

#[test]
fn a_conflated_backlog_leaves_the_latest_value_and_a_hole() {
    let mut bench = with_histories(|_| {});
    let prices =
        RoomConfig { history: Some(FIVE), policy: Some(Policy::Conflate(1)), ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "prices", prices).expect("configured");
    bench.count_to("prices", 3);
    let (ann, recovery) = bench.returns("prices", 0);
    assert_eq!((recovery, bench.waiting(ann).0), (recovered(3), 3));
    bench.quiet();
    bench.say_in("prices", "4");
    assert_eq!(bench.hub.check(), Ok(()));
    let dropped = Dropped { frames: 3, bytes: 3, of_history: true, reason: DropReason::Conflated };
    assert_eq!(bench.actions(), [Action::Dropped { client: ann, dropped }]);
    assert_eq!(bench.write_to(ann), ["4"]);
}

#[test]
fn a_slow_reader_that_is_disconnected_recovers_from_where_it_was() {
    let mut bench = with_histories(|config| {
        config.history.by_prefix.insert("h".into(), FIVE);
        (config.outbox.messages, config.outbox.policy) = (2, Policy::Disconnect);
    });
    let ann = bench.connect_in("h");
    bench.stall(ann);
    bench.count_to("h", 3);
    assert!(!bench.hub.is_open(ann));
    bench.gone(ann);
    let (bob, recovery) = bench.returns("h", 1);
    assert_eq!((recovery, bench.write_to(bob)), (recovered(2), ["2".into(), "3".into()].into()));
}

#[test]
fn a_paced_client_gets_its_backlog_at_its_rate() {
    let mut bench = with_histories(|config| {
        config.history.by_prefix.insert("h".into(), FIVE);
        config.outbox.rate = Some(crate::Rate::per_second(1).burst(2));
    });
    bench.count_to("h", 4);
    let (ann, _) = bench.returns("h", 0);
    bench.say_in("h", "live");
    let mut got = bench.write_to(ann);
    assert_eq!(got, ["1", "2"]);
    for _ in 0..3 {
        bench.wait(secs(1));
        got.extend(bench.write_to(ann));
    }
    assert_eq!(got, ["1", "2", "3", "4", "live"]);
}

#[test]
fn a_refused_join_recovers_nothing() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 3);
    let ann = bench.connect_in("h");
    let since = Recover::Since(Position { offset: 0, ..bench.position("h") });
    bench.refused(|hub, now| hub.join_from(now, ann, "h", since));
    assert_eq!(bench.hub.stats().recovered, 0);
}

#[test]
fn a_lone_missed_message_is_not_urgent_to_others_and_not_late() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 3);
    let (many, _) = bench.returns("h", 0);
    let (one, _) = bench.returns("h", 2);
    let order: Vec<_> = bench.lease_ready(9).iter().map(|held| held.client).collect();
    assert_eq!(order, [one, many], "a long backlog waits behind what is prompt");
}

#[test]
fn history_with_one_message_keeps_the_last_value() {
    let mut bench = with_history(History { messages: 1, ..FIVE });
    bench.count_to("h", 3);
    assert_eq!(bench.returns("h", 2).1, recovered(1));
    assert_eq!(bench.returns("h", 1).1, unrecovered(Unrecoverable::Trimmed, 3, 3));
    assert_eq!(bench.returns("h", 3).1, recovered(0));
}
