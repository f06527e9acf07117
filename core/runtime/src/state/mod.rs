//! The state behind the lock of a hub, and the state that its handles and tasks share.

pub(crate) mod asking_again;
pub(crate) mod asks;
pub(crate) mod backlog;
pub(crate) mod batching;
pub(crate) mod connection;
pub(crate) mod eviction_waiters;
pub(crate) mod handover;
pub(crate) mod inner;
pub(crate) mod mailbox;
pub(crate) mod member;
pub(crate) mod metadata;
pub(crate) mod noting;
pub(crate) mod receipts;
pub(crate) mod recording;
pub(crate) mod refused;
pub(crate) mod request;
pub(crate) mod sent;
pub(crate) mod settings;
pub(crate) mod shared;
pub(crate) mod snapshot;
pub(crate) mod sync;
pub(crate) mod telling;
pub(crate) mod turn;
pub(crate) mod types;
pub(crate) mod waiters;
pub(crate) mod wakes;
