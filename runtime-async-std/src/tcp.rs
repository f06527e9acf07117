//! TCP, the fast path.
//!
//! Both halves are the same socket, in one allocation. A read or write tries the socket first and asks the reactor only
//! if the socket has nothing to read or takes nothing, because nearly every socket has room.

use async_io::Async;
use core::task::{Context, Poll, ready};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown, recv, send, sendmsg, shutdown};
use std::io::{self, IoSlice};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use throng_runtime::hosting::{Reader, Writer};

/// The reading half of a TCP stream.
pub(crate) struct TcpReader {
    socket: Arc<Socket>,
    /// Whether the last read did not fill its buffer, so that the next one would find nothing.
    is_drained: bool,
}

/// The writing half. Dropping it closes nothing: a close frame ends the connection, or both halves are dropped.
pub(crate) struct Socket(Async<TcpStream>);

/// Splits a TCP stream.
pub(crate) fn split(stream: Async<TcpStream>) -> (TcpReader, Arc<Socket>) {
    let socket = Arc::new(Socket(stream));
    (TcpReader { socket: Arc::clone(&socket), is_drained: false }, socket)
}

impl Reader for TcpReader {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let Self { socket, is_drained } = self;
        loop {
            if *is_drained {
                // Cleared even if something else wakes the task: the next poll reads the socket.
                *is_drained = false;
                ready!(socket.wait(|| socket.0.poll_readable(cx)))?;
            }
            match recv(socket.0.get_ref(), &mut *into, RecvFlags::empty()) {
                Ok((read, _)) => {
                    *is_drained = read < into.len();
                    return Poll::Ready(Ok(read));
                }
                Err(Errno::WOULDBLOCK) => *is_drained = true,
                Err(Errno::INTR) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }

    fn can_write(&self) -> bool {
        true
    }

    fn try_write(&self, bytes: &[u8]) -> Option<usize> {
        send(self.socket.0.get_ref(), bytes, SendFlags::NOSIGNAL).ok()
    }
}

impl Writer for Socket {
    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(cx, || send(self.0.get_ref(), bytes, SendFlags::NOSIGNAL))
    }

    fn poll_write_vectored(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut no_ancillary = SendAncillaryBuffer::default();
        self.poll(cx, || sendmsg(self.0.get_ref(), slices, &mut no_ancillary, SendFlags::NOSIGNAL))
    }

    fn warm(&self) {
        core::hint::black_box(self.0.get_ref().as_raw_fd());
    }

    fn poll_shutdown(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(shutdown(self.0.get_ref(), Shutdown::Write).map_err(io::Error::from))
    }
}

impl Socket {
    /// Tries the system call; if the socket takes nothing, waits for the reactor.
    fn poll(
        &self,
        cx: &mut Context<'_>,
        mut write: impl FnMut() -> rustix::io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            match write() {
                Ok(count) => return Poll::Ready(Ok(count)),
                Err(Errno::WOULDBLOCK) => ready!(self.wait(|| self.0.poll_writable(cx)))?,
                Err(Errno::INTR) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }

    /// Asks the reactor for a wake-up. The first answer may be a readiness from before, which has been used up, so this
    /// asks twice: if the socket is ready again, the reactor wakes the task at once.
    fn wait(&self, mut poll: impl FnMut() -> Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        ready!(poll())?;
        poll()
    }
}
