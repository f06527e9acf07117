//! Writes a whole hub as bytes and reads it back: a flight recorder's window begins with such a snapshot. The hash key is
//! not written.

use super::client::{Client, NEVER, Usage};
use super::host_time::Standstill;
use super::names::Names;
use super::room::ClosedRoom;
use super::room::Room;
use super::room_config::RoomConfig;
use super::session::{Away, Session};
use super::snapshot_histories::{put_stream, take_stream};
use super::snapshot_presences::{put_attendance, take_attendance};
use super::sweep::{Draining, Sweep, Task};
use super::totals::Totals;
use super::user::{Origin, User};
use super::{Config, Ends, Host, Hub, Owner, Refusals, State};
use crate::field::{Field, Input, Wrong, fields, put_list, take_list, take_total, variants};
use crate::outbox::{NONE, Phase, PutFrame, TakeFrame};
use crate::pool::within;
use crate::timer::{Timer, Wheel};
use alloc::boxed::Box;
use alloc::vec::Vec;

variants!(State { 0 => Running, 1 => Draining, 2 => Stopped });
variants!(Task { 0 => Schedule, 1 => Close });
variants!(Owner {
    0 => Connection(row),
    1 => User(slot),
    2 => Address(slot),
    3 => Away(index),
    4 => Room(slot),
    5 => Discarded,
    6 => Asks(index),
    7 => Presence(slot),
});
fields!(Draining { plan, since, clients, given });
fields!(Sweep { next, task });
fields!(Standstill { before, last, grace });
fields!(ClosedRoom { slot, end });

/// Writes and reads these fields of `Totals` in this order.
macro_rules! totals {
    ($($field:ident),+ $(,)?) => {
        impl<'a> Field<'a> for Totals {
            fn put(&self, log: &mut Vec<u8>) {
                let Self { $($field,)+ ended, refusals } = self;
                $($field.put(log);)+
                for total in ended.0.iter().flatten().chain(&refusals.0) {
                    total.put(log);
                }
            }
            fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
                $(let $field = take_total(input)?;)+
                let (mut ended, mut refusals) = (Ends::default(), Refusals::default());
                for total in ended.0.iter_mut().flatten().chain(&mut refusals.0) {
                    *total = take_total(input)?;
                }
                Ok(Self { $($field,)+ ended, refusals })
            }
        }
    };
}

totals!(
    accepted,
    opened,
    evicted,
    protocol_errors,
    invalid_payloads,
    too_big,
    policy_violations,
    handler_failures,
    too_slow,
    handshake_timeouts,
    write_timeouts,
    pong_timeouts,
    idle_timeouts,
    idle_inbound_timeouts,
    ended_for_budget,
    standstills,
    stood_still,
    refused,
    refused_connections,
    received,
    received_bytes,
    controls,
    over_rate,
    pings,
    published,
    joins,
    leaves,
    rooms_configured,
    went_away,
    resumed,
    replaced,
    not_returned,
    away_refused,
    expired,
    expiry_notices,
    asked,
    answered,
    asks_late,
    asks_cancelled,
    asks_not_resumed,
    asks_ended,
    asked_again,
);

/// The position of a client in the list of a room or user. Two clients with one position are an error.
struct Place {
    list: u32,
    position: u32,
    index: u32,
    node: u32,
}

impl Hub {
    /// Writes all state without changing it. `None` if an action waits to be polled, or if more than `most` bytes would be
    /// written (the bytes may exceed `most` by one connection, name or frame).
    ///
    /// O(connections + users + rooms + memberships + frames).
    pub(crate) fn snapshot(&mut self, log: &mut Vec<u8>, put_frame: PutFrame<'_>, most: usize) -> Option<()> {
        // A tally of drops that is announced and not polled yet has its notice, too.
        if !self.notices.is_empty() {
            return None;
        }
        self.config.put(log);
        self.loosest.put(log);
        self.keeps_usages().put(log);
        self.now.put(log);
        self.standstill.put(log);
        self.state.put(log);
        self.draining.put(log);
        self.sweep.put(log);
        put_list(self.closed_rooms.iter().cloned(), log);
        put_list(self.ending.iter().copied(), log);
        self.stopping.put(log);
        self.stop_is_told.put(log);
        self.totals.put(log);
        self.log.put(log);
        self.presence_totals.put(log);
        self.put_histories(log, most)?;
        self.put_names(log, most)?;
        self.put_connections(log, most)?;
        self.outboxes.snapshot(log, put_frame, most)?;
        for index in 0..self.clients.len() as u32 {
            if self.outboxes.entries[index].phase != Phase::Vacant {
                self.put_client(index, log);
                within(log, most)?;
            }
        }
        self.wheel.snapshot(log, |owner, log| owner.put(log));
        self.put_expiry_timers(log);
        within(log, most)
    }

