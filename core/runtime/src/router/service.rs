//! A router as a service.

use super::codec::Codec;
use super::erased::{Begun, Running};
use super::routes::Router;
use crate::middleware::Incoming;
use core::convert::Infallible;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};
use throng_core::Frame;
use tower_service::Service;

impl<C: Codec, S: Send + Sync + 'static> Service<Incoming> for Router<C, S> {
    type Response = Option<Frame>;
    type Error = Infallible;
    type Future = Routing<C, S>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, incoming: Incoming) -> Routing<C, S> {
        Routing(Step::Called(self.clone(), incoming))
    }
}

/// A message on its way through a router.
///
/// All work is done when this future is polled, so a layer around it also covers reading the message. It allocates only
/// if the handler waits.
#[must_use = "a future does nothing unless it is polled"]
pub struct Routing<C: Codec, S>(Step<C, S>);

enum Step<C: Codec, S> {
    Called(Router<C, S>, Incoming),
    Running(Running),
    Done,
}

/// Only boxed futures are polled inside, so pinning is not structural.
impl<C: Codec, S> Unpin for Routing<C, S> {}

impl<C: Codec, S> Future for Routing<C, S> {
    type Output = Result<Option<Frame>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let state = &mut self.get_mut().0;
        if let Step::Called(..) = state
            && let Step::Called(router, incoming) = mem::replace(state, Step::Done)
        {
            match router.begin(&incoming, cx) {
                Begun::Done(answer) => return Poll::Ready(Ok(answer)),
                // `begin` has polled it already.
                Begun::Running(running) => {
                    *state = Step::Running(running);
                    return Poll::Pending;
                }
            }
        }
        let Step::Running(running) = state else { return Poll::Pending };
        let polled = running.as_mut().poll(cx).map(Ok);
        if polled.is_ready() {
            *state = Step::Done;
        }
        polled
    }
}
