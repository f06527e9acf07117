//! Trace files.

use super::memory;
use core::hash::Hasher;
use throng_core::Instant;
use throng_core::hub::{Event, Hub, Sink};
use throng_core::outbox::Batch;
use throng_core::trace::{
    ActionHash, Entry, OwnedEvent, Payloads, Reader, Recorder, Replay, Replayed, TraceError, read, replay,
};

/// A log, first as it is, then with right checksums, so that what stands behind them is reached.
///
/// # Panics
/// If memory grows beyond the log, if a hash key shows, if the hub of a replay is not sound at some event, or if what is read
/// is not what is recorded again.
pub fn trace_file(log: &[u8]) {
    check(log);
    let sealed = seal(log);
    if sealed != log {
        check(&sealed);
    }
}

type Events<'a> = Vec<(Instant, OwnedEvent<'a>)>;

/// What a log holds, as far as it can be read.
struct Contents<'a> {
    events: Events<'a>,
    checkpoints: u64,
    /// It is a window of a run, or has states in it.
    is_window: bool,
    /// Bytes that were cut.
    end: Result<usize, TraceError>,
}

fn check(log: &[u8]) {
    // The payloads of all frames are one buffer, as long as the longest; before it there were shorter ones.
    let payloads = 2 * (longest_payload(log) as usize).next_power_of_two();
    let replayed = memory::at_most(replay_bytes(log.len()) + 2 * payloads, || replay(log, [0; 2]));
    assert_eq!(replay(log, [7, u64::MAX]), replayed, "the hash key shows");
    is_sound(log);
    let opened = memory::at_most(64 * log.len() + payloads + 1024, || all(log));
    let contents = match opened {
        Ok(contents) => contents,
        Err(error) => {
            assert_eq!(replayed, Err(error), "who cannot read it cannot replay it");
            return;
        }
    };
    match (contents.end, &replayed) {
        (_, Err(TraceError::Config(_))) => {}
        (_, Err(TraceError::Diverged { .. })) => assert!(contents.checkpoints > 0 || contents.is_window),
        // A checkpoint is not where it says.
        (_, Err(TraceError::Malformed { .. })) if contents.checkpoints > 0 => {}
        // What a state says, and what may follow it, is checked when it is restored.
        _ if contents.is_window => {}
        (Ok(cut), Ok(replayed)) => {
            assert_eq!((replayed.handled, replayed.cut), (contents.events.len() as u64, cut));
            assert_eq!(replayed.checkpoints, contents.checkpoints);
        }
        (Err(found), Err(error)) => assert_eq!(found, *error),
        (end, replayed) => panic!("it is read as {end:?}, and replayed as {replayed:?}"),
    }
    if let Ok(replayed) = replayed
        && !contents.is_window
    {
        record_again(log, &contents.events, &replayed);
    }
}

/// How much a replay may allocate: the empty hub of a config, which may have many lanes, twice; and for each byte of an event
/// what it does, which may be something to everybody there is.
fn replay_bytes(log: usize) -> usize {
    const HUB: usize = 1 << 20;
    2 * HUB + 256 * log + log * log
}

/// Whatever the log says, the hub is in no state that it cannot be in: what is restored is sound, or refused.
fn is_sound(log: &[u8]) {
    let Ok(mut replay) = Replay::new(log, [0; 2]) else { return };
    while let Some(step) = replay.step() {
        if let (Err(broken), Ok(step)) = (replay.hub().check(), step) {
            panic!("{broken} after event {}, {:?}", step.number, step.event.as_event());
        }
    }
    if let Err(broken) = replay.hub().check() {
        panic!("{broken} at the end");
    }
}

fn all(log: &[u8]) -> Result<Contents<'_>, TraceError> {
    let mut reader = read(log)?;
    let (mut events, mut checkpoints, mut is_window) = (Vec::new(), 0, false);
    let mut end = Ok(());
    for read in &mut reader {
        match read {
            Ok(Entry::Event(now, event)) => events.push((now, event)),
            Ok(Entry::Checkpoint(_)) => checkpoints += 1,
            Ok(_) => is_window = true,
            Err(error) => end = Err(error),
        }
    }
    assert!(reader.next().is_none(), "an error is the last thing");
    assert!(reader.position() <= log.len());
    Ok(Contents { events, checkpoints, is_window, end: end.map(|()| is_whole(log, &reader)) })
}

fn is_whole(log: &[u8], reader: &Reader<'_>) -> usize {
    assert_eq!(reader.position() + reader.cut(), log.len());
    reader.cut()
}

