//! Displays a hub's state for debugging. Every line depends only on the events.

use super::client::NEVER;
use super::connection::{Marks, Row};
use super::{Hub, Notice};
use crate::outbox::{Extent, Phase};
use crate::rate::{Bucket, Rate};
use crate::time::Instant;
use core::fmt;

/// Displays all of a hub's state: connections with their deadlines, clients with their outboxes, users, addresses, rooms, actions that
/// are not polled yet, and the [`Stats`](super::Stats).
#[derive(Clone, Copy, Debug)]
pub struct Dump<'a>(&'a Hub);

impl Hub {
    /// All state as text for people, in an order that depends only on the events. The format may change with any release.
    #[must_use]
    pub fn dump(&self) -> Dump<'_> {
        Dump(self)
    }
}

impl fmt::Display for Dump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hub = self.0;
        let timeout = hub.poll_timeout().unwrap_or(Instant::FAR_FUTURE);
        writeln!(f, "hub: {:?} at {:?}, next timeout {timeout:?}", hub.state, hub.now())?;
        writeln!(f, "  its own time: {:?}, {:?}", hub.now, hub.standstill)?;
        if let Some(draining) = &hub.draining {
            writeln!(f, "  {draining:?}")?;
        }
        if let Some(sweep) = &hub.sweep {
            writeln!(f, "  {sweep:?}")?;
        }
        for closed in &hub.closed_rooms {
            writeln!(
                f,
                "  room {} was closed, and not all of its members are told: {:?}",
                closed.slot, closed.end
            )?;
        }
        if !hub.ending.is_empty() {
            writeln!(f, "  {} are marked to be ended", hub.ending.len())?;
        }
        self.connections(f)?;
        self.clients(f)?;
        self.users(f)?;
        self.addresses(f)?;
        self.rooms(f)?;
        self.notices(f)?;
        writeln!(f, "{:#?}", hub.stats())
    }
}

