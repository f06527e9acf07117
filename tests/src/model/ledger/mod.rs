//! The invariants of a hub, from what can be seen of it: what it is given, answers, tells, and says when asked. The model
//! knows more; but what stands here does not depend on the model's being right.

mod hub;
mod presence;

pub(super) use hub::recipients;

use super::driver::{Wrong, ensure};
use hub::Counts;
use std::collections::BTreeMap;
use throng_core::hub::{Action, Event, Hub, Outcome, Published, Recovery, Reserved};
use throng_core::outbox::{Item, Lease, Progress, Written};
use throng_core::{ClientId, ConnectionId, Frame, Name};

/// What was seen of each client and each connection, those that are gone included.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    clients: BTreeMap<ClientId, Seen>,
    connections: BTreeMap<ConnectionId, Wire>,
    /// Actions that the host has not polled.
    waiting: Vec<Action>,
    stopped: bool,
    /// The offset of each message that was published to a room with a history.
    offsets: BTreeMap<u32, u64>,
    /// The version that was told last of each room.
    presence: BTreeMap<Name, u64>,
    /// As things were after the event before.
    before: Counts,
}

/// How far a client is, as the application is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Told {
    #[default]
    Nothing,
    Connected,
    Away,
    Leaving,
    Disconnected,
}

/// What is known of a connection whose id the hub has given out.
#[derive(Debug, Default)]
struct Wire {
    /// The client that was reserved for it, or that it continues; none once they are separated.
    client: Option<ClientId>,
    /// It was separated from its client, and goes on writing: what it has on lease.
    rest: Option<Vec<Item>>,
    /// The last message that it has taken: messages are numbered.
    last: Option<u32>,
    /// The host was told to end the transport.
    is_aborted: bool,
    /// The host has said so.
    is_gone: bool,
}

/// What is known of a client whose id the hub has given out.
#[derive(Debug)]
struct Seen {
    /// The connection that it has, or had last, and the first one.
    connection: ConnectionId,
    first: ConnectionId,
    told: Told,
    /// It was opened: before that nothing is written to it, and nobody hears of it.
    is_client: bool,
    /// Its transport is gone, or its reservation was given up.
    is_gone: bool,
    lease: Vec<Item>,
    /// Messages that were meant for it.
    queued: u64,
    /// Messages written whole.
    written: u64,
    dropped: u64,
    /// It got messages of a history when it joined: older ones than it had got before.
    has_recovered: bool,
}

impl Seen {
    fn new(connection: ConnectionId) -> Self {
        Self {
            connection,
            first: connection,
            told: Told::Nothing,
            is_client: false,
            is_gone: false,
            lease: Vec::new(),
            queued: 0,
            written: 0,
            dropped: 0,
            has_recovered: false,
        }
    }
}

