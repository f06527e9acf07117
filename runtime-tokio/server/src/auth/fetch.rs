//! Fetches a JWK set over HTTP or HTTPS.

use crate::config::ca_file::CaFile;
use crate::keys::{JwksUrl, KeySet};
use crate::requests::{Requests, Trouble, Trust};
use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::Full;
use std::fmt;
use std::time::Duration;

/// How long a fetch may take, from the name of the host to the last byte.
const LIMIT: Duration = Duration::from_secs(4);
/// The longest set.
const MOST_BYTES: u64 = 256 << 10;

/// Fetches the set of one URL.
pub(super) struct Fetch {
    url: JwksUrl,
    requests: Requests,
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fetch").field(&self.url).finish()
    }
}

impl Fetch {
    /// `authorities` has the certificates to trust; without one those of the system are trusted.
    pub(super) fn new(url: JwksUrl, authorities: Option<&CaFile>) -> Result<Self, String> {
        let trust = Trust { file: authorities.cloned(), key: "auth.jwks_ca" };
        if url.is_https() && trust.roots().is_empty() {
            return Err(
                "auth.jwks: HTTPS needs certificates to trust, and the system has none: install its \
                certificates (ca-certificates), or name a file with `auth.jwks_ca`"
                    .into(),
            );
        }
        // Fetches are minutes apart: no connection is kept.
        Ok(Self { url, requests: Requests::new(trust, 0) })
    }

    pub(super) const fn url(&self) -> &JwksUrl {
        &self.url
    }

    /// Fetches the set.
    pub(super) async fn now(&self) -> Result<KeySet, String> {
        let fetched = tokio::time::timeout(LIMIT, self.bytes()).await;
        let bytes = fetched.map_err(|_| format!("no answer within {} s", LIMIT.as_secs()))??;
        KeySet::read(&bytes).map_err(|why| format!("what it answers {why}"))
    }

    async fn bytes(&self) -> Result<Bytes, String> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = self.url.uri().clone();
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        let reply = self.requests.send(request, MOST_BYTES).await.map_err(text)?;
        if reply.status != StatusCode::OK.as_u16() {
            return Err(format!(
                "the answer is {}; 200 is needed, and redirects are not followed",
                reply.status
            ));
        }
        reply.body.map_err(text)
    }
}

fn text(trouble: Trouble) -> String {
    match trouble {
        Trouble::Unreachable(why) => why,
        Trouble::TooBig(most) => format!("its body has more than {most} bytes"),
    }
}
