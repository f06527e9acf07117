//! The two halves of a transport, for the connection driver and the lane.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

/// A transport on which a WebSocket has been opened.
pub struct Transport<R> {
    /// The reading half.
    pub reader: R,
    /// The writing half.
    pub writer: Arc<dyn Writer>,
    /// Bytes that were read after the request.
    pub rest: Vec<u8>,
}

/// The reading half of a transport. The connection's own task polls it.
pub trait Reader: Send + Unpin + 'static {
    /// Reads available bytes into `into`. Zero bytes mean the end of the stream.
    ///
    /// # Errors
    /// The transport is broken.
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Whether [`try_write`](Self::try_write) is worth a call.
    fn can_write(&self) -> bool {
        false
    }

    /// Writes some of `bytes` to the writing half of the same transport, if it takes them at once and buffers nothing.
    /// `None` if it does not, for any reason; the transport's [`Writer`] then meets the same condition again.
    fn try_write(&self, _bytes: &[u8]) -> Option<usize> {
        None
    }
}

/// The writing half of a transport. The connection's task uses it for the answer to the handshake, then a lane: never
/// two at a time.
///
/// Methods take `&self`, so that both halves of a socket can share one allocation: a write then costs one cache miss
/// instead of two.
pub trait Writer: Send + Sync + 'static {
    /// Writes some of `bytes`. If it returns pending, the waker in `cx` is woken when more bytes can be written.
    ///
    /// # Errors
    /// The transport is broken.
    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Like [`poll_write`](Self::poll_write), from several slices.
    ///
    /// # Errors
    /// The transport is broken.
    fn poll_write_vectored(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice);
        self.poll_write(cx, first)
    }

    /// How many bytes behind those that it wrote the transport has begun: it holds them in some form that cannot be taken back, as
    /// a compression context does, and the operating system has not taken them. The next write offers these bytes again,
    /// first. They are whole frames. 0 for a transport that holds nothing back.
    fn begun(&self) -> usize {
        0
    }

    /// Touches the memory that the next write needs. A lane calls this for many transports before it writes to the
    /// first, so that their cache misses overlap.
    fn warm(&self) {}

    /// Flushes bytes that the transport buffers; ready at once if it buffers none.
    ///
    /// # Errors
    /// The transport is broken.
    fn poll_flush(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends the writing direction; the reading direction stays open.
    ///
    /// # Errors
    /// The transport is broken.
    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}
