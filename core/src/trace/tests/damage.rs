use super::random::{World, config};
use crate::hub::{Config, Event, Hub};
use crate::time::Instant;
use crate::trace::head::SHORTEST_RECORD;
use crate::trace::payloads::Style;
use crate::trace::record::put_record;
use crate::trace::state::{self, Beginning};
use crate::trace::{MAGIC, Payloads, Recorder, TraceError, VERSION, read, replay};
use alloc::vec::Vec;
use proptest::prelude::*;

const STYLE: Style = Style { longest: u32::MAX, payloads: Payloads::Redacted };

/// A short random run, and the offsets of its records.
fn recorded(events: u64) -> (Vec<u8>, Vec<usize>) {
    let config = config(5, [0; 2]);
    let mut recorder = Recorder::new(&config);
    let mut hub = Hub::new(config).expect("a config that can stand");
    let mut world = World::new(5);
    let mut begins = Vec::new();
    for _ in 0..events {
        begins.push(recorder.log().len());
        let (now, event) = world.next(&hub);
        let result = recorder.handle_into(&mut hub, now, event.as_event(), world.sink());
        let actions: Vec<_> = core::iter::from_fn(|| recorder.poll_action()).collect();
        world.learn(event.as_event(), result, &actions);
    }
    begins.push(recorder.log().len());
    (recorder.take(), begins)
}

#[test]
fn a_torn_tail_is_cut_at_the_last_whole_record() {
    let (log, begins) = recorded(40);
    for end in begins[0]..=log.len() {
        let whole = begins.iter().rposition(|&begin| begin <= end).expect("the first one");
        let mut reader = read(&log[..end]).expect("a log");
        assert_eq!(reader.by_ref().filter(Result::is_ok).count(), whole);
        assert_eq!((reader.position(), reader.cut()), (begins[whole], end - begins[whole]));
        let replayed = replay(&log[..end], [0; 2]).expect("a log");
        assert_eq!((replayed.events, replayed.cut), (whole as u64, end - begins[whole]));
    }
}

#[test]
fn a_log_that_ends_within_its_header_is_none() {
    let (log, begins) = recorded(0);
    for end in 0..begins[0] {
        let error = if end < MAGIC.len() { TraceError::NotATrace } else { TraceError::NoConfig };
        assert_eq!(read(&log[..end]).err(), Some(error));
    }
}

#[test]
fn a_tail_of_zeros_or_of_a_damaged_record_is_torn() {
    let (log, begins) = recorded(40);
    let mut zeros = log.clone();
    zeros.resize(log.len() + 512, 0);
    assert_eq!(replay(&zeros, [0; 2]).map(|replayed| (replayed.events, replayed.cut)), Ok((40, 512)));
    let mut damaged = log.clone();
    *damaged.last_mut().expect("not empty") ^= 1;
    let torn = log.len() - begins[39];
    assert_eq!(replay(&damaged, [0; 2]).map(|replayed| (replayed.events, replayed.cut)), Ok((39, torn)));
}

#[test]
fn damage_in_the_middle_is_an_error_that_names_the_record() {
    let (mut log, begins) = recorded(40);
    log[begins[21] - 1] ^= 0x10;
    let error = TraceError::Corrupt { at: begins[20] };
    assert_eq!(replay(&log, [0; 2]), Err(error));
    let read: Vec<_> = read(&log).expect("a log").collect();
    assert_eq!((read.len(), read[20].clone()), (21, Err(error)), "an error is the last thing");
}

/// Checks that damage before the last record is an error and not cut off.
fn is_found(log: &[u8], at: usize, begins: &[usize]) {
    let last = begins[begins.len() - 2];
    match replay(log, [0; 2]) {
        Err(_) => {}
        Ok(replayed) => {
            assert!(replayed.cut > 0, "byte {at}");
            assert!(at >= last && replayed.cut <= log.len() - last, "byte {at}: {} are cut", replayed.cut);
        }
    }
}

#[test]
fn a_flipped_byte_is_found_wherever_it_is() {
    let (log, begins) = recorded(120);
    for at in 0..log.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut log = log.clone();
            log[at] ^= flip;
            is_found(&log, at, &begins);
        }
    }
}

#[test]
fn zeros_in_the_place_of_some_bytes_are_found_wherever_they_are() {
    let (log, begins) = recorded(120);
    for at in 0..log.len() {
        for len in [1, 2, 7, 40] {
            let mut log = log.clone();
            let end = log.len().min(at + len);
            let is_any = |bytes: &[u8]| bytes.iter().any(|&byte| byte != 0);
            // Zeros up to the end are a torn tail, however many records they replace.
            if is_any(&log[at..end]) && is_any(&log[end..]) {
                log[at..end].fill(0);
                is_found(&log, at, &begins);
            }
        }
    }
}

#[test]
fn a_damaged_length_is_an_error_that_names_the_record() {
    let (log, begins) = recorded(40);
    for &at in &begins[..40] {
        for wrong in (0..=u8::MAX).filter(|&wrong| wrong != log[at]) {
            let mut log = log.clone();
            log[at] = wrong;
            // Bytes that are no longer than the shortest record have no record behind them.
            let is_last = log.len() - at <= SHORTEST_RECORD;
            assert!(is_last || replay(&log, [0; 2]) == Err(TraceError::Corrupt { at }), "{wrong} at {at}");
        }
    }
}

