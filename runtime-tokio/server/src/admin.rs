//! The key of the admin page: the config's, or one that is made at the start for peers of this machine.

use crate::config::Config;
use crate::config::value::Secret;
use crate::guard::{has_key, is_local};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::HeaderMap;
use std::net::SocketAddr;

/// Bytes of a random key.
const BYTES: usize = 24;

/// The key that was made at the start, if one was.
#[derive(Debug)]
pub(crate) struct StartKey(Option<Secret>);

/// What a request's key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    /// The key of the admin page: all rights.
    Admin,
    /// The key that was made at the start, in a request from elsewhere.
    StartKeyFromElsewhere,
    /// Not a key of the admin page.
    Other,
}

impl StartKey {
    /// Makes a key if the admin page is on and the config has none: then only peers of this machine reach it.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(crate) fn for_config(config: &Config) -> Result<Self, getrandom::Error> {
        if !is_needed(config) {
            return Ok(Self(None));
        }
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(Some(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes)))))
    }

    /// The key, if it is valid under this config.
    pub(crate) fn valid(&self, config: &Config) -> Option<&Secret> {
        self.0.as_ref().filter(|_| is_needed(config))
    }

    /// Whether a request has the key of the admin page.
    pub(crate) fn rank(&self, config: &Config, peer: SocketAddr, headers: &HeaderMap) -> Rank {
        if has_key(headers, config.admin.key.as_ref()) {
            return Rank::Admin;
        }
        match has_key(headers, self.valid(config)) {
            true if is_local(peer, headers) => Rank::Admin,
            true => Rank::StartKeyFromElsewhere,
            false => Rank::Other,
        }
    }
}

fn is_needed(config: &Config) -> bool {
    config.has_admin() && config.admin.key.is_none()
}
