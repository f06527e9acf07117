//! Hands messages to a service.

use super::answer::{Answer, AnswerErrorsLayer, in_json};
use super::error::ServiceError;
use super::incoming::Incoming;
use super::reuse::{Started, start};
use crate::builder::Builder;
use crate::handles::client::Client;
use crate::notice::request_id::RequestId;
use alloc::boxed::Box;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Waker};
use throng_core::websocket::Message;
use tower_layer::Layer;
use tower_service::Service;

impl Builder {
    /// Handles messages with a service, in place of [`Handler::message`](crate::Handler::message). The other hooks stay
    /// with the [`handler`](Self::handler) and the closures.
    ///
    /// The service is cloned for each message, so keep shared state in an `Arc`. The hub waits until the service is
    /// ready and calls it; nothing more is read from that client until its future is done. The hub sends the result to
    /// the client and waits for room in the outbox, so that no answer is lost within the [time
    /// limit](Self::message_limit) of messages. An error is answered as
    /// [`AnswerErrorsLayer`](crate::middleware::AnswerErrorsLayer) says.
    ///
    /// A future that is ready at once costs no allocation. See [`middleware`](crate::middleware).
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

    /// Sets the closure that finds a request's id in a message for the [service](Self::messages), for formats other
    /// than JSON, for which there is [`request_id`](Self::request_id). Default: no ids.
    ///
    /// ```
    /// use throng_runtime::Hub;
    /// use throng_runtime::middleware::RequestId;
    ///
    /// // The first four bytes of each message are the id.
    /// let builder = Hub::builder().request_id_by(|message| {
    ///     let number = message.as_bytes().first_chunk()?;
    ///     Some(RequestId::number("id", u32::from_be_bytes(*number).into()))
    /// });
    /// # let _ = builder;
    /// ```
    pub fn request_id_by<F>(mut self, find: F) -> Self
    where
        F: Fn(&Message) -> Option<RequestId> + Send + Sync + 'static,
    {
        self.settings.request_id = Some(Box::new(find));
        self
    }
}

/// Handles a message; `None` if that is done already.
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
    // The first poll has no waker, so a future that is pending is polled again at once with a real one.
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
        // The client may have ended meanwhile; then there is nobody to answer.
        let _ = client.send_wait(frame).await;
    }
}

/// Handles a message and answers it. Returns the error with which it was answered.
pub(crate) async fn serve_message<S>(mut service: S, mut incoming: Incoming) -> Option<ServiceError>
where
    S: Service<Incoming>,
    S::Response: Answer,
    S::Error: Into<ServiceError>,
{
    let (client, request) = (incoming.client.clone(), incoming.request_id().cloned());
    let watch = incoming.watch();
    let ready = poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into);
    let answered = match ready {
        Ok(()) => service
            .call(incoming)
            .await
            .map_err(Into::into)
            .and_then(|answer| answer.answer().map_err(|_| ServiceError::NotEncoded)),
        Err(error) => Err(error),
    };
    drop(service);
    let (answer, error) = match answered {
        Ok(answer) => (answer, watch.error().map(ServiceError::Other)),
        Err(error) => (in_json(&error, request.as_ref()), Some(error)),
    };
    if let Some(frame) = answer {
        // The client may have ended meanwhile; then there is nobody to answer.
        let _ = client.send_wait(frame).await;
    }
    error
}
