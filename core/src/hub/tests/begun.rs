//! Transports that begin several messages before the system has taken them: frames that join messages, compression contexts.

use super::bench::{Bench, Held, PLENTY, frame};
use crate::hub::{Flush, Policy, Target};
use crate::id::ClientId;
use crate::outbox::{Progress, Then, Transport};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// Leases, and returns the lease with so many items begun of which so many bytes are written.
fn begin(bench: &mut Bench, client: ClientId, items: u32, begun: u32, bytes: u32) {
    bench.lease(client, PLENTY).expect("leased");
    bench.give_back(client, Progress::Part { items, bytes, begun }, Transport::Blocked);
}

fn again(bench: &mut Bench, client: ClientId) -> Held {
    bench.writable(client);
    bench.lease(client, PLENTY).expect("leased")
}

fn of(bench: &mut Bench, texts: &[&str]) -> ClientId {
    let client = bench.connect();
    for text in texts {
        bench.tell(client, text);
    }
    client
}

fn all(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| String::from(*text)).collect()
}

#[test]
fn what_is_begun_comes_first_again_and_counts_as_waiting_until_it_is_written() {
    let mut bench = Bench::new();
    let client = of(&mut bench, &["1", "22", "333", "4444"]);
    begin(&mut bench, client, 1, 2, 3);
    assert_eq!(bench.waiting(client), (3, 9));
    bench.tell(client, "5");
    let held = again(&mut bench, client);
    assert_eq!((held.begun, held.skip, held.items), (2, 3, all(&["22", "333", "4444", "5"])));
    // Less than before, and nothing begun: what is begun stays so.
    bench.give_back(client, Progress::part(0, 1), Transport::Blocked);
    let held = again(&mut bench, client);
    assert_eq!((held.begun, held.skip), (2, 3));
    bench.give_back(client, Progress::Part { items: 1, bytes: 0, begun: 0 }, Transport::Blocked);
    let held = again(&mut bench, client);
    assert_eq!((held.begun, held.skip, held.items), (1, 0, all(&["333", "4444", "5"])));
    bench.wrote(client);
    assert_eq!((bench.waiting(client), bench.hub.stats().written), ((0, 0), 5));
    assert_eq!((bench.hub.stats().frames, bench.hub.check()), (0, Ok(())));
}

#[test]
fn no_policy_and_no_close_takes_back_what_is_begun() {
    for policy in [Policy::DropOldest, Policy::DropNewest, Policy::Conflate(7)] {
        let mut bench = Bench::with(|config| config.outbox.messages = 4);
        let client = of(&mut bench, &["1", "2", "3"]);
        begin(&mut bench, client, 0, 2, 0);
        for text in ["4", "5", "6"] {
            let target = [Target::Client(client)];
            bench.hub.publish(bench.now, &target, &[], &frame(text), Some(policy)).expect("published");
        }
        assert_eq!(bench.hub.check(), Ok(()));
        let held = again(&mut bench, client);
        assert_eq!((held.begun, &held.items[..2]), (2, &all(&["1", "2"])[..]), "{policy:?}");
    }
    let mut bench = Bench::new();
    let client = of(&mut bench, &["1", "2", "3", "4"]);
    begin(&mut bench, client, 0, 3, 1);
    bench.close(client, Flush::Never);
    let held = again(&mut bench, client);
    assert_eq!(
        (held.begun, held.items, held.then),
        (3, all(&["1", "2", "3", "close 1000 bye"]), Then::EndSending)
    );
}

#[test]
fn a_lease_that_is_discarded_keeps_what_is_begun() {
    let mut bench = Bench::new();
    let client = of(&mut bench, &["1", "2", "3", "4"]);
    bench.lease(client, PLENTY).expect("leased");
    bench.close(client, Flush::Never);
    bench.give_back(client, Progress::Part { items: 1, bytes: 0, begun: 2 }, Transport::Blocked);
    let held = again(&mut bench, client);
    assert_eq!((held.begun, held.items), (2, all(&["2", "3", "close 1000 bye"])));
    assert_eq!(bench.hub.stats().dropped_closed, 1);
}

