//! What this node knows of the rooms of other nodes, for the lists. It is as old as the last changes that the others have told:
//! `cluster.room_tick`.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use throng_tokio::cluster::ClusterNode;
use throng_tokio::{Hub, Name};

/// Rooms that are listed while the hub's lock is held once.
const ROOMS_AT_ONCE: usize = 1_000;

/// The members of a room on other nodes.
pub(super) struct Elsewhere {
    pub(super) count: u64,
    /// Some of them, if the room has presence.
    pub(super) members: Vec<Value>,
}

/// The id of this node; `None` if it is alone.
pub(super) fn this_node(hub: &Hub) -> Option<String> {
    hub.cluster().as_ref().and_then(ClusterNode::id).map(|id| id.to_string())
}

/// The rooms of all nodes with the number of their members, and those of this node without members; in the order of their names, `most` of
/// other nodes and all of this one. O(rooms).
pub(super) fn rooms(hub: &Hub, most: usize) -> Vec<(Name, u64)> {
    let here = hub.room_names().into_iter().map(|name| (name.clone(), hub.member_count(&name) as u64));
    let mut rooms: BTreeMap<Name, u64> = here.collect();
    if let Some(node) = hub.cluster() {
        let (mut after, mut seen) = (None::<Name>, 0);
        while seen < most {
            // In parts, so that the hub's lock is not held for long.
            let part = node.rooms(after.as_deref(), ROOMS_AT_ONCE.min(most - seen));
            let Some((last, _)) = part.last() else { break };
            after = Some(last.clone());
            seen += part.len();
            rooms.extend(part.into_iter().map(|(name, counts)| (name, counts.clients)));
        }
    }
    rooms.into_iter().collect()
}

/// The members of a room on other nodes: their number, and at most `limit` of those whose user and id are wanted. At most `most` are looked
/// at. `None` if this node is alone.
pub(super) fn members(
    hub: &Hub,
    room: &str,
    (limit, most): (usize, usize),
    is_wanted: impl Fn(&str, &str) -> bool,
) -> Option<Elsewhere> {
    let node = hub.cluster()?;
    let this = node.id()?;
    let all = node.room_counts(room).map_or(0, |counts| counts.clients);
    let mut elsewhere =
        Elsewhere { count: all.saturating_sub(hub.member_count(room) as u64), members: Vec::new() };
    let (mut after, mut seen) = (None, 0);
    while let Some(page) = node.presence(room, after.as_ref(), hub.config().presence.page) {
        seen += page.members.len();
        for member in page.members.iter().filter(|member| member.client.node != this) {
            let (user, client) = (member.user.as_deref().unwrap_or_default(), member.client.to_string());
            if elsewhere.members.len() < limit && is_wanted(user, &client) {
                let node = member.client.node.to_string();
                elsewhere.members.push(json!({ "client": client, "user": user, "node": node }));
            }
        }
        after = page.next;
        if after.is_none() || elsewhere.members.len() >= limit || seen >= most {
            break;
        }
    }
    Some(elsewhere)
}
