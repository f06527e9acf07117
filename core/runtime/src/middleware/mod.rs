//! Middleware: what stands between a client's messages and their handler.
//!
//! A handler of messages can be a [`Service`] of `tower`: it is given an [`Incoming`] (the client, the
//! message, when it came) and returns an [`Answer`], which is sent to that client. Around it go layers: ours, those of `tower`
//! itself, and your own. The whole is given to [`Builder::messages`](crate::Builder::messages), beside the
//! [`Handler`](crate::Handler) or the closures that hear of everything else.
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
//! What handles messages by their type is a [`Router`](crate::router), which is such a service too.
//!
//! # The layers
//!
//! The first of a `ServiceBuilder` is the outermost: it sees a message first, and its answer last.
//!
//! | layer | what it is for | the error | |
//! | --- | --- | --- | --- |
//! | [`CatchPanicLayer`] | a handler that panics costs one message, not the client | `panicked` | |
//! | [`TimeoutLayer`] | a handler that takes too long is given up | `timed_out` | |
//! | [`RateLimitLayer`] | messages of a user, a client, or whatever you name | `over_rate` | |
//! | [`InFlightLayer`] | messages in work at once | `busy` | |
//! | [`AnswerErrorsLayer`] | what an error is answered with | | |
//! | `TraceLayer` | a span for each message | | feature `tracing` |
//! | `MetricsLayer` | messages and their times, by route and result | | feature `metrics` |
//!
//! `tower` has more; they compose as they are. One that waits until it is
//! [ready](Service::poll_ready), as its `ConcurrencyLimit`, keeps that client from being read meanwhile,
//! and no other. A service is cloned for each message, so a layer that is to count must share its count: those that are not
//! `Clone`, as `tower`'s `RateLimit`, count one message each and are refused by the compiler.
//!
//! # Dropped
//!
//! The future of a message is dropped before it is ready if its client's transport ends, its time is over, or a layer gives it
//! up. The layers here let go of what they hold for it then, a place or a timer, and its handler is dropped where it waits;
//! nothing is answered. What has counted against a rate stays counted.
//!
//! # Errors
//!
//! A service may fail with anything that becomes a [`ServiceError`]. What is left of it outside is answered, so that no message
//! ends in silence:
//!
//! ```json
//! {"type":"error","code":"over_rate","message":"too many messages, try again in 120 ms"}
//! ```
//!
//! An [`AnswerErrorsLayer`] answers otherwise. Layers of `tower` box their errors; what they mean is said by `map_err`:
//!
//! ```
//! # use std::convert::Infallible;
//! use throng_runtime::middleware::{AnswerErrorsLayer, Incoming, ServiceError};
//! use tower::load_shed::error::Overloaded;
//! use tower::{BoxError, ServiceBuilder, service_fn};
//!
//! # let echo = service_fn(|incoming: Incoming| async { Ok::<_, Infallible>(incoming.message) });
//! let service = ServiceBuilder::new()
//!     .layer(AnswerErrorsLayer::by(|error: &ServiceError| format!("error {}", error.code())))
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
//! A panic in a handler never ends the process nor touches another client, given `panic = "unwind"`: without a layer it closes its
//! own client, with 1011; within [`CatchPanic`] it is answered, and the client lives.
//!
//! # What it costs
//!
//! A service takes some 0.1 µs a message more than a closure: it is cloned, and the clock is asked. Nothing is allocated for it
//! unless its future waits. `RateLimitLayer`, `InFlightLayer`, `TimeoutLayer` and `CatchPanicLayer` together take 0.13 µs, most of
//! it to look up the user and its bucket.
//!
//! # A layer of your own
//!
//! ```
//! use core::task::{Context, Poll};
//! use throng_runtime::middleware::Incoming;
//! use tower::{Service, ServiceBuilder, layer::layer_fn, service_fn};
//!
//! /// Says in the log who sends something long.
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
pub mod metrics;
mod panic;
mod rate;
mod serve;
pub(crate) mod spare;
mod timeout;
#[cfg(feature = "tracing")]
mod trace;

pub use answer::{Answer, AnswerErrors, AnswerErrorsLayer, Answering};
pub use error::ServiceError;
pub use in_flight::{InFlight, InFlightLayer, Placed};
#[cfg(feature = "router")]
pub(crate) use incoming::Teller;
pub use incoming::{Incoming, Watch};
#[cfg(feature = "metrics")]
pub use metrics::{Metrics, MetricsLayer};
pub use panic::{CatchPanic, CatchPanicLayer, Caught};
pub use rate::{Limited, NothingPasses, RateLimit, RateLimitLayer};
pub use timeout::{Timed, Timeout, TimeoutLayer};
#[cfg(feature = "tracing")]
pub use trace::{Trace, TraceLayer, Traced};

/// What layers and services are: `tower`'s own traits, for middleware that needs nothing else of it.
#[doc(no_inline)]
pub use {tower_layer::Layer, tower_service::Service};
