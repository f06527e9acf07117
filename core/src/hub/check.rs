//! Checks all invariants of a hub, for tests, simulators and replays of failures. Hosts do not need it.

use super::client::NEVER;
use super::connection::{Marks, Row};
use super::memberships::{FEW, Membership};
use super::room::{ClosedRoom, Room};
use super::{Hub, Notice, Owner, PerUser, State};
use crate::id::ClientId;
use crate::invariant::Invariant as I;
use crate::invariant::{Broken, check_free_list, ensure};
use crate::outbox::{Flags, NONE, Phase, Sending};
use crate::timer::Timer;
use alloc::vec;
use alloc::vec::Vec;

impl Hub {
    /// Checks every [invariant](crate::invariant::Invariant): recounts all counters and follows all links in both
    /// directions. Invariants hold after every event, whatever the events are.
    ///
    /// O(connections + users + rooms + memberships + frames), and about as much memory.
    ///
    /// # Errors
    /// [`Broken`] names the first invariant that does not hold. It is a bug in the core.
    pub fn check(&self) -> Result<(), Broken> {
        self.wheel.check()?;
        self.outboxes.check(self.loosest.as_ref().map(|loosest| &loosest.outbox))?;
        self.check_phases()?;
        self.check_connections()?;
        for row in self.connections.rows() {
            self.check_timer(row)?;
            self.check_write_deadline(row)?;
        }
        self.check_rooms()?;
        self.check_streams()?;
        self.check_users()?;
        self.check_presences()?;
        self.check_addresses()?;
        self.check_sessions()?;
        self.check_expiries()?;
        self.check_asks()?;
        self.check_notices()?;
        self.check_ends()
    }

    fn check_phases(&self) -> Result<(), Broken> {
        let entries = &self.outboxes.entries;
        ensure(self.clients.len() == entries.len(), I::Clients, 0)?;
        let usages = if self.keeps_usages() { entries.len() } else { 0 };
        ensure(self.usages.len() == usages, I::Usages, 0)?;
        let count = |phase| (0..entries.len() as u32).filter(|&index| entries[index].phase == phase).count();
        let phases = [(Phase::Reserved, self.phases.reserved), (Phase::Closing, self.phases.closing)];
        for (phase, counted) in phases {
            ensure(count(phase) == counted as usize, I::Phases, phase as u32)?;
        }
        let ending = count(Phase::Ending);
        let open = count(Phase::Open) + count(Phase::Away);
        ensure(open + ending == self.all.len(), I::Phases, Phase::Open as u32)?;
        let is_marked = |client: &&ClientId| {
            entries.find(**client).is_some_and(|index| entries[index].phase == Phase::Ending)
        };
        ensure(self.ending.iter().filter(is_marked).count() == ending, I::Ending, 0)?;
        for (&index, position) in self.all.iter().zip(0..) {
            let is_here = self.clients.get(index as usize).is_some_and(|client| client.position == position);
            ensure(is_here && entries[index].phase.is_client(), I::Clients, index)?;
        }
        let limits = &self.loosest().admission;
        let is_within = limits.connections.is_none_or(|limit| self.admitted() <= limit);
        ensure(is_within, I::ConnectionLimit, 0)
    }

