//! Lists for people: clients, users and rooms, searched and cut to a page. They are not Centrifugo's.

use super::elsewhere;
use super::error::Error;
use super::parameters::{or_default, read, result};
use crate::clients::Address;
use crate::config::Config;
use crate::server::Server;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;
use throng_tokio::{Client, ClientId, Hub, Name};

/// The most entries of an answer.
const LIMIT: usize = 1_000;
/// Entries of an answer if the request has no limit.
const PAGE: usize = 100;
/// The most clients that one request looks at.
const SCANNED: usize = 20_000;
/// The most rooms that one request looks at.
const ROOMS_SCANNED: usize = 100_000;
/// The most rooms that are listed for a client.
const CHANNELS: usize = 20;

/// What is looked for. Empty: everything.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Search {
    /// A part of the name.
    #[serde(deserialize_with = "or_default")]
    search: String,
    #[serde(deserialize_with = "or_default")]
    limit: usize,
    /// Only clients of this room.
    #[serde(deserialize_with = "or_default")]
    channel: String,
    /// Only clients of this user.
    #[serde(deserialize_with = "or_default")]
    user: String,
    /// Only this client.
    #[serde(deserialize_with = "or_default")]
    client: String,
}

impl Search {
    fn limit(&self) -> Result<usize, Error> {
        match self.limit {
            0 => Ok(PAGE),
            limit if limit > LIMIT => {
                Err(Error::bad(format!("limit is {limit}, at most {LIMIT} are allowed")))
            }
            limit => Ok(limit),
        }
    }

    fn ids(&self, hub: &Hub) -> Result<Vec<ClientId>, Error> {
        if !self.client.is_empty() {
            let id = self.client.parse();
            return Ok(vec![id.map_err(|bad| Error::bad(format!("client {:?}: {bad}", self.client)))?]);
        }
        Ok(match (self.channel.as_str(), self.user.as_str()) {
            ("", "") => hub.clients(),
            ("", user) => hub.clients_of(user),
            (channel, _) => hub.members(channel),
        })
    }
}

/// Clients with what each of them costs.
pub(super) fn clients(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    let search: Search = read(body)?;
    let (limit, ids) = (search.limit()?, search.ids(&server.hub)?);
    let (total, mut found, mut shown) = (ids.len(), 0_usize, Vec::new());
    for client in ids.into_iter().take(SCANNED).filter_map(|id| server.hub.client(id)) {
        let user = client.user();
        if !search.user.is_empty() && user.as_deref() != Some(&search.user) {
            continue;
        }
        let names = [user.as_deref().unwrap_or_default(), &client.id().to_string()].map(str::to_lowercase);
        if !is_found(&search.search, &names) {
            continue;
        }
        found += 1;
        if shown.len() < limit {
            shown.push(shown_client(&client, user.as_ref()));
        }
    }
    let mut list = json!({ "clients": shown, "found": found, "complete": total <= SCANNED });
    if !search.channel.is_empty() && search.client.is_empty() {
        let is_wanted = |user: &str, client: &str| {
            (search.user.is_empty() || user == search.user)
                && is_found(&search.search, &[user, client].map(str::to_lowercase))
        };
        if let Some(others) = elsewhere::members(&server.hub, &search.channel, (limit, SCANNED), is_wanted) {
            list["num_elsewhere"] = others.count.into();
            list["elsewhere"] = others.members.into();
        }
    }
    Ok(result(of_this_node(server, list)))
}

/// The name of its session is not shown: who knows it can take its place.
fn shown_client(client: &Client, user: Option<&Name>) -> Value {
    let (messages, bytes) = client.outbox().unwrap_or_default();
    let rooms = client.rooms();
    let since = client.connected_at().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    json!({
        "client": client.id().to_string(),
        "user": user.map(|user| &**user).unwrap_or_default(),
        "address": client.get::<Address>().map(|Address(address)| address.to_string()),
        "since": since.map(|since| since.as_secs()),
        "away": client.is_away(),
        "num_channels": rooms.len(),
        "channels": rooms.iter().take(CHANNELS).map(|room| &**room).collect::<Vec<_>>(),
        "queued_messages": messages,
        "queued_bytes": bytes,
    })
}

/// Users, those with the most clients first.
pub(super) fn users(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    let search: Search = read(body)?;
    let (limit, ids) = (search.limit()?, server.hub.clients());
    let total = ids.len();
    let mut users: BTreeMap<Name, (u64, u64)> = BTreeMap::new();
    for client in ids.into_iter().take(SCANNED).filter_map(|id| server.hub.client(id)) {
        if let Some(user) = client.user().filter(|user| is_found(&search.search, &[user.to_lowercase()])) {
            let (clients, away) = users.entry(user).or_default();
            *clients += 1;
            *away += u64::from(client.is_away());
        }
    }
    let found = users.len();
    let mut users: Vec<_> = users.into_iter().collect();
    users.sort_by(|(_, (a, _)), (_, (b, _))| b.cmp(a));
    let shown = users
        .into_iter()
        .take(limit)
        .map(|(user, (clients, away))| json!({ "user": &*user, "num_clients": clients, "num_away": away }));
    let list = json!({ "users": shown.collect::<Vec<_>>(), "found": found, "complete": total <= SCANNED });
    Ok(result(of_this_node(server, list)))
}

/// Rooms of all nodes, those with the most members first.
pub(super) fn rooms(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    let search: Search = read(body)?;
    let (hub, limit) = (&server.hub, search.limit()?);
    let rooms = elsewhere::rooms(hub, ROOMS_SCANNED + 1);
    let is_complete = rooms.len() <= ROOMS_SCANNED;
    let mut rooms: Vec<_> = rooms
        .into_iter()
        .take(ROOMS_SCANNED)
        .filter(|(name, _)| is_found(&search.search, &[name.to_lowercase()]))
        .collect();
    let (found, in_cluster) = (rooms.len(), hub.cluster().is_some());
    rooms.sort_by(|(_, a), (_, b)| b.cmp(a));
    let shown = rooms.into_iter().take(limit).map(|(name, members)| {
        let mut room = json!({
            "channel": &*name,
            "num_clients": members,
            "history": hub.history_config(&name).is_some(),
            "presence": hub.presence_config(&name).is_some(),
        });
        if in_cluster {
            room["num_here"] = hub.member_count(&name).into();
        }
        room
    });
    let list = json!({ "rooms": shown.collect::<Vec<_>>(), "found": found, "complete": is_complete });
    Ok(result(of_this_node(server, list)))
}

/// Names the node whose clients and users are listed, if there may be others.
fn of_this_node(server: &Server, mut list: Value) -> Value {
    if let Some(node) = elsewhere::this_node(&server.hub) {
        list["node"] = node.into();
    }
    list
}

fn is_found(search: &str, names: &[String]) -> bool {
    let search = search.to_lowercase();
    names.iter().any(|name| name.contains(&search))
}
