//! Panics of the application.

use alloc::boxed::Box;
use alloc::format;
use core::cell::Cell;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::panicking;
use throng_core::rate::{Bucket, Rate};
use throng_core::time::Instant;

std::thread_local! {
    /// How many calls of what belongs to the application this thread is in.
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

/// Calls what belongs to the application. A panic there is an error here, and concerns one client.
///
/// What the hook left behind half-done is the application's own: the hub's state is not touched by it, since no
/// hook runs under its lock.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, ()> {
    CALLS.set(CALLS.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(call)).map_err(drop);
    CALLS.set(CALLS.get() - 1);
    result
}

/// Whether panics in the application's hooks are printed without limit: [`Builder::panic_output`](crate::Builder::panic_output).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PanicOutput {
    /// Ten at once, and then one every ten seconds, with a count of those that were not printed. All are counted and reported
    /// as ever. Panics of other tasks and threads are none of a hook, and printed as they were.
    #[default]
    Limited,
    /// The process's panic hook is left alone: each panic is printed, as the standard library or the application does it.
    AsItIs,
}

/// Panics in hooks that are printed at once, and how long it takes until one more is.
const PRINTED: u32 = 10;
const PAUSE: Duration = Duration::from_secs(10);

/// Puts a panic hook around the one that the process has, for good, the first time that this is called. The new hook calls the
/// old one, except for panics in hooks of the application that are more than [`PanicOutput::Limited`] says: a peer that knows
/// of a message on which a handler panics could fill the disk otherwise, and with `RUST_BACKTRACE=1` in no time.
///
/// For runtime crates, which bring a clock and a way to print a line. An application that sets a panic hook of its own later
/// replaces this one; if its hook calls the one before, the limit goes on to hold for that.
pub fn limit_panic_output(
    clock: impl Fn() -> Instant + Send + Sync + 'static,
    print: impl Fn(&str) + Send + Sync + 'static,
) {
    static ONCE: Once = Once::new();
    // A thread that panics may not change hooks.
    if panicking() {
        return;
    }
    ONCE.call_once(|| {
        let before = take_hook();
        let limit = Mutex::new(Limit::default());
        set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
            if CALLS.get() == 0 {
                return before(panic);
            }
            let now = clock();
            let verdict = limit.lock().unwrap_or_else(PoisonError::into_inner).ask(now);
            match verdict {
                Verdict::Print => before(panic),
                Verdict::PrintAfter(unprinted) => {
                    print(&format!("{unprinted} more panics in hooks were not printed"));
                    before(panic);
                }
                Verdict::SayThatThereAreMore => print(&format!(
                    "panics in hooks are not printed for now: after {PRINTED} of them one every {} s is. The hub counts all \
                     of them, by hook",
                    PAUSE.as_secs()
                )),
                Verdict::BeSilent => {}
            }
        }));
    });
}

/// What is done about a panic in a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Print,
    /// So many before it were not printed.
    PrintAfter(u64),
    /// It is the first that is not printed.
    SayThatThereAreMore,
    BeSilent,
}

/// Which panics are printed.
#[derive(Debug, Default)]
pub(crate) struct Limit {
    bucket: Bucket,
    unprinted: u64,
}

impl Limit {
    pub(crate) fn ask(&mut self, now: Instant) -> Verdict {
        let rate = Rate::per(1, PAUSE).burst(PRINTED);
        if self.bucket.conforms(&rate, now, 1).is_err() {
            self.unprinted += 1;
            return if self.unprinted == 1 { Verdict::SayThatThereAreMore } else { Verdict::BeSilent };
        }
        self.bucket.take(&rate, now, 1);
        match core::mem::take(&mut self.unprinted) {
            0 => Verdict::Print,
            unprinted => Verdict::PrintAfter(unprinted),
        }
    }
}
