//! How fast a peer may send, alone and together with the other clients of its user.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{Action, Config, OverRate, Verdict};
use crate::rate::Rate;

fn limited(over_rate: OverRate, change: impl FnOnce(&mut Config)) -> Bench {
    Bench::with(|config| {
        config.inbound.over_rate = over_rate;
        change(config);
    })
}

#[test]
fn by_default_a_peer_may_send_as_fast_as_it_can() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for _ in 0..10_000 {
        assert_eq!(bench.send(client, 1_000), Verdict::Accept);
    }
    let stats = bench.hub.stats();
    assert_eq!((stats.received, stats.received_bytes, stats.over_rate), (10_000, 10_000_000, 0));
    assert!(bench.hub.usages.is_empty(), "a hub without rates allocates nothing for them");
}

#[test]
fn messages_over_the_rate_are_dropped_with_one_notice() {
    let rate = Some(Rate::per_second(10).burst(3));
    let mut bench = limited(OverRate::Drop, |config| config.inbound.messages = rate);
    let client = bench.connect();
    bench.quiet();
    for _ in 0..3 {
        assert_eq!(bench.send(client, 1), Verdict::Accept);
    }
    for _ in 0..50 {
        assert_eq!(bench.send(client, 1), Verdict::Drop);
    }
    assert_eq!(bench.actions(), [Action::OverRate { client, messages: 50 }]);
    assert_eq!(bench.actions(), []);
    bench.wait(millis(100) - TICK);
    assert_eq!(bench.send(client, 1), Verdict::Drop, "a dropped message costs nothing, and gains nothing");
    assert_eq!(bench.actions(), [Action::OverRate { client, messages: 1 }], "told anew");
    bench.wait(TICK);
    assert_eq!(bench.send(client, 1), Verdict::Accept);
    assert_eq!((bench.hub.stats().received, bench.hub.stats().over_rate), (55, 51));
}

#[test]
fn bytes_have_a_rate_of_their_own() {
    let rate = Some(Rate::per_second(100).burst(100));
    let mut bench = limited(OverRate::Drop, |config| config.inbound.bytes = rate);
    let client = bench.connect();
    assert_eq!(bench.send(client, 60), Verdict::Accept);
    assert_eq!(bench.send(client, 41), Verdict::Drop);
    assert_eq!(bench.send(client, 40), Verdict::Accept);
    bench.wait(secs(1));
    assert_eq!(bench.send(client, 1_000), Verdict::Accept, "what is larger than the burst leaves a debt");
    bench.wait(secs(9));
    assert_eq!(bench.send(client, 1), Verdict::Drop);
    bench.wait(secs(1));
    assert_eq!(bench.send(client, 1), Verdict::Accept);
}

#[test]
fn a_message_must_be_within_every_rate_and_is_charged_to_none_if_it_is_not() {
    let mut bench = limited(OverRate::Drop, |config| {
        config.inbound.messages = Some(Rate::per(2, secs(100)));
        config.inbound.bytes = Some(Rate::per(10, secs(100)));
    });
    let client = bench.connect();
    for _ in 0..5 {
        assert_eq!(
            bench.send(client, 11),
            if bench.hub.stats().received == 1 { Verdict::Accept } else { Verdict::Drop }
        );
    }
    let mut bench = limited(OverRate::Drop, |config| {
        config.inbound.messages = Some(Rate::per(2, secs(100)));
        config.inbound.bytes = Some(Rate::per(10, secs(100)));
    });
    let client = bench.connect();
    assert_eq!(bench.send(client, 5), Verdict::Accept);
    assert_eq!(bench.send(client, 6), Verdict::Drop, "too many bytes");
    assert_eq!(bench.send(client, 5), Verdict::Accept, "the message that was dropped is not counted");
    assert_eq!(bench.send(client, 0), Verdict::Drop, "too many messages");
}

#[test]
fn reading_pauses_until_the_peer_is_within_its_rate() {
    let rate = Some(Rate::per_second(1).burst(2));
    let mut bench = limited(OverRate::Pause, |config| config.inbound.messages = rate);
    let client = bench.connect();
    bench.quiet();
    let start = bench.now;
    assert_eq!([bench.send(client, 1), bench.send(client, 1)], [Verdict::Accept; 2]);
    assert_eq!(bench.send(client, 1), Verdict::Pause { until: start + secs(1) });
    assert_eq!(
        bench.send(client, 1),
        Verdict::Pause { until: start + secs(2) },
        "what was read already counts"
    );
    bench.wait(secs(2) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [bench.reads_again(client)]);
    assert_eq!(bench.send(client, 1), Verdict::Pause { until: start + secs(3) }, "the debt is paid, no more");
    bench.wait(secs(3));
    assert_eq!(bench.actions(), [bench.reads_again(client)]);
    assert_eq!(bench.send(client, 1), Verdict::Accept);
    assert_eq!((bench.hub.stats().received, bench.hub.stats().over_rate), (6, 3));
}