    /// Checks that clients and connections refer to each other.
    fn check_connections(&self) -> Result<(), Broken> {
        let entries = &self.outboxes.entries;
        let (mut live, mut without, mut handshakes) = (0, 0, 0);
        for row in self.connections.rows() {
            live += 1;
            let slot = &self.connections[row];
            self.check_aborted(row)?;
            let Some(index) = slot.client() else {
                without += 1;
                // A connection whose reservation was given up counts as a handshake until it is gone, also beyond the limit.
                handshakes += u32::from(!slot.is(Marks::ABORTED));
                continue;
            };
            ensure(!slot.is(Marks::LEFT), I::Attached, row.0)?;
            let is_there = entries.phase(index) != Phase::Vacant;
            let is_its = is_there && entries[index].connection == self.connections.id(row);
            ensure(is_its && entries[index].lane == slot.lane, I::Attached, row.0)?;
        }
        let limit = self.loosest().admission.handshakes;
        ensure(limit.is_none_or(|limit| handshakes <= limit), I::ConnectionLimit, 0)?;
        ensure((live, without) == (self.connections.len(), self.phases.accepted), I::Phases, 0)?;
        // If as many clients say that they are attached as connections have one, each of these is the right one.
        let of_clients = (0..entries.len() as u32).filter(|&index| entries[index].phase != Phase::Vacant);
        let (attached, detached): (Vec<u32>, Vec<u32>) =
            of_clients.partition(|&index| entries[index].connection.index != NONE);
        ensure(attached.len() == (live - without) as usize, I::Attached, 0)?;
        ensure(detached.len() == self.phases.detached as usize, I::Phases, 0)?;
        let rows = (0..self.connections.end() as u32).map(Row);
        let next = rows
            .map(|row| (!self.connections.is_live(row)).then(|| self.connections[row].client))
            .collect::<Vec<_>>();
        let free = next.len() - live as usize;
        check_free_list(self.connections.free, next, free)
    }

    fn check_aborted(&self, row: Row) -> Result<(), Broken> {
        let slot = &self.connections[row];
        if !slot.is(Marks::ABORTED) {
            return Ok(());
        }
        let entries = &self.outboxes.entries;
        let is_over = match entries.phase(slot.client) {
            Phase::Vacant => true,
            phase => phase == Phase::Closing && entries[slot.client].sending == Sending::Ended,
        };
        ensure(is_over && (slot.deadline, slot.write_deadline) == (NEVER, NEVER), I::Aborted, row.0)
    }

    /// Checks that the timer of a connection fires no later than its earliest deadline.
    fn check_timer(&self, row: Row) -> Result<(), Broken> {
        let Some((deadline, Owner::Connection(owner))) = self.wheel.get(self.connections[row].timer) else {
            return Err(Broken { invariant: I::TimerOwner, slot: row.0 });
        };
        ensure(owner == row.0, I::TimerOwner, row.0)?;
        // A sweep that still runs may set the timer later.
        let is_swept = self.sweep.is_none();
        ensure(!is_swept || deadline.as_nanos() <= self.earliest_deadline(row), I::TimerLate, row.0)
    }

    fn check_write_deadline(&self, row: Row) -> Result<(), Broken> {
        let is_set = self.connections[row].write_deadline != NEVER;
        let Some(index) = self.connections[row].client() else {
            return ensure(!is_set, I::WriteDeadline, row.0);
        };
        let entry = &self.outboxes.entries[index];
        let is_known = !is_set || entry.flags.has(Flags::WRITE_DEADLINE);
        // For an open client whose transport failed, the write deadline ends the reading.
        let has_failed =
            matches!(entry.sending, Sending::Ended | Sending::Detached) && entry.phase == Phase::Open;
        let is_needed = entry.sending == Sending::Blocked || has_failed;
        ensure(is_known && (is_set || !is_needed), I::WriteDeadline, index)
    }

