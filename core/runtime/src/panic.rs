//! Panics of the application.
//!
//! How often they are printed is limited by the core's own bucket, as all else that a peer can bring about at will.

use alloc::boxed::Box;
use alloc::format;
use core::cell::Cell;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::panicking;
use throng_core::{Bucket, Instant, Rate};

std::thread_local! {
    /// The number of nested calls of the application's code on this thread.
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

/// Calls the application's code. A panic in it becomes an error and concerns one client only.
///
/// State that the hook left half-changed is the application's own. The hub's state is unaffected, because no hook runs
/// under its lock.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, ()> {
    CALLS.set(CALLS.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        // A value that is thrown may itself panic when it is dropped, and so may what that throws.
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            core::mem::forget(another);
        }
    });
    CALLS.set(CALLS.get() - 1);
    result
}

/// Whether the output of panics in hooks is limited: [`Builder::panic_output`](crate::Builder::panic_output).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PanicOutput {
    /// Prints ten panics at once, then one every 10 s, with the number of those left out. Counters and reports still
    /// include all. Panics of other tasks and threads are always printed.
    #[default]
    Limited,
    /// Leaves the process's panic hook alone: the standard library or the application prints each panic.
    AsItIs,
}

/// The number of panics in hooks that are printed at once, and the time until one more is.
const PRINTED: u32 = 10;
const PAUSE: Duration = Duration::from_secs(10);

/// Wraps the process's panic hook for good, on the first call. The new hook calls the old one, except for panics in the
/// application's hooks beyond [`PanicOutput::Limited`]. Otherwise a peer that knows a message which makes a handler
/// panic could fill the disk, with `RUST_BACKTRACE=1` very quickly.
///
/// For runtime crates, which supply a clock and a function that prints a line. If the application sets a panic hook
/// later, that hook replaces this one, but the limit still applies to whatever it forwards to the previous hook.
pub fn limit_panic_output(
    clock: impl Fn() -> Instant + Send + Sync + 'static,
    print: impl Fn(&str) + Send + Sync + 'static,
) {
    static ONCE: Once = Once::new();
    // A panicking thread must not change hooks.
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
                    "panics in hooks are not printed for now: after {PRINTED} of them only one every {} s is printed. The \
                     hub counts all of them, by hook",
                    PAUSE.as_secs()
                )),
                Verdict::BeSilent => {}
            }
        }));
    });
}

/// The handling of a panic in a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Print,
    /// Print it; this many before it were not printed.
    PrintAfter(u64),
    /// Say that panics are now left out; this one is the first.
    SayThatThereAreMore,
    BeSilent,
}

/// Decides which panics are printed.
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
