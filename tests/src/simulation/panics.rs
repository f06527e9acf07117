//! A panic in a run is a failure of its seed.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Arc, Once};
use std::time::Duration;

use super::clock::Clock;
use super::{Failure, Run};

thread_local! {
    /// The last panic of this thread, with its place, which the payload does not tell.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Goes through a run. If it panics, that is what failed, at the moment that the clock shows.
pub(super) fn caught(
    seed: u64,
    clock: &Arc<Clock>,
    run: impl FnOnce() -> Result<Run, Failure>,
) -> Result<Run, Failure> {
    remember();
    LAST.take();
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let what = LAST.take().unwrap_or_else(|| "panicked without a word".into());
        Err(Failure { seed, at: Duration::from_nanos(clock.now()), phase: "panic", what: vec![what] })
    })
}

/// What panics is also printed as ever, with its backtrace.
fn remember() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
            LAST.set(Some(panic.to_string()));
            usual(panic);
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_failure_that_names_its_seed_its_moment_and_its_place() {
        let clock = Arc::<Clock>::default();
        let failure = caught(71, &clock, || {
            clock.set(1_500_000_000);
            let nobody: [u8; 0] = [];
            panic!("planned, with {}", nobody.len())
        });
        let text = failure.expect_err("it panicked").to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "seed 71 failed after 1.5s, in the phase of panic:");
        assert!(lines[1].starts_with("    panicked at tests/src/simulation/panics.rs:"), "{text}");
        assert_eq!(lines[2], "    planned, with 0");
        assert!(lines[3].ends_with("throng-simulate -- --seeds 71"), "{text}");
    }

    #[test]
    fn a_run_after_a_panic_knows_nothing_of_it() {
        let clock = Arc::default();
        let silent = |panics: bool| {
            caught(1, &clock, || {
                if panics { panic!("planned") } else { panic::resume_unwind(Box::new("without a hook")) }
            })
        };
        assert!(silent(true).is_err());
        let failure = silent(false).expect_err("it panicked");
        assert_eq!(failure.what, ["panicked without a word"]);
    }
}
