//! The whole life of a connection, as one future for a task of the host.

pub(crate) mod accept;
pub(crate) mod answer;
pub(crate) mod authenticate;
pub(crate) mod calls;
pub(crate) mod driver;
pub(crate) mod pending;
pub(crate) mod succession;

use crate::connection::accept::{Accepted, refused};
use crate::connection::driver::Driver;
use crate::handles::health::health;
use crate::handles::hub::Hub;
use crate::host::scratch::Scratch;
use crate::host::transport::{Reader, Transport, Writer};
use crate::state::member::Member;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use throng_core::websocket::handshake::response_bytes;
use throng_core::websocket::{Handshake, Refusal, Request};

/// A connection, from its first byte or from the 101 on, until nothing is left of it. The host polls it in a task of
/// its own. Dropping it ends the connection, wherever it is: a hook that waits is dropped with it, and what is kept for it in
/// the hub is given back. A client leaves its rooms like any other, only that its hooks are not told.
#[must_use = "a future does nothing unless it is polled"]
pub struct Connection<R> {
    stage: Stage<R>,
}

enum Stage<R> {
    /// Boxed, so that a connection that is open does not carry what only a handshake needs.
    Opening(Pin<Box<dyn Future<Output = Option<Driver<R>>> + Send>>),
    Open(Driver<R>),
    Over,
}

impl<R: Reader> Connection<R> {
    /// A connection that `opening` makes a client of.
    pub(crate) fn opening(opening: impl Future<Output = Option<Driver<R>>> + Send + 'static) -> Self {
        Self { stage: Stage::Opening(Box::pin(opening)) }
    }
}

impl<R: Reader> Future for Connection<R> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            match &mut this.stage {
                Stage::Open(driver) => ready!(driver.poll(cx)),
                Stage::Opening(opening) => {
                    if let Some(driver) = ready!(opening.as_mut().poll(cx)) {
                        this.stage = Stage::Open(driver);
                        continue;
                    }
                }
                Stage::Over => {}
            }
            this.stage = Stage::Over;
            return Poll::Ready(());
        }
    }
}

impl Hub {
    /// Takes in a bare transport: reads the request, answers it, and drives the client until its end. Plain
    /// requests for `/healthz` and `/readyz` are answered; every other path opens a WebSocket.
    pub fn connect<R: Reader>(
        &self,
        reader: R,
        writer: Arc<dyn Writer>,
        remote: Option<SocketAddr>,
    ) -> Connection<R> {
        let transport = Bare { reader, writer, hub: self.clone() };
        match self.accept(remote) {
            Ok(accepted) => {
                let (member, span) = (Arc::clone(accepted.seat.member()), accepted.seat.span.clone());
                let handshake = async move { span.around(shake_hands(transport, accepted)).await };
                Connection::opening(until_abort(member, handshake))
            }
            Err(refusal) => Connection::opening(async move {
                transport.answer(&refusal.to_bytes()).await;
                None
            }),
        }
    }
}

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

async fn shake_hands<R: Reader>(mut transport: Bare<R>, accepted: Accepted) -> Option<Driver<R>> {
    let (request, rest) = match transport.read_request().await? {
        Ok(read) => read,
        Err(refusal) => {
            let refusal = refused(transport.hub.shared(), refusal);
            return transport.refuse(accepted, &refusal.to_bytes()).await;
        }
    };
    if let Some(page) = health(&transport.hub, &request) {
        transport.answer(&page).await;
        return None;
    }
    let mut connecting = match accepted.check(request) {
        Ok(connecting) => connecting,
        Err(refusal) => return transport.refuse(accepted, &refusal.to_bytes()).await,
    };
    if let Err(refusal) = accepted.ask(&mut connecting).await {
        let response = connecting.refusal_response(&refusal).map(Cow::into_owned);
        return transport.refuse(accepted, &response_bytes(&response)).await;
    }
    let reserved = match accepted.reserve(connecting) {
        Ok(reserved) => reserved,
        Err((accepted, refusal)) => return transport.refuse(accepted, &refusal.to_bytes()).await,
    };
    // Nothing else can be written before it is: the lane does not have the transport yet.
    write_all(&*transport.writer, &reserved.upgrade().to_bytes()).await.ok()?;
    let Bare { reader, writer, .. } = transport;
    reserved.into_driver(Transport { reader, writer, rest }).await
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
    async fn read_request(&mut self) -> Option<Result<(Request, Vec<u8>), Refusal>> {
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

    async fn refuse<T>(self, accepted: Accepted, response: &[u8]) -> Option<T> {
        self.answer(response).await;
        drop(accepted);
        None
    }
}