/// What was read is recorded again: to the same hash, and a log of the same events.
fn record_again(log: &[u8], events: &Events<'_>, replayed: &Replayed) {
    let Ok(mut config) = read(log).map(|reader| reader.config().clone()) else { return };
    config.host.capacity = 0;
    // A log may have been recorded with payloads; where it was not, they are read as zeros, and are those here.
    let mut recorder = Recorder::new(&config).payloads(Payloads::Kept);
    let Ok(mut hub) = Hub::new(config) else { return };
    // How long a message may be at each event.
    let (mut longest, mut batch) = (Vec::new(), Batch::default());
    for (now, event) in events {
        longest.push(hub.config().outbox.message_bytes as usize);
        // A refusal is part of the run, and in the hash.
        let sink = Sink::Batch(&mut batch);
        let _ = recorder.handle_into(&mut hub, *now, event.as_event(), sink);
        batch.clear();
        while recorder.poll_action().is_some() {}
    }
    assert_eq!((recorder.hash(), hub.stats()), (replayed.hash, replayed.stats));
    let written = all(recorder.log());
    let written = written.expect("it was just recorded").events;
    assert_eq!(written.len(), events.len());
    // Of a message that is refused for its length no more is written than shows that.
    for ((again, event), longest) in written.iter().zip(events).zip(longest) {
        let is_refused = payload(event).is_some_and(|bytes| bytes > longest);
        assert!(again == event || is_refused && payload(again).is_some_and(|bytes| bytes > longest));
    }
    let again = replay(recorder.log(), [3; 2]).expect("it was just recorded");
    assert_eq!((again.events, again.hash, again.cut), (replayed.events, replayed.hash, 0));
    torn(&recorder, &written);
}

/// Half of a log holds the first events and nothing else.
fn torn(recorder: &Recorder, events: &Events<'_>) {
    let log = recorder.log();
    let half = &log[..log.len() - log.len() / 3];
    if let Ok(read) = all(half) {
        assert!(read.end.is_ok(), "a torn tail is no error");
        assert!(events.starts_with(&read.events));
    }
}

/// Magic and version.
const HEADER: usize = 10;

/// The tags of the records of a log, as far as they can be told apart.
#[cfg(test)]
pub(super) fn tags(log: &[u8]) -> Vec<u8> {
    let mut at = HEADER;
    let mut tags = Vec::new();
    while let Some(Record { body, .. }) = record(log, at) {
        at = body.end;
        tags.extend(log[body].first());
    }
    tags
}

/// The same log with the checks and checksums that its records should have.
pub(super) fn seal(log: &[u8]) -> Vec<u8> {
    let mut sealed = log.to_vec();
    let mut at = HEADER;
    while let Some(Record { len, checks, body }) = record(&sealed, at) {
        let end = body.end;
        let mut hasher = ActionHash::new();
        hasher.write(&sealed[body]);
        let check = (len.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16;
        sealed[checks.start..checks.start + 2].copy_from_slice(&check.to_le_bytes());
        let checksum = hasher.finish() as u32;
        sealed[checks.start + 2..checks.end].copy_from_slice(&checksum.to_le_bytes());
        at = end;
    }
    sealed
}

type Span = core::ops::Range<usize>;

/// Where the parts of a record stand.
struct Record {
    len: u64,
    /// The check of the length and the checksum of the body.
    checks: Span,
    body: Span,
}

fn record(log: &[u8], at: usize) -> Option<Record> {
    let mut len = 0_u64;
    let mut checks = at;
    loop {
        let byte = *log.get(checks)?;
        len |= u64::from(byte & 0x7f).checked_shl(7 * (checks - at) as u32)?;
        checks += 1;
        if byte < 0x80 {
            break;
        }
    }
    let body = checks + 6;
    let end = body.checked_add(usize::try_from(len).ok()?)?;
    (end <= log.len()).then_some(Record { len, checks: checks..body, body: body..end })
}

/// Bytes of what is published, if something is.
fn payload((_, event): &(Instant, OwnedEvent<'_>)) -> Option<usize> {
    match event.as_event() {
        Event::Publish { frame, .. } => Some(frame.payload().len()),
        _ => None,
    }
}

/// Of all frames. A record that makes no sense may have had any that is allowed before that showed, and so may a state,
/// which does not tell.
fn longest_payload(log: &[u8]) -> u32 {
    const LONGEST: u32 = 64 << 20;
    let lens = read(log).into_iter().flatten().map(|read| match read {
        Ok(Entry::Event(now, event)) => payload(&(now, event)).map_or(0, |bytes| bytes as u32),
        Ok(Entry::State(..)) | Err(TraceError::Malformed { .. }) => LONGEST,
        _ => 0,
    });
    lens.max().unwrap_or(0)
}
