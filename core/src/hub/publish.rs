//! Publishes a frame to the clients that the targets reach, once for each client.

use super::budget::Meant;
use super::event::Dedup;
use super::names::Names;
use super::reach::Reach;
use super::room::Room;
use super::{Error, Hub, Outcome, Policy, Published, Refusal, State, Target, Unreached};
use crate::frame::Frame;
use crate::id::ClientId;
use crate::outbox::{LogEnd, Tally};
use alloc::vec::Vec;
use core::mem::{replace, take};

impl Hub {
    // The outcome of the event, which is large, is made here once and not copied.
    pub(super) fn handle_publish(
        &mut self,
        targets: &[Target<'_>],
        except: &[ClientId],
        frame: &Frame,
        policy: Option<Policy>,
        dedup: Option<&Dedup<'_>>,
    ) -> Result<Outcome, Error> {
        if self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        let limit = self.config.outbox.message_bytes;
        if frame.payload().len() > limit as usize {
            return Err(Refusal::MessageTooBig { limit }.into());
        }
        let (tally, unknown) = if let [target] = targets {
            let found = self.find(target);
            if (dedup.is_some() || self.has_histories())
                && (dedup.is_some() || self.is_for_history(found.as_ref()))
            {
                let published = self.publish_to_history((target, found), except, frame, policy, dedup);
                return published.map(Outcome::Published);
            }
            let reach = [found?];
            let policy = policy.unwrap_or_else(|| self.policy_of(&reach));
            (self.deliver(&reach, except, frame, policy), 0)
        } else {
            if dedup.is_some() {
                return Err(Error::HistoryStandsAlone);
            }
            if self.has_histories() {
                self.check_no_history(targets)?;
            }
            let unknown = self.resolve(targets)?;
            let reach = take(&mut self.reach);
            let policy = policy.unwrap_or_else(|| self.policy_of(&reach));
            let tally = self.deliver(&reach, except, frame, policy);
            self.forget_names(&reach);
            self.reach = reach;
            (tally, unknown)
        };
        if !self.outboxes.doomed.is_empty() {
            self.end_doomed();
        }
        self.totals.published += 1;
        let Tally { queued, dropped, refused } = tally;
        let published = Published { queued, dropped, refused, unknown, position: None, ignored: None };
        Ok(Outcome::Published(published))
    }

    /// Moves whom a publish by this policy has not reached to a list of the host's.
    pub(super) fn list_unreached(
        &mut self,
        policy: Option<Policy>,
        published: &Result<Outcome, Error>,
        list: &mut Vec<Unreached>,
    ) {
        if policy == Some(Policy::Wait) && published.is_ok() {
            list.append(&mut self.outboxes.unreached);
        }
    }

    pub(super) fn handle_publish_as(
        &mut self,
        client: ClientId,
        targets: &[Target<'_>],
        except: &[ClientId],
        frame: &Frame,
        policy: Option<Policy>,
        dedup: Option<&Dedup<'_>>,
    ) -> Result<Outcome, Error> {
        let index = self.open_index(client)?;
        let may = |target: &Target<'_>| match *target {
            Target::Room(name) | Target::Watchers(name) => self.may_publish(index, name),
            _ => true,
        };
        if !targets.iter().all(may) {
            return Err(Refusal::MayNotPublish.into());
        }
        self.handle_publish(targets, except, frame, policy, dedup)
    }

    /// The policy of a publish that has none: that of its first target.
    #[inline]
    fn policy_of(&self, reach: &[Reach]) -> Policy {
        match reach {
            [Reach::Room(slot) | Reach::Watchers(slot), ..] => self.policy_of_room(*slot),
            _ => self.config.outbox.policy,
        }
    }

    /// Resolves the targets, each once, and returns how many do not exist; an error if none exists.
    ///
    /// Rooms and users are marked as named until [`forget_names`](Self::forget_names), so that a room that is named ten
    /// thousand times is visited once. O(targets).
    fn resolve(&mut self, targets: &[Target<'_>]) -> Result<u32, Error> {
        self.reach.clear();
        let (mut first_error, mut unknown, mut names_all) = (None, 0, false);
        for target in targets {
            match self.find(target) {
                Ok(reach) => {
                    let was_named = match reach {
                        // The publish's mark shows clients that are reached twice.
                        Reach::Client(_) => false,
                        Reach::User(slot) => {
                            self.users.get_mut(slot).is_some_and(|user| replace(&mut user.named, true))
                        }
                        Reach::Room(slot) => {
                            self.rooms.get_mut(slot).is_some_and(|room| replace(&mut room.named, true))
                        }
                        Reach::Watchers(slot) => {
                            self.attendance_mut(slot).is_some_and(|room| replace(&mut room.named, true))
                        }
                        Reach::All => replace(&mut names_all, true),
                    };
                    if !was_named {
                        self.reach.push(reach);
                    }
                }
                Err(error) => {
                    unknown += 1;
                    first_error.get_or_insert(error);
                }
            }
        }
        match first_error {
            Some(error) if self.reach.is_empty() => Err(error),
            _ => Ok(unknown),
        }
    }

    /// Clears the marks of [`resolve`](Self::resolve).
    fn forget_names(&mut self, reach: &[Reach]) {
        for reach in reach {
            match *reach {
                Reach::User(slot) => {
                    if let Some(user) = self.users.get_mut(slot) {
                        user.named = false;
                    }
                }
                Reach::Room(slot) => {
                    if let Some(room) = self.rooms.get_mut(slot) {
                        room.named = false;
                    }
                }
                Reach::Watchers(slot) => {
                    if let Some(room) = self.attendance_mut(slot) {
                        room.named = false;
                    }
                }
                Reach::Client(_) | Reach::All => {}
            }
        }
    }

    /// Resolves a target.
    #[inline]
    fn find(&self, target: &Target<'_>) -> Result<Reach, Error> {
        match *target {
            Target::Client(client) => self.open_index(client).map(Reach::Client),
            Target::User(name) => {
                let found = self.users.find(name.as_bytes());
                // A reserved connection is not a client yet.
                let open = |&index: &u32| self.outboxes.entries[index].phase.is_open();
                let present =
                    |slot: &u32| self.users.get(*slot).is_some_and(|user| user.clients.iter().any(open));
                found.filter(present).map(Reach::User).ok_or(Refusal::NoSuchUser.into())
            }
            Target::Room(name) => {
                self.rooms.find(name.as_bytes()).map(Reach::Room).ok_or(Refusal::NoSuchRoom.into())
            }
            Target::Watchers(name) => {
                let slot = self.rooms.find(name.as_bytes()).ok_or(Refusal::NoSuchRoom)?;
                self.attendance(slot).map(|_| Reach::Watchers(slot)).ok_or(Refusal::NoPresence.into())
            }
            Target::All => Ok(Reach::All),
        }
    }

    #[inline]
    fn deliver(&mut self, reach: &[Reach], except: &[ClientId], frame: &Frame, policy: Policy) -> Tally {
        if policy == Policy::Wait {
            self.outboxes.unreached.clear();
        }
        if let ([one], []) = (reach, except)
            && let &[index] = self.recipients(one)
        {
            let (log, now) = (self.log_end(one), self.now.as_nanos());
            if let Some(end) = self.outboxes.push_one(index, frame, policy, now, log) {
                self.set_log_end(one, end);
                return Tally { queued: 1, ..Tally::default() };
            }
        }
        self.deliver_to_many(reach, except, frame, policy)
    }

    fn deliver_to_many(
        &mut self,
        reach: &[Reach],
        except: &[ClientId],
        frame: &Frame,
        policy: Policy,
    ) -> Tally {
        let recipients = reach.iter().map(|reach| self.recipients(reach).len()).sum();
        let mut tally = Tally::default();
        if self.outboxes.is_short_of(frame.held(), recipients) {
            tally.dropped =
                self.make_room(&Meant { frame, reach, except, policy, is_of_history: false }, recipients);
        }
        let sequence = self.outboxes.next_sequence();
        for &client in except {
            if let Some(index) = self.outboxes.entries.find(client) {
                self.outboxes.except(index, sequence);
            }
        }
        let now = self.now.as_nanos();
        let log = reach.first().map_or_else(LogEnd::default, |first| self.log_end(first));
        let publication = self.outboxes.begin(frame.clone(), policy, sequence, now, recipients, log);
        for reach in reach {
            let recipients = match reach {
                Reach::Client(index) => core::slice::from_ref(index),
                Reach::User(slot) => self.users.get(*slot).map_or(&[][..], |user| &user.clients),
                Reach::Room(slot) => self.rooms.get(*slot).map_or(&[][..], |room| &room.members),
                Reach::Watchers(slot) => watchers(&self.rooms, *slot),
                Reach::All => &self.all,
            };
            self.outboxes.push_all(&publication, recipients, &mut tally);
        }
        let end = self.outboxes.finish(&publication, &tally);
        if let Some(first) = reach.first() {
            self.set_log_end(first, end);
        }
        tally
    }

    /// The log end that a publish continues: that of its first target. A client that got every earlier message
    /// there continues in the same span.
    fn log_end(&self, first: &Reach) -> LogEnd {
        match first {
            Reach::Client(index) => self.outboxes.end_of_queue(*index),
            Reach::User(slot) => self.users.get(*slot).map_or_else(LogEnd::default, |user| user.log),
            Reach::Room(slot) => self.rooms.get(*slot).map_or_else(LogEnd::default, |room| room.log),
            Reach::Watchers(slot) => self.attendance(*slot).map_or_else(LogEnd::default, |room| room.log),
            Reach::All => self.log,
        }
    }

    fn set_log_end(&mut self, first: &Reach, end: LogEnd) {
        match first {
            Reach::Client(_) => {}
            Reach::User(slot) => {
                if let Some(user) = self.users.get_mut(*slot) {
                    user.log = end;
                }
            }
            Reach::Room(slot) => {
                if let Some(room) = self.rooms.get_mut(*slot) {
                    room.log = end;
                }
            }
            Reach::Watchers(slot) => {
                if let Some(room) = self.attendance_mut(*slot) {
                    room.log = end;
                }
            }
            Reach::All => self.log = end,
        }
    }

    fn recipients<'a>(&'a self, reach: &'a Reach) -> &'a [u32] {
        match reach {
            Reach::Client(index) => core::slice::from_ref(index),
            Reach::User(slot) => self.users.get(*slot).map_or(&[], |user| &user.clients),
            Reach::Room(slot) => self.rooms.get(*slot).map_or(&[], |room| &room.members),
            Reach::Watchers(slot) => watchers(&self.rooms, *slot),
            Reach::All => &self.all,
        }
    }
}

/// The members that watch the presence of a room.
fn watchers(rooms: &Names<Room>, slot: u32) -> &[u32] {
    let attendance = rooms.get(slot).and_then(|room| room.attendance.as_deref());
    attendance.map_or(&[], |attendance| &attendance.watchers)
}
