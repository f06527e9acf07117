//! What a hub's connections have in common besides the hub's config.

use super::hook::{Cause, Hook, Rejection};
use super::hooks::Wants;
use super::panic::caught;
use super::recording::Record;
#[cfg(feature = "deflate")]
use crate::websocket::deflate::Compression;
use crate::websocket::{Limits, Policy};
use alloc::boxed::Box;
use core::time::Duration;

/// Set by the [`Builder`](super::Builder).
pub(super) struct Settings {
    pub(super) policy: Policy,
    pub(super) limits: Limits,
    #[cfg(feature = "deflate")]
    pub(super) compression: Option<Compression>,
    pub(super) requests: KeepRequests,
    pub(super) record: Record,
    pub(super) hook_limit: Option<Duration>,
    /// If it is not that of all hooks.
    pub(super) message_limit: Option<Option<Duration>>,
    pub(super) authentication_limit: Duration,
    pub(super) close_code: Option<Box<dyn Fn(Cause) -> Rejection + Send + Sync>>,
    pub(super) wants: Wants,
}

impl Settings {
    /// How long a hook may take.
    pub(super) fn limit_of(&self, hook: Hook) -> Option<Duration> {
        match (hook, self.message_limit) {
            (Hook::Message, Some(limit)) => limit,
            _ => self.hook_limit,
        }
    }

    /// How a client is closed. Asks the application: not under the lock.
    pub(super) fn rejection(&self, cause: Cause) -> Rejection {
        let asked = self.close_code.as_ref().and_then(|closure| caught(|| closure(cause)).ok());
        asked.unwrap_or_else(|| cause.rejection())
    }
}

/// How long a client's request is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeepRequests {
    /// Until [`connected`](super::Handler::connected) has returned.
    #[default]
    UntilConnected,
    /// As long as there is a handle of the client: some hundred bytes each.
    Always,
}
