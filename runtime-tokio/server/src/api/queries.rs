//! What is there: members, histories, rooms, numbers.

use super::elsewhere::{rooms, this_node};
use super::error::{Code, Error};
use super::members::Since;
use super::parameters::{Nothing, check_name, or_default, read, result};
use super::pattern::matches;
use crate::config::Config;
use crate::protocol::{history_removed, info};
use crate::server::Server;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::iter;
use throng_tokio::Frame;
use throng_tokio::core::hub::{Order, Unrecoverable, Unrecovered};

#[derive(Default, Deserialize)]
#[serde(default)]
struct OfChannel {
    #[serde(deserialize_with = "or_default")]
    channel: String,
}

/// The members of a room with presence, by the ids of their clients: in a cluster those of all nodes, by ids that are valid on each.
pub(super) fn presence(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    let OfChannel { channel } = read(body)?;
    let hub = &server.hub;
    check_name(hub, &channel)?;
    let mut members = Map::new();
    let mut add = |client: String, user: Option<&str>, info: &[u8]| {
        let mut shown = json!({ "client": client, "user": user.unwrap_or_default() });
        let (conn_info, chan_info) = info::decode(info);
        if let Some(conn_info) = conn_info {
            shown["conn_info"] = conn_info;
        }
        if !chan_info.is_empty() {
            let (name, value) = content(&chan_info, true);
            shown[if name == "data" { "chan_info" } else { "b64chan_info" }] = value;
        }
        members.insert(client, shown);
    };
    let most = hub.config().presence.page;
    // A node that tells the others of no rooms, or not of this one, knows of its own members only.
    if let Some(node) = hub.cluster().filter(|node| node.room_counts(&channel).is_some()) {
        let mut after = None;
        while let Some(page) = node.presence(&channel, after.as_ref(), most) {
            for member in page.members {
                add(member.client.to_string(), member.user.as_deref(), &member.info);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    } else {
        let node = this_node(hub).map_or_else(String::new, |node| format!("{node}/"));
        let mut at = None;
        while let Some(page) = hub.presence(&channel, at, most) {
            for member in page.members {
                add(format!("{node}{}", member.client), member.user.as_deref(), &member.info);
            }
            at = page.next;
            if at.is_none() {
                break;
            }
        }
    }
    if members.is_empty() {
        has_presence(server, &channel)?;
    }
    Ok(result(json!({ "presence": members })))
}

/// Of all nodes together.
pub(super) fn presence_stats(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    let OfChannel { channel } = read(body)?;
    let hub = &server.hub;
    check_name(hub, &channel)?;
    let of_all = hub.cluster().and_then(|node| node.room_counts(&channel));
    let here = || hub.presence_counts(&channel).map(|counts| (counts.clients.into(), counts.users.into()));
    let (clients, users) =
        of_all.map(|counts| (counts.clients, counts.users)).or_else(here).unwrap_or_default();
    // Users are counted only where there is presence.
    if users == 0 {
        has_presence(server, &channel)?;
    }
    Ok(result(json!({ "num_clients": clients, "num_users": users })))
}

/// A room that does not exist has the presence that its name says.
fn has_presence(server: &Server, channel: &str) -> Result<(), Error> {
    let hub = &server.hub;
    let is_named = || hub.config().presence.by_prefix.keys().any(|prefix| channel.starts_with(prefix));
    if hub.presence_config(channel).is_some() || (!hub.room_exists(channel) && is_named()) {
        return Ok(());
    }
    Err(Error::new(Code::NotAvailable, "the channel has no presence: `hub.presence.by_prefix`"))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct History {
    #[serde(deserialize_with = "or_default")]
    channel: String,
    #[serde(deserialize_with = "or_default")]
    limit: i64,
    #[serde(deserialize_with = "or_default")]
    since: Option<Since>,
    #[serde(deserialize_with = "or_default")]
    reverse: bool,
}

/// A limit of 0 asks for the position alone, -1 for as much as one answer may have: `hub.history.page`.
pub(super) fn history(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    let History { channel, limit, since, reverse } = read(body)?;
    let hub = &server.hub;
    check_name(hub, &channel)?;
    if hub.history_config(&channel).is_none() {
        return Err(no_history());
    }
    let since = match since {
        Some(Since { offset: 0, epoch }) if epoch.is_empty() => None,
        Some(since) => Some(since.position()?),
        None => None,
    };
    let most = hub.config().history.page;
    let limit = u32::try_from(limit).unwrap_or(if limit < 0 { most } else { u32::MAX }).min(most);
    let order = if reverse { Order::NewestFirst } else { Order::OldestFirst };
    let page = match hub.history(&channel, since, limit, order) {
        Ok(page) => page,
        // The history begins with its first message or member.
        Err(Unrecovered { reason: Unrecoverable::NoneKept, .. }) if since.is_none() => {
            return Ok(result(json!({ "publications": [], "offset": 0, "epoch": "" })));
        }
        Err(error) => return Err(Error::new(Code::Unrecoverable, error.to_string())),
    };
    let publications: Vec<Value> =
        page.messages.iter().map(|message| publication(message.offset, &message.frame)).collect();
    let (offset, epoch) = (page.top.offset, page.top.epoch.to_string());
    Ok(result(json!({ "publications": publications, "offset": offset, "epoch": epoch })))
}

fn publication(offset: u64, frame: &Frame) -> Value {
    // Without the envelope, if it has one.
    let message = frame.bare().unwrap_or(frame);
    let is_text = message.kind() == Some(throng_tokio::core::MessageKind::Text);
    let (name, value) = content(message.payload(), is_text);
    json!({ "offset": offset, name: value })
}

/// JSON as it is, other bytes in base64.
fn content(bytes: &[u8], is_text: bool) -> (&'static str, Value) {
    match serde_json::from_slice(bytes) {
        Ok(value) if is_text => ("data", value),
        _ => ("b64data", BASE64_STANDARD.encode(bytes).into()),
    }
}

fn no_history() -> Error {
    Error::new(Code::NotAvailable, "the channel has no history: `hub.history.by_prefix`")
}

pub(super) fn history_remove(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    let OfChannel { channel } = read(body)?;
    check_name(&server.hub, &channel)?;
    if server.hub.history_config(&channel).is_none() {
        return Err(no_history());
    }
    // A room that does not exist has nothing to remove.
    if server.hub.room_exists(&channel) {
        server.hub.remove_history(&channel)?;
        history_removed(&server.hub, &channel);
    }
    Ok(result(json!({})))
}

/// The longest pattern, in bytes.
const PATTERN_BYTES: usize = 1024;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Channels {
    #[serde(deserialize_with = "or_default")]
    pattern: String,
}

/// The rooms that have members on any node. O(rooms).
pub(super) fn channels(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    let Channels { pattern } = read(body)?;
    let hub = &server.hub;
    // It is compared with the name of each room.
    if pattern.len() > PATTERN_BYTES {
        let bytes = pattern.len();
        return Err(Error::bad(format!("pattern has {bytes} bytes, at most {PATTERN_BYTES} are allowed")));
    }
    let rooms = rooms(hub, usize::MAX).into_iter();
    let named =
        rooms.filter(|(name, members)| *members > 0 && (pattern.is_empty() || matches(&pattern, name)));
    let channels: Map<_, _> =
        named.map(|(name, members)| (name.to_string(), json!({ "num_clients": members }))).collect();
    Ok(result(json!({ "channels": channels })))
}

/// This node, and the others: of these only what their heartbeats tell.
pub(super) fn info(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    read::<Nothing>(body)?;
    let (stats, health, cluster) = (server.hub.stats(), server.hub.health(), server.hub.cluster());
    let node = json!({
        "uid": this_node(&server.hub).unwrap_or_else(|| server.uid.clone()),
        "name": "throng",
        "version": env!("CARGO_PKG_VERSION"),
        "num_clients": stats.clients,
        "num_users": stats.users,
        "num_subs": stats.memberships,
        "num_channels": stats.rooms,
        "uptime": health.uptime.as_secs(),
    });
    let others = cluster.into_iter().flat_map(|node| node.nodes()).map(|(id, counts)| {
        json!({
            "uid": id.to_string(),
            "name": "throng",
            "num_clients": counts.clients,
            "num_users": counts.users,
            "num_channels": counts.rooms,
        })
    });
    let nodes: Vec<Value> = iter::once(node).chain(others).collect();
    Ok(result(json!({ "nodes": nodes })))
}