    /// Makes a hub in the state that [`snapshot`](Self::snapshot) wrote. Lanes and seed must be those of `host`; the hash
    /// key is taken from `host`.
    pub(crate) fn restore(
        host: Host,
        input: &mut Input<'_>,
        take_frame: TakeFrame<'_>,
    ) -> Result<Self, Wrong> {
        let mut config = Config::take(input)?;
        // The snapshot must not decide how much its reader allocates.
        let fixed = |host: Host| (host.lanes, host.seed, host.slice, host.occupancy);
        if fixed(config.host) != fixed(host) {
            return Err(Wrong::Malformed);
        }
        config.host = host;
        let mut hub = Self::new(config).map_err(|_| Wrong::Malformed)?;
        hub.loosest = Field::take(input)?;
        // In a damaged snapshot the loosest bounds may be tighter than the config.
        if let Some(loosest) = &mut hub.loosest {
            loosest.loosen(&hub.config);
        }
        let keeps_usages = Field::take(input)?;
        hub.now = Field::take(input)?;
        hub.standstill = Field::take(input)?;
        hub.state = Field::take(input)?;
        hub.draining = Field::take(input)?;
        hub.sweep = Field::take(input)?;
        hub.closed_rooms = take_list(input)?.into();
        hub.ending = take_list(input)?.into();
        hub.stopping = Field::take(input)?;
        hub.stop_is_told = Field::take(input)?;
        hub.totals = Field::take(input)?;
        hub.log = Field::take(input)?;
        hub.presence_totals = Field::take(input)?;
        let idle_rooms = hub.take_histories(input)?;
        hub.take_names(input)?;
        hub.take_idle_rooms(&idle_rooms)?;
        hub.take_connections(input)?;
        hub.outboxes.restore(input, take_frame)?;
        hub.take_attachments()?;
        hub.take_clients(input, keeps_usages)?;
        hub.take_timers(input)?;
        hub.take_expiry_timers(input)?;
        let closed = hub.rooms.iter().filter(|room| room.closed);
        hub.stale = closed.map(|room| room.members.len() as u64).sum();
        hub.users_present = hub.users.iter().filter(|user| !user.clients.is_empty()).count() as u32;
        let is_sane =
            hub.sweep.is_none_or(|sweep| sweep.next <= hub.outboxes.entries.len() + hub.connections.end())
                && hub.draining.is_none_or(|draining| draining.given >> 60 == 0);
        // Catches contradictions that no single field shows.
        if is_sane && hub.check().is_ok() { Ok(hub) } else { Err(Wrong::Malformed) }
    }

    fn put_names(&mut self, log: &mut Vec<u8>, most: usize) -> Option<()> {
        self.rooms.snapshot(log, most, |room, log| {
            room.name.put(log);
            room.log.put(log);
            room.config.as_deref().copied().put(log);
            room.closed.put(log);
            put_stream(room.stream.as_deref(), log);
            put_attendance(room.attendance.as_deref(), log);
        })?;
        self.users.snapshot(log, most, |user, log| {
            user.name.put(log);
            user.messages.put(log);
            user.bytes.put(log);
            user.log.put(log);
        })?;
        self.addresses.snapshot(log, most, |origin, log| {
            origin.address.put(log);
            origin.connects.put(log);
        })?;
        self.sessions.snapshot(log, most, |session, log| {
            session.name.put(log);
            session.away.is_some().put(log);
            if let Some(Away { until, lasts, address, .. }) = session.away {
                until.put(log);
                lasts.put(log);
                address.wrapping_add(1).put(log);
            }
        })
    }

