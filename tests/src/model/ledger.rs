//! The invariants of a hub, from what can be seen of it. The model knows more; but what stands here does not depend on
//! the model's being right.

use super::driver::{Wrong, ensure};
use super::reference::{Model, Phase};
use std::collections::BTreeMap;
use throng_core::hub::{Action, Hub, PerUser, Progress, Written};
use throng_core::outbox::{Item, Lease};
use throng_core::{ClientId, Frame};

/// What was seen of each client.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    clients: BTreeMap<ClientId, Seen>,
    stopped: bool,
}

/// How far a client is, as the application is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Told {
    #[default]
    Nothing,
    Connected,
    Disconnected,
    Aborted,
}

#[derive(Debug, Default)]
struct Seen {
    told: Told,
    lease: Vec<Item>,
    /// Messages written whole, and the last of them: messages are numbered.
    written: u64,
    last: Option<u32>,
    dropped: u64,
}

impl Ledger {
    pub(super) fn leased(&mut self, lease: &Lease, items: &[Item]) -> Result<(), Wrong> {
        let seen = self.clients.entry(lease.client).or_default();
        ensure!(seen.lease.is_empty(), "{} has two leases", lease.client);
        seen.lease = items.to_vec();
        Ok(())
    }

    /// Each client gets messages in the order in which they were published, none of them twice. All come from one sender
    /// here, so that this is the order of every sender and target, too.
    pub(super) fn written(&mut self, results: &[Written]) -> Result<(), Wrong> {
        for written in results {
            let Some(seen) = self.clients.get_mut(&written.client) else { continue };
            let lease = std::mem::take(&mut seen.lease);
            let items = match written.progress {
                Progress::All => lease.len(),
                Progress::Part { items, .. } => lease.len().min(items as usize),
            };
            for item in &lease[..items] {
                let Item::Frame(frame) = item else { continue };
                let number = number_of(frame);
                ensure!(seen.last < Some(number), "{} gets {number} after {:?}", written.client, seen.last);
                seen.last = Some(number);
                seen.written += 1;
            }
        }
        Ok(())
    }

    /// The application hears of each client in a legal order, and of nobody who has ended.
    pub(super) fn told(&mut self, actions: &[Action]) -> Result<(), Wrong> {
        for action in actions {
            let (client, from, to) = match *action {
                Action::Connected { client } => (client, &[Told::Nothing][..], Told::Connected),
                Action::Disconnected { client, .. } => (client, &[Told::Connected][..], Told::Disconnected),
                Action::Abort { client } => (client, &[Told::Nothing, Told::Disconnected][..], Told::Aborted),
                Action::Left { client, .. }
                | Action::Dropped { client, .. }
                | Action::OverRate { client, .. }
                | Action::OutboxLow { client }
                | Action::Resume { client } => (client, &[Told::Connected][..], Told::Connected),
                Action::Stopped => {
                    ensure!(!self.stopped, "the hub stops twice");
                    self.stopped = true;
                    continue;
                }
                ref other => return Err(format!("an action that nobody knows: {other:?}")),
            };
            let seen = self.clients.entry(client).or_default();
            ensure!(from.contains(&seen.told), "{action:?} after {:?}", seen.told);
            seen.told = to;
            if let Action::Dropped { dropped, .. } = action {
                seen.dropped += u64::from(dropped.frames);
            }
        }
        Ok(())
    }

    pub(super) fn check(&self, hub: &Hub, model: &Model, gone: &[ClientId]) -> Result<(), Wrong> {
        check_rooms(hub)?;
        check_users(hub)?;
        check_bounds(hub, model)?;
        check_sums(hub, model, gone)?;
        self.check_conservation(hub, model)
    }

    /// For every client: queued = transmitted + dropped + pending.
    fn check_conservation(&self, hub: &Hub, model: &Model) -> Result<(), Wrong> {
        for one in model.connections.iter().filter(|one| one.phase == Phase::Open) {
            let seen = self.clients.get(&one.id);
            let (written, told) = seen.map_or((0, 0), |seen| (seen.written, seen.dropped));
            let dropped = told + model.untold_drops(one.id);
            let pending = u64::from(hub.outbox_of(one.id).map_or(0, |outbox| outbox.0));
            ensure!(
                one.queued == written + dropped + pending,
                "for {}: {} queued, {written} transmitted + {dropped} dropped + {pending} pending",
                one.id,
                one.queued
            );
        }
        Ok(())
    }
}

