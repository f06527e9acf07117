//! WS-HUB's pages: how many clients there are, and who is in which group.
//!
//! Each is read without holding the hub up: a client that comes or goes meanwhile may be in one list and not in the other. O(clients), or
//! O(memberships) with groups.

use crate::http::guard;
use crate::server::Shared;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri, header};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use throng_tokio::Hub;

/// The paths.
pub(crate) const PATHS: [&str; 4] = ["/status", "/clients", "/groups", "/sessions"];

/// The page at one of the paths.
pub(crate) async fn page(
    State(server): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = guard::check(&server.live.config().pages, peer, &headers) {
        return *refused;
    }
    let json = match uri.path().trim_end_matches('/') {
        "/clients" => json!(clients(&server.hub)),
        "/groups" => json!(groups(&server.hub)),
        "/sessions" => json!(clients(&server.hub).keys().collect::<Vec<_>>()),
        _ => {
            let text = format!("{}\n", server.hub.stats().users);
            return ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response();
        }
    };
    ([(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response()
}

/// The groups of each client that is in the lists.
fn clients(hub: &Hub) -> BTreeMap<String, Vec<String>> {
    let of = |id| {
        let client = hub.client(id)?;
        let mut groups: Vec<String> = client.rooms().iter().map(ToString::to_string).collect();
        groups.sort_unstable();
        Some((client.user()?.to_string(), groups))
    };
    hub.clients().into_iter().filter_map(of).collect()
}

/// The clients of each group.
fn groups(hub: &Hub) -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, of) in clients(hub) {
        for group in of {
            groups.entry(group).or_default().push(key.clone());
        }
    }
    groups
}
