//! The lock and the atomic flags with which tasks hand work to each other.
//!
//! They are those of the standard library. In `tests/races`, which is built with `--cfg loom`, they are those of loom, a model
//! checker that tries all interleavings of threads up to a number of preemptions. State that hands over no work (an application's
//! values, the time at which a client opened) does not use this module, because it would only multiply the interleavings.

#[cfg(not(all(loom, test)))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicU8};
#[cfg(not(all(loom, test)))]
pub(crate) use std::sync::{Mutex, MutexGuard};

#[cfg(all(loom, test))]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8};
#[cfg(all(loom, test))]
pub(crate) use loom::sync::{Mutex, MutexGuard};
