use super::random::{World, config, drain_plan};
use crate::hub::{Event, Hub};
use alloc::vec::Vec;

/// A random run without a recorder, in which actions are polled only now and then.
fn run(seed: u64, events: u64) {
    let mut hub = Hub::new(config(seed, [seed, 3])).expect("a config that can stand");
    let mut world = World::new(seed);
    let mut at = 0;
    loop {
        at += 1;
        let is_end = at > events;
        let next = match at {
            _ if at == events * 3 / 4 => Some((hub.now(), Event::Drain(drain_plan()).into())),
            _ if at == events => Some((hub.now(), Event::Shutdown.into())),
            _ if is_end && world.connections.is_empty() => return,
            _ if is_end => world.next_of_the_end(&hub),
            _ => Some(world.next(&hub)),
        };
        let Some((now, event)) = next else { continue };
        let result = hub.handle_into(now, event.as_event(), world.sink());
        assert_eq!(hub.check(), Ok(()), "seed {seed}, event {at}: {event:?} at {now:?}");
        let actions: Vec<_> = if at % 3 == 0 || is_end {
            core::iter::from_fn(|| hub.poll_action()).collect()
        } else {
            Vec::new()
        };
        world.learn(event.as_event(), result, &actions);
        if !actions.is_empty() {
            assert_eq!(hub.check(), Ok(()), "seed {seed}, event {at}: after its actions");
        }
    }
}

#[test]
fn every_invariant_holds_after_every_event() {
    for seed in 0..24 {
        run(seed, 1_500);
    }
}