impl Dump<'_> {
    fn connections(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hub = self.0;
        writeln!(f, "connections: {}", hub.connection_count())?;
        for row in hub.connections.rows() {
            let slot = &hub.connections[row];
            write!(f, "  {}: ", hub.connections.id(row))?;
            match slot.client() {
                Some(index) => write!(f, "client {}", hub.outboxes.entries.id(index))?,
                None => f.write_str("no client")?,
            }
            write!(f, ", lane {}", slot.lane)?;
            if let Some(origin) = hub.addresses.get(slot.address) {
                write!(f, ", address {:?}", origin.address)?;
            }
            for (mark, words) in [
                (Marks::ABORTED, "to be ended"),
                (Marks::PEER_CLOSED, "its close frame has come"),
                (Marks::WORKING, "the application is working"),
                (Marks::PARTED, "its client was separated from it"),
                (Marks::REPLACED, "another came with its session"),
            ] {
                if slot.is(mark) {
                    write!(f, ", {words}")?;
                }
            }
            writeln!(f)?;
            self.times(f, row)?;
        }
        Ok(())
    }

    fn clients(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hub = self.0;
        writeln!(
            f,
            "clients: {} open, {} of them without a connection, {} reserved or closing",
            hub.all.len(),
            hub.phases.detached,
            hub.phases.reserved + hub.phases.closing
        )?;
        for index in 0..hub.outboxes.entries.len() as u32 {
            let entry = &hub.outboxes.entries[index];
            if entry.phase == Phase::Vacant {
                continue;
            }
            let client = hub.outboxes.entries.id(index);
            write!(f, "  {client}: {:?}, ", entry.phase)?;
            match hub.connection_of(client) {
                Some(connection) => write!(f, "connection {connection}")?,
                None => f.write_str("no connection")?,
            }
            if let Some(user) = hub.users.get(hub.clients[index as usize].user) {
                write!(f, ", user {:?}", user.name)?;
            }
            self.session(f, index)?;
            if let Some(at) = hub.expiry_of(client) {
                write!(f, ", authorised until {at:?} of the host's clock")?;
            }
            for (at, ask) in hub.asks_of(client).enumerate() {
                write!(f, "{}{ask}", if at == 0 { ", asked " } else { " " })?;
            }
            writeln!(f)?;
            self.usage(f, index)?;
            for (at, room) in hub.rooms_of(client).enumerate() {
                write!(f, "{}{room:?}", if at == 0 { "    rooms: " } else { ", " })?;
            }
            if hub.room_count_of(client) > 0 {
                writeln!(f)?;
            }
            hub.outboxes.dump(f, index)?;
        }
        Ok(())
    }

    /// The session of a client by its number: its name is a secret of the peer.
    fn session(&self, f: &mut fmt::Formatter<'_>, index: u32) -> fmt::Result {
        let slot = self.0.clients[index as usize].session;
        let Some(session) = self.0.sessions.get(slot) else { return Ok(()) };
        write!(f, ", session {slot}")?;
        match session.away {
            Some(away) => write!(f, ", away until {:?}", Instant::from_nanos(away.until)),
            None => Ok(()),
        }
    }

    fn times(&self, f: &mut fmt::Formatter<'_>, row: Row) -> fmt::Result {
        let hub = self.0;
        let slot = &hub.connections[row];
        let timer = hub.wheel.get(slot.timer).map_or(Instant::FAR_FUTURE, |(deadline, _)| deadline);
        write!(f, "    timer {timer:?}")?;
        for (words, at) in
            [("deadline", slot.deadline), ("ping", slot.next_ping), ("write deadline", slot.write_deadline)]
        {
            if at != NEVER {
                write!(f, ", {words} {:?}", Instant::from_nanos(at))?;
            }
        }
        if hub.outboxes.entries.phase(slot.client) >= Phase::Open {
            let at = Instant::from_nanos;
            write!(f, "; heard {:?}, last message in {:?}", at(slot.heard), at(slot.last_in))?;
        }
        self.bucket(f, "control frames", slot.controls, &hub.config.inbound.control)?;
        writeln!(f)
    }

    /// What a client has used of its rates, and when its last message was queued.
    fn usage(&self, f: &mut fmt::Formatter<'_>, index: u32) -> fmt::Result {
        let hub = self.0;
        if hub.outboxes.entries[index].phase < Phase::Open {
            return Ok(());
        }
        write!(f, "    last message out {:?}", Instant::from_nanos(hub.outboxes.entries[index].last_out))?;
        for (words, at) in
            [("reading goes on", hub.resume_at(index)), ("writing goes on", hub.paced_until(index))]
        {
            if at != NEVER {
                write!(f, ", {words} {:?}", Instant::from_nanos(at))?;
            }
        }
        let rates = &hub.config.inbound;
        if let Some(usage) = hub.usages.get(index as usize) {
            self.bucket(f, "messages", usage.messages, &rates.messages)?;
            self.bucket(f, "bytes", usage.bytes, &rates.bytes)?;
            if usage.over_rate > 0 {
                write!(f, "; {} messages over the rate not told", usage.over_rate)?;
            }
        }
        writeln!(f)
    }

    /// When a bucket that is not full will be full again.
    fn bucket(
        &self,
        f: &mut fmt::Formatter<'_>,
        words: &str,
        bucket: Bucket,
        rate: &Option<Rate>,
    ) -> fmt::Result {
        match rate.map(|rate| bucket.full_at(&rate)) {
            Some(full) if full > self.0.now() => {
                write!(f, "; {words} in full again {:?}", self.0.for_hub(full))
            }
            _ => Ok(()),
        }
    }

    fn users(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hub = self.0;
        writeln!(f, "users: {}", hub.users.len())?;
        for (_, user) in hub.users.slots() {
            write!(f, "  {:?}: {} clients:", user.name, user.clients.len())?;
            self.ids(f, &user.clients)?;
            let rates = &hub.config.inbound;
            self.bucket(f, "messages", user.messages, &rates.user_messages)?;
            self.bucket(f, "bytes", user.bytes, &rates.user_bytes)?;
            writeln!(f)?;
        }
        Ok(())
    }

    fn addresses(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hub = self.0;
        if hub.addresses.len() > 0 {
            writeln!(f, "addresses: {}", hub.addresses.len())?;
        }
        for (_, origin) in hub.addresses.slots() {
            write!(f, "  {:?}: {} connections", origin.address, origin.connections)?;
            self.bucket(f, "connects", origin.connects, &hub.config.admission.connect_rate)?;
            writeln!(f)?;
        }
        Ok(())
    }

    fn rooms(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hub = self.0;
        writeln!(f, "rooms: {}", hub.rooms.len())?;
        for (_, room) in hub.rooms.slots() {
            write!(f, "  {:?}: {} members:", room.name, room.members.len())?;
            self.ids(f, &room.members)?;
            if let Some(config) = &room.config {
                write!(f, ", {config:?}")?;
            }
            if let Some(stream) = &room.stream {
                let Extent { oldest, top, .. } = hub.outboxes.extent_of(stream.ring);
                let idle = if stream.idle.is_some() { ", idle" } else { "" };
                write!(f, ", history {oldest} to {top} of epoch {}{idle}", stream.epoch)?;
            }
            if let Some(attendance) = &room.attendance {
                let (counts, watchers) = (attendance.counts(), attendance.watchers.len());
                write!(f, ", presence {}: {} users, {watchers} watchers", attendance.version, counts.users)?;
                if attendance.timer.is_some() {
                    write!(f, ", to be told since {}", attendance.told)?;
                }
            }
            if room.closed {
                write!(f, ", closed")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    /// The ids of clients, the first 100 of them.
    fn ids(&self, f: &mut fmt::Formatter<'_>, indexes: &[u32]) -> fmt::Result {
        const MOST: usize = 100;
        for &index in indexes.iter().take(MOST) {
            write!(f, " {}", self.0.outboxes.entries.id(index))?;
        }
        if indexes.len() > MOST { write!(f, " and {} more", indexes.len() - MOST) } else { Ok(()) }
    }

    fn notices(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hub = self.0;
        if !hub.notices.is_empty() {
            writeln!(f, "not polled yet: {}", hub.notices.len())?;
        }
        for notice in &hub.notices {
            match notice {
                Notice::Action(action) => writeln!(f, "  {action:?}")?,
                Notice::Dropped(_) => writeln!(f, "  drops of a client")?,
                Notice::OverRate(client) => writeln!(f, "  messages of {client} over its rate")?,
            }
        }
        Ok(())
    }
}
