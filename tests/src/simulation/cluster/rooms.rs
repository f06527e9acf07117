//! What each node knows of the rooms of all nodes, against who is in them.

use super::members;
use super::site::{PRESENT, info_of};
use super::world::{Check, World};
use std::collections::{BTreeMap, BTreeSet};
use throng_core::cluster::GlobalId;

/// In a calm, a change has come to all nodes after so many milliseconds: a tick, and the longest delay both ways.
pub(super) const SOON: u64 = 2_000;

/// A room with its clients and users, and with each member, its user and its information.
type Rooms = BTreeMap<String, (u64, u64, Vec<(GlobalId, Option<String>, String)>)>;

/// The rooms of the nodes that belong to the cluster.
fn expected(world: &World) -> Rooms {
    let mut rooms = Rooms::new();
    let mut users = BTreeMap::<String, BTreeSet<Option<String>>>::new();
    for &(_, site) in members(world).values() {
        let Some(run) = &world.sites[site].run else { continue };
        for (id, client) in &run.clients {
            for room in &client.rooms {
                let (clients, nameless, list) = rooms.entry(room.clone()).or_default();
                *clients += 1;
                if PRESENT.contains(&&**room) {
                    *nameless += u64::from(client.user.is_none());
                    list.push((run.global(*id), client.user.clone(), info_of(client.user.as_deref())));
                    users.entry(room.clone()).or_default().insert(client.user.clone());
                }
            }
        }
    }
    for (room, (_, of_room, list)) in &mut rooms {
        let named = users.get(room).into_iter().flatten().filter(|user| user.is_some()).count();
        *of_room += named as u64;
        list.sort_by_key(|(id, ..)| (id.node.clone(), id.client.to_u64()));
    }
    rooms
}

fn known(world: &World, site: usize) -> Result<Rooms, String> {
    let mut rooms = Rooms::new();
    let Some(run) = &world.sites[site].run else { return Ok(rooms) };
    for (room, counts) in run.cluster.rooms(None) {
        if run.cluster.room_counts(room) != Some(counts) {
            return Err(format!("{room} has other numbers than {counts:?}"));
        }
        let (mut list, mut after) = (Vec::new(), None);
        loop {
            let page = run.cluster.presence(room, after.as_ref(), 3).ok_or("no page of a room")?;
            list.extend(page.members.into_iter().map(|member| {
                let info = String::from_utf8_lossy(&member.info).into_owned();
                (member.client, member.user.as_deref().map(str::to_owned), info)
            }));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        rooms.insert(room.to_string(), (counts.clients, counts.users, list));
    }
    Ok(rooms)
}

pub(super) fn check(world: &World) -> Check {
    let expected = expected(world);
    for &(_, site) in members(world).values() {
        let (name, Some(run)) = (&world.sites[site].name, &world.sites[site].run) else { continue };
        let known = known(world, site)?;
        if known != expected {
            return Err(format!("{name} knows the rooms {known:?} instead of {expected:?}"));
        }
        let stats = run.cluster.stats();
        if stats.nodes_behind > 0 || stats.rooms_refused > 0 || stats.infos_cut > 0 {
            return Err(format!("{name} does not have all rooms: {stats:?}"));
        }
    }
    Ok(())
}
