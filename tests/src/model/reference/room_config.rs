//! Rooms that are configured, and closed.

use super::marked::{CLIENT, MEMBER};
use super::publish::Shedding;
use super::{Closed, Model, Room, swap_out};
use throng_core::ClosedBy;
use throng_core::hub::{
    Action, Dedup, Error, Flush, Lifetime, Members, Policy, Published, Publishers, Refusal, RoomConfig,
    Target,
};
use throng_core::{ClientId, Frame};

impl Room {
    pub(super) fn is_over(&self) -> bool {
        self.members.is_empty() && self.config.lifetime != Lifetime::Kept && self.story.is_none()
    }
}

impl Model {
    pub(super) fn configure_room(&mut self, name: &str, config: RoomConfig) -> Result<(), Error> {
        self.check_name(name)?;
        if config.policy == Some(Policy::Wait) {
            return Err(Error::WaitIsForOnePublish);
        }
        if let Some(history) = config.history {
            if history.validate().is_err() {
                return Err(Error::InvalidHistory);
            }
            if self.limits.epoch_seed() == 0 {
                return Err(Error::NoEpochSeed);
            }
        }
        if config.presence.is_some_and(|presence| presence.validate().is_err()) {
            return Err(Error::InvalidPresence);
        }
        let history = self.history_of(name, config.history);
        let presence = self.presence_of(name, config.presence);
        self.check_presence(name, presence)?;
        if self.room(name).is_none() {
            if config.lifetime != Lifetime::Kept && history.is_none() {
                return Err(Refusal::NoSuchRoom.into());
            }
            self.new_room(name)?;
        }
        for room in &mut self.rooms {
            if room.name == name {
                room.config = config;
            }
        }
        self.configure_story(name, history);
        self.configure_presence(name, presence);
        self.settle_room(name);
        Ok(())
    }

    pub(super) fn new_room(&mut self, name: &str) -> Result<(), Refusal> {
        if let Some(limit) = self.limits.rooms
            && self.rooms.len() >= limit as usize
            && !self.evict_idle_room()
        {
            return Err(Refusal::TooManyRooms { limit });
        }
        let config = RoomConfig::default();
        self.rooms.push(Room { name: name.into(), members: Vec::new(), config, story: None, roll: None });
        if let Some(history) = self.history_of(name, None) {
            self.begin_story(name, history);
        }
        if let Some(presence) = self.presence_of(name, None) {
            self.begin_presence(name, presence);
        }
        Ok(())
    }

    /// Nobody is in it any more. The members are told one after the other, the last first, and closed if that is asked for.
    pub(super) fn close_room(&mut self, name: &str, end: Members<'_>) -> Result<u32, Error> {
        let members = self.room(name).ok_or(Refusal::NoSuchRoom)?.members.clone();
        self.rooms.retain(|other| other.name != name);
        self.idle.retain(|other| other != name);
        self.numbers.leaves += members.len() as u64;
        self.rooms_closed += 1;
        let number = self.rooms_closed;
        for &client in &members {
            for one in &mut self.of(client).rooms {
                if one.room == name && one.closed.is_none() {
                    one.closed = Some(number);
                }
            }
        }
        let count = members.len() as u32;
        let end = match end {
            Members::Disconnect { code, reason } => Some((code, reason.to_owned())),
            _ => None,
        };
        self.closed.push(Closed { number, name: name.into(), members, end });
        self.tell_some_closed();
        Ok(count)
    }

    /// As many members as there are units of work; one at least.
    pub(super) fn tell_some_closed(&mut self) {
        let mut spent = 0;
        while spent < self.limits.slice && !self.closed.is_empty() {
            spent += MEMBER;
            let Closed { number, name, members, end } = self.closed[0].clone();
            let Some(&client) = members.last() else {
                self.closed.remove(0);
                continue;
            };
            self.exit_closed(client, number);
            self.tell(Action::RoomClosed { client, room: name.into() });
            if let Some((code, reason)) = end
                && self.need_open(client).is_ok()
            {
                spent += CLIENT + self.work_of(client);
                self.end(client, code, &reason, Flush::First, ClosedBy::Application);
            }
        }
    }

    pub(super) fn exit_closed(&mut self, client: ClientId, number: u64) {
        self.of(client).rooms.retain(|one| one.closed != Some(number));
        for closed in &mut self.closed {
            if closed.number == number {
                swap_out(&mut closed.members, &client);
            }
        }
    }

    /// Whether somebody is still to be told that a room was closed.
    pub(crate) fn is_closing_rooms(&self) -> bool {
        !self.closed.is_empty()
    }

    pub(super) fn publish_as(
        &mut self,
        from: ClientId,
        targets: &[Target<'_>],
        except: &[ClientId],
        frame: &Frame,
        (policy, dedup): (Option<Policy>, Option<&Dedup<'_>>),
        shedding: &Shedding,
    ) -> Result<Published, Error> {
        self.need_open(from)?;
        for target in targets {
            let (Target::Room(name) | Target::Watchers(name)) = target else { continue };
            let Some(room) = self.room(name) else { continue };
            let may = match room.config.publishers {
                Publishers::Anybody => true,
                Publishers::Members => room.members.contains(&from),
                _ => false,
            };
            if !may {
                return Err(Refusal::MayNotPublish.into());
            }
        }
        self.publish(targets, except, frame, (policy, dedup), shedding)
    }

    /// What a publish does where it does not say: as the first of its targets has it that exists.
    pub(super) fn policy_of(&self, targets: &[Target<'_>]) -> Policy {
        for target in targets {
            if self.reached(target).is_err() {
                continue;
            }
            return match target {
                Target::Room(name) | Target::Watchers(name) => {
                    let own = self.room(name).and_then(|room| room.config.policy);
                    own.unwrap_or(self.limits.policy)
                }
                _ => break,
            };
        }
        self.limits.policy
    }
}
