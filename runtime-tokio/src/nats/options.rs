//! How to log in, and limits.

use crate::broker::tls::Tls;
use core::time::Duration;
use std::sync::Arc;

#[derive(Clone)]
pub(super) struct Options {
    pub(super) message_bytes: usize,
    pub(super) attempt_time: Duration,
    pub(super) credentials: Option<Credentials>,
    pub(super) tls: Tls,
}

/// Makes a signature of what the server has sent.
pub(super) type Sign = dyn Fn(&[u8]) -> Vec<u8> + Send + Sync;

#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) identity: Identity,
    pub(super) sign: Arc<Sign>,
}

#[derive(Clone)]
pub(super) enum Identity {
    Jwt(String),
    Nkey(String),
}
