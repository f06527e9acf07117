//! The admin page. It holds nothing that is secret: what it shows it asks the API for, with a key.

use super::assets::html;
use super::pages::nothing;
use crate::guard::is_local;
use crate::server::Shared;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use std::net::SocketAddr;

/// The route `/admin`. Without `admin.key` there is only the key of the start, which is of no use elsewhere.
pub(super) async fn page(
    State(server): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    const WHY: &str = "The admin page is for peers of this machine that use its address or \"localhost\". \
        `admin.key` opens it to others, who need that key.\n";
    let config = server.live.config();
    match (config.has_admin(), config.admin.key.is_some() || is_local(peer, &headers)) {
        (false, _) => nothing(uri).await,
        (true, false) => (StatusCode::FORBIDDEN, WHY).into_response(),
        (true, true) => html(include_str!("../../pages/admin/admin.html")),
    }
}
