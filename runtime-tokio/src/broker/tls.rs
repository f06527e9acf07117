//! TLS to servers.

use super::socket::Stream;
use core::fmt;
use std::sync::Arc;
use throng_runtime::cluster::BrokerError;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// With which certificates to connect by TLS.
#[derive(Clone, Default)]
pub(crate) struct Tls(Option<Arc<ClientConfig>>);

impl Tls {
    pub(crate) fn new(config: Arc<ClientConfig>) -> Self {
        Self(Some(config))
    }

    pub(crate) async fn connect(&self, stream: TcpStream, host: &str) -> Result<Stream, BrokerError> {
        let config = self.0.clone().ok_or_else(|| {
            BrokerError::new("TLS without trusted certificates: give the broker a rustls config with `tls`")
        })?;
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| BrokerError::new(format_args!("{host:?} cannot be the name of a TLS server")))?;
        let stream = TlsConnector::from(config).connect(name, stream).await;
        let stream =
            stream.map_err(|error| BrokerError::new(format_args!("TLS with {host} failed: {error}")))?;
        Ok(Stream::other(stream))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.0.is_some()).finish()
    }
}
