//! What the back end says: the groups of a client, and messages for groups.

use super::gateway::Gateway;
use bytes::Bytes;
use std::time::Instant;
use throng_tokio::{Client, CloseCode, Hub, Message, Utf8Bytes, hub};

/// What comes back through Redis.
pub(super) enum Heard<'a> {
    /// For the hub: it is handled.
    Handled,
    /// On another channel.
    Other(&'a [u8]),
}

/// Handles a message of the back end.
pub(super) fn hear<'a>(gateway: &Gateway, hub: &Hub, channel: &'a [u8], payload: Bytes) -> Heard<'a> {
    let Some(rest) = channel.strip_prefix(gateway.prefix.as_bytes()) else { return Heard::Other(channel) };
    if let Some(key) = rest.strip_prefix(b"groups-new:") {
        metrics::counter!("throng_wshub_received_total", "channel" => "groups-new").increment(1);
        match std::str::from_utf8(key) {
            Ok(key) => set_groups(gateway, hub, key, &payload),
            Err(_) => refused("key_not_utf8"),
        }
    } else if let Some(group) = rest.strip_prefix(b"group-data:") {
        metrics::counter!("throng_wshub_received_total", "channel" => "group-data").increment(1);
        match std::str::from_utf8(group) {
            Ok(group) => send(hub, group, payload),
            Err(_) => refused("group_not_utf8"),
        }
    } else {
        return Heard::Other(channel);
    }
    Heard::Handled
}

/// The groups of a client that is there, or that may come soon.
fn set_groups(gateway: &Gateway, hub: &Hub, key: &str, groups: &[u8]) {
    // Held so that a client that comes just now either is found here or finds the groups.
    let mut pending = gateway.pending();
    let clients: Vec<Client> = hub.clients_of(key).into_iter().filter_map(|id| hub.client(id)).collect();
    for client in &clients {
        apply(gateway, client, groups);
    }
    if clients.is_empty() {
        let most = gateway.live.config().wshub.pending_bytes.0;
        pending.keep(key, groups, Instant::now(), most);
    }
}

/// Puts a client into groups, or takes it out of the lists if there are none.
pub(super) fn apply(gateway: &Gateway, client: &Client, groups: &[u8]) {
    let config = gateway.live.config();
    if groups.is_empty() {
        return remove(client, config.wshub.removal_closes);
    }
    for name in groups.split(|byte| *byte == b',') {
        let Ok(name) = std::str::from_utf8(name) else {
            refused("not_utf8");
            continue;
        };
        let result = match name.strip_prefix('-').filter(|_| config.wshub.remove_groups) {
            Some("") => Err(hub::Refusal::EmptyName.into()),
            Some(group) => client.hub().leave(client.id(), group),
            None => client.hub().join(client.id(), name).map(drop),
        };
        match result.err().and_then(hub::Error::refusal) {
            // It has what it should have.
            Some(hub::Refusal::AlreadyInRoom | hub::Refusal::NotInRoom) => {}
            Some(refusal) => refused(refusal.name()),
            // The client is gone: so are its groups.
            None => {}
        }
    }
}

/// Takes a client out of all groups and lists. Its messages still go to the back end, and its connection stays, as in WS-HUB.
fn remove(client: &Client, closes: bool) {
    // An error means that the client is gone.
    let _ = client.hub().leave_all(client.id());
    if closes {
        let _ = client.close(CloseCode::NORMAL, "removed");
    } else {
        let _ = client.set_user(None);
    }
}

/// Sends to a group: UTF-8 as text, other bytes as binary, since a text of other bytes would close the connections of its readers.
fn send(hub: &Hub, group: &str, payload: Bytes) {
    let message = match Utf8Bytes::try_from(payload.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(payload),
    };
    let Err(error) = hub.send_to_room(group, message) else { return };
    match error.refusal() {
        // Another instance may have it.
        Some(hub::Refusal::NoSuchRoom) => {}
        refusal => {
            let reason = refusal.map_or("not_sent", hub::Refusal::name);
            metrics::counter!("throng_wshub_group_data_refused_total", "reason" => reason).increment(1);
            // Counted, and not told louder: the back end can cause it at will.
            tracing::debug!(%error, group, "a message for a group was not sent");
        }
    }
}

/// Counts a name that is none.
fn refused(reason: &'static str) {
    metrics::counter!("throng_wshub_names_refused_total", "reason" => reason).increment(1);
    tracing::debug!(reason, "a name of the back end was refused");
}
