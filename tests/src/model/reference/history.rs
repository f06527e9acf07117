//! Histories of rooms: what is kept, for how long, and who gets it.

use super::outbox::{Message, Sending};
use super::publish::Shedding;
use super::timeouts::NEVER;
use super::{Model, Room};
use crate::model::limits::KEY_BYTES;
use throng_core::hub::{
    Dedup, Error, History, Ignored, Lifetime, Policy, Position, Published, Recover, Recovery, Refusal,
    Target, Unrecoverable, Unrecovered,
};
use throng_core::{ClientId, Epoch, Frame};

/// Idle rooms that end with one event at most because there are too many, and keys that are forgotten.
const EVICTED: usize = 8;
const FORGOTTEN: usize = 64;

/// The history of one room.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) epoch: Epoch,
    pub(crate) bounds: History,
    /// With the time of the publish; the last one has the offset `top`.
    pub(crate) kept: Vec<(u64, Message)>,
    pub(crate) top: u64,
    /// Why the last one that is not kept any more is not.
    lost: Unrecoverable,
    /// When the last one was published, or the history began.
    published: u64,
    version: Option<u64>,
    /// When the hub looks whether something is to be done, and when that was set.
    timer: (u64, u64),
}

impl Story {
    pub(crate) fn position(&self) -> Position {
        Position { epoch: self.epoch, offset: self.top }
    }

    /// What it reckons from.
    pub(super) fn moments(&mut self) -> impl Iterator<Item = &mut u64> {
        let kept = self.kept.iter_mut().map(|kept| &mut kept.0);
        kept.chain([&mut self.published, &mut self.timer.0])
    }

    pub(crate) fn oldest(&self) -> u64 {
        self.top + 1 - self.kept.len() as u64
    }

    fn is_over_bounds(&self) -> bool {
        let bytes: u64 = self.kept.iter().map(|(_, message)| message.frame.held()).sum();
        self.kept.len() > self.bounds.messages as usize || bytes > self.bounds.bytes.into()
    }
}

/// A key of a publish, and what that led to.
#[derive(Clone, Debug)]
pub(super) struct Key {
    epoch: Epoch,
    key: String,
    pub(super) at: u64,
    published: Published,
}

/// Counted over the life of the hub.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(super) published: u64,
    pub(super) repeated: u64,
    pub(super) outdated: u64,
    pub(super) trimmed: u64,
    pub(super) expired: u64,
    pub(super) idle_evicted: u64,
    pub(super) recovered: Vec<u32>,
    pub(super) unrecovered: Vec<Unrecoverable>,
    /// Messages of a history that somebody does not get.
    pub(super) dropped: u64,
}

impl Room {
    /// Whether nothing keeps it but its history.
    fn is_idle(&self) -> bool {
        self.members.is_empty() && self.config.lifetime != Lifetime::Kept && self.story.is_some()
    }

    /// When something happens to its history by itself: its oldest message expires, or the room ends.
    pub(super) fn story_deadline(&self) -> Option<u64> {
        let story = self.story.as_ref()?;
        let expires = story.kept.first().map(|(time, _)| time + story.bounds.age.as_nanos() as u64);
        let ends = self.is_idle().then_some(story.published + story.bounds.meta_age.as_nanos() as u64);
        expires.into_iter().chain(ends).min()
    }
}

impl Model {
    fn story(&self, name: &str) -> Option<&Story> {
        self.room(name).and_then(|room| room.story.as_ref())
    }

