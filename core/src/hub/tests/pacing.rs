//! The rate of outbound messages.

use super::bench::*;
use crate::close::CloseCode;
use crate::hub::{Action, Config, Event, Flush, Policy, Target};
use crate::outbox::Batch;
use crate::rate::Rate;
use alloc::string::ToString;
use alloc::vec::Vec;

/// Ten messages a second, with a burst of three.
fn paced(change: impl FnOnce(&mut Config)) -> Bench {
    Bench::with(|config| {
        config.outbox.rate = Some(Rate::per_second(10).burst(3));
        change(config);
    })
}

fn tell_many(bench: &mut Bench, client: crate::ClientId, texts: &[&str]) {
    for text in texts {
        assert_eq!(bench.tell(client, text).queued, 1);
    }
}

#[test]
fn messages_are_written_no_faster_than_the_rate_and_none_is_lost_or_early() {
    let mut bench = paced(|_| {});
    let client = bench.connect();
    tell_many(&mut bench, client, &["1", "2", "3", "4", "5", "6"]);
    assert_eq!(bench.write_to(client), ["1", "2", "3"]);
    for next in ["4", "5", "6"] {
        bench.wait(millis(100) - TICK);
        assert!(bench.write_to(client).is_empty(), "{next} is early");
        bench.wait(TICK);
        assert_eq!(bench.write_to(client), [next]);
    }
    bench.hub.check().expect("all is in order");
    bench.wait(secs(1));
    tell_many(&mut bench, client, &["7", "8", "9", "10"]);
    assert_eq!(bench.write_to(client), ["7", "8", "9"], "what is not used comes back up to the burst");
}

#[test]
fn whoever_is_paced_is_not_ready_and_holds_up_nobody() {
    let mut bench = paced(|_| {});
    let clients = bench.connect_many(3);
    for client in &clients[..2] {
        tell_many(&mut bench, *client, &["1", "2", "3", "4"]);
    }
    bench.write_all();
    assert!(!bench.hub.has_ready(0) && bench.hub.poll_ready().is_none());
    assert_eq!(bench.tell_all("all").queued, 3);
    let held = bench.lease_ready(1);
    assert_eq!(held.len(), 1, "clients that the rate holds back do not count as leased");
    assert_eq!((held[0].client, &held[0].items[..]), (clients[2], &["all".into()][..]));
}

#[test]
fn a_rate_holds_up_no_control_frame() {
    let mut bench = paced(|_| {});
    let client = bench.connect();
    tell_many(&mut bench, client, &["1", "2", "3", "4"]);
    assert_eq!(bench.write_to(client), ["1", "2", "3"]);
    bench.ping(client, "are you there");
    assert_eq!(bench.write_to(client), ["pong are you there"]);
    bench.wait(millis(100));
    assert_eq!(bench.write_to(client), ["4"]);
}

#[test]
fn what_waits_for_the_rate_is_under_the_bounds_and_policies_of_the_outbox() {
    let mut bench = paced(|config| config.outbox.messages = 2);
    let client = bench.connect();
    for text in ["1", "2", "3"] {
        bench.tell(client, text);
        bench.write_all();
    }
    tell_many(&mut bench, client, &["4", "5"]);
    bench.write_all();
    assert_eq!(bench.tell(client, "6").dropped, 1);
    assert_eq!(bench.tell_by(Policy::DropOldest, client, "7").queued, 1);
    assert_eq!(bench.tell_by(Policy::Wait, client, "8").refused, 1);
    bench.quiet();
    bench.taken(client);
    bench.wait(millis(100));
    assert_eq!(bench.write_to(client), ["5"]);
    assert_eq!(bench.actions(), [Action::OutboxLow { client }]);
    bench.wait(millis(100));
    assert_eq!(bench.write_to(client), ["7"]);
}

#[test]
fn when_all_that_waited_is_dropped_nothing_is_left_to_wait_for() {
    let mut bench = paced(|_| {});
    let client = bench.connect();
    tell_many(&mut bench, client, &["1", "2", "3"]);
    bench.write_all();
    bench.tell_by(Policy::Conflate(1), client, "4");
    bench.write_all();
    bench.hub.outboxes.check(None).expect("it is paced");
    bench.tell_by(Policy::Conflate(1), client, "5");
    bench.hub.check().expect("all is in order");
    bench.taken(client);
    bench.wait(millis(100));
    assert_eq!(bench.write_to(client), ["5"]);
}

