//! tokio's streams as transports.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};
use throng_core::runtime::{Reader, Writer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// The reading half of any stream.
pub(crate) enum StreamReader {
    Tcp(OwnedReadHalf),
    Other(Pin<Box<dyn AsyncRead + Send>>),
}

/// The writing half of a TCP stream.
///
/// tokio's own ends the sending direction when it is dropped. Here that is said by a close frame's lease, or the
/// whole transport has ended: one system call less for each connection.
pub(crate) struct TcpWriter(Option<OwnedWriteHalf>);

/// The writing half of any other stream: TLS, or what an HTTP server hands over.
pub(crate) struct OtherWriter<S>(WriteHalf<S>);

/// Splits a TCP stream.
pub(crate) fn split_tcp(stream: TcpStream) -> (StreamReader, TcpWriter) {
    let (reader, writer) = stream.into_split();
    (StreamReader::Tcp(reader), TcpWriter(Some(writer)))
}

/// Splits any stream. Its halves share a lock: for TCP this would be a detour.
pub(crate) fn split<S>(stream: S) -> (StreamReader, OtherWriter<S>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (reader, writer): (ReadHalf<S>, WriteHalf<S>) = tokio::io::split(stream);
    (StreamReader::Other(Box::pin(reader)), OtherWriter(writer))
}

impl Reader for StreamReader {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(into);
        match self {
            // After a read that does not fill the buffer, tokio knows that the socket is empty: the next read waits
            // without asking the system again.
            Self::Tcp(reader) => ready!(Pin::new(reader).poll_read(cx, &mut buffer))?,
            Self::Other(reader) => ready!(reader.as_mut().poll_read(cx, &mut buffer))?,
        }
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl TcpWriter {
    fn half(&mut self) -> Pin<&mut OwnedWriteHalf> {
        match &mut self.0 {
            Some(half) => Pin::new(half),
            None => unreachable!("only a drop takes it"),
        }
    }
}

/// What the socket takes at once; `None` if it takes nothing, for whatever reason.
#[cfg(unix)]
fn send(stream: &TcpStream, bytes: &[u8]) -> Option<usize> {
    use rustix::net::SendFlags;
    rustix::net::send(stream, bytes, SendFlags::NOSIGNAL).ok()
}

#[cfg(not(unix))]
fn send(_: &TcpStream, _: &[u8]) -> Option<usize> {
    None
}

impl Drop for TcpWriter {
    fn drop(&mut self) {
        if let Some(half) = self.0.take() {
            half.forget();
        }
    }
}

impl Writer for TcpWriter {
    /// Nearly every socket takes what it is given, so the system is asked right away. Only when it says no is tokio
    /// asked, which will be told when that changes: what it keeps for each socket to know that beforehand would
    /// be one more miss of the cache for each recipient.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match send(self.half().as_ref().get_ref().as_ref(), bytes) {
            Some(written) => Poll::Ready(Ok(written)),
            None => self.half().poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.half().poll_write_vectored(cx, slices)
    }

    fn warm(&self) {
        use std::os::fd::{AsFd, AsRawFd};
        if let Some(half) = &self.0 {
            core::hint::black_box(AsRef::<TcpStream>::as_ref(half).as_fd().as_raw_fd());
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.half().poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + 'static> Writer for OtherWriter<S> {
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
