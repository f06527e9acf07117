//! Participants by a route of axum.

use super::{Upgrade, unless_given_up};
use axum::Extension;
use axum::extract::{FromRef, Path};
use axum::response::Response;
use axum::routing::{MethodRouter, any};
use throng_runtime::Hub;
use throng_runtime::participants::{Identity, Route};

/// A route of participants: `.route("/games/{room}", participants(game))`. The path has one parameter, which is the room. Who asks is the
/// [`Identity`] that a layer of the application has put into the request's extensions; without one it is nobody
/// ([`Identity::default`]), and the route's resolver decides.
///
/// ```
/// use axum::extract::Request;
/// use axum::middleware::{Next, from_fn};
/// use axum::response::Response;
/// use throng_tokio::Hub;
/// use throng_tokio::axum::participants;
/// use throng_tokio::participants::{Hooks, Identity, Participant, Route};
/// # use throng_tokio::Refusal;
///
/// struct Chess;
/// struct Go;
/// # impl Hooks for Chess {
/// #     async fn resolve(&self, _: &str, _: &Identity) -> Result<String, Refusal> { Err(Refusal::NotFound) }
/// # }
/// # impl Hooks for Go {
/// #     async fn resolve(&self, _: &str, _: &Identity) -> Result<String, Refusal> { Err(Refusal::NotFound) }
/// # }
///
/// /// In earnest: of a verified cookie or token.
/// async fn identify(mut request: Request, next: Next) -> Response {
///     let user = request.headers().get("x-user").and_then(|user| user.to_str().ok()).map(str::to_owned);
///     request.extensions_mut().insert(Identity { user, session: None });
///     next.run(request).await
/// }
///
/// let app: axum::Router<Hub> = axum::Router::new()
///     .route("/chess/{room}", participants(Route::new(Chess)))
///     .route("/go/{room}", participants(Route::new(Go)))
///     .layer(from_fn(identify));
/// # let _ = app;
/// ```
///
/// The two routes above share rooms of one name: game 7 of chess is game 7 of Go. To keep them apart, name the room yourself, with
/// [`Upgrade::enter`].
pub fn participants<S>(route: Route) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Hub: FromRef<S>,
{
    any(move |Path(room): Path<String>, identity: Option<Extension<Identity>>, upgrade: Upgrade| {
        let route = route.clone();
        async move {
            let Extension(identity) = identity.unwrap_or_default();
            upgrade.enter(&route, &room, identity).await
        }
    })
}

impl Upgrade {
    /// Makes the client a participant of a room, and opens the WebSocket; otherwise the answer says why not.
    ///
    /// ```
    /// use axum::extract::{Path, State};
    /// use axum::response::Response;
    /// use throng_tokio::axum::Upgrade;
    /// use throng_tokio::participants::{Identity, Route};
    ///
    /// async fn chess(Path(game): Path<u32>, State(route): State<Route>, upgrade: Upgrade) -> Response {
    ///     let identity = Identity { user: Some("ada".into()), session: None };
    ///     upgrade.enter(&route, &format!("chess {game}"), identity).await
    /// }
    /// # let _ = chess;
    /// ```
    ///
    /// Cancel-safe: if the future is dropped before it is ready, the request is given up completely.
    pub async fn enter(mut self, route: &Route, room: &str, identity: Identity) -> Response {
        let entering = route.enter(&mut self.connecting, room, identity);
        match unless_given_up(&self.accepted, async { Ok(entering.await?) }).await {
            Ok(()) => self.accept().await,
            Err(refusal) => self.refuse(&refusal),
        }
    }
}
