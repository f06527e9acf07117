//! Who is present in rooms, and what those who watch are told: what differs from what they were told last.

use super::timeouts::NEVER;
use super::{Model, swap_out};
use bytes::Bytes;
use throng_core::hub::{Action, Error, Presence, PresenceChange, PresentAs, Refusal};
use throng_core::{ClientId, Name};

/// Units of work for each member when presence begins or ends, and for each user that is told.
const PRESENT: u32 = 4;
const TOLD: u32 = 2;

/// Who is present in a room.
#[derive(Clone, Debug)]
pub(crate) struct Roll {
    pub(crate) bounds: Presence,
    pub(crate) version: u64,
    /// In the order of arriving.
    pub(crate) present: Vec<Present>,
    /// When one does not watch any more, the last takes its place.
    pub(crate) watchers: Vec<ClientId>,
    /// The users, as they were told last, and the version of that.
    known: Vec<(PresentAs, Bytes)>,
    since: u64,
    cancelled: u32,
    counts_only: bool,
    /// When the next change is told.
    pub(super) timer: (u64, u64),
}

/// A member.
#[derive(Clone, Debug)]
pub(crate) struct Present {
    pub(crate) client: ClientId,
    pub(crate) who: PresentAs,
    pub(crate) info: Bytes,
}

/// Counted over the life of the hub.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Changes {
    pub(super) all: u64,
    pub(super) told: u64,
    pub(super) counts_only: u64,
    pub(super) cancelled: u64,
}

impl Roll {
    fn new(bounds: Presence, version: u64) -> Self {
        Self {
            bounds,
            version,
            present: Vec::new(),
            watchers: Vec::new(),
            known: Vec::new(),
            since: version,
            cancelled: 0,
            counts_only: false,
            timer: (NEVER, 0),
        }
    }

    /// Each user once, with the bytes of its client that arrived first, by name.
    pub(crate) fn users(&self) -> Vec<(PresentAs, Bytes)> {
        let mut users: Vec<(PresentAs, Bytes)> = Vec::new();
        for one in &self.present {
            if users.iter().all(|(who, _)| *who != one.who) {
                users.push((one.who.clone(), one.info.clone()));
            }
        }
        users.sort();
        users
    }

    /// Nothing is to be told: those who watch know all there is.
    fn all_is_known(&mut self) {
        (self.known, self.since) = (self.users(), self.version);
        (self.cancelled, self.counts_only) = (0, false);
        self.timer.0 = NEVER;
    }

    /// How the users differ from those that are known.
    fn differences(&self) -> Vec<(PresentAs, Option<Bytes>)> {
        let users = self.users();
        let mut all: Vec<PresentAs> = self.known.iter().chain(&users).map(|(who, _)| who.clone()).collect();
        all.sort();
        all.dedup();
        let differs = |who: &PresentAs| info_of(&self.known, who) != info_of(&users, who);
        let differing = all.into_iter().filter(differs);
        differing.map(|who| (who.clone(), info_of(&users, &who).cloned())).collect()
    }

    fn is_over(&self) -> bool {
        self.differences().len().max(self.users().len()) > self.bounds.users as usize
    }
}

fn info_of<'a>(users: &'a [(PresentAs, Bytes)], who: &PresentAs) -> Option<&'a Bytes> {
    users.iter().find(|(other, _)| other == who).map(|(_, info)| info)
}

impl Model {
    /// What a room has: its own, or that of its name.
    pub(super) fn presence_of(&self, name: &str, own: Option<Presence>) -> Option<Presence> {
        own.or_else(|| self.limits.presence_of(name)).filter(|presence| !presence.tick.is_zero())
    }

    fn roll(&self, name: &str) -> Option<&Roll> {
        self.room(name).and_then(|room| room.roll.as_ref())
    }

    fn roll_mut(&mut self, name: &str) -> Option<&mut Roll> {
        self.rooms.iter_mut().find(|room| room.name == name)?.roll.as_mut()
    }

    fn who(&self, client: ClientId, user: Option<&str>) -> PresentAs {
        user.map_or(PresentAs::Client(client), |user| PresentAs::User(user.into()))
    }

    /// Whether a client may bring these bytes to a room, which may not exist.
    pub(super) fn check_info(&self, name: &str, info: &[u8]) -> Result<(), Refusal> {
        let bounds = match self.room(name) {
            Some(room) => room.roll.as_ref().map(|roll| roll.bounds),
            None => self.presence_of(name, None),
        };
        let limit = bounds.ok_or(Refusal::NoPresence)?.info_bytes;
        if info.len() > limit as usize { Err(Refusal::InfoTooLong { limit }) } else { Ok(()) }
    }

    /// Too many members cannot all become present, or absent, in one event.
    pub(super) fn check_presence(&self, name: &str, presence: Option<Presence>) -> Result<(), Refusal> {
        let Some(room) = self.room(name) else { return Ok(()) };
        let limit = self.limits.slice / PRESENT;
        if room.roll.is_some() != presence.is_some() && room.members.len() > limit as usize {
            return Err(Refusal::TooManyPresent { limit });
        }
        Ok(())
    }

    pub(super) fn configure_presence(&mut self, name: &str, presence: Option<Presence>) {
        match (self.roll_mut(name), presence) {
            (Some(roll), Some(bounds)) => {
                roll.bounds = bounds;
                roll.counts_only |= roll.timer.0 != NEVER && roll.is_over();
            }
            (None, Some(bounds)) => self.begin_presence(name, bounds),
            (_, None) => {
                for room in self.rooms.iter_mut().filter(|room| room.name == name) {
                    room.roll = None;
                }
            }
        }
    }

