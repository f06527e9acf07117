//! The two halves of a transport, as the driver and the lane use them.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

/// A transport on which a WebSocket has been opened.
pub struct Transport<R> {
    /// Its reading half.
    pub reader: R,
    /// Its writing half.
    pub writer: Arc<dyn Writer>,
    /// What was read behind the request.
    pub rest: Vec<u8>,
}

/// The reading half of a transport. Polled by the connection's own task.
pub trait Reader: Send + Unpin + 'static {
    /// Reads what has arrived, at most as much as fits; zero bytes are the end.
    ///
    /// # Errors
    /// The transport is broken.
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Whether [`try_write`](Self::try_write) is worth asking.
    fn can_write(&self) -> bool {
        false
    }

    /// Writes some of `bytes` to the writing half of the same transport, if that takes some at once and keeps nothing
    /// back. `None`: it does not, and whatever the reason, the transport's [`Writer`] will meet it again.
    fn try_write(&self, _bytes: &[u8]) -> Option<usize> {
        None
    }
}

/// The writing half of a transport. First the connection's task has it, for the answer to the handshake;
/// from then on a lane: never two at a time.
///
/// Its methods take `&self`, because both halves of a socket may then be one allocation: what a write needs is one
/// miss of the cache away instead of two.
pub trait Writer: Send + Sync + 'static {
    /// Writes some of `bytes`. When it returns pending, the waker in `cx` is woken once more bytes are taken.
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

    /// Looks at what the next write will need, without doing anything: called for many transports in a row before
    /// the first is written, so that the machine fetches it for all of them at once instead of waiting for each.
    fn warm(&self) {}

    /// Pushes on what the transport keeps back; one that keeps nothing back is ready at once.
    ///
    /// # Errors
    /// The transport is broken.
    fn poll_flush(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends the sending direction; the other one lives on.
    ///
    /// # Errors
    /// The transport is broken.
    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}
