//! A million clients in the core: what a broadcast to all of them costs, and that it allocates nothing.

#![allow(clippy::print_stdout)]

use bytes::Bytes;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::time::Instant as Clock;
use throng_core::hub::{Config, Hub, Target};
use throng_core::outbox::{Batch, Progress, Transport, Written};
use throng_core::{Frame, Instant};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What a recipient of a broadcast may cost when the hub is warm. It is about 8 ns; the rest is room for a
/// busy machine.
const NANOS_PER_RECIPIENT: f64 = 40.0;

const CLIENTS: u32 = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };

#[test]
fn a_broadcast_to_a_million_clients_allocates_nothing_and_is_fast() {
    let mut config = Config::default();
    config.host.capacity = CLIENTS;
    let mut hub = Hub::new(config).expect("the config stands");
    let now = Instant::ORIGIN;
    for _ in 0..CLIENTS {
        hub.admit(now, None).expect("nobody is refused");
        while hub.poll_action().is_some() {}
    }
    let frame = Frame::raw(Bytes::from_static(&[0; 128]));
    let (mut batch, mut results) = (Batch::default(), Vec::new());
    let mut fastest = f64::MAX;
    for round in 0..5 {
        let region = Region::new(ALLOCATOR);
        let start = Clock::now();
        let published = hub.publish(now, &[Target::All], &[], &frame, None).expect("it is published");
        let nanos = start.elapsed().as_nanos() as f64 / f64::from(CLIENTS);
        assert_eq!(published.queued, CLIENTS);
        write_all(&mut hub, &mut batch, &mut results);
        if round > 0 {
            assert_eq!(region.change().allocations + region.change().reallocations, 0, "round {round}");
            fastest = fastest.min(nanos);
        }
    }
    println!("{fastest:.1} ns a recipient");
    assert!(cfg!(debug_assertions) || fastest <= NANOS_PER_RECIPIENT, "{fastest:.1} ns a recipient");
}

fn write_all(hub: &mut Hub, batch: &mut Batch, results: &mut Vec<Written>) {
    while hub.transmit_ready(Instant::ORIGIN, 0, 64, 1 << 16, batch).expect("the lane exists") > 0 {
        results.clear();
        results.extend(batch.leases().iter().map(|lease| lease.written(Progress::All, Transport::Ready)));
        batch.clear();
        hub.transmitted(Instant::ORIGIN, results).expect("results are taken");
    }
}