#[test]
fn a_record_that_was_being_written_is_torn_also_if_zeros_stand_for_the_rest_of_it() {
    let (log, begins) = recorded(40);
    for end in begins[39]..log.len() {
        let mut torn = log.clone();
        torn[end..].fill(0);
        torn.resize(log.len() + 100, 0);
        let replayed = replay(&torn, [0; 2]).map(|replayed| replayed.events);
        assert!(replayed == Ok(39) || log[end..].iter().all(|&byte| byte == 0), "{end}: {replayed:?}");
    }
}

#[test]
fn what_is_no_trace_or_of_another_version_is_refused() {
    let (mut log, _) = recorded(1);
    log[MAGIC.len()] = VERSION as u8 + 1;
    assert_eq!(replay(&log, [0; 2]), Err(TraceError::Version(VERSION + 1)));
    log[0] ^= 1;
    assert_eq!(replay(&log, [0; 2]), Err(TraceError::NotATrace));
}

#[test]
fn a_note_is_passed_over_and_an_unknown_event_is_not() {
    let (mut log, begins) = recorded(10);
    put_record(&mut log, &[200, 1, 2, 3]);
    assert_eq!(replay(&log, [0; 2]).map(|replayed| replayed.events), Ok(10));
    let at = log.len();
    put_record(&mut log, &[127, 0]);
    assert_eq!(replay(&log, [0; 2]), Err(TraceError::Malformed { at }));
    assert!(at > begins[10]);
}

#[test]
fn a_config_that_no_hub_can_have_is_refused_and_no_capacity_is_reserved() {
    let mut config = Config::default();
    config.host.capacity = u32::MAX;
    assert!(replay(&Recorder::new(&config).take(), [0; 2]).is_ok());
    config.host.lanes = 0;
    let refused = config.validate().expect_err("no lanes");
    assert_eq!(replay(&Recorder::new(&config).take(), [0; 2]), Err(TraceError::Config(refused)));
}

/// A log of undamaged records with arbitrary bodies.
fn forged(bodies: &[Vec<u8>]) -> Vec<u8> {
    let mut log = Recorder::new(&config(5, [0; 2])).take();
    for body in bodies {
        put_record(&mut log, body);
    }
    log
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = replay(&bytes, [0; 2]);
        let log = [&MAGIC[..], &VERSION.to_le_bytes(), &bytes].concat();
        let _ = replay(&log, [0; 2]);
    }

    #[test]
    fn any_bodies_under_a_right_checksum_are_read_or_refused(
        bodies in prop::collection::vec((0_u8..30, prop::collection::vec(any::<u8>(), 0..40)), 0..20),
    ) {
        let bodies: Vec<_> = bodies.into_iter().map(|(tag, rest)| [&[tag][..], &rest].concat()).collect();
        let _ = replay(&forged(&bodies), [0; 2]);
    }

    #[test]
    fn events_with_damaged_bodies_are_handled_or_refused(at: prop::sample::Index, bit in 0..8) {
        let (log, _) = recorded(60);
        let mut bodies: Vec<Vec<u8>> = Vec::new();
        let mut last = Instant::ORIGIN;
        for read in read(&log).expect("a log").events() {
            let (now, event) = read.expect("a sound record");
            let mut body = Vec::new();
            crate::trace::event::put(&mut body, now.as_nanos() - last.as_nanos(), &event.as_event(), STYLE);
            last = now;
            bodies.push(body);
        }
        let count = bodies.len();
        let body = &mut bodies[at.index(count)];
        let len = body.len();
        body[at.index(len)] ^= 1_u8 << bit;
        let _ = replay(&forged(&bodies), [0; 2]);
    }
}

#[test]
fn an_event_before_the_end_of_time_is_the_last_there_can_be() {
    let mut log = forged(&[]);
    let mut body = Vec::new();
    crate::trace::event::put(&mut body, u64::MAX, &Event::Timeout, STYLE);
    put_record(&mut log, &body);
    assert_eq!(replay(&log, [0; 2]).map(|replayed| replayed.events), Ok(1));
    let at = log.len();
    put_record(&mut log, &body);
    assert_eq!(replay(&log, [0; 2]), Err(TraceError::Malformed { at }));
}

#[test]
fn a_window_that_begins_after_more_events_than_there_can_be_is_refused() {
    let mut hub = Hub::new(config(5, [0; 2])).expect("a config that can stand");
    let beginning = Beginning { now: Instant::ORIGIN, events: u64::MAX, hash: 0 };
    let whole = state::put(beginning, &mut hub, Payloads::Redacted, 1 << 16).expect("it fits");
    for body in [whole, state::put_without(beginning)] {
        let at = forged(&[]).len();
        assert_eq!(replay(&forged(&[body]), [0; 2]), Err(TraceError::Malformed { at }));
    }
}
