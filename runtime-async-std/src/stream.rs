//! Streams of futures-io as transports.

use core::pin::Pin;
use core::task::{Context, Poll};
use futures_io::{AsyncRead, AsyncWrite};
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, PoisonError};
use throng_runtime::hosting::{Reader, Writer};

/// Both halves of a stream other than TCP. There is one reader and one writer at a time; the lock keeps the two apart.
struct Shared<S>(Mutex<Pin<Box<S>>>);

/// The reading half.
pub(crate) struct Half<S>(Arc<Shared<S>>);

/// Splits any stream. The halves share a lock.
pub(crate) fn split<S>(stream: S) -> (Half<S>, Arc<dyn Writer>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let shared = Arc::new(Shared(Mutex::new(Box::pin(stream))));
    (Half(Arc::clone(&shared)), shared)
}

impl<S> Shared<S> {
    fn with<T>(&self, act: impl FnOnce(Pin<&mut S>) -> T) -> T {
        act(self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut())
    }
}

impl<S: AsyncRead + AsyncWrite + Send + 'static> Reader for Half<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.with(|stream| stream.poll_read(cx, into))
    }
}

impl<S: AsyncRead + AsyncWrite + Send + 'static> Writer for Shared<S> {
    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write_vectored(cx, slices))
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_close(cx))
    }
}
