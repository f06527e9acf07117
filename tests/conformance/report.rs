//! All cases against one host: the table of what came of them, and what is not as it must be.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use throng_core::websocket::deflate::Takeover;

use crate::case::Case;
use crate::cases::{CATEGORIES, all, compressed};
use crate::hosts::{Deviation, Host, Place, Running, Standard};
use crate::run::{Grade, play};

#[cfg(test)]
mod tests;

/// Cases that are played at a time: most of their time is waiting.
const AT_A_TIME: usize = 4;
/// Failures that are shown.
const SHOWN: usize = 30;

/// What came of a case, cut in one way.
struct Played {
    id: String,
    category: String,
    what: String,
    grade: Grade,
}

/// Plays every case.
///
/// # Panics
/// The host does not answer as it must, or a known deviation is none any more.
pub(crate) fn conforms(host: &Host) {
    judge(host, &host.start(), all());
}

/// Plays the cases of compression, on a host that has it: one of ours with messages that stand for themselves, and with
/// messages that refer back to those before them.
///
/// # Panics
/// The host does not answer as it must.
pub(crate) fn compresses(host: &Host) {
    judge(host, &host.start_compressing(None), compressed());
    if let Place::Here(_) = host.place {
        // With as much to refer back to as there may be.
        let mut takeover = Takeover::default();
        takeover.window_bits = 15;
        // Where messages refer back only the next one shows that one was cut short.
        let cases = compressed().filter(|case| case.id != "12.6.10");
        judge(host, &host.start_compressing(Some(takeover)), cases);
    }
}

fn judge(host: &Host, server: &Running, cases: impl Iterator<Item = Case> + Send) {
    let start = Instant::now();
    let played = play_all(host, server, cases);
    let table = table(host, &played, start);
    // Past the harness, which shows what a test prints only if it fails.
    let _ = std::io::stderr().write_all(table.as_bytes());
    let failures = failures(host.standard, &played);
    let shown = failures.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{}: {} failures\n{shown}", host.name, failures.len());
}

fn play_all(host: &Host, server: &Running, cases: impl Iterator<Item = Case> + Send) -> Vec<Played> {
    let only = std::env::var("THRONG_CASES").unwrap_or_default();
    let cases = Mutex::new(cases.filter(|case| case.id.starts_with(&only)));
    let played = Mutex::new(Vec::new());
    let next = || cases.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(case) = next() {
                    for chop in case.chops() {
                        let outcome = play(&case, chop, server.address, server.path, host.standard.late());
                        let what = format!("{} {} (section {}), {chop:?}", case.id, case.name, case.section);
                        let grade = outcome.grade(&case);
                        let (id, category) = (case.id.clone(), case.category().to_owned());
                        let mut played = played.lock().unwrap_or_else(PoisonError::into_inner);
                        played.push(Played { id, category, what, grade });
                    }
                }
            });
        }
    });
    played.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn failures(standard: Standard, played: &[Played]) -> Vec<String> {
    let known = match standard {
        Standard::Best => &[][..],
        Standard::Legal(known) => known,
    };
    let mut failures: Vec<_> = played
        .iter()
        .filter(|one| match (&one.grade, standard) {
            (Grade::Best, _) | (Grade::Legal, Standard::Legal(_)) => false,
            _ => !known.iter().any(|deviation| deviation.is_of(&one.id)),
        })
        .map(|one| format!("{}: {:?}", one.what, one.grade))
        .collect();
    // Of cases that were not asked for nothing is known.
    let of = |known: &Deviation| played.iter().filter(|one| known.is_of(&one.id)).collect::<Vec<_>>();
    let stale = known.iter().filter(|known| {
        let of = of(known);
        !of.is_empty() && !of.iter().any(|one| matches!(one.grade, Grade::Wrong(_)))
    });
    failures.extend(stale.map(|known| format!("{} does not deviate any more: {}", known.case, known.why)));
    if played.is_empty() {
        failures.push("no case was played".to_owned());
    }
    failures
}

fn table(host: &Host, played: &[Played], start: Instant) -> String {
    let mut table = format!(
        "\n{}, {:.1} s\n{:28} {:>6} {:>6} {:>6} {:>6} {:>6}\n",
        host.name,
        start.elapsed().as_secs_f64(),
        "category",
        "cases",
        "plays",
        "best",
        "legal",
        "wrong"
    );
    for (number, name) in CATEGORIES {
        let of: Vec<_> = played.iter().filter(|one| one.category == *number).collect();
        let mut ids: Vec<_> = of.iter().map(|one| &one.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if of.is_empty() {
            continue;
        }
        let best = of.iter().filter(|one| one.grade == Grade::Best).count();
        let legal = of.iter().filter(|one| one.grade == Grade::Legal).count();
        table += &format!(
            "{:28} {:>6} {:>6} {best:>6} {legal:>6} {:>6}\n",
            format!("{number} {name}"),
            ids.len(),
            of.len(),
            of.len() - best - legal
        );
    }
    table
}
