//! Type-erased handlers.

use super::codec::Codec;
use super::error::RouteError;
use super::extract::Parts;
use super::handler::RouteHandler;
use super::reply::{ReplyTo, Respond};
use super::rules::Rules;
use crate::middleware::reuse::{Started, start};
use crate::middleware::{ErrorObserver, RequestId};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::Context;
use throng_core::Frame;

/// A handler after its first poll.
pub(super) enum Begun {
    Done(Option<Frame>),
    Running(Running),
}

pub(super) type Running = Pin<Box<dyn Future<Output = Option<Frame>> + Send>>;

/// A handler of one type of message.
pub(super) trait Erased<C: Codec, S>: Send + Sync {
    /// Calls the handler and polls it once.
    fn begin(
        &self,
        rules: &Arc<Rules<C>>,
        parts: &Parts<'_, S>,
        body: C::Body<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Begun, RouteError>;
}

/// A handler with its arguments.
pub(super) struct Typed<H, Arguments> {
    handler: H,
    arguments: PhantomData<fn(Arguments)>,
}

impl<H, Arguments> Typed<H, Arguments> {
    pub(super) fn new(handler: H) -> Self {
        Self { handler, arguments: PhantomData }
    }
}

impl<C, S, H, Arguments> Erased<C, S> for Typed<H, Arguments>
where
    C: Codec,
    H: RouteHandler<C, S, Arguments>,
{
    fn begin(
        &self,
        rules: &Arc<Rules<C>>,
        parts: &Parts<'_, S>,
        body: C::Body<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Begun, RouteError> {
        let future = self.handler.call(&rules.codec, parts, body)?;
        let observer = parts.incoming.observer();
        let request = parts.incoming.request_id();
        Ok(match start(future, cx) {
            Started::Done(response) => Begun::Done(finish(rules, &observer, request, response)),
            Started::Running(running) => {
                let (rules, request) = (Arc::clone(rules), request.cloned());
                Begun::Running(Box::pin(async move {
                    let response = running.await;
                    finish(&rules, &observer, request.as_ref(), response)
                }))
            }
        })
    }
}

fn finish<C: Codec, R: Respond<C>>(
    rules: &Rules<C>,
    observer: &ErrorObserver,
    request: Option<&RequestId>,
    response: R,
) -> Option<Frame> {
    if let Some(code) = response.error() {
        observer.error(code);
    }
    let to = ReplyTo::new(&*rules.codec, request);
    response.respond(&to).unwrap_or_else(|_| rules.not_encoded(observer, request))
}

/// A handler that was there before the router had a state.
pub(super) struct Stateless<C: Codec>(pub(super) Arc<dyn Erased<C, ()>>);

impl<C: Codec, S> Erased<C, S> for Stateless<C> {
    fn begin(
        &self,
        rules: &Arc<Rules<C>>,
        parts: &Parts<'_, S>,
        body: C::Body<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Begun, RouteError> {
        let Parts { incoming, kind, .. } = *parts;
        self.0.begin(rules, &Parts { incoming, kind, state: &() }, body, cx)
    }
}
