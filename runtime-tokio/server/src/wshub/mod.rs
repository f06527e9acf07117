//! WS-HUB mode: the program takes the place of WS-HUB between browsers and a back end that speaks Redis.
//!
//! | channel | direction | payload |
//! | --- | --- | --- |
//! | `<prefix>client-new` | hub to back end | the key of a client that has come |
//! | `<prefix>client-data:<key>` | hub to back end | a message of a client, as it is |
//! | `<prefix>client-gone` | hub to back end | `{"key":…,"code":…,"reason":…}` of a client that has ended |
//! | `<prefix>groups-new:<key>` | back end to hub | groups for the client, separated by commas |
//! | `<prefix>group-data:<group>` | back end to hub | a message for each member of the group |
//!
//! A client's key is its user in the hub, and a group is a room: the hub has all that is known of both.
//!
//! | file | what |
//! | --- | --- |
//! | `key` | the key in the query |
//! | `clients` | what clients do |
//! | `groups` | what the back end says |
//! | `pending` | groups for clients that are not there yet |
//! | `queue`, `link` | what waits to be published; the connections to Redis |
//! | `pages` | what `/status`, `/clients`, `/groups`, `/sessions` say |

pub(crate) mod clients;
mod groups;
pub(crate) mod key;
mod link;
pub(crate) mod pages;
mod pending;
mod queue;
#[cfg(test)]
mod tests;

use crate::config::WsHub;
use crate::live::Live;
use link::Link;
use pending::Pending;
use queue::{Kind, Queue};
use serde_json::json;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use throng_tokio::{Cause, Client, Disconnected, Hub, Newcomer, Placement};

/// What stands between the hub and Redis.
pub(crate) struct Gateway {
    live: Arc<Live>,
    prefix: String,
    queue: Queue,
    pending: Mutex<Pending>,
    link: Link,
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

    /// Keeps the connections to Redis, for ever.
    pub(crate) async fn run(self: Arc<Self>, hub: Hub) {
        link::run(&self, &hub).await;
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

    /// Which client of a key stays.
    pub(crate) fn place(&self, newcomer: &Newcomer<'_>, present: &[Client]) -> Placement {
        clients::place(newcomer, present, &self.live.config().hub.closes[Cause::Evicted])
    }

    fn tell_new(&self, key: &str) {
        self.push(Kind::New, "client-new", key.to_owned().into());
    }

    fn tell_gone(&self, key: &str, disconnected: &Disconnected) {
        let (code, reason) = (disconnected.code.0, disconnected.reason.as_deref().unwrap_or_default());
        let payload = json!({ "key": key, "code": code, "reason": reason }).to_string();
        self.push(Kind::Gone, "client-gone", payload.into());
    }

    fn tell_data(&self, key: &str, payload: bytes::Bytes) {
        self.push(Kind::Data, &format!("client-data:{key}"), payload);
    }

    fn push(&self, kind: Kind, channel: &str, payload: bytes::Bytes) {
        let most = self.live.config().wshub.redis.queue_bytes.0;
        self.queue.push(kind, format!("{}{channel}", self.prefix).into(), payload, most);
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