#[test]
fn a_peer_over_its_rate_may_be_closed() {
    let rate = Some(Rate::per_second(1));
    let mut bench = limited(OverRate::Close, |config| config.inbound.messages = rate);
    let client = bench.connect_in("lobby");
    assert_eq!(bench.send(client, 1), Verdict::Accept);
    bench.tell(client, "queued");
    bench.quiet();
    assert_eq!(bench.send(client, 1), Verdict::Close);
    let flood = disconnected(client, CloseCode::POLICY, ClosedBy::Hub, "too many messages");
    assert_eq!(bench.actions(), [left(client, "lobby"), flood]);
    assert_eq!(bench.write_to(client), ["queued", "close 1008 too many messages"]);
}

#[test]
fn the_clients_of_a_user_share_the_rates_of_the_user() {
    let mut bench = limited(OverRate::Drop, |config| {
        config.inbound.user_messages = Some(Rate::per(3, secs(100)));
        config.inbound.user_bytes = Some(Rate::per(100, secs(100)));
    });
    let [ann, ann_too] = [bench.connect_as("ann"), bench.connect_as("ann")];
    let [bob, nobody] = [bench.connect_as("bob"), bench.connect()];
    assert_eq!(bench.send(ann, 60), Verdict::Accept);
    assert_eq!(bench.send(ann_too, 41), Verdict::Drop, "bytes");
    assert_eq!(bench.send(ann_too, 20), Verdict::Accept);
    assert_eq!(bench.send(ann, 20), Verdict::Accept);
    assert_eq!(bench.send(ann_too, 0), Verdict::Drop, "messages");
    assert_eq!(bench.send(bob, 100), Verdict::Accept);
    for _ in 0..100 {
        assert_eq!(bench.send(nobody, 100), Verdict::Accept);
    }
}

#[test]
fn the_rates_of_a_user_survive_its_last_client_until_they_are_full_again() {
    let mut bench =
        limited(OverRate::Drop, |config| config.inbound.user_messages = Some(Rate::per_second(1).burst(2)));
    for round in 0..3 {
        let client = bench.connect_as("ann");
        let expected = if round < 2 { Verdict::Accept } else { Verdict::Drop };
        assert_eq!(bench.send(client, 1), expected, "reconnecting resets nothing");
        bench.gone(client);
        assert_eq!((bench.hub.user_count(), bench.hub.users.len()), (0, 1));
    }
    bench.wait(secs(2) - TICK);
    assert_eq!(bench.hub.users.len(), 1);
    bench.wait(TICK);
    assert_eq!(bench.hub.users.len(), 0, "a full bucket need not be kept");
    bench.assert_empty();
}

#[test]
fn changing_the_user_resets_no_rate_of_a_user() {
    let mut bench =
        limited(OverRate::Drop, |config| config.inbound.user_messages = Some(Rate::per(1, secs(100))));
    let client = bench.connect_as("ann");
    assert_eq!(bench.send(client, 1), Verdict::Accept);
    bench.hub.set_user(bench.now, client, Some("bob")).expect("set");
    assert_eq!(bench.send(client, 1), Verdict::Accept);
    bench.hub.set_user(bench.now, client, Some("ann")).expect("set");
    assert_eq!(bench.send(client, 1), Verdict::Drop);
}

#[test]
fn a_notice_of_dropped_messages_comes_though_the_client_is_gone() {
    let rate = Some(Rate::per_second(1));
    for vanishes in [true, false] {
        let mut bench = limited(OverRate::Drop, |config| config.inbound.messages = rate);
        let client = bench.connect();
        bench.quiet();
        for _ in 0..3 {
            bench.send(client, 1);
        }
        let end = if vanishes {
            bench.gone(client);
            vanished(client)
        } else {
            bench.close(client, crate::hub::Flush::First);
            said_bye(client)
        };
        let reused = bench.connect();
        assert_eq!(bench.actions(), [Action::OverRate { client, messages: 2 }, end, bench.connected(reused)]);
    }
}
