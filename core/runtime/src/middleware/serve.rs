//! Messages handed to a service.

use super::answer::{Answer, AnswerErrorsLayer};
use super::error::ServiceError;
use super::incoming::Incoming;
use super::spare::{Started, start};
use crate::builder::Builder;
use crate::handles::client::Client;
use alloc::boxed::Box;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Waker};
use throng_core::websocket::Message;
use tower_layer::Layer;
use tower_service::Service;

impl Builder {
    /// Messages are handled by a service, in place of [`Handler::message`](crate::Handler::message); the other hooks
    /// stay with the [`handler`](Self::handler) and the closures.
    ///
    /// The service is cloned for each message; what it shares it holds in an `Arc`. It is asked whether it is ready, and called;
    /// until its future is done nothing is read from that client. What it returns is sent to the client, and waits
    /// for room in its outbox, so that no answer is lost before the [time limit](Self::message_limit) of messages; an error is
    /// answered as [`AnswerErrors`](crate::middleware::AnswerErrors) says.
    ///
    /// A future that is done at once costs no allocation. See [`middleware`](crate::middleware).
    pub fn messages<S>(mut self, service: S) -> Self
    where
        S: Service<Incoming> + Clone + Send + Sync + 'static,
        S::Response: Answer,
        S::Error: Into<ServiceError>,
        S::Future: Send + 'static,
    {
        let service = AnswerErrorsLayer::default().layer(service);
        self.hooks.message = Some(Box::new(move |client, message| handle(&service, client, message)));
        self
    }
}

/// `None`: it is handled.
fn handle<S>(
    service: &S,
    client: &Client,
    message: Message,
) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>>
where
    S: Service<Incoming> + Clone + Send + Sync + 'static,
    S::Response: Answer,
    S::Future: Send + 'static,
{
    let incoming = Incoming::new(client.clone(), message);
    // Whoever is told nothing by the first poll is asked again at once, under a waker that works.
    match start(serve(service.clone(), incoming), &mut Context::from_waker(Waker::noop())) {
        Started::Done(()) => None,
        Started::Running(running) => Some(running),
    }
}

async fn serve<S>(mut service: S, incoming: Incoming)
where
    S: Service<Incoming>,
    S::Response: Answer,
{
    let client = incoming.client.clone();
    let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await else { return };
    let Ok(response) = service.call(incoming).await else { return };
    drop(service);
    if let Ok(Some(frame)) = response.answer() {
        // The client may have gone meanwhile: then there is nobody to answer.
        let _ = client.send_wait(frame).await;
    }
}
