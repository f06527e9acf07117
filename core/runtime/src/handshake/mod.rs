//! A connection whose client is not open yet: its request, the application's settings for it, and which clients of its user
//! stay.

pub(crate) mod authenticating;
pub(crate) mod client_handlers;
pub(crate) mod connecting_handlers;
pub(crate) mod participation;
pub(crate) mod placement;
pub(crate) mod request;
pub(crate) mod span;
