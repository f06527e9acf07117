//! A stream of an HTTP/2 connection as a transport.

use core::pin::Pin;
use core::task::{Context, Poll};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The stream that hyper hands over for an extended CONNECT.
pub(super) struct Stream(pub(super) TokioIo<Upgraded>);

/// The most bytes of one write, which is the payload of an HTTP/2 frame by default. hyper takes any write as a whole while the stream
/// has room for four of them, whatever the peer's window is. The hub counts these bytes as written, so they must be few.
const MOST: usize = 16 << 10;

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

// Vectored writes are left to the default: hyper would write the first buffer alone.
impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, &bytes[..bytes.len().min(MOST)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
