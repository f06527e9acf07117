//! Types that an application is told or sends: hooks by name, causes, drops, errors.

pub(crate) mod ask;
pub(crate) mod cluster;
pub(crate) mod dropped;
pub(crate) mod expiry;
pub(crate) mod hook;
pub(crate) mod message;
pub(crate) mod numbered;
pub(crate) mod occupancy;
pub(crate) mod receipt;
#[cfg(feature = "tower")]
pub(crate) mod request_id;
pub(crate) mod user;
pub(crate) mod written_hooks;
