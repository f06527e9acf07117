//! Connections as they come in: the PROXY protocol, TLS, and whose a connection is.

use crate::config::Proxies;
use crate::live::Live;
use crate::proxies::{client, is_trusted, read};
use crate::tls::Certificate;
use http::request::Parts;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use throng_tokio::axum::Accept;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;

/// Connections over plain TCP. Its stream is the socket itself, which makes WebSockets faster.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) live: Arc<Live>,
    /// True once another process has taken the listener.
    pub(crate) handover: watch::Receiver<bool>,
}

/// Connections over TLS.
#[derive(Debug)]
pub(crate) struct Secure {
    pub(crate) plain: Plain,
    pub(crate) certificate: Arc<Certificate>,
}

/// Reads the PROXY protocol, if proxies speak it and the peer is one.
async fn begin(live: &Live, stream: &mut TcpStream, peer: SocketAddr) -> io::Result<SocketAddr> {
    let config = live.config();
    let proxies: &Proxies = &config.proxies;
    if !proxies.protocol || !is_trusted(proxies, peer.ip()) {
        return Ok(peer);
    }
    let client = read(stream).await.inspect_err(|error| {
        metrics::counter!("throng_server_proxy_protocol_bad_total").increment(1);
        tracing::debug!(%peer, "a connection of a proxy was closed: {error}");
    })?;
    Ok(client.unwrap_or(peer))
}

impl Accept for Plain {
    type Stream = TcpStream;

    fn is_proxy(&self, peer: SocketAddr) -> bool {
        is_trusted(&self.live.config().proxies, peer.ip())
    }

    async fn accept(&self, mut stream: TcpStream, peer: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
        let client = begin(&self.live, &mut stream, peer).await?;
        Ok((stream, client))
    }

    fn client(&self, peer: SocketAddr, request: &Parts) -> SocketAddr {
        client(&self.live.config().proxies, peer, request)
    }

    async fn handed_over(&self) {
        // An error means that nobody hands over any more.
        if self.handover.clone().wait_for(|begun| *begun).await.is_err() {
            pending::<()>().await;
        }
    }
}

impl Accept for Secure {
    type Stream = TlsStream<TcpStream>;

    fn is_proxy(&self, peer: SocketAddr) -> bool {
        self.plain.is_proxy(peer)
    }

    async fn accept(
        &self,
        mut stream: TcpStream,
        peer: SocketAddr,
    ) -> io::Result<(Self::Stream, SocketAddr)> {
        let client = begin(&self.plain.live, &mut stream, peer).await?;
        let secured = self.certificate.acceptor().accept(stream).await.inspect_err(|error| {
            metrics::counter!("throng_server_tls_handshakes_failed_total").increment(1);
            tracing::debug!(%client, "a TLS handshake failed: {error}");
        })?;
        Ok((secured, client))
    }

    fn client(&self, peer: SocketAddr, request: &Parts) -> SocketAddr {
        self.plain.client(peer, request)
    }

    async fn handed_over(&self) {
        self.plain.handed_over().await;
    }
}
