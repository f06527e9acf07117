//! Functions as handlers.

use super::codec::Codec;
use super::error::RouteError;
use super::extract::{FromBody, FromIncoming, Parts};
use super::reply::Respond;
use core::future::Future;

/// A handler of one type of message: an async closure or function of up to six arguments.
///
/// Each argument but the last is something that [comes with the message](FromIncoming); the last is the body, of any type that
/// `serde` reads and owns, or one more of the former. What it returns is a [response](Respond).
///
/// ```
/// use serde::Deserialize;
/// use throng_runtime::router::{Received, Router};
/// use throng_runtime::{Client, Hub};
///
/// #[derive(Deserialize)]
/// struct Chat {
///     text: String,
/// }
///
/// async fn chat(hub: Hub, client: Client, chat: Chat) {
///     let _ = hub.send_to_room("lobby", format!("{}: {}", client.id(), chat.text));
/// }
///
/// let router = Router::new()
///     .on("chat", chat)
///     .on("ping", || async { "pong" })
///     .on("time", |received: Received| async move { format!("{:?}", received.wall) });
/// # let _ = router;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler of messages",
    note = "its arguments come with the message (`FromIncoming`); the last may be a body instead (`DeserializeOwned`)",
    note = "it is async, and what it returns can be answered (`Respond`)"
)]
pub trait RouteHandler<C: Codec, S, Arguments>: Send + Sync + 'static {
    /// What it returns.
    type Response: Respond<C>;
    /// The handler at work.
    type Future: Future<Output = Self::Response> + Send + 'static;

    /// Begins the work.
    ///
    /// # Errors
    /// An argument refuses the message, or the body is none that it takes.
    fn call(&self, codec: &C, parts: &Parts<'_, S>, body: C::Body<'_>) -> Result<Self::Future, RouteError>;
}

impl<C, S, F, Fut, R> RouteHandler<C, S, ()> for F
where
    C: Codec,
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: Respond<C>,
{
    type Response = R;
    type Future = Fut;

    fn call(&self, _: &C, _: &Parts<'_, S>, _: C::Body<'_>) -> Result<Fut, RouteError> {
        Ok(self())
    }
}

macro_rules! handler {
    ($($argument:ident)*) => {
        impl<C, S, F, Fut, R, By, $($argument,)* Last> RouteHandler<C, S, (By, $($argument,)* Last)> for F
        where
            C: Codec,
            F: Fn($($argument,)* Last) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = R> + Send + 'static,
            R: Respond<C>,
            $($argument: FromIncoming<S>,)*
            Last: FromBody<C, S, By>,
        {
            type Response = R;
            type Future = Fut;

            #[allow(non_snake_case, reason = "an argument has the name of its type")]
            fn call(&self, codec: &C, parts: &Parts<'_, S>, body: C::Body<'_>) -> Result<Fut, RouteError> {
                $(let $argument = $argument::from_incoming(parts).map_err(Into::into)?;)*
                let last = Last::from_body(codec, parts, body)?;
                Ok(self($($argument,)* last))
            }
        }
    };
}

handler!();
handler!(A);
handler!(A B);
handler!(A B D);
handler!(A B D E);
handler!(A B D E G);
