//! The invariants of what a hub says when asked, against what it was seen to do.

use super::Ledger;
use crate::model::driver::{Wrong, ensure};
use std::collections::BTreeMap;
use throng_core::hub::{Action, Event, Hub, Lifetime, PerUser, Target};
use throng_core::{ClientId, Name};

/// What is bounded. A bound may be lowered below it: then it stays as it is, or becomes less.
#[derive(Debug, Default)]
pub(super) struct Counts {
    outboxes: BTreeMap<ClientId, (u32, u32)>,
    rooms_of: BTreeMap<ClientId, usize>,
    members: BTreeMap<Name, usize>,
    /// Reserved ones included.
    clients_of: BTreeMap<Name, usize>,
    queued_bytes: u64,
}

impl Counts {
    fn of<'a>(hub: &Hub, clients: impl Iterator<Item = &'a ClientId>) -> Self {
        let mut counts = Self { queued_bytes: hub.stats().queued_bytes, ..Self::default() };
        for &id in clients {
            if let Some(outbox) = hub.outbox_of(id) {
                counts.outboxes.insert(id, outbox);
                counts.rooms_of.insert(id, hub.room_count_of(id));
            }
            if let Some(user) = hub.user_of(id) {
                *counts.clients_of.entry(user).or_default() += 1;
            }
        }
        counts.members.extend(hub.room_names().map(|room| (room.clone(), hub.member_count(&room))));
        counts
    }
}

/// Whether something is within its bound, or has not become more.
fn within(count: usize, bound: Option<u32>, before: usize) -> bool {
    bound.is_none_or(|bound| count <= bound as usize) || count <= before
}

impl Ledger {
    /// Everything that must hold.
    pub(in crate::model) fn check(&mut self, hub: &Hub, gone: usize) -> Result<(), Wrong> {
        self.check_pairs(hub)?;
        check_rooms(hub)?;
        check_users(hub)?;
        self.check_bounds(hub)?;
        self.before = Counts::of(hub, self.clients.keys());
        self.check_sums(hub, gone)?;
        self.check_conservation(hub)
    }

    /// A client and its connection name each other, from `Reserve` on; whoever has gone is not named. A reservation is given
    /// up while its connection stays, which has no client then, and is to be ended.
    fn check_pairs(&mut self, hub: &Hub) -> Result<(), Wrong> {
        for (&id, seen) in &mut self.clients {
            let Some(wire) = self.connections.get(&seen.connection) else { continue };
            let connection = hub.connection_of(id);
            let is_given_up = connection.is_none() && !seen.is_client && !wire.is_gone;
            if is_given_up && !seen.is_gone {
                let is_told =
                    wire.is_aborted || self.waiting.contains(&Action::Abort { connection: seen.connection });
                ensure!(is_told, "{id} is no more, and {} is not to be ended", seen.connection);
                seen.is_gone = true;
            }
            // Who was away has come to its end without one.
            seen.is_gone |= seen.is_client && connection.is_none() && hub.outbox_of(id).is_none();
            let is_detached = wire.rest.is_some() && hub.outbox_of(id).is_some();
            let should = (!seen.is_gone && !is_detached).then_some(seen.connection);
            ensure!(connection == should, "{id} is on {connection:?}, and should be on {should:?}");
            let is_nobody = !hub.is_open(id)
                && hub.outbox_of(id).is_none()
                && hub.user_of(id).is_none()
                && hub.rooms_of(id).next().is_none();
            ensure!(!seen.is_gone || is_nobody, "{id} is gone and is still somebody");
        }
        for (&id, wire) in &self.connections {
            let is_there = |client: &ClientId| self.clients.get(client).is_some_and(|seen| !seen.is_gone);
            let (client, should) = (hub.client_of(id), wire.client.filter(is_there));
            ensure!(client == should, "on {id} is {client:?}, and should be {should:?}");
        }
        Ok(())
    }

