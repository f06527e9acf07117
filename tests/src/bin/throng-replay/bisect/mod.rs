//! The first event after which something does not hold.

#[cfg(test)]
mod tests;

use crate::failure::{Check, Failure};
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use throng_core::trace::{Replay, Step, TraceError};

/// Replays to the end and checks after every `stride` events. Where a check fails, the core panics, or the replay departs
/// from the recorded run, what was since the last good check is replayed again and checked after each event: a core that is
/// out of order seldom does as before, and the next checkpoint may tell of it before the next check.
///
/// A failure that mends itself within a stride is not seen. The hub is copied once a stride.
pub(crate) fn bisect(replay: &mut Replay<'_>, stride: NonZeroU64, check: Check) -> Result<(), Failure> {
    test(replay, check)?;
    let mut good = replay.clone();
    loop {
        let passed = go(replay, stride.get(), None).and_then(|goes_on| test(replay, check).map(|()| goes_on));
        match passed {
            Ok(Goes::On) => good = replay.clone(),
            Ok(Goes::NoFurther) => return Ok(()),
            Err(failure) => {
                // Ends with what came first, or at the latest with the same failure again.
                go(&mut good, stride.get(), Some(check))?;
                return Err(failure);
            }
        }
    }
}

/// Whether a log is at its end.
enum Goes {
    On,
    NoFurther,
}

fn go(replay: &mut Replay<'_>, events: u64, check: Option<Check>) -> Result<Goes, Failure> {
    for _ in 0..events {
        match step(replay)? {
            None => return Ok(Goes::NoFurther),
            Some(step) => drop(step?),
        }
        if let Some(check) = check {
            test(replay, check)?;
        }
    }
    Ok(Goes::On)
}

fn test(replay: &Replay<'_>, check: Check) -> Result<(), Failure> {
    let event = replay.events();
    let checked = catch_unwind(AssertUnwindSafe(|| check(replay.hub())));
    let checked = checked.map_err(|_| Failure::Panicked { event })?;
    checked.map_err(|broken| Failure::Broken { event, broken })
}

/// The next event of a replay. A panic of the core is one of the things that are looked for.
pub(crate) fn step<'a>(replay: &mut Replay<'a>) -> Result<Option<Result<Step<'a>, TraceError>>, Failure> {
    let event = replay.events() + 1;
    // After a panic the replay is not used again.
    catch_unwind(AssertUnwindSafe(|| replay.step())).map_err(|_| Failure::Panicked { event })
}
