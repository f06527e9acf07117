//! The lock and the flags by which tasks hand work to each other.
//!
//! They are the standard library's. For `tests/races`, which builds with `--cfg loom`, they are those of a model checker that
//! tries every order in which threads can come to them, up to a number of preemptions. What is not part of a hand-off, as an application's values or the
//! time at which a client opened, is not taken from here: each would only multiply the orders.

#[cfg(not(all(loom, test)))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicU8};
#[cfg(not(all(loom, test)))]
pub(crate) use std::sync::{Mutex, MutexGuard};

#[cfg(all(loom, test))]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8};
#[cfg(all(loom, test))]
pub(crate) use loom::sync::{Mutex, MutexGuard};