#[test]
fn control_frames_keep_their_place_among_what_is_begun() {
    let mut bench = Bench::new();
    let client = of(&mut bench, &["half", "next"]);
    begin(&mut bench, client, 0, 1, 2);
    bench.ping(client, "a");
    bench.writable(client);
    begin(&mut bench, client, 0, 3, 2);
    bench.ping(client, "b");
    bench.tell(client, "last");
    let held = again(&mut bench, client);
    assert_eq!((held.begun, held.items), (3, all(&["half", "pong a", "next", "pong b", "last"])));
    bench.give_back(client, Progress::Part { items: 1, bytes: 0, begun: 3 }, Transport::Blocked);
    let held = again(&mut bench, client);
    assert_eq!((held.begun, held.items), (3, all(&["pong a", "next", "pong b", "last"])));
    bench.wrote(client);
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn a_close_frame_that_is_begun_still_ends_the_sending() {
    let mut bench = Bench::new();
    let client = of(&mut bench, &["last"]);
    bench.close(client, Flush::First);
    begin(&mut bench, client, 0, 2, 0);
    let held = again(&mut bench, client);
    assert_eq!((held.begun, held.items, held.then), (2, all(&["last", "close 1000 bye"]), Then::EndSending));
    bench.give_back(client, Progress::part(1, 0), Transport::Blocked);
    let held = again(&mut bench, client);
    assert_eq!((held.begun, held.items, held.then), (1, all(&["close 1000 bye"]), Then::EndSending));
    bench.wrote(client);
    assert_eq!(bench.lease(client, PLENTY), None);
}

#[test]
fn what_is_begun_keeps_a_client_to_its_write_deadline() {
    let mut bench = Bench::with(|config| {
        config.deadlines.write = Duration::from_secs(10);
        config.deadlines.write_rate = Some(10);
    });
    let [slow, steady] = [of(&mut bench, &["1", "2"]), of(&mut bench, &["3", "4"])];
    begin(&mut bench, slow, 0, 2, 0);
    begin(&mut bench, steady, 0, 2, 0);
    bench.wait(Duration::from_secs(9));
    bench.writable(steady);
    // All that the system took is progress, although no item is written.
    begin(&mut bench, steady, 0, 2, 100);
    bench.wait(Duration::from_secs(2));
    assert_eq!([slow, steady].map(|client| bench.hub.is_open(client)), [false, true]);
    bench.wait(Duration::from_secs(9));
    assert!(!bench.hub.is_open(steady));
    assert_eq!(bench.hub.stats().write_timeouts, 2);
}

#[test]
fn a_transport_that_ends_drops_and_tells_what_it_had_begun() {
    let mut bench = Bench::new();
    let client = of(&mut bench, &["1", "22", "3"]);
    begin(&mut bench, client, 0, 2, 1);
    bench.gone(client);
    assert_eq!((bench.hub.stats().dropped_closed, bench.hub.stats().frames), (3, 0));
    let client = of(&mut bench, &["1", "22", "3"]);
    bench.lease(client, PLENTY).expect("leased");
    bench.give_back(client, Progress::Part { items: 1, bytes: 1, begun: 2 }, Transport::Failed);
    assert_eq!((bench.hub.stats().dropped_closed, bench.hub.stats().written), (5, 1));
    assert_eq!((bench.hub.stats().frames, bench.hub.check()), (0, Ok(())));
}

#[test]
fn the_rate_of_messages_does_not_hold_up_what_is_begun() {
    let mut bench =
        Bench::with(|config| config.outbox.rate = Some(crate::rate::Rate::per_second(1).burst(3)));
    let client = of(&mut bench, &["1", "2", "3", "4"]);
    begin(&mut bench, client, 0, 3, 0);
    let held = again(&mut bench, client);
    assert_eq!((held.begun, held.items), (3, all(&["1", "2", "3"])));
    bench.give_back(client, Progress::Part { items: 2, bytes: 0, begun: 1 }, Transport::Blocked);
    let held = again(&mut bench, client);
    assert_eq!((held.begun, held.items), (1, all(&["3"])));
}

#[test]
fn who_waits_for_a_message_waits_until_the_system_has_it() {
    let mut bench = Bench::new();
    let client = of(&mut bench, &["1", "2"]);
    let sequence = bench.hub.sequence();
    begin(&mut bench, client, 0, 2, 1);
    assert!(bench.hub.is_waiting(client, sequence));
    let _ = again(&mut bench, client);
    assert_eq!(bench.hub.leased_at(client, sequence), Some(1));
    bench.give_back(client, Progress::part(1, 0), Transport::Blocked);
    assert!(bench.hub.is_waiting(client, sequence));
    let _ = again(&mut bench, client);
    bench.wrote(client);
    assert!(!bench.hub.is_waiting(client, sequence));
}

#[test]
fn a_message_that_is_begun_comes_before_others_on_another_connection() {
    let mut bench = Bench::new();
    let client = of(&mut bench, &["1", "2", "3"]);
    begin(&mut bench, client, 0, 2, 1);
    bench.detach(client);
    assert_eq!((bench.waiting(client), bench.hub.check()), ((3, 3), Ok(())));
    bench.attach_on(client, 0);
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!((held.begun, held.skip, held.items), (0, 0, all(&["1", "2", "3"])));
}

#[test]
fn who_has_begun_frames_of_a_full_hub_is_ended_for_them() {
    let mut bench = Bench::with(|config| {
        config.outbox.hub_bytes = 1 << 20;
        config.outbox.bytes = 1 << 20;
    });
    let large = "x".repeat(400_000);
    let client = of(&mut bench, &[&large, &large]);
    let other = bench.connect();
    begin(&mut bench, client, 0, 2, 0);
    let published = bench.publish(&[Target::Client(other)], &large).expect("published");
    assert_eq!((published.queued, bench.hub.is_open(client)), (1, false));
    assert_eq!((bench.hub.stats().ended_for_budget, bench.hub.check()), (1, Ok(())));
}