#[test]
fn a_close_that_flushes_goes_on_at_the_rate_until_its_deadline() {
    let mut bench = paced(|config| config.deadlines.close = secs(1));
    let clients = bench.connect_many(2);
    let texts: Vec<_> = (0..20).map(|_| "x").collect();
    tell_many(&mut bench, clients[0], &texts[..5]);
    tell_many(&mut bench, clients[1], &texts);
    for client in &clients {
        bench.close(*client, Flush::First);
        assert_eq!(bench.write_to(*client).len(), 3);
    }
    bench.wait(millis(100));
    bench.write_all();
    bench.wait(millis(100));
    let ends = bench.write_to(clients[0]);
    assert_eq!(ends.len(), 3, "{ends:?}: two messages and the close frame");
    bench.quiet();
    bench.taken(clients[1]);
    bench.wait(millis(799));
    assert_eq!(bench.actions(), []);
    // Then the rest is dropped so that the close frame goes, under a second deadline of the same length.
    bench.wait(millis(1));
    let actions = bench.actions();
    assert!(!actions.contains(&bench.abort(clients[1])), "{actions:?}");
    let close = bench.write_to(clients[1]);
    assert_eq!(close.len(), 1, "{close:?}: the close frame");
    bench.wait(millis(999));
    assert_eq!(bench.actions(), []);
    bench.wait(millis(1));
    assert_eq!(bench.actions(), [bench.abort(clients[1])]);
}

#[test]
fn a_close_that_does_not_flush_waits_for_no_rate() {
    let mut bench = paced(|_| {});
    let client = bench.connect();
    tell_many(&mut bench, client, &["1", "2", "3", "4"]);
    bench.write_all();
    bench.taken(client);
    bench.close(client, Flush::Never);
    let written = bench.write_to(client);
    assert_eq!(written.len(), 1, "{written:?}: the close frame");
    assert!(written[0].contains(&CloseCode::NORMAL.0.to_string()), "{written:?}");
}

#[test]
fn a_close_frame_waits_for_no_message_that_was_dropped() {
    let mut bench = paced(|config| {
        config.outbox.message_bytes = 100;
        (config.outbox.bytes, config.outbox.hub_bytes) = (400, 400);
    });
    let clients = bench.connect_many(2);
    tell_many(&mut bench, clients[0], &["1", "2", "3"]);
    bench.write_all();
    let large = "x".repeat(80);
    tell_many(&mut bench, clients[0], &[&large, &large]);
    bench.close(clients[0], Flush::First);
    bench.write_all();
    bench.taken(clients[0]);
    for _ in 0..4 {
        bench.tell(clients[1], &large);
    }
    bench.hub.check().expect("all is in order");
    let written = bench.write_to(clients[0]);
    assert_eq!(written.len(), 1, "{written:?}: the close frame, as the hub had no room for more");
}

#[test]
fn what_is_half_written_is_finished_and_counts_when_it_is() {
    let mut bench = paced(|_| {});
    let client = bench.connect();
    tell_many(&mut bench, client, &["1", "2", "3", "4", "5"]);
    assert_eq!(bench.lease(client, PLENTY).map(|held| held.items.len()), Some(3));
    bench.wrote_part(client, 2, 1);
    bench.tell(client, "6");
    bench.writable(client);
    let held = bench.lease(client, PLENTY).expect("one may still be written");
    assert_eq!((held.skip, &held.items[..]), (1, &["3".into()][..]));
    bench.wrote(client);
    assert_eq!(bench.lease(client, PLENTY), None);
    bench.wait(millis(100));
    assert_eq!(bench.write_to(client), ["4"]);
}

#[test]
fn a_blocked_transport_has_used_nothing_of_its_rate() {
    let mut bench = paced(|_| {});
    let client = bench.connect();
    bench.stall(client);
    tell_many(&mut bench, client, &["1", "2", "3", "4"]);
    bench.write_all();
    bench.wait(millis(50));
    bench.resume(client);
    assert_eq!(bench.write_to(client), ["1", "2", "3"]);
}

#[test]
fn who_is_paced_is_not_late_for_its_write_deadline() {
    let mut bench = paced(|config| {
        config.outbox.rate = Some(Rate::per(1, secs(60)));
        config.deadlines.write = secs(5);
    });
    let client = bench.connect();
    tell_many(&mut bench, client, &["1", "2"]);
    assert_eq!(bench.write_to(client), ["1"]);
    bench.quiet();
    bench.wait(secs(59));
    assert_eq!(bench.actions(), []);
    bench.wait(secs(1));
    assert_eq!(bench.write_to(client), ["2"]);
}

