//! Rooms that are configured, and closed.

use super::connection::Phase;
use super::publish::Shedding;
use super::{Model, Room};
use throng_core::ClosedBy;
use throng_core::hub::{
    Action, Error, Flush, Lifetime, Members, Policy, Published, Publishers, Refusal, RoomConfig, Target,
};
use throng_core::{ClientId, Frame};

impl Room {
    pub(super) fn is_over(&self) -> bool {
        self.members.is_empty() && self.config.lifetime != Lifetime::Kept
    }
}

impl Model {
    pub(super) fn configure_room(&mut self, name: &str, config: RoomConfig) -> Result<(), Error> {
        self.check_name(name)?;
        if config.policy == Some(Policy::Wait) {
            return Err(Error::WaitIsForOnePublish);
        }
        if self.room(name).is_none() {
            if config.lifetime != Lifetime::Kept {
                return Err(Refusal::NoSuchRoom.into());
            }
            self.new_room(name)?;
        }
        for room in &mut self.rooms {
            if room.name == name {
                room.config = config;
            }
        }
        self.rooms.retain(|room| !room.is_over());
        Ok(())
    }

    pub(super) fn new_room(&mut self, name: &str) -> Result<(), Refusal> {
        if let Some(limit) = self.limits.rooms
            && self.rooms.len() >= limit as usize
        {
            return Err(Refusal::TooManyRooms { limit });
        }
        let config = RoomConfig::default();
        self.rooms.push(Room { name: name.into(), members: Vec::new(), config });
        Ok(())
    }

    /// All at once: no case has so many clients that the hub would make slices of them.
    pub(super) fn close_room(&mut self, name: &str, end: Members<'_>) -> Result<u32, Error> {
        let room = self.room(name).ok_or(Refusal::NoSuchRoom)?.clone();
        self.rooms.retain(|other| other.name != name);
        for &client in &room.members {
            self.of(client).rooms.retain(|other| other != name);
            self.numbers.leaves += 1;
        }
        for &client in &room.members {
            self.tell(Action::RoomClosed { client, room: name.into() });
        }
        if let Members::Disconnect { code, reason } = end {
            for &client in &room.members {
                self.end(client, code, reason, Flush::First, ClosedBy::Application);
            }
        }
        Ok(room.members.len() as u32)
    }

    pub(super) fn publish_as(
        &mut self,
        from: ClientId,
        targets: &[Target<'_>],
        except: &[ClientId],
        frame: &Frame,
        policy: Option<Policy>,
        shedding: &Shedding,
    ) -> Result<Published, Error> {
        if self.phase(from)? != Phase::Open {
            return Err(Error::NotOpen);
        }
        for target in targets {
            let Target::Room(name) = target else { continue };
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
        self.publish(targets, except, frame, policy, shedding)
    }

    /// What a publish does where it does not say: as the first of its targets has it that exists.
    pub(super) fn policy_of(&self, targets: &[Target<'_>]) -> Policy {
        for target in targets {
            if let Target::Room(name) = target {
                match self.room(name) {
                    Some(room) => return room.config.policy.unwrap_or(self.limits.policy),
                    None => continue,
                }
            }
            if self.reached(target).is_ok() {
                break;
            }
        }
        self.limits.policy
    }
}