impl Ledger {
    /// What the hub answers to an event that was for these `recipients`, those left out whom it refused.
    pub(super) fn answered(
        &mut self,
        hub: &Hub,
        event: Event<'_>,
        outcome: Outcome,
        recipients: &[ClientId],
    ) -> Result<(), Wrong> {
        match (event, outcome) {
            (_, Outcome::Accepted(connection)) => {
                let is_new = self.connections.insert(connection, Wire::default()).is_none();
                ensure!(is_new, "the connection {connection} is given out twice");
            }
            (Event::Reserve { connection, .. }, Outcome::Reserved(Reserved { client, .. })) => {
                let wire = self.wire(connection, "is reserved")?;
                ensure!(wire.client.is_none(), "{connection} is reserved twice");
                wire.client = Some(client);
                let is_new = self.clients.insert(client, Seen::new(connection)).is_none();
                ensure!(is_new, "the client {client} is given out twice");
            }
            (_, Outcome::Published(Published { ignored: Some(_), .. })) => {}
            (Event::Publish { frame, .. }, Outcome::Published(published)) => {
                self.published(published, recipients)?;
                if let Some(position) = published.position {
                    self.offsets.insert(number_of(frame), position.offset);
                }
            }
            (Event::Join { client, .. }, Outcome::Joined(joined)) => {
                if let Some(Recovery::Recovered { count: count @ 1.. }) = joined.recovery {
                    let seen = self.of(client, "recovers")?;
                    seen.queued += u64::from(count);
                    seen.has_recovered = true;
                }
            }
            (Event::Open { connection }, _) => self.opened(hub, connection)?,
            (Event::Place { client, .. }, _) => {
                let seen = self.of(client, "is placed")?;
                if !seen.is_client {
                    let connection = seen.connection;
                    self.opened(hub, connection)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A connection has a client: the one that was reserved for it, or an older one of the same user.
    fn opened(&mut self, hub: &Hub, connection: ConnectionId) -> Result<(), Wrong> {
        let reserved = self.wire(connection, "is opened")?.client;
        let reserved = reserved.ok_or_else(|| format!("{connection} is opened, and has no client"))?;
        let client = hub.client_of(connection).ok_or_else(|| format!("{connection} is open for nobody"))?;
        if client == reserved {
            self.of(client, "is opened")?.is_client = true;
            return Ok(());
        }
        self.of(reserved, "is over")?.is_gone = true;
        let seen = self.of(client, "is continued")?;
        ensure!(seen.is_client, "{client} is continued, and was never open");
        let old = std::mem::replace(&mut seen.connection, connection);
        let lease = std::mem::take(&mut seen.lease);
        self.wire(connection, "is opened")?.client = Some(client);
        self.separated(hub, old, client, lease);
        Ok(())
    }

    /// A connection has lost its client, if it has not before.
    fn separated(&mut self, hub: &Hub, connection: ConnectionId, client: ClientId, lease: Vec<Item>) {
        let Some(wire) = self.connections.get_mut(&connection) else { return };
        if wire.client == Some(client) && hub.client_of(connection).is_none() {
            wire.client = None;
            // What a connection has that is to be ended is stale.
            wire.rest = Some(lease);
        }
    }

    /// Whoever went away has no connection, and what it had on lease is its connection's: also if the event that makes `queue`
    /// of what waits has ended it, too.
    fn separate(&mut self, hub: &Hub, queue: &[Action]) {
        let ways = |queue: &[Action], id: ClientId| {
            queue
                .iter()
                .filter(|action| matches!(action, Action::Away { client, .. } if *client == id))
                .count()
        };
        let goes_away = |id: ClientId| hub.is_away(id) || ways(queue, id) > ways(&self.waiting, id);
        let away: Vec<_> = self
            .clients
            .iter()
            .filter(|(id, seen)| !seen.is_gone && goes_away(**id))
            .map(|(id, _)| *id)
            .collect();
        for client in away {
            let Some(seen) = self.clients.get_mut(&client) else { continue };
            let (connection, lease) = (seen.connection, std::mem::take(&mut seen.lease));
            self.separated(hub, connection, client, lease);
        }
    }

    /// A connection that lives.
    fn wire(&mut self, connection: ConnectionId, what: &str) -> Result<&mut Wire, Wrong> {
        match self.connections.get_mut(&connection) {
            Some(wire) if !wire.is_gone => Ok(wire),
            Some(_) => Err(format!("{connection} {what}, and is gone")),
            None => Err(format!("{connection} {what}, and was never given out")),
        }
    }

    /// Somebody whose transport lives: nobody else is spoken of, nor written to.
    fn of(&mut self, client: ClientId, what: &str) -> Result<&mut Seen, Wrong> {
        match self.clients.get_mut(&client) {
            Some(seen) if !seen.is_gone => Ok(seen),
            Some(_) => Err(format!("{client} {what}, and is gone")),
            None => Err(format!("{client} {what}, and was never given out")),
        }
    }

    fn published(&mut self, published: Published, recipients: &[ClientId]) -> Result<(), Wrong> {
        let Published { queued, dropped, .. } = published;
        ensure!((queued + dropped) as usize == recipients.len(), "{published:?} of one for {recipients:?}");
        for client in recipients {
            self.of(*client, "gets a message")?.queued += 1;
        }
        Ok(())
    }

    pub(super) fn leased(&mut self, lease: &Lease, items: &[Item]) -> Result<(), Wrong> {
        let wire = self.wire(lease.connection, "is written to")?;
        if let Some(rest) = &mut wire.rest {
            ensure!(rest.is_empty(), "{} has two leases", lease.connection);
            *rest = items.to_vec();
            return Ok(());
        }
        let seen = self.of(lease.client, "is written to")?;
        ensure!(seen.connection == lease.connection, "{lease:?} is for the connection of another client");
        ensure!(seen.is_client, "{} is written to before it is open", lease.client);
        ensure!(seen.lease.is_empty(), "{} has two leases", lease.client);
        seen.lease = items.to_vec();
        Ok(())
    }

    /// Connections that the hub names as ready.
    pub(super) fn named(&mut self, connections: &[ConnectionId]) -> Result<(), Wrong> {
        for connection in connections {
            let wire = self.wire(*connection, "is ready")?;
            if wire.rest.is_some() {
                continue;
            }
            let client = wire.client;
            let client = client.ok_or_else(|| format!("{connection} is ready, and has no client"))?;
            ensure!(self.of(client, "is ready")?.is_client, "{client} is ready before it is open");
        }
        Ok(())
    }

    /// Each client gets messages in the order in which they were published, none of them twice. All come from one sender
    /// here, so that this is the order of every sender and target, too. The hub is as it was before it is told.
    pub(super) fn written(&mut self, hub: &Hub, results: &[Written]) -> Result<(), Wrong> {
        for written in results {
            // The connection says whose lease it is.
            let Some(wire) = self.connections.get_mut(&written.connection) else { continue };
            if let Some(rest) = &mut wire.rest {
                rest.clear();
                continue;
            }
            let client = wire.client;
            let Some(client) = client.filter(|client| client.index() == written.client.index()) else {
                continue;
            };
            let Some(seen) = self.clients.get_mut(&client) else { continue };
            let lease = std::mem::take(&mut seen.lease);
            let frames = lease.iter().filter(|item| matches!(item, Item::Frame(_))).count();
            // What was on lease when its transport failed is dropped, whatever becomes of it.
            if hub.outbox_of(client).is_none_or(|outbox| (outbox.0 as usize) < frames) {
                continue;
            }
            for frame in frames_of(&lease, written.progress) {
                let number = number_of(frame);
                let sealed = self.offsets.get(&number).copied().unwrap_or(number.into());
                let offset = frame.place().map(|_| sealed);
                ensure!(frame.offset() == offset, "{number} has the offset {:?}", frame.offset());
                let is_next = seen.has_recovered || wire.last < Some(number);
                ensure!(is_next, "{client} gets {number} after {:?}", wire.last);
                wire.last = Some(number);
                seen.written += 1;
            }
        }
        Ok(())
    }

    /// Everything that waits to be polled, after an event. Once a client's transport has gone nothing more is said of it:
    /// of the gone the same waits as before. And whose transport goes is not asked to end it.
    pub(super) fn produced(
        &mut self,
        hub: &Hub,
        event: Event<'_>,
        is_done: bool,
        queue: Vec<Action>,
    ) -> Result<(), Wrong> {
        self.separate(hub, &queue);
        let of_gone = |queue: &[Action]| -> Vec<Action> {
            queue.iter().filter(|action| self.is_of_gone(action)).cloned().collect()
        };
        let (before, after) = (of_gone(&self.waiting), of_gone(&queue));
        ensure!(before == after, "{event:?} makes {after:?} of {before:?}, about who is gone");
        if let (Event::Gone { connection }, true) = (event, is_done) {
            let aborts = |queue: &[Action]| queue.contains(&Action::Abort { connection });
            let is_new = !aborts(&self.waiting) && aborts(&queue);
            ensure!(!is_new, "a transport that has gone is to be ended");
            let wire = self.wire(connection, "goes")?;
            wire.is_gone = true;
            if let Some(client) = wire.client
                && let Some(seen) = self.clients.get_mut(&client)
            {
                seen.is_gone = !hub.is_away(client);
            }
        }
        self.waiting = queue;
        Ok(())
    }

    /// The application hears of each client in a legal order, and of nobody who was never there.
    pub(super) fn told(&mut self, actions: &[Action]) -> Result<(), Wrong> {
        self.waiting.clear();
        for action in actions {
            let (from, to) = match *action {
                Action::Connected { .. } => (&[Told::Nothing][..], Told::Connected),
                Action::Left { .. } => (&[Told::Connected, Told::Away, Told::Leaving][..], Told::Leaving),
                Action::Disconnected { .. } => {
                    (&[Told::Connected, Told::Away, Told::Leaving][..], Told::Disconnected)
                }
                Action::Away { .. } => (&[Told::Connected][..], Told::Away),
                // From here on it is on its way to the other connection.
                Action::Replaced { .. } => (&[Told::Connected][..], Told::Away),
                Action::Resumed { .. } => (&[Told::Away][..], Told::Connected),
                Action::Abort { connection } => {
                    self.aborts(connection)?;
                    continue;
                }
                Action::Resume { connection } => {
                    self.resumes(connection)?;
                    continue;
                }
                // Who ends is told of its rooms in the order of joining, closed or not.
                Action::RoomClosed { .. } if self.is_leaving(action) => (&[Told::Leaving][..], Told::Leaving),
                Action::RoomClosed { .. }
                | Action::Dropped { .. }
                | Action::OverRate { .. }
                | Action::Expiring { .. }
                | Action::AskEnded { .. }
                | Action::OutboxLow { .. }
                    if self.is_told_away(action) =>
                {
                    (&[Told::Away][..], Told::Away)
                }
                Action::RoomClosed { .. }
                | Action::Dropped { .. }
                | Action::OverRate { .. }
                | Action::Expiring { .. }
                | Action::AskEnded { .. }
                | Action::AskAgain { .. }
                | Action::OutboxLow { .. } => (&[Told::Connected][..], Told::Connected),
                Action::PresenceChanged { ref room, ref change } => {
                    self.presence_told(room, change)?;
                    continue;
                }
                Action::StoodStill { .. } => continue,
                Action::Stopped => {
                    self.stops()?;
                    continue;
                }
                ref other => return Err(format!("an action that nobody knows: {other:?}")),
            };
            let Some(seen) = client_of(action).and_then(|client| self.clients.get_mut(&client)) else {
                return Err(format!("{action:?} is about an id that was never given out"));
            };
            ensure!(seen.is_client, "{action:?} about somebody like {seen:?}");
            ensure!(from.contains(&seen.told), "{action:?} after {:?}", seen.told);
            seen.told = to;
            if let Action::Connected { connection, .. } = *action {
                ensure!(connection == seen.first, "{action:?}, and it is on {}", seen.first);
            }
            if let Action::Dropped { dropped, .. } = action {
                seen.dropped += u64::from(dropped.frames);
            }
        }
        Ok(())
    }

    /// A transport is to be ended once: of a client that has ended, or of a handshake that has come to nothing, of which
    /// nothing else is told.
    fn aborts(&mut self, connection: ConnectionId) -> Result<(), Wrong> {
        let Some(wire) = self.connections.get_mut(&connection) else {
            return Err(format!("{connection} is to be ended, and was never given out"));
        };
        ensure!(!wire.is_aborted, "{connection} is to be ended twice");
        wire.is_aborted = true;
        let Some(seen) = wire.client.and_then(|client| self.clients.get(&client)) else { return Ok(()) };
        let should = if seen.is_client { Told::Disconnected } else { Told::Nothing };
        ensure!(seen.told == should, "{connection} is to be ended, of somebody like {seen:?}");
        Ok(())
    }

    fn resumes(&self, connection: ConnectionId) -> Result<(), Wrong> {
        let wire = self.connections.get(&connection);
        if wire.is_some_and(|wire| wire.rest.is_some()) {
            // It was told before the connection was separated from its client.
            return Ok(());
        }
        let seen = wire.and_then(|wire| wire.client).and_then(|client| self.clients.get(&client));
        let is_open = seen.is_some_and(|seen| seen.told == Told::Connected);
        ensure!(is_open, "{connection} is to be read from, of somebody like {seen:?}");
        Ok(())
    }

    /// Whether an action is about a transport or a client that is gone.
    fn is_of_gone(&self, action: &Action) -> bool {
        match *action {
            Action::Resume { connection } | Action::Abort { connection } => {
                self.connections.get(&connection).is_some_and(|wire| wire.is_gone)
            }
            ref other => {
                let seen = client_of(other).and_then(|client| self.clients.get(&client));
                seen.is_some_and(|seen| seen.is_gone)
            }
        }
    }

    fn is_told_away(&self, action: &Action) -> bool {
        let seen = client_of(action).and_then(|client| self.clients.get(&client));
        seen.is_some_and(|seen| seen.told == Told::Away)
    }

    fn is_leaving(&self, action: &Action) -> bool {
        let seen = client_of(action).and_then(|client| self.clients.get(&client));
        seen.is_some_and(|seen| seen.told == Told::Leaving)
    }

    /// Once, and when no client is left, nor the transport of one.
    fn stops(&mut self) -> Result<(), Wrong> {
        ensure!(!self.stopped, "the hub stops twice");
        self.stopped = true;
        // Who was away when it ended is gone by that.
        let was_away = |seen: &Seen| {
            let wire = self.connections.get(&seen.connection);
            seen.told == Told::Disconnected && wire.is_some_and(|wire| wire.rest.is_some())
        };
        let is_left = |seen: &Seen| seen.is_client && !seen.is_gone && !was_away(seen);
        let left = self.clients.iter().find(|(_, seen)| is_left(seen));
        ensure!(left.is_none(), "the hub has stopped, and there is {left:?}");
        Ok(())
    }

    /// In the end everybody has gone, and of every client the application has heard that it came and went.
    pub(super) fn check_the_end(&self) -> Result<(), Wrong> {
        for (id, wire) in &self.connections {
            ensure!(wire.is_gone, "in the end there is the connection {id}: {wire:?}");
        }
        for (id, seen) in &self.clients {
            let should = if seen.is_client { Told::Disconnected } else { Told::Nothing };
            ensure!(seen.is_gone && seen.told == should, "in the end there is {id}: {seen:?}");
        }
        ensure!(self.stopped, "nobody is told that the hub has stopped");
        Ok(())
    }
}

/// Whom an action is about.
fn client_of(action: &Action) -> Option<ClientId> {
    match *action {
        Action::Connected { client, .. }
        | Action::Left { client, .. }
        | Action::RoomClosed { client, .. }
        | Action::Disconnected { client, .. }
        | Action::Dropped { client, .. }
        | Action::OverRate { client, .. }
        | Action::Away { client, .. }
        | Action::Resumed { client, .. }
        | Action::Replaced { client, .. }
        | Action::Expiring { client, .. }
        | Action::AskEnded { client, .. }
        | Action::AskAgain { client, .. }
        | Action::OutboxLow { client } => Some(client),
        _ => None,
    }
}

/// The messages of a lease that were written whole.
fn frames_of(lease: &[Item], progress: Progress) -> impl Iterator<Item = &Frame> {
    let items = match progress {
        Progress::All => lease.len(),
        Progress::Part { items, .. } => lease.len().min(items as usize),
    };
    lease[..items].iter().filter_map(|item| match item {
        Item::Frame(frame) => Some(frame),
        Item::Control(_) => None,
    })
}

/// Which message it is.
fn number_of(frame: &Frame) -> u32 {
    let bytes = frame.payload().get(..4).and_then(|number| number.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}
