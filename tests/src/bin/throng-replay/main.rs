//! `throng-replay LOG …`: replays recorded runs in the bare core, looks into them, and finds where one went wrong.

mod bisect;
mod failure;
mod options;

use clap::Parser;
use failure::{Failure, GOOD};
use options::Options;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroU64;
use std::path::Path;
use std::process::ExitCode;
use throng_core::Hub;
use throng_core::trace::{Entry, Replay, read};

/// Any key will do: nothing depends on it.
const HASH_KEY: [u64; 2] = [0x7468_726f, 0x6e67];

/// Events from one check of all invariants to the next, while everything holds.
const STRIDE: NonZeroU64 = NonZeroU64::new(256).unwrap();

fn main() -> ExitCode {
    let options = Options::parse();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut worst = GOOD;
    for path in &options.logs {
        let done = open(path).and_then(|log| treat(&options, path, &log, &mut out));
        if let Err(failure) = done.and_then(|()| Ok(out.flush()?)) {
            // What was printed so far comes first.
            let _ = out.flush();
            let exit_code = failure.exit_code();
            worst = worst.max(exit_code);
            if exit_code != GOOD {
                let _ = writeln!(io::stderr(), "{}: {failure}", path.display());
            }
        }
    }
    worst.into()
}

fn open(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(Failure::File)
}

fn treat(options: &Options, path: &Path, log: &[u8], out: &mut impl Write) -> Result<(), Failure> {
    if options.task.list {
        return list(options, log, out);
    }
    let mut replay = Replay::new(log, HASH_KEY)?;
    if let Some(number) = options.task.at {
        return state_at(&mut replay, number, out);
    }
    if options.task.step {
        return go(&mut replay, options, out);
    }
    if options.task.bisect {
        let stride = if options.thorough { NonZeroU64::MIN } else { STRIDE };
        bisect::bisect(&mut replay, stride, Hub::check)?;
        writeln!(out, "{}: every invariant holds, checked every {stride} events", path.display())?;
    } else {
        while let Some(step) = bisect::step(&mut replay)? {
            step?;
        }
    }
    write!(out, "{}: ", path.display())?;
    summary(&replay, out)
}

/// What a whole replay came to.
fn summary(replay: &Replay<'_>, out: &mut impl Write) -> Result<(), Failure> {
    let (last, checkpoints, hash) = (replay.events(), replay.checkpoints(), replay.hash());
    match replay.first() {
        Some(first) if first > last => write!(out, "no events after event {last}")?,
        Some(first) if first > 1 => write!(out, "events {first} to {last}")?,
        _ => write!(out, "{last} events")?,
    }
    write!(out, ", {checkpoints} checkpoints agree, hash {hash:016x}")?;
    match replay.agreed() {
        Some(agreed) if agreed.events == last => {}
        Some(agreed) => write!(out, "; nothing was compared after event {}", agreed.events)?,
        None => write!(out, "; nothing was compared")?,
    }
    torn(replay.reader().cut(), out)?;
    writeln!(out)?;
    Ok(())
}

fn torn(cut: usize, out: &mut impl Write) -> io::Result<()> {
    if cut == 0 { Ok(()) } else { write!(out, "; the last {cut} bytes are torn and were left out") }
}

fn list(options: &Options, log: &[u8], out: &mut impl Write) -> Result<(), Failure> {
    let is_asked_for = |number| (options.from..=options.to).contains(&number);
    let mut number = 0;
    let mut reader = read(log)?;
    for entry in &mut reader {
        match entry? {
            Entry::Event(now, event) => {
                number += 1;
                if is_asked_for(number) {
                    writeln!(out, "{number} at {now:?}: {:?}", event.as_event())?;
                }
            }
            Entry::Checkpoint(checkpoint) if is_asked_for(checkpoint.events) => {
                writeln!(out, "  checkpoint after event {}: {:016x}", checkpoint.events, checkpoint.hash)?;
            }
            Entry::State(beginning, _) => {
                number = beginning.events;
                writeln!(out, "  state of the hub after event {number}: {:016x}", beginning.hash)?;
            }
            Entry::WithoutState(beginning) => {
                number = beginning.events;
                writeln!(
                    out,
                    "  what follows comes after event {number}; the state of the hub is not known"
                )?;
            }
            _ => {}
        }
    }
    write!(out, "the last event is {number}")?;
    torn(reader.cut(), out)?;
    writeln!(out)?;
    Ok(())
}

fn state_at(replay: &mut Replay<'_>, number: u64, out: &mut impl Write) -> Result<(), Failure> {
    while replay.events() < number {
        match bisect::step(replay)? {
            Some(step) => drop(step?),
            None => break,
        }
    }
    if replay.events() != number {
        let first = replay.first().unwrap_or(1);
        while let Some(step) = bisect::step(replay)? {
            step?;
        }
        return Err(Failure::NoSuchEvent { asked: number, first, last: replay.events() });
    }
    writeln!(out, "after event {number}, hash {:016x}", replay.hash())?;
    write!(out, "{}", replay.hub().dump())?;
    Ok(())
}

fn go(replay: &mut Replay<'_>, options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    while replay.events() < options.to
        && let Some(step) = bisect::step(replay)?
    {
        let step = step?;
        if !(options.from..=options.to).contains(&step.number) {
            continue;
        }
        writeln!(out, "{} at {:?}: {:?}", step.number, step.now, step.event.as_event())?;
        match &step.result {
            Ok(outcome) => writeln!(out, "  {outcome:?}")?,
            Err(error) => writeln!(out, "  refused: {error:?}")?,
        }
        for action in &step.actions {
            writeln!(out, "  -> {action:?}")?;
        }
    }
    summary(replay, out)
}
