use super::random::{World, config};
use crate::frame::Frame;
use crate::hub::{Config, Event, Hub, Outcome, Target};
use crate::time::Instant;
use crate::trace::{Entry, Payloads, Recorder, Replay, TraceError, read, replay};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use proptest::prelude::*;

const EVERY: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// A random run of a hub, and its recorder.
struct Run {
    hub: Hub,
    world: World,
    recorder: Recorder,
}

impl Run {
    fn new(seed: u64, recorder: impl FnOnce(&Config) -> Recorder) -> Self {
        let config = config(seed, [0; 2]);
        let recorder = recorder(&config).checkpoint_every(EVERY);
        Self { hub: Hub::new(config).expect("a config that can stand"), world: World::new(seed), recorder }
    }

    fn go(&mut self, events: u64) {
        for _ in 0..events {
            let (now, event) = self.world.next(&self.hub);
            let result = self.recorder.handle_into(&mut self.hub, now, event.as_event(), self.world.sink());
            let actions: Vec<_> = core::iter::from_fn(|| self.recorder.poll_action()).collect();
            self.world.learn(event.as_event(), result, &actions);
        }
    }

    /// Checks that the window replays to the state of the hub, and returns the number of its events.
    fn replays(&mut self) -> u64 {
        self.recorder.checkpoint();
        let replayed = replay(&self.recorder.take(), [3, 4]).expect("a window of the run");
        assert_eq!((replayed.events, replayed.hash), (self.recorder.events(), self.recorder.hash()));
        assert_eq!((replayed.stats, replayed.cut), (self.hub.stats(), 0));
        assert_eq!(replayed.handled + self.recorder.overwritten().events, replayed.events);
        assert!(replayed.checkpoints > 0);
        replayed.handled
    }
}

#[test]
fn a_window_replays_exactly_wherever_it_begins() {
    for seed in 0..3 {
        for (bytes, payloads) in [(160 << 10, Payloads::Redacted), (512 << 10, Payloads::Kept)] {
            let mut run = Run::new(seed, |config| Recorder::ring(config, bytes).payloads(payloads));
            let mut fewest = u64::MAX;
            for _ in 0..12 {
                run.go(1_711);
                assert!(run.recorder.memory() <= bytes + (5 << 10), "{} bytes", run.recorder.memory());
                fewest = fewest.min(run.replays());
            }
            assert!(fewest > 100, "{fewest} events");
            assert!(run.recorder.overwritten().events > 0, "it was full");
        }
    }
}

#[test]
fn a_ring_that_is_not_full_has_the_whole_run() {
    let mut run = Run::new(1, |config| Recorder::ring(config, 16 << 20));
    run.go(5_000);
    assert_eq!(run.replays(), 5_000);
    assert_eq!(run.recorder.overwritten().bytes, 0);
}

#[test]
fn a_recorder_may_begin_when_the_hub_has_lived_for_a_while() {
    let mut run = Run::new(2, |config| Recorder::ring(config, 1 << 20));
    run.go(2_000);
    run.recorder = Recorder::ring(run.hub.config(), 1 << 20);
    run.go(300);
    assert_eq!(run.replays(), 300);
}

#[test]
fn recording_the_last_changes_nothing() {
    let mut whole = Run::new(4, Recorder::new);
    let mut last = Run::new(4, |config| Recorder::ring(config, 64 << 10));
    for run in [&mut whole, &mut last] {
        run.go(6_000);
    }
    assert_eq!(whole.hub.stats(), last.hub.stats());
    assert_eq!(whole.hub.dump().to_string(), last.hub.dump().to_string());
}

#[test]
fn a_window_without_a_state_can_be_read_and_says_that_it_cannot_be_replayed() {
    let config = Config::default();
    let mut recorder = Recorder::ring(&config, 0);
    let mut hub = Hub::new(config).expect("the default config");
    for now in 0..20_000 {
        let accept = Event::Accept { address: None, lane: 0 };
        let _ = recorder.handle(&mut hub, Instant::from_nanos(now), accept);
    }
    assert!(recorder.memory() <= (64 << 10) + (5 << 10));
    let log = recorder.take();
    let error = replay(&log, [0; 2]).expect_err("there is no state");
    let TraceError::WithoutState { events } = error else { panic!("{error}") };
    assert_eq!(events, recorder.overwritten().events);
    let read =
        read(&log).expect("a log").events().map(|read| read.expect("a sound record")).collect::<Vec<_>>();
    assert_eq!(events + read.len() as u64, 20_000);
    assert_eq!(read.last().map(|(now, _)| now.as_nanos()), Some(19_999));
}

