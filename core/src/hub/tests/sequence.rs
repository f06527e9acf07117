//! The sequence number of a publish, by which a host finds its message.

use super::bench::*;
use crate::id::ClientId;
use alloc::vec;
use alloc::vec::Vec;

/// Publishes to a client, and returns the sequence number.
fn tell(bench: &mut Bench, client: ClientId, text: &str) -> u64 {
    bench.tell(client, text);
    bench.hub.sequence()
}

#[test]
fn each_publish_has_the_next_number() {
    let mut bench = Bench::new();
    let client = bench.connect();
    let first = tell(&mut bench, client, "one");
    let others = ["two", "three"].map(|text| tell(&mut bench, client, text));
    assert_eq!(others, [first + 1, first + 2]);
}

#[test]
fn a_message_is_found_while_it_waits_and_on_lease() {
    let mut bench = Bench::new();
    let [client, other] = [bench.connect(), bench.connect()];
    bench.ping(client, "ping");
    let [one, two] = ["one", "two"].map(|text| tell(&mut bench, client, text));
    let find = |bench: &Bench, client, number| {
        (bench.hub.is_waiting(client, number), bench.hub.leased_at(client, number))
    };
    assert_eq!([one, two].map(|number| find(&bench, client, number)), [(true, None); 2]);
    assert_eq!(find(&bench, other, one), (false, None));
    bench.lease(client, PLENTY).expect("a pong and two messages");
    let three = tell(&mut bench, client, "three");
    let found = [one, two, three].map(|number| find(&bench, client, number));
    assert_eq!(found, [(true, Some(1)), (true, Some(2)), (true, None)]);
    bench.wrote(client);
    let found = [one, two, three].map(|number| find(&bench, client, number));
    assert_eq!(found, [(false, None), (false, None), (true, None)]);
    bench.gone(client);
    assert_eq!(find(&bench, client, three), (false, None));
}

#[test]
fn a_batch_has_the_numbers_of_each_run() {
    let mut bench = Bench::new();
    let [a, b] = [bench.connect(), bench.connect()];
    let [one, two] = ["one", "two"].map(|text| tell(&mut bench, a, text));
    let three = tell(&mut bench, b, "three");
    bench.transmit_ready(0, 2, PLENTY).expect("lane 0");
    let batch = &bench.batch;
    let numbers: Vec<_> =
        batch.leases().iter().map(|lease| (lease.client, batch.sequences_of(lease.run).to_vec())).collect();
    assert_eq!(numbers, [(a, vec![one, two]), (b, vec![three])]);
    assert_eq!(batch.sequences_of(2), [0_u64; 0]);
}
