//! TCP, the fast path.
//!
//! Both halves are the same socket, in one allocation. A write tries the socket first and uses tokio's readiness only
//! if the socket takes nothing, because nearly every socket has room.

use core::task::{Context, Poll, ready};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown, recv, send, sendmsg, shutdown};
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use throng_runtime::hosting::{Reader, Writer};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// The reading half of a TCP stream.
pub(crate) struct TcpReader(Arc<Socket>);

/// The writing half. Dropping it closes nothing: a close frame ends the connection, or both halves are dropped.
pub(crate) struct Socket(TcpStream);

/// Splits a TCP stream.
pub(crate) fn split(stream: TcpStream) -> (TcpReader, Arc<Socket>) {
    let socket = Arc::new(Socket(stream));
    (TcpReader(Arc::clone(&socket)), socket)
}

impl Reader for TcpReader {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let stream = &self.0.0;
        loop {
            ready!(stream.poll_read_ready(cx))?;
            let mut count = None;
            let result = stream.try_io(Interest::READABLE, || {
                let read = recv(stream, &mut *into, RecvFlags::empty())?.0;
                count = Some(read);
                // A read that does not fill the buffer has emptied the socket: tell tokio now, instead of by another
                // read that finds nothing.
                if read > 0 && read < into.len() { Err(Errno::WOULDBLOCK.into()) } else { Ok(()) }
            });
            match (count, result) {
                (Some(count), _) => return Poll::Ready(Ok(count)),
                (None, Err(error)) if is_passing(&error) => {}
                (None, Err(error)) => return Poll::Ready(Err(error)),
                (None, Ok(())) => {}
            }
        }
    }

    fn can_write(&self) -> bool {
        true
    }

    fn try_write(&self, bytes: &[u8]) -> Option<usize> {
        send(&self.0.0, bytes, SendFlags::NOSIGNAL).ok()
    }
}

impl Writer for Socket {
    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(cx, || send(&self.0, bytes, SendFlags::NOSIGNAL))
    }

    fn poll_write_vectored(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.poll(cx, || sendmsg(&self.0, slices, &mut SendAncillaryBuffer::default(), SendFlags::NOSIGNAL))
    }

    fn warm(&self) {
        core::hint::black_box(self.0.as_fd().as_raw_fd());
    }

    fn poll_shutdown(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(shutdown(&self.0, Shutdown::Write).map_err(io::Error::from))
    }
}

impl Socket {
    /// Tries the system call; if the socket takes nothing, waits for tokio's readiness.
    fn poll(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn() -> rustix::io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        match write() {
            Ok(count) => return Poll::Ready(Ok(count)),
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(error) => return Poll::Ready(Err(error.into())),
        }
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_io(Interest::WRITABLE, || write().map_err(io::Error::from)) {
                Err(error) if is_passing(&error) => {}
                result => return Poll::Ready(result),
            }
        }
    }
}

/// Whether the error is temporary.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
