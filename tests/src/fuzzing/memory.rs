//! How much memory an input may cost.
//!
//! A library cannot count what is allocated: whoever owns the allocator tells it how. Without that nothing is asserted,
//! so the targets and the test of the corpora must do it.

use std::sync::OnceLock;

static ALLOCATED: OnceLock<fn() -> usize> = OnceLock::new();

/// Says how many bytes the process has allocated in all. Only one thread may allocate while a target runs.
pub fn count_with(allocated: fn() -> usize) {
    ALLOCATED.get_or_init(|| allocated);
}

/// # Panics
/// If more is allocated meanwhile, what is freed again included.
pub(super) fn at_most<T>(bound: usize, run: impl FnOnce() -> T) -> T {
    let Some(allocated) = ALLOCATED.get() else { return run() };
    let before = allocated();
    let result = run();
    let cost = allocated() - before;
    assert!(cost <= bound, "{cost} bytes were allocated where {bound} must do");
    result
}
