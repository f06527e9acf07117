use super::random::{World, config};
use crate::hub::{Event, Hub, Sink};
use crate::outbox::Batch;
use crate::trace::record::put_record;
use crate::trace::{CHECKPOINT, Checkpoint, Entry, Payloads, Recorder, Replay, TraceError, read, replay};
use alloc::vec::Vec;
use core::num::NonZeroU32;

const EVERY: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// A random run through several recorders, each with a hub of its own.
fn recorded<const N: usize>(events: u64, recorders: [fn(Recorder) -> Recorder; N]) -> [Recorder; N] {
    let mut recorded = recorders.map(|change| {
        let config = config(11, [0; 2]);
        let recorder = change(Recorder::new(&config));
        (recorder, Hub::new(config).expect("a config that can stand"))
    });
    let mut world = World::new(11);
    for _ in 0..events {
        let (now, event) = world.next(&recorded[0].1);
        for (at, (recorder, hub)) in recorded.iter_mut().enumerate() {
            let result = recorder.handle_into(hub, now, event.as_event(), world.sink());
            let actions: Vec<_> = core::iter::from_fn(|| recorder.poll_action()).collect();
            if at == 0 {
                world.learn(event.as_event(), result, &actions);
            }
        }
    }
    recorded.map(|(recorder, _)| recorder)
}

fn checkpoints(log: &[u8]) -> Vec<Checkpoint> {
    let entries = read(log).expect("a log").map(|read| read.expect("a sound record"));
    entries
        .filter_map(|entry| match entry {
            Entry::Checkpoint(checkpoint) => Some(checkpoint),
            _ => None,
        })
        .collect()
}

#[test]
fn a_checkpoint_comes_every_so_many_events_and_where_it_is_asked_for() {
    let [mut recorder] = recorded(35, [|recorder| recorder.checkpoint_every(EVERY)]);
    let events = |log: &[u8]| checkpoints(log).iter().map(|checkpoint| checkpoint.events).collect::<Vec<_>>();
    assert_eq!(events(recorder.log()), [10, 20, 30]);
    recorder.checkpoint();
    recorder.checkpoint();
    assert_eq!(events(recorder.log()), [10, 20, 30, 35]);
    assert_eq!(checkpoints(recorder.log())[3].hash, recorder.hash());
    let replayed = replay(recorder.log(), [4, 5]).expect("a log");
    assert_eq!((replayed.checkpoints, replayed.hash), (4, recorder.hash()));
}

#[test]
fn checkpoints_change_nothing_else() {
    let [often, seldom] = recorded(500, [|recorder| recorder.checkpoint_every(EVERY), |recorder| recorder]);
    assert_eq!(often.hash(), seldom.hash());
    let events = |recorder: &Recorder| {
        let events = read(recorder.log()).expect("a log").events();
        events.map(|read| alloc::format!("{:?}", read.expect("sound"))).collect::<Vec<_>>()
    };
    assert!(events(&often) == events(&seldom));
}

#[test]
fn a_redacted_log_and_one_with_payloads_lead_to_the_same_hash() {
    let [redacted, kept] =
        recorded(2_000, [|recorder| recorder, |recorder| recorder.payloads(Payloads::Kept)]);
    assert_eq!(redacted.hash(), kept.hash());
    assert!(redacted.log().len() < kept.log().len());
    for recorder in [redacted, kept] {
        let replayed = replay(recorder.log(), [6, 7]).expect("a log");
        assert_eq!((replayed.hash, replayed.checkpoints), (recorder.hash(), 2));
    }
}

/// The same log with one event changed, like a release that behaves differently.
fn with_another_event(log: &[u8], number: usize) -> Vec<u8> {
    let reader = read(log).expect("a log");
    let mut recorder = Recorder::new(reader.config()).checkpoint_every(NonZeroU32::MAX);
    let mut changed = recorder.take();
    let mut hub = Hub::new(reader.config().clone()).expect("a config that can stand");
    let (mut at, mut batch) = (0, Batch::default());
    for entry in reader {
        match entry.expect("a sound record") {
            Entry::Event(now, event) => {
                at += 1;
                let event =
                    if at == number { Event::Accept { address: None, lane: 99 }.into() } else { event };
                let sink = Sink::Batch(&mut batch);
                let _ = recorder.handle_into(&mut hub, now, event.as_event(), sink);
                changed.extend(recorder.take());
            }
            Entry::Checkpoint(Checkpoint { events, hash }) => {
                put_record(&mut changed, &[&[CHECKPOINT, events as u8][..], &hash.to_le_bytes()].concat());
            }
            other => panic!("never recorded here: {other:?}"),
        }
    }
    changed
}

#[test]
fn a_replay_names_the_first_checkpoint_at_which_it_departs() {
    let [recorder] = recorded(60, [|recorder| recorder.checkpoint_every(EVERY)]);
    let expected = checkpoints(recorder.log());
    for number in [1, 10, 11, 37, 60] {
        let log = with_another_event(recorder.log(), number);
        let first = (number - 1) / 10;
        let error = TraceError::Diverged { checkpoint: expected[first], since: first as u64 * 10 };
        assert_eq!(replay(&log, [0; 2]), Err(error), "event {number}");
        let mut replay = Replay::new(&log, [0; 2]).expect("a log");
        let steps = core::iter::from_fn(|| replay.step()).filter(Result::is_ok).count();
        assert_eq!(steps, (first + 1) * 10, "all up to that checkpoint are given");
        assert!(replay.step().is_none(), "an error is the last thing");
    }
}

#[test]
fn a_checkpoint_of_another_number_of_events_makes_no_sense() {
    let [mut recorder] = recorded(25, [|recorder| recorder]);
    let at = recorder.log().len();
    let hash = recorder.hash().to_le_bytes();
    let mut log = recorder.take();
    put_record(&mut log, &[&[CHECKPOINT, 24][..], &hash].concat());
    assert_eq!(replay(&log, [0; 2]), Err(TraceError::Malformed { at }));
}

#[test]
fn a_replay_steps_from_event_to_event() {
    let [recorder] = recorded(300, [|recorder| recorder]);
    let mut replay = Replay::new(recorder.log(), [8, 9]).expect("a log");
    let mut reader = read(recorder.log()).expect("a log").events();
    for number in 1..=300 {
        let step = replay.step().expect("an event").expect("a sound record");
        let (now, event) = reader.next().expect("an event").expect("a sound record");
        assert_eq!((step.number, step.now, &step.event), (number, now, &event));
        assert_eq!((replay.events(), replay.hub().now()), (number, now));
        assert_eq!(replay.hub().check(), Ok(()));
    }
    assert!(replay.step().is_none() && replay.hash() == recorder.hash());
}
