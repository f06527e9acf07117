//! How requests are read, where no HTTP server stands in front.

pub(crate) mod damage;
pub(crate) mod deadlines;