    fn take_names(&mut self, input: &mut Input<'_>) -> Result<(), Wrong> {
        let key = self.config.host.hash_key;
        self.rooms = Names::restore(key, input, |input| {
            let (name, log) = (Field::take(input)?, Field::take(input)?);
            let config: Option<RoomConfig> = Field::take(input)?;
            let closed = Field::take(input)?;
            let (stream, attendance) = (take_stream(input)?, take_attendance(input)?);
            Ok(Room { log, stream, attendance, config: config.map(Box::new), closed, ..Room::new(name) })
        })?;
        self.take_presences();
        self.streams = self.rooms.iter().filter(|room| room.stream.is_some()).count() as u32;
        self.users = Names::restore(key, input, |input| {
            let (name, messages, bytes) = (Field::take(input)?, Field::take(input)?, Field::take(input)?);
            let log = Field::take(input)?;
            // Its clients, and what follows from them, are read later.
            Ok(User { name, clients: Vec::new(), messages, bytes, log, timer: None, named: false, away: 0 })
        })?;
        self.addresses = Names::restore(key, input, |input| {
            let (address, connects) = (Field::take(input)?, Field::take(input)?);
            Ok(Origin { connects, ..Origin::new(address) })
        })?;
        self.sessions = Names::restore(key, input, |input| {
            let mut session = Session::new(Field::take(input)?);
            if bool::take(input)? {
                let (until, lasts) = (Field::take(input)?, Field::take(input)?);
                let address = u32::take(input)?.wrapping_sub(1);
                session.away = Some(Away { timer: Timer::none(), until, lasts, address });
            }
            Ok(session)
        })?;
        let addresses = self.sessions.iter().filter_map(|session| session.away).map(|away| away.address);
        for address in addresses.filter(|&address| address != NONE) {
            self.addresses.get_mut(address).ok_or(Wrong::Malformed)?.away += 1;
        }
        Ok(())
    }

    fn put_client(&self, index: u32, log: &mut Vec<u8>) {
        let client = &self.clients[index as usize];
        for number in [client.user, client.position, client.session] {
            number.wrapping_add(1).put(log);
        }
        if client.user != NONE {
            client.user_position.put(log);
        }
        client.opened.put(log);
        self.put_expiry(index, log);
        self.put_asks(index, log);
        (client.memberships.len() as u64).put(log);
        for (_, membership) in self.memberships.iter(client.memberships) {
            membership.room.put(log);
            membership.position.put(log);
        }
        if let Some(usage) = self.usages.get(index as usize) {
            usage.messages.put(log);
            usage.bytes.put(log);
            put_time(usage.resume_at, self.now.as_nanos(), log);
        }
    }

    fn take_clients(&mut self, input: &mut Input<'_>, keeps_usages: bool) -> Result<(), Wrong> {
        let (mut all, mut of_users, mut members) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..self.outboxes.entries.len() as u32 {
            let mut client = Client::NEW;
            let mut usage = Usage::NONE;
            let phase = self.outboxes.entries[index].phase;
            match phase {
                Phase::Vacant => {}
                Phase::Reserved => self.phases.reserved += 1,
                Phase::Closing => self.phases.closing += 1,
                Phase::Open | Phase::Away | Phase::Ending => all.push(index),
            }
            if phase != Phase::Vacant {
                let usage = keeps_usages.then_some(&mut usage);
                self.take_client(index, &mut client, usage, input, &mut members)?;
                if client.user != NONE {
                    let place =
                        Place { list: client.user, position: client.user_position, index, node: NONE };
                    of_users.push(place);
                }
                self.take_session_of(index, phase, &client)?;
            }
            self.clients.push(client);
            if keeps_usages {
                self.usages.push(usage);
            }
        }
        all.sort_unstable_by_key(|&index| self.clients[index as usize].position);
        self.all = all;
        self.place_members(members)?;
        self.place_clients_of_users(of_users)
    }

    fn take_client(
        &mut self,
        index: u32,
        client: &mut Client,
        usage: Option<&mut Usage>,
        input: &mut Input<'_>,
        members: &mut Vec<Place>,
    ) -> Result<(), Wrong> {
        for number in [&mut client.user, &mut client.position, &mut client.session] {
            *number = u32::take(input)?.wrapping_sub(1);
        }
        if client.user != NONE {
            client.user_position = Field::take(input)?;
        }
        client.opened = take_total(input)?;
        self.take_expiry(index, input)?;
        self.take_asks(index, input)?;
        for _ in 0..input.count()? {
            let (list, position) = (Field::take(input)?, Field::take(input)?);
            let node = self.memberships.insert(index, &mut client.memberships, list, position);
            members.push(Place { list, position, index, node });
        }
        if let Some(usage) = usage {
            usage.messages = Field::take(input)?;
            usage.bytes = Field::take(input)?;
            usage.resume_at = take_time(self.now.as_nanos(), input)?;
        }
        Ok(())
    }