/// A membership is known to both its sides, and neither knows a ghost.
fn check_rooms(hub: &Hub) -> Result<(), Wrong> {
    let limits = &hub.config().rooms;
    let mut memberships = 0;
    for room in hub.room_names() {
        let members: Vec<_> = hub.members(&room).collect();
        ensure!(!members.is_empty(), "room {room} has nobody in it");
        ensure!(limits.members.is_none_or(|most| members.len() <= most as usize), "room {room} is too full");
        for (at, member) in members.iter().enumerate() {
            ensure!(hub.is_open(*member), "{member} in {room} is a ghost");
            ensure!(!members[..at].contains(member), "{member} is in {room} twice");
            ensure!(hub.rooms_of(*member).any(|other| other == room), "{member} does not know of {room}");
            ensure!(hub.in_room(*member, &room), "{member} is in {room} and is not");
        }
        memberships += members.len();
    }
    let of_clients: usize = hub.clients().map(|client| hub.room_count_of(client)).sum();
    let has_room =
        |client: ClientId| limits.per_client.is_none_or(|most| hub.room_count_of(client) <= most as usize);
    ensure!(of_clients == memberships, "clients are in {of_clients} rooms, which have {memberships} members");
    ensure!(hub.clients().all(has_room), "a client is in too many rooms");
    ensure!(limits.total.is_none_or(|most| hub.room_count() <= most as usize), "there are too many rooms");
    Ok(())
}

/// Each client is listed by its user and by nobody else, and no user has too many.
fn check_users(hub: &Hub) -> Result<(), Wrong> {
    for client in hub.clients() {
        let Some(user) = hub.user_of(client) else { continue };
        let clients: Vec<_> = hub.clients_of(&user).collect();
        ensure!(clients.contains(&client), "{client} is of {user}, who does not know");
        ensure!(
            clients.iter().all(|other| hub.user_of(*other).as_ref() == Some(&user)),
            "{user} has another's"
        );
        if let PerUser::RefuseNewest(most) | PerUser::EvictOldest(most) = hub.config().admission.per_user {
            ensure!(clients.len() <= most as usize, "{user} has too many clients");
        }
    }
    Ok(())
}

fn check_bounds(hub: &Hub, model: &Model) -> Result<(), Wrong> {
    let (limits, stats) = (&hub.config().outbox, hub.stats());
    for one in &model.connections {
        let (messages, bytes) = hub.outbox_of(one.id).unwrap_or_default();
        let fits = messages <= limits.messages && bytes <= limits.bytes;
        ensure!(fits, "for {} wait {messages} messages of {bytes} bytes", one.id);
    }
    let frames = model.frames().1;
    let (bytes, most) = (stats.queued_bytes, limits.hub_bytes);
    ensure!(bytes <= most, "the hub holds {bytes} bytes, and may hold {most}");
    ensure!(bytes >= frames, "the hub counts {bytes} bytes for {frames} bytes of frames");
    Ok(())
}

/// The numbers add up.
fn check_sums(hub: &Hub, model: &Model, gone: &[ClientId]) -> Result<(), Wrong> {
    let stats = hub.stats();
    let ended =
        stats.ended_by_peer + stats.ended_by_application + stats.ended_by_hub + stats.ended_by_transport;
    let outboxes = model.connections.iter().filter_map(|one| hub.outbox_of(one.id));
    let pending: u64 = outboxes.map(|outbox| u64::from(outbox.0)).sum();
    let here = u64::from(stats.handshakes + stats.reserved + stats.clients + stats.closing);
    let sums = [
        ("opened = clients + ended", stats.opened, u64::from(stats.clients) + ended),
        ("accepted = here + gone", stats.accepted, here + gone.len() as u64),
        ("connections", hub.connection_count() as u64, here),
        ("joins = leaves + memberships", stats.joins, stats.leaves + stats.memberships),
        ("queued = written + dropped + pending", stats.queued, stats.written + stats.dropped() + pending),
    ];
    for (what, left, right) in sums {
        ensure!(left == right, "{what}: {left} and {right}");
    }
    for &client in gone {
        let is_nobody = !hub.is_open(client)
            && hub.outbox_of(client).is_none()
            && hub.user_of(client).is_none()
            && hub.rooms_of(client).next().is_none();
        ensure!(is_nobody, "{client} is gone and is still somebody");
    }
    Ok(())
}

/// Which message it is.
fn number_of(frame: &Frame) -> u32 {
    let bytes = frame.payload().get(..4).and_then(|number| number.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}