    pub(super) fn begin_presence(&mut self, name: &str, bounds: Presence) {
        let mut members = Vec::new();
        for room in self.rooms.iter_mut().filter(|room| room.name == name) {
            room.roll = Some(Roll::new(bounds, self.changes.all));
            members = room.members.clone();
        }
        for client in members {
            self.arrive(client, name, &[]);
        }
    }

    /// One change of who is present in a room, in one of the steps of an event.
    fn change(&mut self, name: &str, change: impl FnOnce(&mut Roll)) {
        let (version, now) = (self.changes.all, self.now);
        let set = self.timers_set + 1;
        let Some(roll) = self.roll_mut(name) else { return };
        let before = roll.users();
        let was_over = !roll.watchers.is_empty() && before.len() > roll.bounds.users as usize;
        change(roll);
        roll.version = version;
        if roll.watchers.is_empty() {
            return roll.all_is_known();
        }
        let after = roll.users();
        roll.counts_only |= was_over || roll.is_over();
        for (who, info) in before.iter().chain(&after) {
            let is_new = info_of(&before, who) != info_of(&after, who);
            // One whose bytes have changed is in both lists.
            let is_listed_again = info_of(&before, who).is_some() && info_of(&after, who) == Some(info);
            if is_new && !is_listed_again && info_of(&after, who) == info_of(&roll.known, who) {
                roll.cancelled += 1;
            }
        }
        if roll.timer.0 == NEVER {
            roll.timer = (now + roll.bounds.tick.as_nanos() as u64, set);
            self.timers_set = set;
        }
    }

    pub(super) fn arrive(&mut self, client: ClientId, name: &str, info: &[u8]) {
        if self.roll(name).is_none() {
            return;
        }
        self.changes.all += 1;
        let info = Bytes::copy_from_slice(info);
        let user = self.of(client).user.clone();
        let who = self.who(client, user.as_deref());
        self.change(name, |roll| roll.present.push(Present { client, who, info }));
    }

    pub(super) fn depart(&mut self, client: ClientId, name: &str) {
        if self.roll(name).is_none() {
            return;
        }
        self.changes.all += 1;
        self.change(name, |roll| {
            roll.present.retain(|one| one.client != client);
            swap_out(&mut roll.watchers, &client);
        });
    }

    /// A client is of another user from now on: the one disappears, and the other appears, as of one change.
    pub(super) fn change_user_of_present(&mut self, client: ClientId, user: Option<&str>) {
        let now_as = self.who(client, user);
        for name in self.of(client).rooms() {
            let Some(roll) = self.roll(&name) else { continue };
            let Some(at) = roll.present.iter().position(|one| one.client == client) else { continue };
            let mut one = roll.present[at].clone();
            self.changes.all += 1;
            self.change(&name, |roll| drop(roll.present.remove(at)));
            one.who = now_as.clone();
            self.change(&name, |roll| roll.present.insert(at, one));
        }
    }

    pub(super) fn watch(&mut self, client: ClientId, name: &str, watches: bool) -> Result<(), Error> {
        self.need_open(client)?;
        let room = self.room(name).ok_or(Refusal::NoSuchRoom)?;
        if !room.members.contains(&client) {
            return Err(Refusal::NotInRoom.into());
        }
        let roll = self.roll_mut(name).ok_or(Refusal::NoPresence)?;
        if roll.watchers.is_empty() {
            roll.all_is_known();
        }
        if !watches {
            swap_out(&mut roll.watchers, &client);
        } else if !roll.watchers.contains(&client) {
            roll.watchers.push(client);
        }
        if roll.watchers.is_empty() {
            roll.all_is_known();
        }
        Ok(())
    }

    /// The room whose change is told next, and when.
    pub(super) fn next_told(&self) -> Option<((u64, u64), String)> {
        let rolls = self.rooms.iter().filter_map(|room| Some((room.roll.as_ref()?.timer, room.name.clone())));
        rolls.filter(|(timer, _)| timer.0 != NEVER).min()
    }

    /// Tells what has changed in a room; how much work that is.
    pub(super) fn tell_presence(&mut self, name: &str) -> u32 {
        let Some(roll) = self.roll_mut(name) else { return 0 };
        let (differences, is_only, cancelled) = (roll.differences(), roll.counts_only, roll.cancelled);
        let mut change = PresenceChange::new(roll.since, roll.version);
        change.counts.clients = roll.present.len() as u32;
        change.counts.users = roll.users().len() as u32;
        roll.all_is_known();
        self.changes.told += 1;
        if is_only {
            self.changes.counts_only += 1;
            self.tell(Action::PresenceChanged { room: Name::from(name), change: Box::new(change) });
            return 0;
        }
        self.changes.cancelled += u64::from(cancelled);
        let work = TOLD * differences.len() as u32;
        let users = change.users.get_or_insert_default();
        users.cancelled = cancelled;
        for (who, info) in differences {
            match info {
                Some(info) => users.appear(who, info),
                None => users.disappeared.push(who),
            }
        }
        self.tell(Action::PresenceChanged { room: Name::from(name), change: Box::new(change) });
        work
    }

    /// Members of rooms with presence, and how many of them watch.
    pub(super) fn present(&self) -> (u64, u64) {
        let rolls = self.rooms.iter().filter_map(|room| room.roll.as_ref());
        rolls.fold((0, 0), |(present, watchers), roll| {
            (present + roll.present.len() as u64, watchers + roll.watchers.len() as u64)
        })
    }
}