    fn check_rooms(&self) -> Result<(), Broken> {
        let limits = &self.loosest().rooms;
        let (mut memberships, mut stale) = (0, 0);
        for (slot, room) in self.rooms.slots() {
            ensure((self.rooms.find(room.name.as_bytes()) == Some(slot)) != room.closed, I::Names, slot)?;
            let is_in_list = |closed: &&ClosedRoom| closed.slot == slot;
            let listed = self.closed_rooms.iter().filter(is_in_list).count();
            ensure(listed == usize::from(room.closed), I::ClosedRooms, slot)?;
            stale += if room.closed { room.members.len() as u64 } else { 0 };
            ensure(!room.is_over(), I::EmptyRoom, slot)?;
            ensure(room.members.len() == room.memberships.len(), I::Memberships, slot)?;
            let is_within = limits.members.is_none_or(|limit| room.members.len() <= limit as usize);
            // A room's config removes no members, even if they are more than its limit.
            ensure(is_within || self.totals.rooms_configured > 0, I::RoomLimit, slot)?;
            memberships += room.members.len();
            for ((&index, &node), position) in room.members.iter().zip(&room.memberships).zip(0..) {
                let is_known = self.clients.get(index as usize).is_some_and(|client| {
                    self.memberships.iter(client.memberships).any(|(other, membership)| {
                        other == node && (membership.room, membership.position) == (slot, position)
                    })
                });
                ensure(is_known, I::Memberships, slot)?;
                ensure(self.outboxes.entries[index].phase.is_client(), I::GhostMember, index)?;
            }
        }
        // Each membership of a room belongs to a client. Equal counts show that the reverse holds too.
        let (mut of_clients, mut tables) = (0, 0);
        for (client, index) in self.clients.iter().zip(0..) {
            let vacant = self.outboxes.entries[index].phase == Phase::Vacant;
            let rooms = client.memberships.len();
            let is_found = |(node, membership): (u32, Membership)| {
                self.memberships.find(index, client.memberships, membership.room) == Some(node)
            };
            ensure(self.memberships.iter(client.memberships).all(is_found), I::Memberships, index)?;
            let in_table = if rooms > FEW as usize { rooms } else { 0 };
            ensure(self.memberships.in_table(index) == in_table, I::Memberships, index)?;
            tables += usize::from(in_table > 0);
            ensure(!vacant || rooms == 0, I::GhostMember, index)?;
            let is_within =
                limits.per_client.is_none_or(|limit| self.rooms_of_index(index) <= limit as usize);
            ensure(is_within, I::RoomLimit, index)?;
            of_clients += rooms;
        }
        let counted = self.memberships.len();
        ensure(of_clients == memberships && counted == memberships, I::Memberships, 0)?;
        ensure(self.memberships.tables() == tables, I::Memberships, 0)?;
        ensure(limits.total.is_none_or(|limit| self.rooms.len() <= limit as usize), I::RoomLimit, 0)?;
        let closed = self.rooms.slots().filter(|(_, room)| room.closed).count();
        ensure(stale == self.stale && closed == self.closed_rooms.len(), I::ClosedRooms, 0)?;
        ensure(self.totals.joins + stale == self.totals.leaves + counted as u64, I::Joins, 0)
    }

    fn check_users(&self) -> Result<(), Broken> {
        let mut clients = 0;
        let mut present = 0;
        for (slot, user) in self.users.slots() {
            ensure(self.users.find(user.name.as_bytes()) == Some(slot), I::Names, slot)?;
            self.check_remembered(
                slot,
                user.clients.len(),
                user.timer,
                |owner| matches!(owner, Owner::User(at) if at == slot),
            )?;
            for (&index, position) in user.clients.iter().zip(0..) {
                let is_known = self
                    .clients
                    .get(index as usize)
                    .is_some_and(|client| (client.user, client.user_position) == (slot, position));
                ensure(is_known, I::UserClients, slot)?;
            }
            clients += user.clients.len();
            present += u32::from(!user.clients.is_empty());
            let open = user.clients.iter().filter(|&&index| self.outboxes.entries[index].phase.is_open());
            let is_within = match self.loosest().admission.per_user {
                PerUser::RefuseNewest(limit) => self.count_clients_of(slot) <= limit as usize,
                PerUser::EvictOldest(limit) => open.count() <= limit as usize,
                PerUser::Unlimited => true,
            };
            ensure(is_within, I::UserLimit, slot)?;
        }
        let live = (0..self.outboxes.entries.len() as u32).filter(|&index| {
            self.outboxes.entries[index].phase != Phase::Vacant && self.clients[index as usize].user != NONE
        });
        ensure(live.count() == clients, I::UserClients, 0)?;
        ensure(present == self.users_present, I::UsersPresent, 0)
    }

