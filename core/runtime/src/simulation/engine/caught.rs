//! A panic in a run is a failure of its seed.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

std::thread_local! {
    /// The last panic of this thread, with its place, which the payload does not tell.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Goes through a run. If it panics, that is what failed.
///
/// # Errors
/// The message of the panic, and its place in the source.
pub fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    remember();
    LAST.take();
    catch_unwind(AssertUnwindSafe(run))
        .map_err(|_| last().unwrap_or_else(|| "panicked without a word".into()))
}

/// The message of the last panic of this thread, unless it was taken before.
#[must_use]
pub fn last() -> Option<String> {
    LAST.take()
}

/// What panics is also printed as ever, with its backtrace.
fn remember() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
            LAST.set(Some(panic.to_string()));
            usual(panic);
        }));
    });
}
