//! WS-HUB's pages: how many clients there are, and who is in which group.
//!
//! Each is read without holding the hub up: a client that comes or goes meanwhile may be in one list and not in the other. O(clients), or
//! O(memberships) with groups.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use throng_tokio::Hub;

/// The paths.
pub(crate) const PATHS: [&str; 4] = ["/status", "/clients", "/groups", "/sessions"];

/// A page: JSON, or the number at `/status` as a text.
pub(crate) enum Page {
    Json(Value),
    Text(String),
}

/// What the page at one of the paths says.
pub(crate) fn page(hub: &Hub, path: &str) -> Page {
    match path {
        "/clients" => Page::Json(json!(clients(hub))),
        "/groups" => Page::Json(json!(groups(hub))),
        "/sessions" => Page::Json(json!(clients(hub).keys().collect::<Vec<_>>())),
        _ => Page::Text(format!("{}\n", hub.stats().users)),
    }
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
