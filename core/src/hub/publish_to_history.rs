//! Publishes to a room with a history: the frame gets the next offset, and the room keeps it.

use super::budget::Meant;
use super::event::Dedup;
use super::outcome::Ignored;
use super::reach::Reach;
use super::{Error, Hub, Policy, Published, Refusal, Target};
use crate::frame::Frame;
use crate::id::ClientId;
use crate::outbox::{LogEnd, Tally};
use crate::position::Position;

impl Hub {
    /// Whether any room has a history, or may get one by its name.
    #[inline]
    pub(super) fn has_histories(&self) -> bool {
        self.streams > 0 || !self.config.history.by_prefix.is_empty()
    }

    /// Whether a publish to this target, and no other, is for a history: if not, it may be one that
    /// [`publish_to_history`](Self::publish_to_history) refuses.
    #[inline]
    pub(super) fn is_for_history(&self, found: Result<&Reach, &Error>) -> bool {
        match found {
            Ok(Reach::Room(slot)) => self.stream(*slot).is_some(),
            Ok(_) => false,
            Err(_) => !self.config.history.by_prefix.is_empty(),
        }
    }

    /// Refuses targets of which one is a room with a history: its messages have an offset, which is right in that room only.
    pub(super) fn check_no_history(&self, targets: &[Target<'_>]) -> Result<(), Error> {
        let has_history = |target: &Target<'_>| {
            let Target::Room(name) = *target else { return false };
            match self.rooms.find(name.as_bytes()) {
                Some(slot) => self.stream(slot).is_some(),
                None => self.history_of(name, None).is_some(),
            }
        };
        if targets.iter().any(has_history) { Err(Error::HistoryStandsAlone) } else { Ok(()) }
    }

    /// Publishes to one room, which has a history, or gets one by its name if it does not exist yet.
    #[inline(never)]
    pub(super) fn publish_to_history(
        &mut self,
        (target, found): (&Target<'_>, Result<Reach, Error>),
        except: &[ClientId],
        frame: &Frame,
        policy: Option<Policy>,
        dedup: Option<&Dedup<'_>>,
    ) -> Result<Published, Error> {
        let no_history = Error::from(Refusal::NoHistory);
        let Target::Room(name) = *target else { return Err(found.err().unwrap_or(no_history)) };
        let slot = match found {
            Ok(Reach::Room(slot)) if self.stream(slot).is_some() => Some(slot),
            Ok(_) => return Err(no_history),
            Err(error) if self.history_of(name, None).is_none() => return Err(error),
            Err(_) => None,
        };
        let policy = policy
            .unwrap_or_else(|| slot.map_or(self.config.outbox.policy, |slot| self.policy_of_room(slot)));
        if policy == Policy::Wait {
            return Err(Error::NoWaitForHistory);
        }
        if let Some(dedup) = dedup
            && let Some(published) = self.check_dedup(slot, dedup)?
        {
            return Ok(published);
        }
        let slot = match slot {
            Some(slot) => slot,
            None => {
                self.check_name(name)?;
                let slot = self.new_room(name)?;
                self.settle_room(slot);
                slot
            }
        };
        let published = self.deliver_to_history(slot, except, frame, policy);
        if let Some(dedup) = dedup {
            self.note_dedup(slot, dedup, published);
        }
        if !self.outboxes.doomed.is_empty() {
            self.end_doomed();
        }
        self.totals.published += 1;
        if self.outboxes.has_discarded() {
            self.release_discarded();
        }
        Ok(published)
    }

    /// The answer to a publish that is not to be sent, since one with its key was, or one of a later version.
    fn check_dedup(&mut self, slot: Option<u32>, dedup: &Dedup<'_>) -> Result<Option<Published>, Error> {
        let limits = &self.config.history;
        let stream = slot.and_then(|slot| self.stream(slot));
        if let Some(key) = dedup.key {
            if key.len() > limits.key_bytes as usize {
                return Err(Refusal::KeyTooLong { limit: limits.key_bytes }.into());
            }
            let sent = stream.and_then(|stream| self.keys.find(stream.epoch, key, self.now, limits.key_age));
            if let Some(published) = sent {
                self.stream_totals.repeated += 1;
                return Ok(Some(Published { ignored: Some(Ignored::Repeated), ..published }));
            }
        }
        if let Some(stream) = stream
            && let (Some(last), Some(version)) = (stream.version, dedup.version)
            && version <= last
        {
            let position = Some(self.position_of(stream));
            self.stream_totals.outdated += 1;
            return Ok(Some(Published {
                position,
                ignored: Some(Ignored::Outdated),
                ..Published::default()
            }));
        }
        if dedup.key.is_some() {
            self.keys.forget_expired(self.now, limits.key_age);
            if self.keys.len() >= limits.keys as usize {
                return Err(Refusal::TooManyKeys { limit: limits.keys }.into());
            }
        }
        Ok(None)
    }

    fn note_dedup(&mut self, slot: u32, dedup: &Dedup<'_>, published: Published) {
        let now = self.now;
        let Some(stream) = self.rooms.get_mut(slot).and_then(|room| room.stream.as_deref_mut()) else {
            return;
        };
        stream.version = dedup.version.or(stream.version);
        if let Some(key) = dedup.key {
            self.keys.insert(stream.epoch, key, now, published);
        }
    }

    /// Gives the frame its offset, queues it for the members, and keeps it.
    fn deliver_to_history(
        &mut self,
        slot: u32,
        except: &[ClientId],
        frame: &Frame,
        policy: Policy,
    ) -> Published {
        let Some(stream) = self.stream(slot) else { return Published::default() };
        let (ring, bounds) = (stream.ring, stream.ring_bounds());
        let Position { epoch, offset } = self.position_of(stream);
        let position = Position { epoch, offset: offset + 1 };
        let frame = frame.sealed(position.offset);
        let reach = [Reach::Room(slot)];
        let mut tally = Tally::default();
        let recipients = self.rooms.get(slot).map_or(0, |room| room.members.len());
        if self.outboxes.is_short_of(frame.held(), recipients) {
            let meant = Meant { frame: &frame, reach: &reach, except, policy, is_of_history: true };
            tally.dropped = self.make_room(&meant, recipients);
        }
        let sequence = self.outboxes.next_sequence();
        for &client in except {
            if let Some(index) = self.outboxes.entries.find(client) {
                self.outboxes.except(index, sequence);
            }
        }
        let now = self.now.as_nanos();
        let (members, log) =
            self.rooms.get(slot).map_or((&[][..], LogEnd::default()), |room| (&room.members, room.log));
        let mut publication = self.outboxes.begin(frame, policy, sequence, now, members.len(), log);
        self.outboxes.mark_as_history(&mut publication);
        self.outboxes.push_all(&publication, members, &mut tally);
        let was_empty = self.outboxes.extent_of(ring).since.is_none();
        self.outboxes.keep(ring, &publication, bounds);
        let end = self.outboxes.finish(&publication, &tally);
        if let Some(room) = self.rooms.get_mut(slot) {
            room.log = end;
            if let Some(stream) = room.stream.as_deref_mut() {
                stream.published = now;
            }
        }
        self.stream_totals.kept += 1;
        self.use_idle_room(slot);
        if was_empty {
            self.arm_stream(slot);
        }
        let Tally { queued, dropped, refused } = tally;
        Published { queued, dropped, refused, unknown: 0, position: Some(position), ignored: None }
    }
}
