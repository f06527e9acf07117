//! What the core keeps of a client and of a membership, in bytes.

#![allow(clippy::print_stdout)]

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::sync::{Mutex, PoisonError};
use throng_core::hub::{Config, Hub, Target};
use throng_core::outbox::{Batch, Lease, Progress, Transport};
use throng_core::websocket::deflate::Compressor;
use throng_core::websocket::encode::encode_text;
use throng_core::{ClientId, Instant, Place};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A power of two, at which lists that grow by doubling are full.
const CLIENTS: u32 = 1 << 16;

/// Whoever measures is alone.
static ALONE: Mutex<()> = Mutex::new(());

/// What there is once, however many clients: the slots of the timers, a few names.
const ONCE: isize = 32 << 10;

/// A client is an entry of a cache line and its cold state; its connection has a row of its own, and a timer.
#[test]
fn an_anonymous_client_and_its_connection_take_at_most_208_bytes_and_a_membership_24() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut region = Region::new(ALLOCATOR);
    let mut config = Config::default();
    config.host.capacity = CLIENTS;
    let mut hub = Hub::new(config).expect("the config stands");
    let clients: Vec<ClientId> = (0..CLIENTS).map(|_| connect(&mut hub)).collect();
    let of_ids = CLIENTS as usize * size_of::<ClientId>();
    assert_at_most(208, region.change_and_reset(), of_ids as isize);

    for &client in &clients {
        hub.join(Instant::ORIGIN, client, "lobby").expect("nobody is in the room");
    }
    assert_at_most(24, region.change_and_reset(), 0);
}

#[test]
fn a_newcomer_takes_no_copy_of_who_is_there() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut hub = Hub::new(Config::default()).expect("the config stands");
    let mut clients: Vec<ClientId> = (0..CLIENTS).map(|_| connect(&mut hub)).collect();
    let mut region = Region::new(ALLOCATOR);
    for _ in 0..100 {
        let gone = clients.pop().expect("they are many");
        let connection = hub.connection_of(gone).expect("it is there");
        hub.gone(Instant::ORIGIN, connection).expect("it is there");
        clients.push(connect(&mut hub));
    }
    // A list of all, made once, would be 512 KiB.
    let allocated = region.change_and_reset().bytes_allocated;
    assert!(allocated < ONCE as usize, "{allocated} bytes");
}

fn connect(hub: &mut Hub) -> ClientId {
    let client = hub.admit(Instant::ORIGIN, None).expect("nobody is refused");
    while hub.poll_action().is_some() {}
    client
}

fn assert_at_most(bytes: isize, change: stats_alloc::Stats, besides: isize) {
    let kept = change.bytes_allocated as isize - change.bytes_deallocated as isize - besides;
    assert!(kept <= bytes * CLIENTS as isize + ONCE, "{:.1} bytes", kept as f64 / f64::from(CLIENTS));
}

#[test]
fn a_frame_is_sealed_and_published_without_an_allocation() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut hub = Hub::new(Config::default()).expect("the config stands");
    let clients = [connect(&mut hub), connect(&mut hub)];
    let rooms = ["red", "blue"];
    for (client, room) in clients.into_iter().zip(rooms) {
        hub.join(Instant::ORIGIN, client, room).expect("nobody is in the room");
    }
    let text = [r#"{"offset":"#, Place::ZERO, r#","data":""#, &"x".repeat(1_000), r#""}"#].concat();
    let frame =
        encode_text(text).expect("it is short").with_place(Place::decimal(10)).expect("it is in there");
    let deflated = Compressor::new(6).compress_frame(&frame).expect("it gets shorter");
    let frame = frame.with_deflated(deflated);
    let mut batch = Batch::default();
    let mut turn = |offset| {
        for room in rooms {
            let sealed = frame.sealed(offset);
            hub.publish(Instant::ORIGIN, &[Target::Room(room)], &[], &sealed, None).expect("it has room");
        }
        hub.transmit_ready(Instant::ORIGIN, 0, 2, u32::MAX, &mut batch).expect("there is a lane");
        let written = |lease: &Lease| lease.written(Progress::All, Transport::Ready);
        let results = [written(&batch.leases()[0]), written(&batch.leases()[1])];
        hub.transmitted(Instant::ORIGIN, &results).expect("they were leased");
        batch.clear();
    };
    // What is made once: both batches, the runs.
    (1..=4).for_each(&mut turn);
    // What runs the tests allocates now and then, on a thread of its own: once it must have kept still.
    let allocations = (1..20).map(|tries| {
        let region = Region::new(ALLOCATOR);
        (0..20).for_each(|at| turn(20 * tries + at));
        region.change().allocations
    });
    assert_eq!(allocations.min(), Some(0));
}