#[test]
fn another_rate_holds_at_once_and_without_one_nobody_waits() {
    let mut bench = paced(|_| {});
    let client = bench.connect();
    tell_many(&mut bench, client, &["1", "2", "3", "4", "5", "6"]);
    assert_eq!(bench.write_to(client), ["1", "2", "3"]);
    let mut config = bench.hub.config().clone();
    config.outbox.rate = Some(Rate::per_second(100).burst(3));
    bench.event(Event::Reconfigure { config: &config });
    assert!(bench.write_to(client).is_empty(), "what was used stays used");
    bench.wait(millis(10));
    assert_eq!(bench.write_to(client), ["4"]);
    config.outbox.rate = None;
    bench.event(Event::Reconfigure { config: &config });
    bench.hub.check().expect("all is in order");
    assert_eq!(bench.write_to(client), ["5", "6"]);
}

#[test]
fn a_newcomer_begins_with_a_full_bucket_whoever_had_its_place() {
    let mut bench = paced(|_| {});
    let first = bench.connect();
    tell_many(&mut bench, first, &["1", "2", "3", "4"]);
    bench.write_all();
    bench.gone(first);
    let second = bench.connect();
    assert_eq!(first.index(), second.index());
    tell_many(&mut bench, second, &["1", "2", "3", "4"]);
    assert_eq!(bench.write_to(second), ["1", "2", "3"]);
}

#[test]
fn recipients_who_may_be_given_all_still_share_one_run() {
    let mut bench = paced(|_| {});
    let clients = bench.connect_many(3);
    tell_many(&mut bench, clients[1], &["1", "2", "3"]);
    bench.write_all();
    bench.publish(&[Target::All], "all").expect("published");
    let held = bench.lease_ready(2);
    assert_eq!(held.len(), 2);
    assert_eq!(held[0].run, held[1].run);
}

#[test]
fn the_hub_wants_to_be_called_when_the_rate_allows_the_next_message_and_not_before() {
    let mut bench = paced(|_| {});
    let client = bench.connect();
    tell_many(&mut bench, client, &["1", "2", "3", "4"]);
    bench.write_to(client);
    let due = bench.hub.poll_timeout().expect("a message waits");
    assert!(due > bench.now + (millis(100) - TICK) && due <= bench.now + (millis(100) + TICK), "{due:?}");
}

#[test]
fn who_was_given_a_part_is_offered_again_for_the_rest() {
    let mut bench = paced(|_| {});
    let client = bench.connect();
    tell_many(&mut bench, client, &["1", "2", "3", "4", "5"]);
    for expected in [&["1", "2", "3"][..], &["4"], &["5"]] {
        assert_eq!(bench.hub.poll_ready(), Some(bench.on(client)));
        assert_eq!(bench.hub.poll_ready(), None);
        assert_eq!(bench.lease(client, 1 << 20).expect("ready").items, expected);
        bench.wrote(client);
        if expected != ["5"] {
            assert_eq!(
                bench.hub.poll_ready(),
                Some(bench.on(client)),
                "the hub has not looked at its rate yet"
            );
            assert!(bench.lease(client, 1 << 20).is_none());
        }
        bench.wait(millis(100));
    }
}

#[test]
fn a_transmit_at_a_pace_adds_to_a_batch_too() {
    let mut bench = paced(|_| {});
    let clients = bench.connect_many(3);
    let mut batch = Batch::default();
    for &client in &clients[..2] {
        bench.tell(client, "x");
        assert_eq!(bench.hub.transmit_ready(bench.now, 0, 9, 1 << 20, &mut batch), Ok(1));
    }
    bench.tell(clients[2], "x");
    let connection = bench.on(clients[2]);
    assert_eq!(bench.hub.transmit(bench.now, connection, 1 << 20, &mut batch), Ok(1));
    assert_eq!(
        batch.leases().iter().map(|lease| (lease.client, lease.run)).collect::<Vec<_>>(),
        [(clients[0], 0), (clients[1], 1), (clients[2], 2)]
    );
}

#[test]
fn a_lane_is_given_no_more_clients_than_it_asks_for() {
    let mut bench = paced(|_| {});
    bench.connect_many(3);
    bench.tell_all("all");
    assert_eq!([2, 2].map(|most| bench.lease_ready(most).len()), [2, 1]);
}