    /// For every client: queued = transmitted + dropped + pending. What is dropped of a client that has ended is told to
    /// nobody; but the hub counts it. So it does while it has more to tell, for which it asks for a timeout.
    fn check_conservation(&self, hub: &Hub) -> Result<(), Wrong> {
        let stats = hub.stats();
        let is_busy = hub.poll_timeout().is_some_and(|timeout| timeout <= hub.now());
        let (mut queued, mut written, mut dropped, mut pending_in_all) = (0, 0, 0, 0);
        for (id, seen) in &self.clients {
            let told = seen.dropped + self.untold_drops(*id);
            let pending = u64::from(hub.outbox_of(*id).map_or(0, |outbox| outbox.0));
            let known = seen.written + told + pending;
            ensure!(
                if hub.is_open(*id) && !is_busy { known == seen.queued } else { known <= seen.queued },
                "for {id}: {} queued, {} transmitted + {told} dropped + {pending} pending",
                seen.queued,
                seen.written
            );
            queued += seen.queued;
            written += seen.written;
            dropped += seen.queued - seen.written - pending;
            pending_in_all += pending;
        }
        // What connections finish that were separated from their clients: how much of it is dropped the model knows.
        ensure!(
            stats.queued >= queued && stats.written >= written,
            "{queued} queued and {written} written were seen"
        );
        if self.connections.values().any(|wire| wire.rest.is_some()) {
            let more = stats.pending() >= pending_in_all && stats.dropped() >= dropped;
            ensure!(more, "{dropped} dropped and {pending_in_all} pending were seen");
            return Ok(());
        }
        let (counted, seen) = ([stats.queued, stats.written, stats.dropped()], [queued, written, dropped]);
        ensure!(counted == seen, "queued, written and dropped are {counted:?}, and were seen as {seen:?}");
        Ok(())
    }

    /// Messages dropped of a client that the host has not heard of.
    fn untold_drops(&self, of: ClientId) -> u64 {
        let drops = self.waiting.iter().filter_map(|action| match action {
            Action::Dropped { client, dropped } if *client == of => Some(u64::from(dropped.frames)),
            _ => None,
        });
        drops.sum()
    }

    fn check_bounds(&self, hub: &Hub) -> Result<(), Wrong> {
        let (limits, rooms, before) = (&hub.config().outbox, &hub.config().rooms, &self.before);
        let now = Counts::of(hub, self.clients.keys());
        for (id, &(messages, bytes)) in &now.outboxes {
            let before = before.outboxes.get(id).copied().unwrap_or_default();
            let fits = messages <= limits.messages.max(before.0) && bytes <= limits.bytes.max(before.1);
            ensure!(fits, "for {id} wait {messages} messages of {bytes} bytes, after {before:?}");
        }
        let (bytes, most) = (now.queued_bytes, limits.hub_bytes.max(before.queued_bytes));
        ensure!(bytes <= most, "the hub holds {bytes} bytes, and may hold {most}");
        for (id, &count) in &now.rooms_of {
            let before = before.rooms_of.get(id).copied().unwrap_or_default();
            ensure!(within(count, rooms.per_client, before), "{id} is in too many rooms");
        }
        for (room, &count) in &now.members {
            let before = before.members.get(room).copied().unwrap_or_default();
            ensure!(within(count, hub.room_capacity(room), before), "room {room} is too full");
        }
        ensure!(within(now.members.len(), rooms.total, before.members.len()), "there are too many rooms");
        if let PerUser::RefuseNewest(most) | PerUser::EvictOldest(most) = hub.config().admission.per_user {
            for user in now.clients_of.keys() {
                let before = before.clients_of.get(user).copied().unwrap_or_default();
                let fits = within(hub.clients_of(user).count(), Some(most), before);
                ensure!(fits, "{user} has too many clients");
            }
        }
        Ok(())
    }

