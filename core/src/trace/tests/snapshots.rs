use super::random::{World, config, drain_plan};
use crate::field::Input;
use crate::hub::{Event, Hub, Sink};
use crate::outbox::Batch;
use crate::trace::{ActionHash, Payloads, frames};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::hash::Hasher;

fn snapshot(hub: &mut Hub, payloads: Payloads) -> Vec<u8> {
    let mut bytes = Vec::new();
    hub.snapshot(&mut bytes, frames::put(payloads), usize::MAX).expect("nothing waits to be polled");
    bytes
}

fn restore(hub: &Hub, bytes: &[u8], payloads: Payloads) -> Option<Hub> {
    let mut config = hub.config().clone();
    config.host.hash_key = [7, 5];
    let mut input = Input(bytes);
    let restored = Hub::restore(config.host, &mut input, &frames::take(payloads)).ok()?;
    input.end().is_ok().then_some(restored)
}

/// All state as text, except the next timeout.
fn words(hub: &Hub) -> String {
    let words = hub.dump().to_string();
    words.split_once('\n').map_or(String::new(), |(_, rest)| rest.into())
}

/// Runs a hub and restores it from time to time; the restored hubs continue beside it.
fn run(seed: u64, events: u64, every: u64) {
    let mut hub = Hub::new(config(seed, [0; 2])).expect("a config that can stand");
    let mut world = World::new(seed);
    let mut hash = ActionHash::new();
    let mut beside: Vec<(u64, Hub, ActionHash)> = Vec::new();
    for at in 1..=events {
        let (now, event) = world.next(&hub);
        let event = if at == events * 4 / 5 { Event::Drain(drain_plan()).into() } else { event };
        let mut actions = Vec::new();
        let result =
            hash.follow(&mut hub, now, event.as_event(), world.sink(), |action| actions.push(action));
        world.learn(event.as_event(), result, &actions);
        for (since, other, other_hash) in &mut beside {
            let other_result =
                other_hash.follow(other, now, event.as_event(), Sink::Batch(&mut Batch::default()), drop);
            assert_eq!(other_result, result, "seed {seed}: event {at} after a snapshot at {since}");
            assert_eq!(
                other_hash.finish(),
                hash.finish(),
                "seed {seed}: event {at}, {event:?}, after a snapshot at {since}"
            );
        }
        if at % every == 0 {
            for (since, other, _) in &beside {
                assert_eq!(other.check(), Ok(()), "seed {seed}: event {at} after a snapshot at {since}");
                assert_eq!(other.stats(), hub.stats(), "seed {seed}: event {at} after a snapshot at {since}");
                assert!(other.room_names().eq(hub.room_names()) && other.clients().eq(hub.clients()));
            }
            let payloads = if at % (2 * every) == 0 { Payloads::Kept } else { Payloads::Redacted };
            let before = hub.clone();
            let bytes = snapshot(&mut hub, payloads);
            assert_eq!(hub.check(), Ok(()), "it is left as it was");
            assert_eq!(words(&hub), words(&before));
            let restored = restore(&hub, &bytes, payloads).expect("what was written");
            assert_eq!(words(&restored), words(&hub), "seed {seed}, {at}");
            if beside.len() == 6 {
                beside.remove(0);
            }
            beside.push((at, restored, hash.clone()));
        }
    }
}

#[test]
fn a_restored_hub_goes_on_as_the_one_it_was() {
    for seed in 0..20 {
        run(seed, 2_500, 37 + seed * 7);
    }
}

#[test]
fn a_snapshot_of_a_restored_hub_can_be_restored() {
    let mut hub = Hub::new(config(3, [0; 2])).expect("a config that can stand");
    let mut world = World::new(3);
    for _ in 0..2_000 {
        let (now, event) = world.next(&hub);
        let result = hub.handle_into(now, event.as_event(), world.sink());
        let actions: Vec<_> = core::iter::from_fn(|| hub.poll_action()).collect();
        world.learn(event.as_event(), result, &actions);
    }
    let mut again =
        restore(&hub, &snapshot(&mut hub.clone(), Payloads::Kept), Payloads::Kept).expect("a hub");
    let twice = snapshot(&mut again, Payloads::Kept);
    assert_eq!(twice, snapshot(&mut again, Payloads::Kept));
    let last = restore(&hub, &twice, Payloads::Kept).expect("a hub");
    assert_eq!(words(&last), words(&hub));
}

#[test]
fn a_damaged_snapshot_is_restored_to_a_hub_in_order_or_refused() {
    let mut hub = Hub::new(config(5, [0; 2])).expect("a config that can stand");
    let mut world = World::new(5);
    for _ in 0..1_500 {
        let (now, event) = world.next(&hub);
        let result = hub.handle_into(now, event.as_event(), world.sink());
        let actions: Vec<_> = core::iter::from_fn(|| hub.poll_action()).collect();
        world.learn(event.as_event(), result, &actions);
    }
    let bytes = snapshot(&mut hub, Payloads::Redacted);
    let mut restored = 0;
    for at in 0..bytes.len() {
        assert!(restore(&hub, &bytes[..at], Payloads::Redacted).is_none(), "cut at {at}");
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let Some(mut other) = restore(&hub, &bytes, Payloads::Redacted) else { continue };
        restored += 1;
        // Any state that can be restored is a working hub.
        let mut world = world.clone();
        for _ in 0..20 {
            let (now, event) = world.next(&other);
            let _ = other.handle_into(now, event.as_event(), world.sink());
            while other.poll_action().is_some() {}
        }
        assert_eq!(other.check(), Ok(()), "byte {at}");
    }
    assert!(restored > 0);
}
