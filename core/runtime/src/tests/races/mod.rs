//! What tasks hand to each other is never lost, whoever comes first: each test is a small scenario of two or three
//! threads, run in every order in which they can come to the [lock and the flags](crate::state::sync) with at most
//! three preemptions: a thread gives way where it waits or ends, and three times where it could go on.
//!
//! A wake-up is lost if, when everybody who is awake has been polled, something is left to be done. So each scenario ends
//! in that: its threads have ended, the world [runs](super::host::World::run) until all sleep, and what must have come is there.

mod answers;
mod closing;
mod every;
mod notices;
mod writes;
