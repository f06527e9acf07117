//! Requests to the back end: pooled connections, TLS, answers bounded in bytes.

use super::failure::Failure;
use crate::config::hooks::{CaFile, HookUrl};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Shorter than the 5 s after which common servers close idle connections, so that no request meets one that is being closed.
const IDLE: Duration = Duration::from_secs(4);

type Pool = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Connections to back ends. Nothing is there until the first request.
#[derive(Debug)]
pub(super) struct Transport {
    trusted: Option<CaFile>,
    /// The most idle connections that are kept for each server.
    idle: usize,
    pool: OnceLock<Result<Pool, String>>,
}

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    /// How long the next attempt should wait.
    pub(super) retry_after: Option<Duration>,
    /// The body, or why there is none that can be read.
    pub(super) body: Result<Bytes, Failure>,
}

impl Transport {
    pub(super) const fn new(trusted: Option<CaFile>, idle: usize) -> Self {
        Self { trusted, idle, pool: OnceLock::new() }
    }

    /// Sends a body in JSON; the answer has at most `most` bytes. The caller limits the time.
    pub(super) async fn post(
        &self,
        url: &HookUrl,
        headers: HeaderMap,
        body: Bytes,
        most: u64,
    ) -> Result<Reply, Failure> {
        let pool = self.pool.get_or_init(|| pool(self.trusted.as_ref(), self.idle)).as_ref();
        let pool = pool.map_err(|why| Failure::Unreachable(why.clone()))?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.uri().clone();
        *request.headers_mut() = headers;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let agent = HeaderValue::from_static(concat!("throng/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        let response = pool.request(request).await.map_err(|error| Failure::Unreachable(chain(&error)))?;
        let (head, body) = response.into_parts();
        let seconds = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let body = match Limited::new(body, limit).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(Failure::TooBig(most)),
            Err(error) => Err(Failure::Unreachable(chain(&*error))),
        };
        Ok(Reply { status: head.status.as_u16(), retry_after: seconds.map(Duration::from_secs), body })
    }
}

fn pool(trusted: Option<&CaFile>, idle: usize) -> Result<Pool, String> {
    let provider = Arc::new(ring::default_provider());
    let tls = tls(provider, trusted).map_err(|error| format!("TLS cannot begin: {error}"))?;
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

fn tls(
    provider: Arc<CryptoProvider>,
    trusted: Option<&CaFile>,
) -> Result<ClientConfig, tokio_rustls::rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match trusted {
        Some(file) => builder.with_root_certificates(file.roots()),
        None => match builder.clone().with_native_roots() {
            Ok(builder) => builder,
            // Containers may have none. Without TLS nobody needs them.
            Err(error) => {
                tracing::info!(
                    "the system has no certificates to trust, https needs `hooks.ca_file`: {error}"
                );
                builder.with_root_certificates(RootCertStore::empty())
            }
        },
    };
    Ok(builder.with_no_client_auth())
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
