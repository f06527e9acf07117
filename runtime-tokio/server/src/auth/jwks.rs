//! A JWK set that is fetched from a URL: kept, fetched again from time to time, and when a token names a key that it does not have.

use super::fetch::Fetch;
use crate::config::Auth;
use crate::keys::{JwksUrl, Key, KeySet};
use crate::live::Live;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// How long a token waits for a set that is being fetched: less than a handshake may take by default.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first wait after a fetch that failed; it doubles up to `auth.jwks_refresh`.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The JWK set of a URL.
#[derive(Debug)]
pub(super) struct Jwks {
    fetch: Fetch,
    live: Arc<Live>,
    known: watch::Sender<Arc<Known>>,
    asking: Mutex<Asking>,
    asked: Notify,
}

/// What was fetched last. Keys stay known while the URL is down.
#[derive(Debug, Default)]
pub(super) struct Known(Option<KeySet>);

impl Known {
    /// The keys; `None` before the first fetch that succeeded.
    pub(super) fn keys(&self) -> Option<&[Key]> {
        self.0.as_ref().map(|set| &set.keys[..])
    }
}

#[derive(Debug, Default)]
struct Asking {
    is_fetching: bool,
    /// When an unknown key may be asked for again.
    not_before: Option<Instant>,
}

impl Jwks {
    /// Begins to fetch the set.
    ///
    /// # Errors
    /// The certificates for HTTPS cannot be read.
    pub(super) fn begin(url: JwksUrl, auth: &Auth, live: Arc<Live>) -> Result<Arc<Self>, String> {
        let fetch = Fetch::new(url, auth.jwks_ca.as_ref())?;
        let jwks = Arc::new(Self {
            fetch,
            live,
            known: watch::Sender::default(),
            asking: Mutex::default(),
            asked: Notify::new(),
        });
        tokio::spawn(Arc::clone(&jwks).run());
        Ok(jwks)
    }

    /// The set as it was fetched last.
    pub(super) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.borrow())
    }

    /// Has the set fetched, unless that was tried within the last `auth.jwks_retry` seconds, and waits for the outcome. Returns whether
    /// there is another one than `seen`, which may have the key.
    pub(super) async fn ask(&self, seen: &Arc<Known>) -> bool {
        let mut outcome = {
            let mut asking = self.asking();
            if !Arc::ptr_eq(&self.known(), seen) {
                return true;
            }
            let is_early = asking.not_before.is_some_and(|moment| Instant::now() < moment);
            if !asking.is_fetching && is_early {
                return false;
            }
            if !asking.is_fetching {
                asking.is_fetching = true;
                self.asked.notify_one();
            }
            self.known.subscribe()
        };
        let _ = tokio::time::timeout(PATIENCE, outcome.changed()).await;
        !Arc::ptr_eq(&self.known(), seen)
    }

    fn asking(&self) -> MutexGuard<'_, Asking> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self: Arc<Self>) {
        let mut wait = FIRST_WAIT;
        loop {
            self.asking().is_fetching = true;
            let fetched = self.fetch.now().await;
            let auth = self.live.config().auth.clone();
            let (refresh, retry) =
                (Duration::from_secs(auth.jwks_refresh.0), Duration::from_secs(auth.jwks_retry.0));
            let outcome = if fetched.is_ok() { "fetched" } else { "failed" };
            metrics::counter!("throng_server_jwks_fetches_total", "outcome" => outcome).increment(1);
            let pause = match &fetched {
                Ok(_) => refresh.mul_f64(fastrand::f64().mul_add(0.2, 0.9)),
                Err(_) => wait.min(refresh),
            };
            wait = if fetched.is_ok() { FIRST_WAIT } else { (wait * 2).min(refresh) };
            let known = self.outcome(fetched);
            {
                // Together, so that whoever asks sees both or none.
                let mut asking = self.asking();
                *asking = Asking { is_fetching: false, not_before: Some(Instant::now() + retry) };
                self.known.send_replace(known);
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.asked.notified() => {}
            }
        }
    }

    /// What is known from now on.
    fn outcome(&self, fetched: Result<KeySet, String>) -> Arc<Known> {
        let url = self.fetch.url();
        match fetched {
            Ok(set) => {
                metrics::gauge!("throng_server_jwks_keys").set(set.keys.len() as f64);
                let ids = |set: &KeySet| set.keys.iter().map(|key| key.id.clone()).collect::<Vec<_>>();
                let known = self.known();
                if known.0.as_ref().map(ids) != Some(ids(&set)) {
                    tracing::info!(%url, keys = set.keys.len(), "the JWK set was fetched");
                    for why in &set.left_out {
                        tracing::warn!(%url, "JWK set: {why}");
                    }
                }
                Arc::new(Known(Some(set)))
            }
            Err(why) => {
                let known = self.known();
                let keys = known
                    .keys()
                    .map_or("no token can be checked with it yet", |_| "its last keys stay in use");
                tracing::error!(%url, "the JWK set cannot be fetched: {why}; {keys}");
                known
            }
        }
    }
}
