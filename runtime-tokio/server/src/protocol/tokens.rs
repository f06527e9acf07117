//! What the tokens of connections and subscriptions say.

use crate::auth;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use throng_tokio::core::protocol::{Data, Options};

/// A connection's token. The names are those of Centrifugo's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Connection {
    /// The user; empty for a client of nobody.
    pub(super) sub: String,
    #[serde(default, deserialize_with = "auth::seconds")]
    exp: Option<u64>,
    /// When the connection ends, if that is not when the token does.
    #[serde(default, deserialize_with = "auth::seconds")]
    expire_at: Option<u64>,
    #[serde(default)]
    info: Option<Data>,
    #[serde(default)]
    b64info: Option<String>,
    /// Channels that the server subscribes the client to.
    #[serde(default)]
    channels: Vec<String>,
    /// The same with info.
    #[serde(default)]
    subs: BTreeMap<String, Sub>,
}

/// One of the channels that the server subscribes a client to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Sub {
    info: Option<Data>,
    b64info: Option<String>,
    pub(super) data: Option<Data>,
}

/// A subscription's token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Subscription {
    #[serde(default)]
    pub(super) sub: String,
    pub(super) channel: String,
    #[serde(default, deserialize_with = "auth::seconds")]
    exp: Option<u64>,
    #[serde(default, deserialize_with = "auth::seconds")]
    expire_at: Option<u64>,
    #[serde(default)]
    info: Option<Data>,
    #[serde(default)]
    b64info: Option<String>,
}

impl Connection {
    pub(super) fn ttl(&self) -> Option<Duration> {
        left(self.expire_at, self.exp)
    }

    pub(super) fn info(&self) -> Option<Data> {
        info(self.info.as_ref(), self.b64info.as_deref())
    }

    /// The channels that the server subscribes the client to.
    pub(super) fn subs(&self) -> BTreeMap<String, Sub> {
        let mut subs = self.subs.clone();
        for channel in &self.channels {
            subs.entry(channel.clone()).or_default();
        }
        subs
    }
}

impl Sub {
    pub(super) fn info(&self) -> Option<Data> {
        info(self.info.as_ref(), self.b64info.as_deref())
    }
}

impl Subscription {
    pub(super) fn ttl(&self) -> Option<Duration> {
        left(self.expire_at, self.exp)
    }

    pub(super) fn info(&self) -> Option<Data> {
        info(self.info.as_ref(), self.b64info.as_deref())
    }
}

/// How long something is valid. An `expire_at` of 0 is no end.
fn left(expire_at: Option<u64>, exp: Option<u64>) -> Option<Duration> {
    let at = match expire_at {
        Some(0) => None,
        at => at.or(exp),
    }?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(Duration::from_secs(at).saturating_sub(now))
}

fn info(info: Option<&Data>, b64info: Option<&str>) -> Option<Data> {
    let nesting = Options::default().nesting;
    let checked = info.and_then(|info| Data::new(info.as_str(), nesting).ok());
    checked.or_else(|| {
        let bytes = BASE64_STANDARD.decode(b64info?).ok()?;
        Data::new(std::str::from_utf8(&bytes).ok()?, nesting).ok()
    })
}