    fn check_addresses(&self) -> Result<(), Broken> {
        let end = self.addresses.slots().map(|(slot, _)| slot as usize + 1).max().unwrap_or(0);
        let mut connections: Vec<u32> = vec![0; end];
        for row in self.connections.rows() {
            let slot = self.connections[row].address;
            if slot != NONE {
                let count = connections.get_mut(slot as usize);
                let Some(count) = count else { return Err(Broken { invariant: I::Addresses, slot }) };
                *count += 1;
            }
        }
        let mut counted = 0;
        for (slot, origin) in self.addresses.slots() {
            ensure(self.addresses.find(&origin.address.0) == Some(slot), I::Names, slot)?;
            ensure(connections[slot as usize] == origin.connections, I::Addresses, slot)?;
            let owns = |owner| matches!(owner, Owner::Address(at) if at == slot);
            self.check_remembered(slot, origin.holders() as usize, origin.timer, owns)?;
            let limit = self.loosest().admission.per_address;
            ensure(limit.is_none_or(|limit| origin.connections <= limit), I::AddressLimit, slot)?;
            counted += origin.connections;
        }
        ensure(connections.iter().sum::<u32>() == counted, I::Addresses, 0)
    }

    /// Checks that a user or address has a timer if and only if it has no client or connection.
    fn check_remembered(
        &self,
        slot: u32,
        holders: usize,
        timer: Option<Timer>,
        owns: impl Fn(Owner) -> bool,
    ) -> Result<(), Broken> {
        ensure(timer.is_some() == (holders == 0), I::Remembered, slot)?;
        let Some(timer) = timer else { return Ok(()) };
        ensure(self.wheel.get(timer).is_some_and(|(_, owner)| owns(owner)), I::TimerOwner, slot)
    }

    fn check_notices(&self) -> Result<(), Broken> {
        let remembered = self.users.iter().filter(|user| user.timer.is_some()).count()
            + self.addresses.iter().filter(|origin| origin.timer.is_some()).count();
        let away = self.sessions.iter().filter(|one| one.away.is_some()).count();
        let of_histories = self.streams as usize + usize::from(self.discarding.is_some());
        let told = |room: &&Room| room.attendance.as_deref().is_some_and(|room| room.timer.is_some());
        let of_presence = self.rooms.iter().filter(told).count();
        let timers =
            self.connection_count() + remembered + away + of_histories + of_presence + self.asks.len();
        ensure(self.wheel.len() == timers, I::TimerCount, 0)?;
        let mut tallies: Vec<u32> = Vec::new();
        for notice in &self.notices {
            if let Notice::Dropped(tally) = notice
                && self.outboxes.has_tally(*tally)
            {
                tallies.push(*tally);
            }
        }
        tallies.sort_unstable();
        tallies.dedup();
        ensure(tallies.len() == self.outboxes.announced_tallies(), I::Tallies, 0)?;
        for (usage, index) in self.usages.iter().zip(0..) {
            if usage.over_rate > 0 && self.outboxes.entries[index].phase.is_open() {
                let client = self.outboxes.entries.id(index);
                let told =
                    self.notices.iter().any(|notice| matches!(notice, Notice::OverRate(of) if *of == client));
                ensure(told, I::OverRate, index)?;
            }
        }
        Ok(())
    }

    fn check_ends(&self) -> Result<(), Broken> {
        let ended: u64 = self.totals.ended.iter().map(|end| end.2).sum();
        ensure(self.totals.opened == ended + self.all.len() as u64, I::Ends, 0)?;
        let is_over = self.state == State::Stopped && !self.stopping;
        let is_told = self.stop_is_told && self.sweep.is_none();
        ensure(!is_over || (self.has_no_client() && is_told), I::Stopped, 0)
    }
}
