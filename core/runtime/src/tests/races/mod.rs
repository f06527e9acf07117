//! No hand-off between tasks is lost, whichever task comes first. Each test is a small scenario of two or three
//! threads, run in every order in which they can reach the [lock and the flags](crate::state::sync) with at most three
//! preemptions: a thread yields where it waits or ends, and at most three times where it could go on.
//!
//! A wake-up is lost if work is left when every woken task has been polled. So each scenario ends like this: its
//! threads have ended, the world [runs](super::host::World::run) until all tasks sleep, and the expected results are
//! there.

mod answers;
mod broker;
mod closing;
mod every;
mod notices;
mod returns;
mod writes;
