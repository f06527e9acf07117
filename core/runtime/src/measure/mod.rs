//! Counters and measurements of a hub's own work.

pub(crate) mod counts;
pub(crate) mod distribution;
pub(crate) mod marks;
pub(crate) mod observer;

pub(crate) use counts::Counts;
pub(crate) use marks::{Counted, Followed, Marks};
pub(crate) use observer::{Observer, Observing, What};
