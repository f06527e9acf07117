//! Middleware: layers between a client's messages and their handler.
//!
//! A handler of messages can be a [`Service`] of `tower`. It is called with an [`Incoming`] (the client, the
//! message, the time) and returns an [`Answer`], which is sent to that client. You can put layers around it: those of this
//! module, those of `tower`, and your own. Give the service to [`Builder::messages`](crate::Builder::messages). All other events go to
//! the [`Handler`](crate::Handler) or the closures as before.
//!
//! ```
//! use std::convert::Infallible;
//! use std::time::Duration;
//! use throng_core::Rate;
//! use throng_runtime::Hub;
//! use throng_runtime::middleware::{CatchPanicLayer, Incoming, RateLimitLayer, TimeoutLayer};
//! use tower::{ServiceBuilder, service_fn};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let echo = service_fn(|incoming: Incoming| async { Ok::<_, Infallible>(incoming.message) });
//! let service = ServiceBuilder::new()
//!     .layer(RateLimitLayer::per_user(Rate::per_second(10).burst(50))?)
//!     .layer(TimeoutLayer::new(Duration::from_secs(5)))
//!     .layer(CatchPanicLayer)
//!     .service(echo);
//! let hub = Hub::builder().messages(service).on_connect(|client| println!("{client:?}")).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! A [`Router`](crate::router), which dispatches messages by type, is such a service, too.
//!
//! # The layers
//!
//! The first of a `ServiceBuilder` is the outermost: it sees a message first, and its answer last.
//!
//! | layer | what it does | error code | |
//! | --- | --- | --- | --- |
//! | [`CatchPanicLayer`] | a panic in a handler becomes an error answer; the client stays connected | `panicked` | |
//! | [`TimeoutLayer`] | drops a handler that takes too long | `timed_out` | |
//! | [`RateLimitLayer`] | limits the rate of messages of a user, a client, or a key of your choice | `over_rate` | |
//! | [`InFlightLayer`] | limits how many messages are handled at once | `busy` | |
//! | [`AnswerErrorsLayer`] | chooses the answer to an error | | |
//! | `TraceLayer` | opens a span for each message | | feature `tracing` |
//! | `MetricsLayer` | counts and times messages, by route and result | | feature `metrics` |
//!
//! The layers of `tower` can be used as they are. While a layer is not [ready](Service::poll_ready), as `tower`'s `ConcurrencyLimit`
//! at its limit, nothing more is read from that client; others are not affected. A service is cloned for each message, so a layer
//! that counts must share its count between clones. A layer that is not `Clone`, such as `tower`'s `RateLimit`, does not compile here.
//!
//! # Dropped
//!
//! The future of a message is dropped before it is ready if the client's transport ends, its time limit is exceeded, or
//! a layer drops it. The layers of this module then free what they hold for the message, such as a timer, and the
//! waiting handler is dropped. The message is not answered. A message that counted against a rate stays counted.
//!
//! # Errors
//!
//! A service may fail with any error that converts to [`ServiceError`]. An error that reaches the outermost layer is
//! answered, so every message that fails has an answer:
//!
//! ```json
//! {"type":"error","code":"over_rate","message":"too many messages, try again in 120 ms"}
//! ```
//!
//! With [`Builder::request_id`](crate::Builder::request_id) the answer repeats the id of the request. An
//! [`AnswerErrorsLayer`] gets the error and the message, and chooses a different answer. Layers of `tower` box their
//! errors; convert them with `map_err`:
//!
//! ```
//! # use std::convert::Infallible;
//! use throng_runtime::middleware::{AnswerErrorsLayer, Incoming, ServiceError};
//! use tower::load_shed::error::Overloaded;
//! use tower::{BoxError, ServiceBuilder, service_fn};
//!
//! # let echo = service_fn(|incoming: Incoming| async { Ok::<_, Infallible>(incoming.message) });
//! let service = ServiceBuilder::new()
//!     .layer(AnswerErrorsLayer::by(|error: &ServiceError, _: &Incoming| format!("error {}", error.code())))
//!     .map_err(|error: BoxError| match error.downcast_ref() {
//!         Some(Overloaded { .. }) => ServiceError::Other("overloaded"),
//!         None => error.into(),
//!     })
//!     .load_shed()
//!     .concurrency_limit(100)
//!     .service(echo);
//! # throng_runtime::Hub::builder().messages(service);
//! ```
//!
//! # Panics
//!
//! With `panic = "unwind"`, a panic in a handler never ends the process and never affects another client. Without a
//! layer it closes its own client with 1011; within [`CatchPanicLayer`] it is answered, and the client stays open.
//!
//! # What it costs
//!
//! A service takes about 0.1 µs per message more than a closure: it is cloned, and the clock is read. Nothing is
//! allocated unless its future waits. `RateLimitLayer`, `InFlightLayer`, `TimeoutLayer` and `CatchPanicLayer` together
//! take 0.13 µs, mostly for looking up the user and its bucket.
//!
//! # A layer of your own
//!
//! ```
//! use core::task::{Context, Poll};
//! use throng_runtime::middleware::Incoming;
//! use tower::{Service, ServiceBuilder, layer::layer_fn, service_fn};
//!
//! /// Prints the ids of clients that send long messages.
//! #[derive(Clone)]
//! struct Long<S>(S);
//!
//! impl<S: Service<Incoming>> Service<Incoming> for Long<S> {
//!     type Response = S::Response;
//!     type Error = S::Error;
//!     type Future = S::Future;
//!
//!     fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
//!         self.0.poll_ready(cx)
//!     }
//!
//!     fn call(&mut self, incoming: Incoming) -> S::Future {
//!         if incoming.message.len() > 10_000 {
//!             println!("{} is talkative", incoming.client.id());
//!         }
//!         self.0.call(incoming)
//!     }
//! }
//!
//! # let echo = service_fn(|incoming: Incoming| async { Ok::<_, std::convert::Infallible>(incoming.message) });
//! let service = ServiceBuilder::new().layer(layer_fn(Long)).service(echo);
//! # throng_runtime::Hub::builder().messages(service);
//! ```

mod answer;
mod error;
mod in_flight;
mod incoming;
#[cfg(feature = "metrics")]
mod metrics;
mod panic;
mod rate;
pub(crate) mod reuse;
mod serve;
mod timeout;
#[cfg(feature = "tracing")]
mod trace;

pub use crate::notice::request_id::RequestId;
pub use answer::{Answer, AnswerErrorsLayer};
pub use error::ServiceError;
pub use in_flight::InFlightLayer;
#[cfg(feature = "router")]
pub(crate) use incoming::ErrorObserver;
pub use incoming::{Incoming, Watch};
#[cfg(feature = "metrics")]
pub use metrics::MetricsLayer;
pub use panic::CatchPanicLayer;
pub use rate::{NothingPasses, RateLimitLayer};
pub(crate) use serve::serve_message;
pub use timeout::TimeoutLayer;
#[cfg(feature = "tracing")]
pub use trace::TraceLayer;

/// `tower`'s own traits for layers and services, for middleware that needs nothing else of `tower`.
#[doc(no_inline)]
pub use {tower_layer::Layer, tower_service::Service};
