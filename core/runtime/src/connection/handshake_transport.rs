//! A transport during its handshake.

use crate::handles::hub::Hub;
use crate::host::scratch::Scratch;
use crate::host::transport::{Reader, Writer};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use throng_core::websocket::handshake::{Handshake, Refusal, Request};

/// A request and the bytes after it, or the refusal of a bad request.
pub(crate) type Read = Result<(Request, Vec<u8>), Refusal>;

/// A transport during the handshake.
pub(crate) struct HandshakeTransport<R> {
    pub(crate) reader: R,
    pub(crate) writer: Arc<dyn Writer>,
    pub(crate) hub: Hub,
}

/// Bytes that a peer may send behind its request before the request is answered.
const MOST_BEHIND: usize = 4 << 10;

/// How a peer leaves before its request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It has ended its sending direction, and may still read.
    HalfClosed,
    /// The transport is broken.
    Broken,
}

/// The transport is broken, or its peer has gone.
pub(crate) struct Broken;

pub(crate) async fn write_all(writer: &dyn Writer, bytes: &[u8]) -> Result<(), Broken> {
    let mut written = 0;
    poll_fn(|cx| {
        while written < bytes.len() {
            match ready!(writer.poll_write(cx, &bytes[written..])) {
                Ok(0) | Err(_) => return Poll::Ready(Err(Broken)),
                Ok(count) => written += count,
            }
        }
        writer.poll_flush(cx).map_err(|_| Broken)
    })
    .await
}

impl<R: Reader> HandshakeTransport<R> {
    /// Ready when the request has arrived, or the peer has gone.
    pub(crate) fn poll_request(
        &mut self,
        handshake: &mut Handshake,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Read>> {
        loop {
            let mut scratch = Scratch::take();
            let count = match ready!(self.reader.poll_read(cx, &mut scratch)) {
                Ok(0) | Err(_) => return Poll::Ready(None),
                Ok(count) => count,
            };
            let mut input = &mut scratch[..count];
            match handshake.receive(&mut input) {
                Ok(None) => {}
                Ok(Some(request)) => return Poll::Ready(Some(Ok((request, input.to_vec())))),
                Err(refusal) => return Poll::Ready(Some(Err(refusal))),
            }
        }
    }

    /// Ready when the peer leaves before its request is answered. Bytes behind the request are kept in `rest`. A peer that has sent such
    /// bytes, and then ends its sending direction, has not left: those bytes must still be handled.
    pub(crate) fn poll_left(&mut self, rest: &mut Vec<u8>, cx: &mut Context<'_>) -> Poll<Leave> {
        // Beyond this bound nothing more is read, so an end of the peer is not noticed.
        while rest.len() < MOST_BEHIND {
            let mut scratch = Scratch::take();
            let room = scratch.len().min(MOST_BEHIND - rest.len());
            match ready!(self.reader.poll_read(cx, &mut scratch[..room])) {
                Ok(0) if rest.is_empty() => return Poll::Ready(Leave::HalfClosed),
                Ok(0) => return Poll::Pending,
                Ok(count) => rest.extend_from_slice(&scratch[..count]),
                Err(_) => return Poll::Ready(Leave::Broken),
            }
        }
        Poll::Pending
    }

    /// Answers a connection that the hub has refused. Limits how many such connections linger, because no other limit counts them.
    pub(crate) async fn answer_refused(self, answer: Vec<u8>) {
        match self.hub.linger() {
            Some(lingering) => {
                self.answer(&answer).await;
                drop(lingering);
            }
            None => self.answer_and_close(&answer).await,
        }
    }

    /// Writes as much of an answer as the transport takes at once, which on a new transport is all of it.
    async fn answer_and_close(mut self, answer: &[u8]) {
        poll_fn(|cx| {
            // Unread input could destroy the answer when the transport is dropped.
            let _ = self.reader.poll_read(cx, &mut Scratch::take());
            Poll::Ready(())
        })
        .await;
        let mut answered = pin!(async {
            write_all(&*self.writer, answer).await?;
            poll_fn(|cx| self.writer.poll_shutdown(cx)).await.map_err(|_| Broken)
        });
        poll_fn(|cx| {
            let _ = answered.as_mut().poll(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// Writes an answer, and reads from the peer until it hangs up, for a limited time: if a transport is dropped with unread input,
    /// the system may discard the answer.
    pub(crate) async fn answer(mut self, answer: &[u8]) {
        /// The longest time for all of this.
        const LINGER: Duration = Duration::from_secs(1);
        let mut deadline = self.hub.shared().deadline(LINGER);
        let mut answered = Box::pin(async move {
            write_all(&*self.writer, answer).await?;
            poll_fn(|cx| self.writer.poll_shutdown(cx)).await.map_err(|_| Broken)?;
            poll_fn(|cx| {
                loop {
                    let mut scratch = Scratch::take();
                    match ready!(self.reader.poll_read(cx, &mut scratch)) {
                        Ok(0) | Err(_) => return Poll::Ready(Err::<(), _>(Broken)),
                        Ok(_) => {}
                    }
                }
            })
            .await
        });
        poll_fn(|cx| match (&mut deadline, answered.as_mut().poll(cx)) {
            (Some(deadline), Poll::Pending) => deadline.poll_over(cx),
            _ => Poll::Ready(()),
        })
        .await;
    }
}
