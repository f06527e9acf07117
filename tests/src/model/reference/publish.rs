//! Publishing and dropping.

use super::client::Phase;
use super::outbox::{Begun, Message, Sending};
use super::{ENTRY_BYTES, Model};
use crate::model::Limits;
use std::cmp::Reverse;
use throng_core::hub::{
    Action, Dedup, DropReason, Dropped, Error, Full, Policy, Published, Refusal, State, Target, Unreached,
};
use throng_core::{ClientId, ClosedBy, Frame};

/// A message for more than so many waits behind those for few.
const MANY: usize = 256;

/// What the hub did for its budget in one event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shedding {
    /// So many of the largest outboxes were emptied before the frame was queued.
    pub(crate) before: usize,
    /// Then so many clients were ended that held the most by a frame written in part.
    pub(crate) ended: usize,
    /// For whom there was no room in the hub.
    pub(crate) no_room: NoRoom,
    /// So many of the largest outboxes were emptied afterwards.
    pub(crate) after: usize,
}

/// For whom there was no room in the hub.
#[derive(Clone, Debug, Default)]
pub(crate) enum NoRoom {
    #[default]
    Nobody,
    /// The frame itself does not fit.
    Anybody,
    /// From this recipient on there was none for queue entries, which those need who wait for something already.
    WaitingFrom(usize),
    These(Vec<ClientId>),
}

/// A publish, to whoever it is.
struct Publish<'a> {
    message: Message,
    policy: Policy,
    no_room: &'a NoRoom,
    is_for_many: bool,
    /// There may have been no room for it, and an entry, before anything was dropped for it.
    was_full: bool,
}

