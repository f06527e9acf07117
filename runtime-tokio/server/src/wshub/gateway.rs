//! What stands between the hub and Redis.

use super::address::Link;
use super::pending::Pending;
use super::queue::{Kind, Queue};
use crate::config::WsHub;
use crate::live::Live;
use serde_json::json;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use throng_tokio::Disconnected;

/// What stands between the hub and Redis.
pub(crate) struct Gateway {
    pub(super) live: Arc<Live>,
    pub(super) prefix: String,
    pub(super) queue: Queue,
    pub(super) pending: Mutex<Pending>,
    pub(super) link: Link,
}

impl Gateway {
    /// # Errors
    /// The address of Redis is none.
    pub(crate) fn new(live: Arc<Live>) -> Result<Self, redis::RedisError> {
        let config = live.config();
        let WsHub { redis, .. } = &config.wshub;
        let link = Link::new(redis)?;
        let prefix = redis.channel_prefix.clone();
        Ok(Self { live, prefix, queue: Queue::default(), pending: Mutex::default(), link })
    }

    /// Whether a message of the hub's own has come back through Redis since the connections were made.
    pub(crate) fn is_ready(&self) -> bool {
        self.link.is_ready()
    }

    /// Waits until everything is published, but no longer than this. Returns what is left, in messages.
    pub(crate) async fn flush(&self, limit: Duration) -> usize {
        let _ = tokio::time::timeout(limit, self.queue.emptied()).await;
        self.queue.len()
    }

    pub(super) fn tell_new(&self, key: &str) {
        self.push(Kind::New, "client-new", key.to_owned().into());
    }

    pub(super) fn tell_gone(&self, key: &str, disconnected: &Disconnected) {
        let (code, reason) = (disconnected.code.0, disconnected.reason.as_deref().unwrap_or_default());
        let payload = json!({ "key": key, "code": code, "reason": reason }).to_string();
        self.push(Kind::Gone, "client-gone", payload.into());
    }

    pub(super) fn tell_data(&self, key: &str, payload: bytes::Bytes) {
        self.push(Kind::Data, &format!("client-data:{key}"), payload);
    }

    fn push(&self, kind: Kind, channel: &str, payload: bytes::Bytes) {
        let most = self.live.config().wshub.redis.queue_bytes.0;
        self.queue.push(kind, format!("{}{channel}", self.prefix).into(), payload, most);
    }

    pub(super) fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
