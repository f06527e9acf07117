//! The head of a connection's first request, before there is an HTTP connection for it.
//!
//! hyper allocates two buffers of 8 KiB for each connection, even if its peer sends nothing. So the head is collected here, in a buffer
//! as large as what has arrived, and hyper starts once the head is complete. A head that is refused never reaches hyper, which would answer
//! it without a reason.

use core::future::poll_fn;
use core::mem::{self, MaybeUninit};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, PoisonError};
use throng_core::websocket::handshake::{Handshake, HeadLimits, Refusal};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::readers::Reader;

/// Bytes that are read in one step.
const STEP: usize = 4 << 10;

/// The part of a head that has arrived. It is read by the rules of every host; hyper's own are more lenient.
pub(super) struct Head {
    handshake: Handshake,
}

impl Head {
    pub(super) const fn new(limits: HeadLimits) -> Self {
        Self { handshake: Handshake::new(limits) }
    }

    /// Reads until the head is complete or refused. Returns the head, and the bytes that came with its end; `None` if the transport
    /// ends before. Cancel-safe.
    pub(super) async fn read(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> Option<Result<Vec<u8>, Refusal>> {
        poll_fn(|cx| {
            loop {
                let mut step = [MaybeUninit::<u8>::uninit(); STEP];
                let mut step = ReadBuf::uninit(&mut step);
                let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut step));
                if read.is_err() || step.filled().is_empty() {
                    return Poll::Ready(None);
                }
                let mut input = step.filled_mut();
                match self.handshake.receive_bytes(&mut input) {
                    Ok(None) => {}
                    Ok(Some(mut head)) => {
                        head.extend_from_slice(input);
                        return Poll::Ready(Some(Ok(head)));
                    }
                    Err(refusal) => return Poll::Ready(Some(Err(refusal))),
                }
            }
        })
        .await
    }

    /// The bytes of a refusal as the answer to the request.
    pub(super) fn refuse(&self, refusal: &Refusal) -> Vec<u8> {
        self.handshake.refuse(refusal)
    }
}

/// The stream as if `begin` had not been read from it.
pub(super) fn rewind<S>(begin: Vec<u8>, stream: S, reader: Reader) -> Rewound<S> {
    Rewound { begin, taken: 0, stream: Some(stream), returned: Arc::default(), reader }
}

/// The stream of a [`Rewound`] that was dropped, for whoever made it. hyper drops a connection that it is done with in several ways,
/// some of which do not shut the stream down. Boxed, so that it takes little memory as long as a WebSocket has the stream.
pub(super) type Returned<S> = Arc<Mutex<Option<Box<S>>>>;

/// A stream whose first bytes were read already: reading returns them again.
pub(super) struct Rewound<S> {
    begin: Vec<u8>,
    taken: usize,
    /// There until this is dropped, or taken apart.
    stream: Option<S>,
    returned: Returned<S>,
    /// The peer as a reader of answers.
    reader: Reader,
}

impl<S> Rewound<S> {
    /// The stream, and the bytes that were read from it and not returned again. `None` never happens: nothing else takes the stream.
    pub(super) fn into_parts(mut self) -> Option<(S, Vec<u8>)> {
        let mut begin = mem::take(&mut self.begin);
        begin.drain(..self.taken);
        Some((self.stream.take()?, begin))
    }

    /// Where the stream is when this is dropped.
    pub(super) fn returned(&self) -> Returned<S> {
        Arc::clone(&self.returned)
    }

    /// The stream and its reader; an error never happens, because the stream is there as long as this is.
    fn both(&mut self) -> io::Result<(Pin<&mut S>, &mut Reader)>
    where
        S: Unpin,
    {
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        Ok((Pin::new(stream), &mut self.reader))
    }
}

impl<S> Drop for Rewound<S> {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            *self.returned.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(stream));
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewound<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let rest = &this.begin[this.taken..];
        if rest.is_empty() {
            return this.both()?.0.poll_read(cx, into);
        }
        let count = rest.len().min(into.remaining());
        into.put_slice(&rest[..count]);
        this.taken += count;
        if this.taken == this.begin.len() {
            // It is needed no more.
            (this.begin, this.taken) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rewound<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let (stream, reader) = self.both()?;
        let written = stream.poll_write(cx, bytes);
        reader.wrote(cx, written, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (stream, reader) = self.both()?;
        let written = stream.poll_write_vectored(cx, slices);
        reader.wrote(cx, written, slices.iter().map(|slice| slice.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(S::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (stream, reader) = self.both()?;
        let flushed = stream.poll_flush(cx);
        reader.flushed(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (stream, reader) = self.both()?;
        let shut = stream.poll_shutdown(cx);
        reader.flushed(cx, shut)
    }
}

#[cfg(test)]
mod tests;
