//! What all fuzz targets share: an allocator that counts, and the way into `throng_tests::fuzzing`.

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[doc(hidden)]
pub use libfuzzer_sys;
#[doc(hidden)]
pub use throng_tests::fuzzing;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Lets the targets assert how much they allocate.
pub fn count_allocations() {
    fuzzing::memory::count_with(|| ALLOCATOR.stats().bytes_allocated);
}

/// The whole of a target's binary: the function of this name, on every input.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        use $crate::libfuzzer_sys;
        libfuzzer_sys::fuzz_target!(init: $crate::count_allocations(), |input: &[u8]| {
            $crate::fuzzing::$name(input);
        });
    };
}
