//! What is behind the lock of a hub, and what its handles and tasks share.

pub(crate) mod batching;
pub(crate) mod glance;
pub(crate) mod inner;
pub(crate) mod mailbox;
pub(crate) mod member;
pub(crate) mod metadata;
pub(crate) mod recording;
pub(crate) mod sent;
pub(crate) mod settings;
pub(crate) mod shared;
pub(crate) mod sync;
pub(crate) mod wakes;
