//! Requests to other servers over HTTP and HTTPS: pooled connections, answers bounded in bytes, no redirects. The caller limits the time.

use crate::config::ca_file::CaFile;
use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// Shorter than the 5 s after which common servers close idle connections, so that no request meets one that is being closed.
const IDLE: Duration = Duration::from_secs(4);

type Pool = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Whom HTTPS trusts.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    /// The file of the config, or none for the certificates of the system.
    pub(crate) file: Option<CaFile>,
    /// The key of the file.
    pub(crate) key: &'static str,
}

/// Connections to other servers. Nothing is there until the first request.
#[derive(Debug)]
pub(crate) struct Requests {
    trust: Trust,
    /// The most idle connections that are kept for each server.
    idle: usize,
    pool: OnceLock<Result<Pool, String>>,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body, or why there is none that can be read.
    pub(crate) body: Result<Bytes, Trouble>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// There is no connection, or it ended.
    Unreachable(String),
    /// The body is longer than this many bytes.
    TooBig(u64),
}

impl Trust {
    /// The certificates. Containers may have none.
    pub(crate) fn roots(&self) -> RootCertStore {
        match &self.file {
            Some(file) => file.roots(),
            None => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                roots
            }
        }
    }
}

impl Requests {
    pub(crate) const fn new(trust: Trust, idle: usize) -> Self {
        Self { trust, idle, pool: OnceLock::new() }
    }

    /// Sends a request; the body of the answer has at most `most` bytes.
    pub(crate) async fn send(&self, mut request: Request<Full<Bytes>>, most: u64) -> Result<Reply, Trouble> {
        let pool = self.pool.get_or_init(|| pool(&self.trust, self.idle)).as_ref();
        let pool = pool.map_err(|why| Trouble::Unreachable(why.clone()))?;
        let agent = HeaderValue::from_static(concat!("throng/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        let response = pool.request(request).await.map_err(|error| Trouble::Unreachable(chain(&error)))?;
        let (head, body) = response.into_parts();
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let body = match Limited::new(body, limit).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(Trouble::TooBig(most)),
            Err(error) => Err(Trouble::Unreachable(chain(&*error))),
        };
        Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
    }
}

fn pool(trust: &Trust, idle: usize) -> Result<Pool, String> {
    let tls = tls(trust).map_err(|error| format!("TLS cannot begin: {error}"))?;
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(idle)
        .build(connector.wrap_connector(tcp)))
}

fn tls(trust: &Trust) -> Result<ClientConfig, rustls::Error> {
    let roots = trust.roots();
    if roots.is_empty() {
        // Plain HTTP needs none.
        tracing::info!("the system has no certificates to trust: https needs `{}`", trust.key);
    }
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// An error and what has caused it: the outermost one does not say much.
fn chain(error: &(dyn Error + 'static)) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