    /// The numbers add up.
    fn check_sums(&self, hub: &Hub, gone: usize) -> Result<(), Wrong> {
        let stats = hub.stats();
        let ended =
            stats.ended_by_peer + stats.ended_by_application + stats.ended_by_hub + stats.ended_by_transport;
        let outboxes = self.clients.keys().filter_map(|id| hub.outbox_of(*id));
        let pending: u64 = outboxes.map(|outbox| u64::from(outbox.0)).sum();
        let here = u64::from(stats.handshakes + stats.reserved + stats.clients - stats.away + stats.closing);
        let sums = [
            ("opened = clients + ended", stats.opened, u64::from(stats.clients) + ended),
            ("accepted = here + gone", stats.accepted, here + gone as u64),
            ("connections", hub.connection_count() as u64, here),
            ("joins = leaves + memberships", stats.joins, stats.leaves + stats.memberships),
        ];
        // Connections that were separated from their clients have something, too.
        let counted = stats.written + stats.dropped() + pending;
        let has_rest = self.connections.values().any(|wire| wire.rest.is_some() && !wire.is_gone);
        let adds_up = if has_rest { counted <= stats.queued } else { counted == stats.queued };
        ensure!(adds_up, "queued = written + dropped + pending: {} and {counted}", stats.queued);
        for (what, left, right) in sums {
            ensure!(left == right, "{what}: {left} and {right}");
        }
        Ok(())
    }
}

/// Whom a publish reaches as things are, each once.
pub(in crate::model) fn recipients(hub: &Hub, event: Event<'_>) -> Vec<ClientId> {
    let Event::Publish { targets, except, .. } = event else { return Vec::new() };
    let mut recipients: Vec<ClientId> = Vec::new();
    for target in targets {
        match *target {
            Target::Client(client) => recipients.extend(hub.is_open(client).then_some(client)),
            Target::User(name) => recipients.extend(hub.clients_of(name)),
            Target::Room(name) => recipients.extend(hub.members(name)),
            Target::Watchers(name) => recipients.extend(hub.watchers(name)),
            _ => recipients.extend(hub.clients()),
        }
    }
    recipients.sort_unstable();
    recipients.dedup();
    // Who is to be ended is listed until its turn comes, and gets nothing.
    recipients.retain(|client| hub.is_open(*client) && !except.contains(client));
    recipients
}

/// A membership is known to both its sides, and neither knows a ghost.
fn check_rooms(hub: &Hub) -> Result<(), Wrong> {
    let (mut memberships, clients) = (0, hub.clients().collect::<Vec<_>>());
    for room in hub.room_names() {
        let members: Vec<_> = hub.members(&room).collect();
        let config = hub.room_config(&room).unwrap_or_default();
        let is_kept = config.lifetime == Lifetime::Kept;
        let has_history = hub.position(&room).is_some();
        ensure!(is_kept || has_history || !members.is_empty(), "room {room} has nobody in it");
        for (at, member) in members.iter().enumerate() {
            ensure!(clients.contains(member), "{member} in {room} is a ghost");
            ensure!(!members[..at].contains(member), "{member} is in {room} twice");
            ensure!(hub.rooms_of(*member).any(|other| other == room), "{member} does not know of {room}");
            ensure!(hub.in_room(*member, &room), "{member} is in {room} and is not");
        }
        memberships += members.len();
    }
    let of_clients: usize = hub.clients().map(|client| hub.room_count_of(client)).sum();
    ensure!(of_clients == memberships, "clients are in {of_clients} rooms, which have {memberships} members");
    Ok(())
}

/// Each client is listed by its user and by nobody else.
fn check_users(hub: &Hub) -> Result<(), Wrong> {
    for client in hub.clients() {
        let Some(user) = hub.user_of(client) else { continue };
        let clients: Vec<_> = hub.clients_of(&user).collect();
        let is_listed = clients.contains(&client) || !hub.is_open(client);
        ensure!(is_listed, "{client} is of {user}, who does not know");
        ensure!(
            clients.iter().all(|other| hub.user_of(*other).as_ref() == Some(&user)),
            "{user} has another's"
        );
    }
    Ok(())
}
