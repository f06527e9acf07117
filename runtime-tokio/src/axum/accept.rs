//! How a connection becomes a stream, and whose it is.

use core::future::{self, Future};
use http::request::Parts;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// How the connections of a listener become streams, and whose they are: for [`serve_through`](super::serve_through).
///
/// The hub has limits per address. Behind a proxy all connections come from one address, that of the proxy, so this trait says which
/// peers are proxies and for whom their requests are. Only what a *proxy* says may be believed: any other peer can write any header.
///
/// ```no_run
/// use http::request::Parts;
/// use std::io;
/// use std::net::SocketAddr;
/// use throng_tokio::axum::Accept;
/// use tokio::net::TcpStream;
///
/// /// A proxy on this machine sets X-Real-IP, over what the client sent.
/// struct BehindProxy;
///
/// impl Accept for BehindProxy {
///     type Stream = TcpStream;
///
///     fn is_proxy(&self, peer: SocketAddr) -> bool {
///         peer.ip().is_loopback()
///     }
///
///     async fn accept(&self, stream: TcpStream, peer: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
///         Ok((stream, peer))
///     }
///
///     fn client(&self, peer: SocketAddr, request: &Parts) -> SocketAddr {
///         let header = request.headers.get("x-real-ip").and_then(|value| value.to_str().ok()?.parse().ok());
///         header.map_or(peer, |ip| SocketAddr::new(ip, 0))
///     }
/// }
/// ```
pub trait Accept: Send + Sync + 'static {
    /// The stream over which HTTP is spoken.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Whether a peer is a proxy. The connections of proxies are counted by no address until the client is known; of the hub's limits
    /// only `admission.handshakes` holds for them until then.
    fn is_proxy(&self, peer: SocketAddr) -> bool;

    /// Makes the stream, for example by a TLS handshake, and returns it with the address of the peer: the one that was given, or the one
    /// that a PROXY protocol has told. Until it is ready, the connection counts as an open handshake; an error, or
    /// `deadlines.handshake`, ends it without an answer.
    fn accept(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;

    /// The address of a request's client. `peer` is what [`accept`](Self::accept) returned, and [is a proxy](Self::is_proxy): for other
    /// peers this is not asked. A connection of a proxy may have requests of several clients.
    fn client(&self, peer: SocketAddr, request: &Parts) -> SocketAddr;

    /// Ready once another process has the listener, too, and takes this one's place. No more connections are accepted here then: they
    /// wait for the other process. Those that were accepted before are served until the hub has been drained, as always.
    ///
    /// A drain refuses requests that have not arrived yet. So hand over first, and drain when the connections that were just accepted
    /// have had time for their requests.
    fn handed_over(&self) -> impl Future<Output = ()> + Send {
        future::pending()
    }
}

/// No proxies: the layer of [`serve_over`](super::serve_over).
pub(super) struct Direct<P>(pub(super) P);

impl<S, F, P> Accept for Direct<P>
where
    P: Fn(TcpStream) -> F + Send + Sync + 'static,
    F: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = S;

    fn is_proxy(&self, _: SocketAddr) -> bool {
        false
    }

    fn accept(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> impl Future<Output = io::Result<(S, SocketAddr)>> + Send {
        let secured = (self.0)(stream);
        async move { Ok((secured.await?, peer)) }
    }

    fn client(&self, peer: SocketAddr, _: &Parts) -> SocketAddr {
        peer
    }
}
