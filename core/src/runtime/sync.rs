//! The lock and the flags by which tasks hand work to each other.
//!
//! They are the standard library's. For the tests in `tests/races` they are those of a model checker, which tries every
//! order in which threads can come to them: `RUSTFLAGS="--cfg loom"`, see `tests/races` at the root of the repository.
//! What is not part of a hand-off (counters, times, an application's values) is not taken from here, so that there are fewer
//! orders to try.

#[cfg(not(all(loom, test)))]
pub(super) use core::sync::atomic::{AtomicBool, AtomicU8};
#[cfg(not(all(loom, test)))]
pub(super) use std::sync::{Mutex, MutexGuard};

#[cfg(all(loom, test))]
pub(super) use loom::sync::atomic::{AtomicBool, AtomicU8};
#[cfg(all(loom, test))]
pub(super) use loom::sync::{Mutex, MutexGuard};
