//! A connection before it is a client: its request, what the application sets for it, which clients of its user stay.

pub(crate) mod own;
pub(crate) mod placement;
pub(crate) mod request;
pub(crate) mod span;
