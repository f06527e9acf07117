//! What an application and its hub see.

pub(crate) mod asks;
pub(crate) mod batching;
pub(crate) mod budget;
pub(crate) mod closes;
pub(crate) mod closing;
pub(crate) mod config;
pub(crate) mod crowd;
pub(crate) mod draining;
pub(crate) mod ends;
pub(crate) mod events;
pub(crate) mod expiry;
pub(crate) mod floods;
pub(crate) mod frames;
pub(crate) mod health;
pub(crate) mod histories;
pub(crate) mod hooks;
pub(crate) mod participants;
pub(crate) mod presence;
pub(crate) mod pressure;
pub(crate) mod refusals;
pub(crate) mod replay;
pub(crate) mod rooms;
pub(crate) mod sessions;
pub(crate) mod silence;
pub(crate) mod targets;
pub(crate) mod users;
