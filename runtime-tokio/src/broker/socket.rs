//! A connection to a server: bytes that wait to be written, and bytes that were read.

use super::address::Address;
use bytes::{Buf, BytesMut};
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;
use throng_runtime::cluster::BrokerError;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;

/// What is read at once, in bytes.
const READ: usize = 64 << 10;
/// An empty buffer is kept for what comes next up to so many bytes.
const KEPT: usize = 1 << 20;

/// Both directions of a connection.
pub(crate) struct Stream {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
}

/// What is to be written to a server.
pub(crate) struct Writer {
    io: Box<dyn AsyncWrite + Send + Unpin>,
    pub(crate) out: BytesMut,
}

/// What was read from a server and not looked at yet. Its size is bounded by whoever says how much more is needed.
pub(crate) struct Reader {
    io: Box<dyn AsyncRead + Send + Unpin>,
    pub(crate) buffer: BytesMut,
}

impl Stream {
    fn new(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        Self {
            reader: Reader { io: Box::new(reader), buffer: BytesMut::new() },
            writer: Writer { io: Box::new(writer), out: BytesMut::new() },
        }
    }

    /// Splits TCP, whose halves share no lock.
    pub(crate) fn tcp(stream: TcpStream) -> Self {
        let (reader, writer) = stream.into_split();
        Self::new(reader, writer)
    }

    /// Splits any stream.
    #[cfg_attr(not(feature = "broker-tls"), expect(dead_code, reason = "only TLS needs it"))]
    pub(crate) fn other<S: AsyncRead + AsyncWrite + Send + 'static>(stream: S) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self::new(reader, writer)
    }
}

/// Connects by TCP.
pub(crate) async fn connect(address: &Address) -> Result<TcpStream, BrokerError> {
    let stream = TcpStream::connect((address.host.as_str(), address.port)).await;
    let stream = stream.map_err(|error| BrokerError::new(format_args!("connect to {address}: {error}")))?;
    // Batches are made above: waiting for more delays them only.
    let set = stream.set_nodelay(true);
    set.map_err(|error| BrokerError::new(format_args!("connection to {address}: TCP_NODELAY: {error}")))?;
    Ok(stream)
}

/// Gives an attempt to connect a time limit of its own, so that one server that says nothing does not use up all the time there is.
pub(crate) async fn in_time<T>(
    address: &Address,
    limit: Duration,
    attempt: impl Future<Output = Result<T, BrokerError>>,
) -> Result<T, BrokerError> {
    match tokio::time::timeout(limit, attempt).await {
        Ok(result) => result,
        Err(_) => Err(BrokerError::new(format_args!("{address} has not answered for {limit:?}"))),
    }
}

impl Writer {
    /// Writes until nothing is left.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(written);
        }
        if self.out.capacity() > KEPT {
            self.out = BytesMut::new();
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }

    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }
}

impl Reader {
    /// Reads once; the buffer then has something more. `needed`: how long it must become for the next step, if known.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>, needed: usize) -> Poll<io::Result<()>> {
        // A long message is gone: so is its place.
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT {
            self.buffer = BytesMut::new();
        }
        let more = needed.saturating_sub(self.buffer.len()).max(READ);
        self.buffer.reserve(more);
        // The future keeps nothing: one that is dropped has not read.
        let filled = ready!(pin!(self.io.read_buf(&mut self.buffer)).poll(cx))?;
        if filled == 0 {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the server has closed the connection",
            )));
        }
        Poll::Ready(Ok(()))
    }

    pub(crate) async fn fill(&mut self, needed: usize) -> io::Result<()> {
        poll_fn(|cx| self.poll_fill(cx, needed)).await
    }
}
