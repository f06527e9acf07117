//! From operations on a room to events.

use super::apply::{CODES, policy_of, room_of};
use super::driver::{Driver, Wrong};
use super::op::{Full, KEYS, Op, Size};
use std::time::Duration;
use throng_core::hub::{Dedup, Event, History, Lifetime, Members, Presence, Publishers, RoomConfig, Target};

impl Driver {
    /// What happens to one room; nothing if the operation is about something else.
    pub(super) fn apply_to_room(&mut self, op: &Op) -> Result<(), Wrong> {
        match op {
            Op::Configure { room, members, publishers, full, kept } => {
                let publishers = [Publishers::Anybody, Publishers::Members, Publishers::Application]
                    [usize::from(publishers % 3)];
                let lifetime = lifetime_of(*kept);
                let members = (members % 5 < 4).then_some(u32::from(members % 5));
                let config = RoomConfig {
                    members,
                    publishers,
                    policy: policy_of(*full),
                    lifetime,
                    history: None,
                    presence: None,
                };
                self.event(Event::ConfigureRoom { room: room_of(*room), config })
            }
            Op::RemoveHistory { room } => self.event(Event::RemoveHistory { room: room_of(*room) }),
            Op::ConfigureHistory { room, messages, age, kept } => {
                let lifetime = lifetime_of(*kept);
                let age = Duration::from_millis(u64::from(*age) + 1);
                let bytes = if messages % 6 == 5 { 0 } else { 200 };
                let history = History { messages: u32::from(messages % 6), bytes, age, meta_age: age * 3 };
                let config = RoomConfig { history: Some(history), lifetime, ..RoomConfig::default() };
                self.event(Event::ConfigureRoom { room: room_of(*room), config })
            }
            Op::ConfigurePresence { room, users, tick, kept } => {
                let lifetime = lifetime_of(*kept);
                let users = if users % 5 == 4 { u32::MAX } else { u32::from(users % 5) };
                let tick = Duration::from_millis(u64::from(tick % 64));
                let presence = Presence { users, info_bytes: 4, tick };
                let config = RoomConfig { presence: Some(presence), lifetime, ..RoomConfig::default() };
                self.event(Event::ConfigureRoom { room: room_of(*room), config })
            }
            Op::PublishToWatchers { who, as_client, room, size, full } => {
                let publisher = self.pick(*who).filter(|_| !as_client.is_multiple_of(2));
                let (targets, frame) = (&[Target::Watchers(room_of(*room))], &self.next_frame(*size));
                let (except, policy) = (&[], policy_of(*full));
                self.event(Event::Publish { publisher, targets, except, frame, policy, dedup: None })
            }
            Op::PublishOnce { room, size, full, key, version } => {
                let key = usize::from(*key) % (KEYS.len() + 1);
                let key = key.checked_sub(1).map(|key| KEYS[key]);
                let version = (version % 9).checked_sub(1).map(u64::from);
                self.publish_once(*room, *size, *full, Dedup { key, version })
            }
            Op::CloseRoom { room, code } => {
                let code = CODES.get(usize::from(*code) % (CODES.len() + 1));
                let disconnect = |&code| Members::Disconnect { code, reason: "closed" };
                self.event(Event::CloseRoom {
                    room: room_of(*room),
                    members: code.map_or(Members::Leave, disconnect),
                })
            }
            _ => Ok(()),
        }
    }

    fn publish_once(&mut self, room: u8, size: Size, full: Full, dedup: Dedup<'_>) -> Result<(), Wrong> {
        let (targets, frame, policy) =
            (&[Target::Room(room_of(room))], &self.next_frame(size), policy_of(full));
        let dedup = Some(&dedup);
        self.event(Event::Publish { publisher: None, targets, except: &[], frame, policy, dedup })
    }
}

/// How long a room lasts.
fn lifetime_of(kept: u8) -> Lifetime {
    if kept.is_multiple_of(2) { Lifetime::Kept } else { Lifetime::Members }
}
