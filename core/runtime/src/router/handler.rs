//! Functions as handlers.

use super::codec::Codec;
use super::error::RouteError;
use super::extract::{FromBody, FromIncoming, Parts};
use super::reply::Respond;
use core::future::Future;

/// A handler of one type of message: an async closure or function of up to six arguments.
///
/// Each argument except the last [comes with the message](FromIncoming). The last one is the body, of any owned type
/// that `serde` can deserialize, or also comes with the message. The return value is a [response](Respond).
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
    message = "`{Self}` is not a message handler",
    note = "its arguments come with the message (`FromIncoming`); the last may be a body instead (`DeserializeOwned`)",
    note = "it must be async, and return something that can be answered (`Respond`)"
)]
pub trait RouteHandler<C: Codec, S, Arguments>: Send + Sync + 'static {
    // Hidden, because only the implementations below are meant to be.
    #[doc(hidden)]
    type Response: Respond<C>;
    #[doc(hidden)]
    type Future: Future<Output = Self::Response> + Send + 'static;

    /// Calls the handler. It fails if an argument refuses the message, or the body does not parse.
    #[doc(hidden)]
    fn call(&self, codec: &C, parts: &Parts<'_, S>, body: C::Body<'_>) -> Result<Self::Future, RouteError>;
}

impl<C, S, F, Fut, R> RouteHandler<C, S, ()> for F
where
    C: Codec,
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: Respond<C>,
{
    #[doc(hidden)]
    type Response = R;
    #[doc(hidden)]
    type Future = Fut;

    #[doc(hidden)]
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
            #[doc(hidden)]
    type Response = R;
            #[doc(hidden)]
    type Future = Fut;

            #[doc(hidden)]
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