impl Model {
    pub(super) fn publish(
        &mut self,
        targets: &[Target<'_>],
        except: &[ClientId],
        frame: &Frame,
        (policy, dedup): (Option<Policy>, Option<&Dedup<'_>>),
        shedding: &Shedding,
    ) -> Result<Published, Error> {
        self.unreached.clear();
        if self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        let limit = self.limits.message_bytes;
        if frame.payload().len() > limit as usize {
            return Err(Refusal::MessageTooBig { limit }.into());
        }
        if let Some(published) = self.publish_to_story(targets, except, frame, policy, dedup, shedding) {
            return published;
        }
        let policy = policy.unwrap_or_else(|| self.policy_of(targets));
        let reached: Vec<_> = targets.iter().map(|target| self.reached(target)).collect();
        let unknown = reached.iter().filter(|reached| reached.is_err()).count();
        if unknown > 0
            && unknown == targets.len()
            && let Some(Err(error)) = reached.first()
        {
            return Err(*error);
        }
        let mut published = self.deliver(targets, except, frame, policy, shedding);
        published.unknown = unknown as u32;
        Ok(published)
    }

    /// Queues a frame for all whom the targets name; the message that it is from now on.
    pub(super) fn deliver(
        &mut self,
        targets: &[Target<'_>],
        except: &[ClientId],
        frame: &Frame,
        policy: Policy,
        shedding: &Shedding,
    ) -> Published {
        let of_history = matches!(targets, [Target::Room(name)] if self.room(name).is_some_and(|room| room.story.is_some()));
        self.numbers.published += 1;
        let is_for_many = self.named_by(targets) > MANY;
        let recipients = self.recipients(targets, except);
        let key = if let Policy::Conflate(key) = policy { Some(key) } else { None };
        let publish = Publish {
            message: Message { number: self.numbers.published, frame: frame.clone(), key, of_history },
            policy,
            no_room: &shedding.no_room,
            is_for_many,
            was_full: false,
        };
        let mut published = Published::default();
        let mut too_slow = Vec::new();
        self.unreached.clear();
        // Who is ended to make room for it does not get it.
        for client in self.make_room_in_hub(&publish, targets.len(), &recipients, shedding) {
            published.dropped += 1;
            if policy == Policy::Wait {
                self.unreached.push(Unreached { client, full: Full::Hub });
            }
        }
        // Those who are left come in the order in which they are listed now.
        let recipients = self.recipients(targets, except);
        // The hub judges this once, before values of the same key make way.
        let was_full = self.would_exceed(publish.message.frame.held() + ENTRY_BYTES);
        let publish = Publish { was_full, ..publish };
        for (at, &client) in recipients.iter().enumerate() {
            match self.push(client, at, &publish) {
                Pushed::Queued => published.queued += 1,
                Pushed::Refused => {
                    published.refused += 1;
                    self.unreached.push(Unreached { client, full: Full::Outbox });
                }
                Pushed::Dropped => {
                    published.dropped += 1;
                    if policy == Policy::Wait {
                        self.unreached.push(Unreached { client, full: Full::Hub });
                    }
                }
                Pushed::TooSlow => {
                    published.dropped += 1;
                    too_slow.push(client);
                }
            }
        }
        self.numbers.queued += u64::from(published.queued + published.dropped);
        for client in recipients {
            if self.of(client).outbox.sending == Sending::Ended {
                self.drop_queue(client, DropReason::Closed);
            }
        }
        self.keep_to_budget(shedding);
        // It is kept before those end who were too slow for it: the room may end with them.
        if let [Target::Room(name)] = targets {
            self.keep(name, &publish.message);
        }
        self.mark(too_slow);
        published
    }

    /// Whom the targets name, each once.
    fn recipients(&self, targets: &[Target<'_>], except: &[ClientId]) -> Vec<ClientId> {
        let mut recipients = Vec::new();
        for client in targets.iter().filter_map(|target| self.reached(target).ok()).flatten() {
            if self.need_open(client).is_ok() && !recipients.contains(&client) && !except.contains(&client) {
                recipients.push(client);
            }
        }
        recipients
    }

    /// Whom a target names.
    pub(super) fn reached(&self, target: &Target<'_>) -> Result<Vec<ClientId>, Error> {
        match *target {
            Target::Client(client) => self.need_open(client).map(|()| vec![client]),
            Target::User(name) => match self.clients_of(name) {
                clients if clients.is_empty() => Err(Refusal::NoSuchUser.into()),
                clients => Ok(clients),
            },
            Target::Room(name) => {
                self.room(name).map(|room| room.members.clone()).ok_or(Refusal::NoSuchRoom.into())
            }
            Target::Watchers(name) => {
                let roll = self.room(name).ok_or(Refusal::NoSuchRoom)?.roll.as_ref();
                roll.map(|roll| roll.watchers.clone()).ok_or(Refusal::NoPresence.into())
            }
            _ => Ok(self.open.clone()),
        }
    }

    /// How many targets name: who is named by two of them counts twice, but a room, a user or everybody once.
    fn named_by(&self, targets: &[Target<'_>]) -> usize {
        let is_new =
            |at: &usize| matches!(targets[*at], Target::Client(_)) || !targets[..*at].contains(&targets[*at]);
        (0..targets.len()).filter(is_new).map(|at| self.named(&targets[at])).sum()
    }

    /// How many a target names: also reservations of a user's.
    fn named(&self, target: &Target<'_>) -> usize {
        match (self.reached(target), *target) {
            (Err(_), _) => 0,
            (_, Target::User(name)) => self.user(name).map_or(0, |user| user.clients.len()),
            (Ok(clients), _) => clients.len(),
        }
    }

    fn push(&mut self, client: ClientId, at: usize, publish: &Publish<'_>) -> Pushed {
        let Publish { ref message, policy, no_room, is_for_many, was_full } = *publish;
        if let Policy::Conflate(key) = policy {
            self.drop_messages(client, DropReason::Conflated, |_, other| other.key == Some(key));
        }
        let hub_is_full = match no_room {
            NoRoom::Nobody => false,
            NoRoom::Anybody => true,
            NoRoom::WaitingFrom(first) => at >= *first && !self.of(client).outbox.queue.is_empty(),
            NoRoom::These(clients) => clients.contains(&client),
        };
        // Beside the frame, which may have been counted already, there was no room for one entry more.
        self.wasted |= hub_is_full && !was_full && !self.would_exceed(message.frame.held() + ENTRY_BYTES);
        if policy == Policy::DropOldest && !hub_is_full {
            self.make_room(client, message.frame.size());
        }
        if !hub_is_full && self.has_room(client, message.frame.size()) {
            let now = self.now;
            self.of(client).outbox.queue.push(message.clone());
            self.of(client).last_out = now;
            if is_for_many {
                self.wake_among_many(client);
            } else {
                self.wake(client);
            }
            return Pushed::Queued;
        }
        self.rest(client);
        // Nothing would ever tell of an outbox that is low already.
        if policy == Policy::Wait && !(hub_is_full && self.is_low(client)) {
            self.of(client).outbox.awaited = true;
            return Pushed::Refused;
        }
        let reason = if hub_is_full { DropReason::HubFull } else { DropReason::OutboxFull };
        self.count_drop(client, message, reason);
        if policy == Policy::Disconnect && !hub_is_full { Pushed::TooSlow } else { Pushed::Dropped }
    }

    /// What may wait for a client: less if it is away.
    pub(super) fn bounds(&self, client: ClientId) -> (u32, u32) {
        let Limits { messages, bytes, away_messages, away_bytes, .. } = self.limits;
        match self.phase(client) {
            Ok(Phase::Away) => (messages.min(away_messages), bytes.min(away_bytes)),
            _ => (messages, bytes),
        }
    }

    fn fits(&self, client: ClientId, (messages, bytes): (u32, u32), size: u32) -> bool {
        let most = self.bounds(client);
        messages < most.0 && bytes + size <= most.1
    }

    fn has_room(&mut self, client: ClientId, size: u32) -> bool {
        let sums = self.of(client).outbox.sums();
        self.fits(client, sums, size)
    }

    /// Drops the oldest until there is room; nothing if there would be none even so.
    fn make_room(&mut self, client: ClientId, size: u32) {
        let undroppable = self.of(client).outbox.undroppable();
        if !self.fits(client, undroppable, size) {
            return;
        }
        while !self.has_room(client, size) {
            self.drop_messages(client, DropReason::OutboxFull, |at, _| at == 0);
        }
    }

    fn drop_messages(
        &mut self,
        client: ClientId,
        reason: DropReason,
        goes: impl Fn(usize, &Message) -> bool,
    ) {
        let outbox = &mut self.of(client).outbox;
        let awaited = outbox.awaited;
        let queue = std::mem::take(&mut outbox.queue);
        for (at, message) in queue.into_iter().enumerate() {
            if goes(at, &message) {
                if awaited {
                    self.relieved.push(client);
                }
                self.count_drop(client, &message, reason);
            } else {
                self.of(client).outbox.queue.push(message);
            }
        }
    }

    /// Everything that waits is dropped. What is begun is not among it.
    pub(super) fn drop_queue(&mut self, client: ClientId, reason: DropReason) {
        self.drop_messages(client, reason, |_, _| true);
        self.rest(client);
    }

    /// The application hears of it, while the client has not ended.
    pub(super) fn count_drop(&mut self, client: ClientId, message: &Message, reason: DropReason) {
        self.numbers.dropped[reason as usize] += 1;
        self.told.dropped += u64::from(message.of_history);
        if matches!(self.of(client).phase, Phase::Open | Phase::Away | Phase::Marked) {
            let bytes = u64::from(message.frame.size());
            self.note_drop(client, Dropped { frames: 1, bytes, of_history: message.of_history, reason });
        }
    }

    /// Room is made for a frame and the entries of its recipients, if there is none, and then for more.
    /// Who of its recipients has ended for that.
    fn make_room_in_hub(
        &mut self,
        publish: &Publish<'_>,
        targets: usize,
        recipients: &[ClientId],
        shedding: &Shedding,
    ) -> Vec<ClientId> {
        let frame = publish.message.frame.clone();
        let (budget, spare) = (self.limits.hub_bytes, self.limits.hub_bytes / 8);
        let entries = ENTRY_BYTES * (self.clients.len() * targets) as u64;
        let need = frame.held() + entries.min(spare);
        self.wasted |= shedding.before > 0 && !self.would_exceed(need);
        let target = budget.saturating_sub(need).min(budget - spare);
        self.shed(shedding.before, target);
        let ended = self.end_holders(&publish.message, recipients, shedding, target);
        // While a message that is begun holds memory, the hub is not full, but for a frame that never fits.
        let holds = self.clients.iter().any(|one| one.outbox.begun_messages().next().is_some());
        self.wasted |= matches!(shedding.no_room, NoRoom::Anybody) && holds && frame.held() <= budget;
        ended
    }

    /// Those end that hold the most by the first message that they have begun: each its share of it.
    fn end_holders(
        &mut self,
        message: &Message,
        recipients: &[ClientId],
        shedding: &Shedding,
        target: u64,
    ) -> Vec<ClientId> {
        let begun = self.clients.iter().filter_map(|one| Some((one.id, one.outbox.begun_messages().next()?)));
        let begun: Vec<_> = begun.collect();
        let share = |message: &Message| {
            let same = begun.iter().filter(|(_, other)| other.number == message.number).count();
            message.frame.held() / same as u64
        };
        let mut largest: Vec<_> =
            begun.iter().map(|&(id, message)| (Reverse(share(message)), message.number, id)).collect();
        largest.sort_by_key(|&(share, number, id)| (share, number, id.index()));
        let ended: Vec<_> = largest.iter().take(shedding.ended).map(|&(_, _, id)| id).collect();
        let mut missed = Vec::new();
        for client in ended {
            // All that can be shed has been.
            let can_shed = self.clients.iter().any(|one| one.outbox.can_shed());
            self.wasted |= self.most_used() <= target || can_shed;
            self.numbers.ended_for_budget += 1;
            match self.phase(client) {
                Ok(Phase::Open | Phase::Away) => {}
                Ok(Phase::Marked) => {
                    self.stop_sending(client);
                    self.end_marked(client);
                    continue;
                }
                _ => {
                    self.abort_client(client);
                    continue;
                }
            }
            if recipients.contains(&client) {
                self.count_drop(client, message, DropReason::HubFull);
                missed.push(client);
            }
            self.end_abruptly(client, "out of memory for its messages", ClosedBy::Hub);
        }
        missed
    }

    /// More entries than there were may have come to be.
    pub(super) fn keep_to_budget(&mut self, shedding: &Shedding) {
        let budget = self.limits.hub_bytes;
        self.wasted |= shedding.after > 0 && !self.would_exceed(0);
        self.shed(shedding.after, budget - budget / 8);
    }

    /// Whether the hub may have had no room for so many bytes.
    fn would_exceed(&self, bytes: u64) -> bool {
        self.most_used() + bytes > self.limits.hub_bytes
    }

    /// What the hub counts at most: frames that are in several outboxes may share entries.
    pub(crate) fn most_used(&self) -> u64 {
        let messages: usize = self.clients.iter().map(|one| one.outbox.messages().count()).sum();
        self.frames().1 + ENTRY_BYTES * messages as u64
    }

    /// The largest outboxes are emptied, for as long as more than `target` bytes may be used.
    fn shed(&mut self, outboxes: usize, target: u64) {
        let has_queue = |client: &&super::Client| !client.outbox.queue.is_empty();
        let mut largest: Vec<_> = self.clients.iter().filter(has_queue).collect();
        largest.sort_by_key(|client| (Reverse(client.outbox.sums().1), client.id.index()));
        let shed: Vec<_> = largest.iter().take(outboxes).map(|client| client.id).collect();
        for client in shed {
            self.wasted |= self.most_used() <= target;
            self.drop_queue(client, DropReason::HubFull);
        }
    }

    pub(super) fn is_low(&mut self, client: ClientId) -> bool {
        let (messages, bytes) = self.of(client).outbox.sums();
        let most = self.bounds(client);
        messages <= most.0 / 2 && bytes <= most.1 / 2
    }

    /// Half of an outbox is free for which somebody waits.
    pub(super) fn tell_low(&mut self, client: ClientId) {
        if self.need_open(client).is_err() || !self.of(client).outbox.awaited || !self.is_low(client) {
            return;
        }
        self.of(client).outbox.awaited = false;
        self.tell(Action::OutboxLow { client });
    }

    /// Nothing is written any more: what waits is dropped, and what is on lease.
    pub(super) fn stop_sending(&mut self, client: ClientId) {
        self.unready(client);
        let outbox = &mut self.of(client).outbox;
        let leased: Vec<_> = outbox.messages().cloned().collect();
        let queued = outbox.begun_messages().count() + outbox.queue.len();
        outbox.queue.clear();
        let awaited = outbox.awaited;
        outbox.lease.clear();
        outbox.controls.clear();
        outbox.close = None;
        outbox.begun = Begun::default();
        outbox.sending = Sending::Ended;
        if awaited && queued > 0 {
            self.relieved.push(client);
        }
        for message in leased {
            self.count_drop(client, &message, DropReason::Closed);
        }
    }
}

/// What became of a message for one client.
enum Pushed {
    Queued,
    Dropped,
    Refused,
    TooSlow,
}