    /// Tells a session and its user of their client.
    fn take_session_of(&mut self, index: u32, phase: Phase, client: &Client) -> Result<(), Wrong> {
        if client.session == NONE {
            return Ok(());
        }
        let session = self.sessions.get_mut(client.session).ok_or(Wrong::Malformed)?;
        let place = if phase == Phase::Reserved { &mut session.reserved } else { &mut session.client };
        if core::mem::replace(place, index) != NONE {
            return Err(Wrong::Malformed);
        }
        if phase == Phase::Away
            && let Some(user) = self.users.get_mut(client.user)
        {
            user.away += 1;
        }
        Ok(())
    }

    fn place_members(&mut self, mut members: Vec<Place>) -> Result<(), Wrong> {
        members.sort_unstable_by_key(|place| (place.list, place.position));
        for Place { list, position, index, node } in members {
            let room = self.rooms.get_mut(list).ok_or(Wrong::Malformed)?;
            if room.members.len() != position as usize {
                return Err(Wrong::Malformed);
            }
            room.members.push(index);
            room.memberships.push(node);
        }
        Ok(())
    }

    fn place_clients_of_users(&mut self, mut clients: Vec<Place>) -> Result<(), Wrong> {
        clients.sort_unstable_by_key(|place| (place.list, place.position));
        for Place { list, position, index, .. } in clients {
            let user = self.users.get_mut(list).ok_or(Wrong::Malformed)?;
            if user.clients.len() != position as usize {
                return Err(Wrong::Malformed);
            }
            user.clients.push(index);
        }
        Ok(())
    }

    /// Gives each timer back to its owner; an owner with two timers is an error.
    fn take_timers(&mut self, input: &mut Input<'_>) -> Result<(), Wrong> {
        let (wheel, timers) = Wheel::restore(input, self.now, Owner::take)?;
        self.wheel = wheel;
        for (timer, owner) in timers {
            let is_first = match owner {
                Owner::Connection(row) => {
                    let slot = self.connections.list.get_mut(row as usize).ok_or(Wrong::Malformed)?;
                    core::mem::replace(&mut slot.timer, timer) == Timer::none()
                }
                Owner::Away(index) => {
                    let session = self.clients.get(index as usize).ok_or(Wrong::Malformed)?.session;
                    let session = self.sessions.get_mut(session).ok_or(Wrong::Malformed)?;
                    let away = session.away.as_mut().ok_or(Wrong::Malformed)?;
                    core::mem::replace(&mut away.timer, timer) == Timer::none()
                }
                Owner::Asks(index) => {
                    let asked = self.asks.get_mut(index).ok_or(Wrong::Malformed)?;
                    core::mem::replace(&mut asked.timer, timer) == Timer::none()
                }
                Owner::User(slot) => {
                    let user = self.users.get_mut(slot).ok_or(Wrong::Malformed)?;
                    user.timer.replace(timer).is_none()
                }
                Owner::Address(slot) => {
                    let origin = self.addresses.get_mut(slot).ok_or(Wrong::Malformed)?;
                    origin.timer.replace(timer).is_none()
                }
                Owner::Room(slot) => {
                    let room = self.rooms.get_mut(slot).ok_or(Wrong::Malformed)?;
                    let stream = room.stream.as_deref_mut().ok_or(Wrong::Malformed)?;
                    core::mem::replace(&mut stream.timer, timer) == Timer::none()
                }
                Owner::Presence(slot) => {
                    let room = self.rooms.get_mut(slot).ok_or(Wrong::Malformed)?;
                    let attendance = room.attendance.as_deref_mut().ok_or(Wrong::Malformed)?;
                    attendance.timer.replace(timer).is_none()
                }
                Owner::Discarded => self.discarding.replace(timer).is_none(),
            };
            if !is_first {
                return Err(Wrong::Malformed);
            }
        }
        Ok(())
    }
}

/// Writes a moment as its distance from now, which takes few bytes for most; `NEVER` as 0.
pub(super) fn put_time(time: u64, now: u64, log: &mut Vec<u8>) {
    if time == NEVER {
        return log.push(0);
    }
    let distance = time.wrapping_sub(now) as i64;
    let zigzag = (distance << 1 ^ distance >> 63) as u64;
    match zigzag.checked_add(2) {
        Some(number) => number.put(log),
        None => {
            log.push(1);
            time.put(log);
        }
    }
}

pub(super) fn take_time(now: u64, input: &mut Input<'_>) -> Result<u64, Wrong> {
    Ok(match u64::take(input)? {
        0 => NEVER,
        1 => u64::take(input)?,
        number => {
            let zigzag = number - 2;
            let distance = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
            now.wrapping_add(distance as u64)
        }
    })
}