#[test]
fn a_replay_begins_with_the_first_state_there_is() {
    let config = Config::default();
    let mut recorder = Recorder::ring(&config, 160 << 10);
    let mut hub = Hub::new(config).expect("the default config");
    let mut connections = Vec::new();
    let mut handle = |recorder: &mut Recorder, event| recorder.handle(&mut hub, Instant::ORIGIN, event);
    for _ in 0..8_000 {
        if let Ok(Outcome::Accepted(connection)) =
            handle(&mut recorder, Event::Accept { address: None, lane: 0 })
        {
            connections.push(connection);
        }
    }
    let mut replays = Vec::new();
    let events = connections.into_iter().map(|connection| Event::Gone { connection });
    for (event, at) in events.chain(core::iter::repeat_n(Event::Timeout, 8_000)).zip(0..) {
        handle(&mut recorder, event).expect("it is there");
        if at % 500 == 499 {
            let log = recorder.take();
            replays.push(match replay(&log, [0; 2]) {
                Ok(replayed) => replayed.hash == recorder.hash() && replayed.events == recorder.events(),
                Err(error) => {
                    assert!(matches!(error, TraceError::WithoutState { .. }), "{error}");
                    false
                }
            });
        }
    }
    replays.dedup();
    assert!(replays.ends_with(&[false, true]), "with few enough connections there is a state: {replays:?}");
}

#[test]
fn what_is_larger_than_the_ring_is_counted_and_the_window_begins_after_it() {
    let config = Config::default();
    let mut recorder = Recorder::ring(&config, 0).payloads(Payloads::Kept);
    let mut hub = Hub::new(config).expect("the default config");
    let mut handle = |event| recorder.handle(&mut hub, Instant::ORIGIN, event);
    for _ in 0..3 {
        handle(Event::Accept { address: None, lane: 0 }).expect("admission is open");
    }
    let frame = Frame::raw(vec![1; 100 << 10].into());
    handle(Event::Publish {
        publisher: None,
        targets: &[Target::All],
        except: &[],
        frame: &frame,
        policy: None,
        dedup: None,
    })
    .expect("nobody");
    handle(Event::Accept { address: None, lane: 0 }).expect("admission is open");
    assert_eq!(recorder.overwritten().events, 4);
    assert!(recorder.memory() <= (64 << 10) + (5 << 10));
    let log = recorder.take();
    let mut replay = Replay::new(&log, [0; 2]).expect("a log");
    assert_eq!(replay.step().expect("an event").expect("a sound record").number, 5);
    assert_eq!((replay.first(), replay.hub().connection_count()), (Some(5), 4));
    assert!(replay.step().is_none() && replay.hash() == recorder.hash());
}

#[test]
fn a_window_begins_with_a_state() {
    let mut run = Run::new(9, |config| Recorder::ring(config, 64 << 10));
    run.go(8_000);
    let log = run.recorder.take();
    let entries: Vec<_> = read(&log).expect("a log").map(|read| read.expect("a sound record")).collect();
    let Entry::State(beginning, _) = &entries[0] else { panic!("{:?}", entries[0]) };
    assert_eq!(beginning.events, run.recorder.overwritten().events);
    assert!(entries.iter().filter(|entry| matches!(entry, Entry::State(..))).count() > 1, "segments");
}

proptest! {
    #[test]
    fn a_damaged_window_is_replayed_in_part_or_refused(at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let mut run = Run::new(7, |config| Recorder::ring(config, 64 << 10));
        run.go(600);
        let mut log = run.recorder.take();
        let at = at.index(log.len());
        log[at] ^= byte;
        log.truncate(cut.index(log.len()) + 1);
        if let Ok(replayed) = replay(&log, [0; 2]) {
            prop_assert!(replayed.events <= run.recorder.events());
        }
    }
}
