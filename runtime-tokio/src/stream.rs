//! tokio's streams as transports.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use throng_runtime::hosting::{Reader, Writer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf};
use tokio::net::TcpStream;

#[cfg(unix)]
use crate::tcp::{self, TcpReader};

/// The reading half of a stream.
pub(crate) enum StreamReader {
    #[cfg(unix)]
    Tcp(TcpReader),
    Other(Pin<Box<dyn AsyncRead + Send>>),
}

/// The writing half of a stream other than TCP: TLS, or the stream of an HTTP server. There is only one writer at a
/// time; the lock is uncontended.
struct OtherWriter<S>(Mutex<WriteHalf<S>>);

/// Splits a TCP stream.
#[cfg(unix)]
pub(crate) fn split_tcp(stream: TcpStream) -> (StreamReader, Arc<dyn Writer>) {
    let (reader, writer) = tcp::split(stream);
    (StreamReader::Tcp(reader), writer)
}

/// Splits a TCP stream.
#[cfg(not(unix))]
pub(crate) fn split_tcp(stream: TcpStream) -> (StreamReader, Arc<dyn Writer>) {
    split(stream)
}

/// Splits any stream. The halves share a lock.
pub(crate) fn split<S>(stream: S) -> (StreamReader, Arc<dyn Writer>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (reader, writer): (ReadHalf<S>, WriteHalf<S>) = tokio::io::split(stream);
    (StreamReader::Other(Box::pin(reader)), Arc::new(OtherWriter(Mutex::new(writer))))
}

impl Reader for StreamReader {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            #[cfg(unix)]
            Self::Tcp(reader) => reader.poll_read(cx, into),
            Self::Other(reader) => {
                let mut buffer = ReadBuf::new(into);
                ready!(reader.as_mut().poll_read(cx, &mut buffer))?;
                Poll::Ready(Ok(buffer.filled().len()))
            }
        }
    }

    fn can_write(&self) -> bool {
        match self {
            #[cfg(unix)]
            Self::Tcp(_) => true,
            Self::Other(_) => false,
        }
    }

    fn try_write(&self, bytes: &[u8]) -> Option<usize> {
        match self {
            #[cfg(unix)]
            Self::Tcp(reader) => reader.try_write(bytes),
            Self::Other(_) => None,
        }
    }
}

impl<S> OtherWriter<S> {
    fn half(&self) -> MutexGuard<'_, WriteHalf<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + 'static> Writer for OtherWriter<S> {
    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.half()).poll_write(cx, bytes)
    }

    fn poll_write_vectored(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.half()).poll_write_vectored(cx, slices)
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.half()).poll_flush(cx)
    }

    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.half()).poll_shutdown(cx)
    }
}
