//! The whole life of a connection, as one future for a task of the host.

pub(crate) mod accept;
pub(crate) mod answer;
pub(crate) mod aside;
pub(crate) mod authenticate;
pub(crate) mod bare;
pub(crate) mod calls;
pub(crate) mod driver;
pub(crate) mod pending;
pub(crate) mod place;
pub(crate) mod succession;

use crate::connection::accept::{Accepted, Reserved, refused};
use crate::connection::bare::{Bare, until_abort, write_all};
use crate::connection::driver::Driver;
use crate::handles::health::health;
use crate::handles::hub::Hub;
use crate::host::transport::{Reader, Transport, Writer};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use throng_core::websocket::handshake::response_bytes;

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

async fn shake_hands<R: Reader>(mut transport: Bare<R>, accepted: Accepted) -> Option<Driver<R>> {
    let (request, rest) = match transport.read_request().await? {
        Ok(read) => read,
        Err(refusal) => {
            let refusal = refused(transport.hub.shared(), refusal);
            return refuse(transport, accepted, &refusal.to_bytes()).await;
        }
    };
    if let Some(page) = health(&transport.hub, &request) {
        transport.answer(&page).await;
        return None;
    }
    let mut connecting = match accepted.check(request) {
        Ok(connecting) => connecting,
        Err(refusal) => return refuse(transport, accepted, &refusal.to_bytes()).await,
    };
    if let Err(refusal) = accepted.ask(&mut connecting).await {
        let response = connecting.refusal_response(&refusal).map(Cow::into_owned);
        return refuse(transport, accepted, &response_bytes(&response)).await;
    }
    let reserved = match accepted.reserve(connecting) {
        Ok(reserved) => reserved,
        Err((accepted, refusal)) => return refuse(transport, accepted, &refusal.to_bytes()).await,
    };
    // Nothing else can be written before it is: the lane does not have the transport yet.
    write_all(&*transport.writer, &reserved.upgrade().to_bytes()).await.ok()?;
    let Bare { reader, writer, .. } = transport;
    reserved.into_driver(Transport { reader, writer, rest }).await
}

async fn refuse<R: Reader, T>(transport: Bare<R>, accepted: Accepted, response: &[u8]) -> Option<T> {
    transport.answer(response).await;
    drop(accepted);
    None
}

impl Reserved {
    /// The life of the client from here on, for a host whose HTTP server writes the answer: `transport` is ready
    /// once that has happened, `None` if it does not.
    pub fn open<R: Reader>(
        self,
        transport: impl Future<Output = Option<Transport<R>>> + Send + 'static,
    ) -> Connection<R> {
        let member = Arc::clone(self.seat.member());
        let span = self.seat.span.clone();
        let opening = async move { span.around(async { self.into_driver(transport.await?).await }).await };
        Connection::opening(until_abort(member, opening))
    }
}
