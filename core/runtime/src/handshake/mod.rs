//! A connection before it is a client: its request, the application's settings for it, and which clients of its user
//! stay.

pub(crate) mod authenticating;
pub(crate) mod own;
pub(crate) mod own_handlers;
pub(crate) mod placement;
pub(crate) mod request;
pub(crate) mod span;
