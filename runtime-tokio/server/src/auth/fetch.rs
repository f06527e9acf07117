//! Fetches a JWK set over HTTP or HTTPS.

use crate::keys::{JwksUrl, KeySet};
use http::header::{ACCEPT, HOST};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long a fetch may take, from the name of the host to the last byte.
const LIMIT: Duration = Duration::from_secs(4);
/// The longest set.
const MOST_BYTES: usize = 256 << 10;

/// Fetches the set of one URL.
pub(super) struct Fetch {
    url: JwksUrl,
    tls: Option<TlsConnector>,
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fetch").field(&self.url).finish()
    }
}

impl Fetch {
    /// `authorities` is a file with the certificates to trust; without one those of the system are trusted.
    pub(super) fn new(url: JwksUrl, authorities: Option<&PathBuf>) -> Result<Self, String> {
        let tls = match url.is_https() {
            true => Some(connector(authorities.map(PathBuf::as_path))?),
            false => None,
        };
        Ok(Self { url, tls })
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

    async fn bytes(&self) -> Result<Vec<u8>, String> {
        let host = self.url.host();
        let stream = TcpStream::connect((host, self.url.port())).await.map_err(|error| error.to_string())?;
        match &self.tls {
            None => self.exchange(stream).await,
            Some(tls) => {
                let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
                let stream = tls.connect(name, stream).await.map_err(|error| format!("TLS: {error}"))?;
                self.exchange(stream).await
            }
        }
    }

    async fn exchange(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<Vec<u8>, String> {
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        // It ends with the request, or with this future.
        let connection = tokio::task::JoinSet::from_iter([connection]);
        let request = Request::get(self.url.target())
            .header(HOST, self.url.authority())
            .header(ACCEPT, "application/json");
        let request = request.body(Empty::<&[u8]>::new()).map_err(|error| error.to_string())?;
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        if answer.status() != StatusCode::OK {
            return Err(format!(
                "the answer is {}; 200 is needed, and redirects are not followed",
                answer.status()
            ));
        }
        let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await;
        drop(connection);
        let body = body
            .map_err(|error| format!("its body, of at most {MOST_BYTES} bytes, cannot be read: {error}"))?;
        Ok(body.to_bytes().to_vec())
    }
}

fn connector(authorities: Option<&Path>) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = authorities {
        let shown = path.display();
        let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let certificates = read.map_err(|error| format!("auth.jwks_ca: {shown}: {error}"))?;
        roots.add_parsable_certificates(certificates);
        if roots.is_empty() {
            return Err(format!("auth.jwks_ca: {shown} has no certificate in PEM"));
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(
                "auth.jwks: HTTPS needs certificates to trust, and the system has none: install its \
                certificates (ca-certificates), or name a file with `auth.jwks_ca`"
                    .into(),
            );
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}
