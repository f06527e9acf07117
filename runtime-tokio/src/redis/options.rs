//! How to log in, and limits.

use crate::broker::address::Address;
use crate::broker::tls::Tls;
use core::time::Duration;
use throng_runtime::cluster::BrokerError;

#[derive(Clone)]
pub(super) struct Options {
    pub(super) message_bytes: usize,
    pub(super) attempt_time: Duration,
    pub(super) reply_time: Duration,
    pub(super) tls: Tls,
}

/// How to log in to the master that the sentinels name.
#[derive(Clone, Default)]
pub(super) struct Login {
    pub(super) is_tls: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: u32,
}

/// The database that a URL names.
pub(super) fn database(address: &Address) -> Result<u32, BrokerError> {
    if address.path.is_empty() {
        return Ok(0);
    }
    address.path.parse().map_err(|_| {
        BrokerError::new(format_args!("{address}: {:?} is no number of a database", address.path))
    })
}
