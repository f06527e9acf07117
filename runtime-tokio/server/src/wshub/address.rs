//! How Redis is reached, and whether it is.

use crate::config::Redis;
use redis::{Client, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, RedisError};
use std::sync::atomic::{AtomicBool, Ordering};

/// How Redis is reached, and whether it is.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) client: Client,
    is_ready: AtomicBool,
    /// The channel of this hub's own probes ends with this.
    pub(super) id: u64,
}

impl Link {
    pub(super) fn new(config: &Redis) -> Result<Self, RedisError> {
        let mut settings =
            RedisConnectionInfo::default().set_db(i64::try_from(config.db.0).unwrap_or_default());
        if let Some(username) = &config.username {
            settings = settings.set_username(username);
        }
        if let Some(password) = &config.password {
            settings = settings.set_password(password.text());
        }
        let address = ConnectionAddr::Tcp(config.address.host.clone(), config.address.port);
        let client = Client::open(address.into_connection_info()?.set_redis_settings(settings))?;
        Ok(Self { client, is_ready: AtomicBool::new(false), id: fastrand::u64(..) })
    }

    pub(super) fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }

    /// Returns what was so before.
    pub(super) fn set_ready(&self, is_ready: bool) -> bool {
        metrics::gauge!("throng_wshub_redis_ready").set(f64::from(u8::from(is_ready)));
        self.is_ready.swap(is_ready, Ordering::AcqRel)
    }
}
