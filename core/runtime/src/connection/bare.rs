//! A transport during its handshake.

use crate::handles::hub::Hub;
use crate::host::scratch::Scratch;
use crate::host::transport::{Reader, Writer};
use crate::state::member::Member;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::task::{Poll, ready};
use core::time::Duration;
use throng_core::websocket::{Handshake, Refusal, Request};

/// Goes on with a handshake until the hub wants it ended.
pub(crate) async fn until_abort<T>(
    member: Arc<Member>,
    handshake: impl Future<Output = Option<T>>,
) -> Option<T> {
    let mut handshake = Box::pin(handshake);
    poll_fn(|cx| {
        let is_aborted = member.shared.with(|inner, _| {
            let Some(entry) = inner.entry(member.id) else { return (false, None) };
            (entry.mailbox().abort, entry.set_task(cx.waker()))
        });
        if is_aborted.0 { Poll::Ready(None) } else { handshake.as_mut().poll(cx) }
    })
    .await
}

/// A transport during the handshake.
pub(crate) struct Bare<R> {
    pub(crate) reader: R,
    pub(crate) writer: Arc<dyn Writer>,
    pub(crate) hub: Hub,
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

impl<R: Reader> Bare<R> {
    /// The request, and what came behind it; `None` if the peer goes before it is complete.
    pub(crate) async fn read_request(&mut self) -> Option<Result<(Request, Vec<u8>), Refusal>> {
        let mut handshake = Handshake::new(self.hub.shared().settings.config.head());
        poll_fn(|cx| {
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
        })
        .await
    }

    /// Gives an answer and sees to it that it arrives: a transport that is dropped with unread input may take
    /// the answer with it.
    pub(crate) async fn answer(mut self, answer: &[u8]) {
        /// How long the peer is read from after that.
        const LINGER: Duration = Duration::from_secs(1);
        let until = self.hub.shared().now() + LINGER;
        let mut sleep = self.hub.shared().host().map(|host| host.sleep());
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
        poll_fn(|cx| match (&mut sleep, answered.as_mut().poll(cx)) {
            (Some(sleep), Poll::Pending) => sleep.poll_until(cx, until),
            _ => Poll::Ready(()),
        })
        .await;
    }
}