    fn room_mut(&mut self, name: &str) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| room.name == name)
    }

    /// SplitMix64 of a seed that is moved on with each history; 0 is left out.
    fn next_epoch(&mut self) -> Epoch {
        loop {
            self.epochs += 1;
            let mut number =
                self.limits.epoch_seed().wrapping_add(self.epochs.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            if let Some(epoch) = Epoch::from_u64(number ^ (number >> 31)) {
                return epoch;
            }
        }
    }

    pub(super) fn begin_story(&mut self, name: &str, bounds: History) {
        let (epoch, published) = (self.next_epoch(), self.now);
        let (kept, lost) = (Vec::new(), Unrecoverable::Trimmed);
        let story = Story { epoch, bounds, kept, top: 0, lost, published, version: None, timer: (NEVER, 0) };
        if let Some(room) = self.room_mut(name) {
            room.story = Some(story);
        }
    }

    /// What a room has: its own, or that of its name.
    pub(super) fn history_of(&self, name: &str, own: Option<History>) -> Option<History> {
        own.or_else(|| self.limits.history_of(name)).filter(|history| history.messages > 0)
    }

    pub(super) fn configure_story(&mut self, name: &str, history: Option<History>) {
        let Some(bounds) = history else {
            if let Some(room) = self.room_mut(name) {
                room.story = None;
            }
            return;
        };
        match self.room_mut(name).and_then(|room| room.story.as_mut()) {
            None => self.begin_story(name, bounds),
            Some(story) => {
                story.bounds = bounds;
                self.trim(name);
            }
        }
    }

    fn trim(&mut self, name: &str) {
        let Some(story) = self.room_mut(name).and_then(|room| room.story.as_mut()) else { return };
        let before = story.kept.len();
        while story.is_over_bounds() {
            story.kept.remove(0);
            story.lost = Unrecoverable::Trimmed;
        }
        let trimmed = before - story.kept.len();
        self.told.trimmed += trimmed as u64;
    }

    /// After a change of who is in a room, or of what keeps it.
    pub(super) fn settle_room(&mut self, name: &str) {
        self.rooms.retain(|room| !room.is_over());
        let is_idle = self.room(name).is_some_and(Room::is_idle);
        let was_idle = self.idle.iter().any(|other| other == name);
        if is_idle && !was_idle {
            self.idle.push(name.into());
            for _ in 0..EVICTED {
                let most = self.limits.history.map_or(usize::MAX, |history| history.idle_rooms as usize);
                if self.idle.len() > most {
                    self.evict_idle_room();
                }
            }
        } else if was_idle && !is_idle {
            self.idle.retain(|other| other != name);
        }
        self.arm_story(name);
    }

    /// The room that is idle for longest makes way.
    pub(super) fn evict_idle_room(&mut self) -> bool {
        if self.idle.is_empty() {
            return false;
        }
        self.told.idle_evicted += 1;
        let name = self.idle.remove(0);
        self.rooms.retain(|room| room.name != name);
        true
    }

    pub(super) fn remove_history(&mut self, name: &str) -> Result<(), Error> {
        let room = self.room(name).ok_or(Refusal::NoSuchRoom)?;
        let bounds = room.story.as_ref().map(|story| story.bounds).ok_or(Refusal::NoHistory)?;
        // It is used anew.
        self.idle.retain(|other| other != name);
        self.begin_story(name, bounds);
        self.settle_room(name);
        Ok(())
    }

    /// The first of what happens by itself: when, and in which room.
    /// The history whose timer fires first.
    pub(super) fn next_story(&self) -> Option<((u64, u64), String)> {
        let timers =
            self.rooms.iter().filter_map(|room| Some((room.story.as_ref()?.timer, room.name.clone())));
        timers.min()
    }

    /// When something happens to a history by itself.
    pub(super) fn earliest_story(&self) -> Option<u64> {
        self.rooms.iter().filter_map(Room::story_deadline).min()
    }

    /// The moment at which the hub looks does not depend on later messages, only the order of timers does that are due at the same time.
    fn arm_story(&mut self, name: &str) {
        self.timers_set += 1;
        let set = self.timers_set;
        let Some(room) = self.room_mut(name) else { return };
        let deadline = room.story_deadline().unwrap_or(NEVER);
        if let Some(story) = &mut room.story {
            story.timer = (deadline, set);
        }
    }

    pub(super) fn story_fires(&mut self, name: &str) {
        let now = self.now;
        let Some(room) = self.room_mut(name) else { return };
        let is_idle = room.is_idle();
        let Some(story) = room.story.as_mut() else { return };
        let before = story.kept.len();
        let (age, meta_age) = (story.bounds.age.as_nanos() as u64, story.bounds.meta_age.as_nanos() as u64);
        while story.kept.first().is_some_and(|(time, _)| time + age <= now) {
            story.kept.remove(0);
            story.lost = Unrecoverable::Expired;
        }
        let (expired, ends) = (before - story.kept.len(), is_idle && story.published + meta_age <= now);
        self.told.expired += expired as u64;
        if ends {
            self.rooms.retain(|room| room.name != name);
            self.idle.retain(|other| other != name);
        } else {
            self.arm_story(name);
        }
    }

    /// What a member gets that has just joined.
    pub(super) fn recover(&mut self, client: ClientId, name: &str, recover: Recover) -> Recovery {
        match self.what_is_missed(client, name, recover) {
            Ok(missed) => {
                let count = missed.len() as u32;
                self.told.recovered.push(count);
                self.numbers.queued += u64::from(count);
                let now = self.now;
                if count > 0 {
                    self.of(client).outbox.queue.extend(missed);
                    self.of(client).last_out = now;
                    // A single one is as prompt as any other; more than one waits behind who has less to wait for.
                    if count == 1 { self.wake(client) } else { self.wake_among_many(client) }
                }
                if self.of(client).outbox.sending == Sending::Ended {
                    self.drop_queue(client, throng_core::hub::DropReason::Closed);
                }
                Recovery::Recovered { count }
            }
            Err(unrecovered) => {
                self.told.unrecovered.push(unrecovered.reason);
                Recovery::Unrecovered(unrecovered)
            }
        }
    }

    fn what_is_missed(
        &mut self,
        client: ClientId,
        name: &str,
        recover: Recover,
    ) -> Result<Vec<Message>, Unrecovered> {
        let Some(story) = self.story(name).cloned() else {
            return Err(Unrecovered { reason: Unrecoverable::NoneKept, oldest: 1, top: 0 });
        };
        let fail = |reason| Err(Unrecovered { reason, oldest: story.oldest(), top: story.top });
        let since = match recover {
            Recover::Since(position) if position.epoch != story.epoch => {
                return fail(Unrecoverable::EpochChanged);
            }
            Recover::Since(position) => position.offset,
            _ => story.top.max(1) - 1,
        };
        if since > story.top {
            return fail(Unrecoverable::EpochChanged);
        }
        let with_offsets = (story.oldest()..).zip(&story.kept);
        let missed: Vec<_> =
            with_offsets.filter(|(offset, _)| *offset > since).map(|(_, kept)| kept.1.clone()).collect();
        if missed.len() as u64 != story.top - since {
            return fail(story.lost);
        }
        let limits = self.limits.history.expect("there is a history");
        let size: u32 = missed.iter().map(|message| message.frame.size()).sum();
        let (messages, bytes) = self.of(client).outbox.sums();
        let most = self.bounds(client);
        let is_too_much = missed.len() > limits.recover_messages as usize
            || size > limits.recover_bytes
            || messages + missed.len() as u32 > most.0
            || bytes + size > most.1;
        // For nothing there is always room.
        if is_too_much && !missed.is_empty() { fail(Unrecoverable::OverLimit) } else { Ok(missed) }
    }

    /// Whether a target is a room with a history, or one that would get it.
    fn is_story(&self, target: &Target<'_>) -> bool {
        let Target::Room(name) = *target else { return false };
        match self.room(name) {
            Some(room) => room.story.is_some(),
            None => self.history_of(name, None).is_some(),
        }
    }

    /// The answer to a publish that is for a history, or would have to be; `None` for any other.
    pub(super) fn publish_to_story(
        &mut self,
        targets: &[Target<'_>],
        except: &[ClientId],
        frame: &Frame,
        policy: Option<Policy>,
        dedup: Option<&Dedup<'_>>,
        shedding: &Shedding,
    ) -> Option<Result<Published, Error>> {
        let [target] = targets else {
            let is_wrong = dedup.is_some() || targets.iter().any(|target| self.is_story(target));
            return is_wrong.then_some(Err(Error::HistoryStandsAlone));
        };
        if !self.is_story(target) {
            dedup?;
            return Some(Err(self.reached(target).err().unwrap_or(Refusal::NoHistory.into())));
        }
        let Target::Room(name) = *target else { return None };
        Some(self.tell_story(name, except, frame, policy, dedup, shedding))
    }

    fn tell_story(
        &mut self,
        name: &str,
        except: &[ClientId],
        frame: &Frame,
        policy: Option<Policy>,
        dedup: Option<&Dedup<'_>>,
        shedding: &Shedding,
    ) -> Result<Published, Error> {
        let target = [Target::Room(name)];
        let policy = policy.unwrap_or_else(|| self.policy_of(&target));
        if policy == Policy::Wait {
            return Err(Error::NoWaitForHistory);
        }
        if let Some(known) = self.is_known(name, dedup)? {
            return Ok(known);
        }
        if self.room(name).is_none() {
            self.check_name(name)?;
            self.new_room(name)?;
            self.settle_room(name);
        }
        let position = self.story(name).map(Story::position).expect("it has a history");
        let position = Position { offset: position.offset + 1, ..position };
        let sealed = frame.sealed(position.offset);
        let mut published = self.deliver(&target, except, &sealed, policy, shedding);
        published.position = Some(position);
        let now = self.now;
        if let Some(story) = self.room_mut(name).and_then(|room| room.story.as_mut()) {
            story.version = dedup.and_then(|dedup| dedup.version).or(story.version);
        }
        if let Some(key) = dedup.and_then(|dedup| dedup.key) {
            self.keys.push(Key { epoch: position.epoch, key: key.into(), at: now, published });
        }
        Ok(published)
    }

    /// Keeps a message, if the room has a history.
    pub(super) fn keep(&mut self, name: &str, message: &Message) {
        let now = self.now;
        let Some(story) = self.room_mut(name).and_then(|room| room.story.as_mut()) else { return };
        let was_empty = story.kept.is_empty();
        story.top += 1;
        story.kept.push((now, message.clone()));
        story.published = now;
        self.trim(name);
        self.told.published += 1;
        if self.idle.iter().any(|other| other == name) {
            self.idle.retain(|other| other != name);
            self.idle.push(name.into());
        }
        if was_empty {
            self.arm_story(name);
        }
    }

    fn is_known(&mut self, name: &str, dedup: Option<&Dedup<'_>>) -> Result<Option<Published>, Error> {
        let (Some(dedup), Some(limits)) = (dedup, self.limits.history) else { return Ok(None) };
        let (story, now) = (self.story(name).cloned(), self.now);
        let lasts = u64::from(limits.key_age) * 1_000_000;
        if let Some(key) = dedup.key {
            if key.len() > KEY_BYTES as usize {
                return Err(Refusal::KeyTooLong { limit: KEY_BYTES }.into());
            }
            let is_it = |one: &&Key| {
                let is_of_it = story.as_ref().is_some_and(|story| story.epoch == one.epoch);
                is_of_it && one.key == key && one.at + lasts > now
            };
            if let Some(found) = self.keys.iter().find(is_it) {
                self.told.repeated += 1;
                return Ok(Some({
                    let mut again = found.published;
                    again.ignored = Some(Ignored::Repeated);
                    again
                }));
            }
        }
        if let Some(story) = &story
            && dedup.version.is_some()
            && story.version >= dedup.version
        {
            self.told.outdated += 1;
            let mut known = Published::default();
            known.position = Some(story.position());
            known.ignored = Some(Ignored::Outdated);
            return Ok(Some(known));
        }
        if dedup.key.is_some() {
            let old = self.keys.iter().take_while(|key| key.at + lasts <= now).count();
            self.keys.drain(..old.min(FORGOTTEN));
            if self.keys.len() >= limits.keys as usize {
                return Err(Refusal::TooManyKeys { limit: limits.keys }.into());
            }
        }
        Ok(None)
    }
}
