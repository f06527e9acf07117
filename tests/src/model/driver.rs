//! Gives each event to the hub and to the model, and compares.

use super::Limits;
use super::call::{Sinks, Way, call};
use super::ledger::{self, Ledger};
use super::occupied::{self, Occupied};
use super::reached::first_word;
use super::reference::{Client, ENTRY_BYTES, Model, NoRoom, Phase, Roll, Sending, Shedding, Story};
use std::collections::BTreeSet;
use throng_core::hub::{
    Action, Error, Event, Full, Hub, Joined, Order, Outcome, Position, PresentAs, Published, Stats, Unreached,
};
use throng_core::outbox::{Batch, Item, Then};
use throng_core::{ClientId, ConnectionId, Instant};

/// What is wrong, in words.
pub(super) type Wrong = String;

pub(super) struct Driver {
    pub(super) hub: Hub,
    pub(super) model: Model,
    /// The host's clock, which may run backwards.
    pub(super) clock: u64,
    /// Ids that are stale; of clients with the connection that they had.
    pub(super) gone_connections: Vec<ConnectionId>,
    pub(super) gone_clients: Vec<(ClientId, ConnectionId)>,
    /// For so many operations the host does not poll actions.
    pub(super) linger: u8,
    pub(super) frames_made: u32,
    pub(super) ledger: Ledger,
    pub(super) reached: BTreeSet<String>,
    /// Every position that the hub has told.
    pub(super) positions: Vec<Position>,
    batch: Batch,
    occupied: Occupied,
    events: u64,
}

macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}
pub(super) use ensure;

impl Driver {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            hub: Hub::new(limits.config()).expect("settled limits are a config that stands"),
            model: Model::new(limits.clone()),
            clock: 0,
            gone_connections: Vec::new(),
            gone_clients: Vec::new(),
            linger: 0,
            frames_made: 0,
            ledger: Ledger::default(),
            positions: Vec::new(),
            batch: Batch::default(),
            occupied: Occupied::default(),
            events: 0,
            reached: BTreeSet::new(),
        }
    }

    /// One event to both.
    pub(super) fn event(&mut self, event: Event<'_>) -> Result<(), Wrong> {
        self.answer_to(event).map(drop)
    }

    /// One event to both, and what the hub answers.
    pub(super) fn answer_to(&mut self, event: Event<'_>) -> Result<Result<Outcome, Error>, Wrong> {
        self.events += 1;
        let now = Instant::from_nanos(self.clock);
        let before = self.hub.stats();
        // Not `poll_timeout`, which also asks for an event to announce drops: that nobody did is no standstill.
        let asked = self.hub.next_deadline().map(Instant::as_nanos);
        let way = if self.events.is_multiple_of(2) { Way::Method } else { Way::Handle };
        let mut recipients = ledger::recipients(&self.hub, event);
        if let Event::Transmitted { results } = event {
            self.ledger.written(&self.hub, results)?;
        }
        self.batch.clear();
        let mut unreached = Vec::new();
        let sinks = Sinks { batch: &mut self.batch, unreached: &mut unreached };
        let result = call(&mut self.hub, way, now, event, sinks);
        if let Ok(Outcome::Published(Published { refused: 1.., .. })) = result {
            let is_refused =
                |client: &ClientId| unreached.contains(&Unreached { client: *client, full: Full::Outbox });
            recipients.retain(|client| !is_refused(client));
        }
        if let Ok(Outcome::Joined(Joined { position: Some(position), .. }))
        | Ok(Outcome::Published(Published { position: Some(position), .. })) = result
        {
            self.positions.push(position);
        }
        if let Ok(outcome) = result {
            self.ledger.answered(&self.hub, event, outcome, &recipients)?;
        }
        self.note_before(event);
        let had: Vec<_> = self.model.clients.iter().map(|one| (one.id, one.connection)).collect();
        let expected = self.predict(event, result, &before, asked);
        ensure!(result == expected, "{event:?} leads to {result:?}, and should to {expected:?}");
        self.note_after(event, result);
        self.gone_clients.extend(had.into_iter().filter(|had| self.model.find(had.0).is_none()));
        if let Ok(Outcome::Leased(leases)) = result {
            self.compare_leases(leases)?;
        }
        if let (Event::Publish { .. }, Ok(_)) = (event, result) {
            let should = &self.model.unreached;
            ensure!(
                unreached == *should,
                "{event:?} does not reach {unreached:?}, and should not {should:?}"
            );
        }
        if let (Event::Gone { connection }, Ok(_)) = (event, result) {
            self.gone_connections.push(connection);
        }
        self.compare()?;
        if self.linger == 0 {
            let actions = self.drain()?;
            self.ledger.produced(&self.hub, event, result.is_ok(), actions.clone())?;
            self.ledger.told(&actions)?;
        } else {
            // A copy is asked.
            let mut copy = self.hub.clone();
            let waiting = occupied::without(std::iter::from_fn(|| copy.poll_action())).collect();
            self.ledger.produced(&self.hub, event, result.is_ok(), waiting)?;
        }
        if event == Event::Timeout && !self.model.is_busy() {
            self.comes_to_rest()?;
        }
        self.ledger.check(&self.hub, self.gone_connections.len())?;
        if let Err(broken) = self.hub.check() {
            return Err(format!("{event:?} breaks an invariant within: {broken:?}"));
        }
        Ok(result)
    }

    /// What the model says. If it differs at the hub's budget, it is asked again, for each way in which outboxes may have
    /// been shed: one of them must explain what the hub did, and none be shed or refused for which there was no need.
    fn predict(
        &mut self,
        event: Event<'_>,
        result: Result<Outcome, Error>,
        before: &Stats,
        asked: Option<u64>,
    ) -> Result<Outcome, Error> {
        let sheds = self.might_shed(event, before);
        let unchanged = sheds.then(|| self.model.clone());
        let expected = self.model.handle(self.clock, asked, event, &Shedding::default());
        let Some(unchanged) = unchanged.filter(|_| result != expected || !self.agrees()) else {
            return expected;
        };
        let plain = self.model.clone();
        let most = unchanged.clients.len();
        let ended = (self.hub.stats().ended_for_budget - before.ended_for_budget) as usize;
        for (before, after) in (0..=most).flat_map(|before| (0..=most).map(move |after| (before, after))) {
            let from = (0..most).map(NoRoom::WaitingFrom);
            let mut there_is = vec![NoRoom::Nobody, NoRoom::Anybody];
            there_is.extend(from);
            // At last without room for those whose outbox shows that there was none.
            there_is.push(NoRoom::These(Vec::new()));
            for mut no_room in there_is {
                if let NoRoom::These(clients) = &mut no_room {
                    self.model = unchanged.clone();
                    let room = Shedding { before, after, ended, ..Shedding::default() };
                    let _ = self.model.handle(self.clock, asked, event, &room);
                    *clients = self.disagreeing();
                }
                self.model = unchanged.clone();
                let shedding = Shedding { before, ended, no_room, after };
                let expected = self.model.handle(self.clock, asked, event, &shedding);
                if expected == result && self.agrees() && self.tells_the_same() && !self.model.wasted {
                    return expected;
                }
            }
        }
        self.model = plain;
        expected
    }

    /// Whether the budget may make the hub shed: its own bytes, and what the event may add to them.
    fn might_shed(&self, event: Event<'_>, before: &Stats) -> bool {
        let waiting: u64 = self.model.clients.iter().map(|one| u64::from(one.outbox.sums().0)).sum();
        let clients = self.model.clients.len() as u64;
        let more = match event {
            Event::Publish { targets, frame, .. } => {
                let recipients = clients * targets.len() as u64;
                frame.held() + ENTRY_BYTES * (recipients + waiting)
            }
            Event::Transmitted { .. } => ENTRY_BYTES * (clients + waiting),
            Event::Reconfigure { .. } => return before.queued_bytes > self.model.asked.hub_bytes,
            _ => return false,
        };
        before.queued_bytes + more > self.model.limits.hub_bytes
    }

    fn agrees(&self) -> bool {
        let stats = self.hub.stats();
        let dropped = [
            stats.dropped_outbox_full,
            stats.dropped_conflated,
            stats.dropped_hub_full,
            stats.dropped_closed,
        ];
        self.disagreeing().is_empty() && dropped == self.model.numbers.dropped
    }

    /// Whether the actions that wait, and those that come with each of the next events, are those of the model: what was dropped first
    /// is told first, and a hub that does little at once tells it later.
    fn tells_the_same(&self) -> bool {
        let (mut hub, mut model) = (self.hub.clone(), self.model.clone());
        let now = hub.now();
        let events = model.clients.len();
        let tells = |hub: &mut Hub, model: &mut Model| {
            occupied::without(std::iter::from_fn(|| hub.poll_action())).eq(model.poll_actions())
        };
        tells(&mut hub, &mut model)
            && (0..events).all(|_| {
                // It is of nobody, so that nothing happens but what is left to be told.
                let event = Event::Gone { connection: ConnectionId::from_u64(u64::MAX) };
                let _ = hub.handle(now, event);
                let _ = model.handle(now.as_nanos(), None, event, &Shedding::default());
                tells(&mut hub, &mut model)
            })
    }

    /// Whose outboxes are not as the model says.
    fn disagreeing(&self) -> Vec<ClientId> {
        let differs = self.model.clients.iter().filter(|one| {
            let sums = (one.phase >= Phase::Open).then(|| one.outbox.sums());
            self.hub.outbox_of(one.id) != sums
        });
        differs.map(|one| one.id).collect()
    }

    /// The leases of a transmit, item by item.
    fn compare_leases(&mut self, count: u32) -> Result<(), Wrong> {
        let (leases, expected) = (self.batch.leases(), &self.model.batch);
        ensure!(leases.len() == count as usize, "{count} leases are told, and {} given", leases.len());
        for (at, (lease, expected)) in leases.iter().zip(expected).enumerate() {
            let items = self.batch.run(lease.run);
            let right: Vec<_> = expected.things.iter().map(super::reference::Thing::item).collect();
            let is_to = (lease.connection, lease.client, lease.begun, lease.skip);
            let should = (expected.connection, expected.client, expected.begun, expected.skip);
            ensure!(
                is_to == should,
                "{lease:?} is given, and (connection, client, skip) should be {should:?}"
            );
            ensure!(!items.is_empty(), "{lease:?} has nothing to write");
            ensure!(items == right, "{} is given {items:?}, and should be {right:?}", lease.client);
            let ends = matches!(items.last(), Some(Item::Control(last)) if last.is_close());
            let then = if ends { Then::EndSending } else { Then::Continue };
            ensure!(lease.then == then, "{lease:?} should {then:?}");
            if at > 0 && self.model.batch[at - 1].is_shareable && expected.is_shareable {
                let is_same = self.model.batch[at - 1].things == expected.things;
                ensure!(
                    !is_same || leases[at - 1].run == lease.run,
                    "{} and {} wait for the same and do not share it",
                    leases[at - 1].client,
                    lease.client
                );
            }
            self.ledger.leased(lease, items)?;
        }
        Ok(())
    }

    /// Everything that can be asked of the hub.
    fn compare(&self) -> Result<(), Wrong> {
        let (hub, model) = (&self.hub, &self.model);
        ensure!(hub.now().as_nanos() == model.now, "the hub's time is {:?}", hub.now());
        ensure!(hub.state() == model.state, "the hub is {:?}, and should be {:?}", hub.state(), model.state);
        let stats = hub.stats();
        for (field, has, should) in model.compare_stats(&stats) {
            ensure!(has == should, "stats.{field} is {has}, and should be {should}");
        }
        let clients: Vec<_> = hub.clients().collect();
        ensure!(clients == model.open, "the clients are {clients:?}, and should be {:?}", model.open);
        for room in &model.rooms {
            let members: Vec<_> = hub.members(&room.name).collect();
            ensure!(
                members == room.members,
                "in {} are {members:?}, should be {:?}",
                room.name,
                room.members
            );
            let config = hub.room_config(&room.name);
            ensure!(config == Some(room.config), "{} is {config:?}, should be {:?}", room.name, room.config);
            self.compare_history(&room.name, room.story.as_ref())?;
            self.compare_presence(&room.name, room.roll.as_ref())?;
        }
        for one in &model.connections {
            let (id, client) = (one.id, hub.client_of(one.id));
            let is_client = |client: &ClientId| model.find(*client).is_some_and(|one| !one.is_rest);
            let should = one.client.filter(is_client);
            ensure!(client == should, "on {id} is {client:?}, and should be {should:?}");
        }
        for one in &model.clients {
            self.compare_client(one)?;
        }
        for lane in 0..model.limits.lanes as u8 {
            let (has, should) = (hub.has_ready(lane), model.has_ready(lane));
            ensure!(has == should, "lane {lane} has somebody to write to: {has}, should be {should}");
        }
        let (bytes, least, most) = (stats.queued_bytes, model.frames().1, model.most_used());
        ensure!((least..=most).contains(&bytes), "{bytes} bytes are queued, should be {least} to {most}");
        let can_shed = model.clients.iter().any(|one| one.outbox.can_shed());
        let budget = model.limits.hub_bytes;
        ensure!(bytes <= budget || !can_shed, "{bytes} bytes are queued, and the budget is {budget}");
        let (timeout, earliest) = (hub.poll_timeout(), model.earliest_deadline());
        if let Some(earliest) = earliest {
            let is_in_time = timeout.is_some_and(|timeout| timeout.as_nanos() <= earliest.max(model.now));
            ensure!(is_in_time, "the hub wakes at {timeout:?}, too late for {earliest} ns");
        }
        Ok(())
    }

    /// What can be asked of a client.
    fn compare_client(&self, one: &Client) -> Result<(), Wrong> {
        let hub = &self.hub;
        let connection = hub.connection_of(one.id);
        ensure!(connection == one.on(), "{} is on {connection:?}, and should be on {:?}", one.id, one.on());
        let session = hub.session_of(one.id);
        ensure!(
            session.as_deref() == one.session.as_deref(),
            "{} has {session:?}, and should have {:?}",
            one.id,
            one.session
        );
        let (expiry, should) = (hub.expiry_of(one.id), one.expiry.as_ref().map(|expiry| expiry.at));
        let expiry = expiry.map(Instant::as_nanos);
        ensure!(expiry == should, "{} expires at {expiry:?}, and should at {should:?}", one.id);
        let asks: Vec<_> = hub.asks_of(one.id).collect();
        let should: Vec<_> = one.asks.iter().map(|ask| ask.id).collect();
        ensure!(asks == should, "{} is asked {asks:?}, and should be {should:?}", one.id);
        let is_away = hub.is_away(one.id);
        ensure!(is_away == (one.phase == Phase::Away), "{} is away: {is_away}", one.id);
        let (id, sums) = (one.id, (one.phase >= Phase::Open).then(|| one.outbox.sums()));
        let (outbox, user) = (hub.outbox_of(id), hub.user_of(id));
        ensure!(outbox == sums, "for {id} wait (messages, bytes) {outbox:?}, and should {sums:?}");
        ensure!(
            user.as_deref() == one.user.as_deref(),
            "{id} is of {user:?}, and should be of {:?}",
            one.user
        );
        let rooms: Vec<_> = hub.rooms_of(id).map(|room| room.to_string()).collect();
        ensure!(rooms == one.rooms(), "{id} is in {rooms:?}, and should be in {:?}", one.rooms());
        ensure!(hub.room_count_of(id) == rooms.len(), "{id} is in {rooms:?}, and in so many not");
        Ok(())
    }

    /// Who is in a room, page by page, and who watches.
    fn compare_presence(&self, room: &str, roll: Option<&Roll>) -> Result<(), Wrong> {
        let hub = &self.hub;
        let (counts, watchers) = (hub.presence_counts(room), hub.watchers(room).collect::<Vec<_>>());
        let Some(roll) = roll else {
            let is_none = counts.is_none() && hub.presence(room, None, 1).is_none() && watchers.is_empty();
            ensure!(is_none, "{room} has presence: {counts:?}, {watchers:?}");
            return Ok(());
        };
        let counts = counts.map(|counts| (counts.clients as usize, counts.users as usize));
        let should = Some((roll.present.len(), roll.users().len()));
        ensure!(counts == should, "in {room} are (clients, users) {counts:?}, should be {should:?}");
        ensure!(watchers == roll.watchers, "{watchers:?} watch {room}, should {:?}", roll.watchers);
        let (mut at, mut rest) = (None, roll.present.iter());
        loop {
            let page = hub.presence(room, at, 2).ok_or("no page")?;
            ensure!(page.version == roll.version, "{room} is at {}, not {}", page.version, roll.version);
            for one in &page.members {
                let should = rest.next().map(|one| (one.client, one.who.clone(), one.info.clone()));
                let who = one.user.clone().map_or(PresentAs::Client(one.client), PresentAs::User);
                let is = Some((one.client, who, one.info.clone()));
                ensure!(is == should, "{room} lists {is:?}, should list {should:?}");
            }
            at = page.next;
            if at.is_none() {
                break;
            }
        }
        ensure!(rest.next().is_none(), "{room} does not list all of {:?}", roll.present);
        ensure!(hub.presence_config(room) == Some(roll.bounds), "{room} has other bounds");
        Ok(())
    }

    /// What a room keeps.
    fn compare_history(&self, room: &str, story: Option<&Story>) -> Result<(), Wrong> {
        let (position, should) = (self.hub.position(room), story.map(Story::position));
        ensure!(position == should, "{room} is at {position:?}, and should be at {should:?}");
        let Some(story) = story else { return Ok(()) };
        let page =
            self.hub.history(room, None, 100, Order::OldestFirst).map_err(|error| error.to_string())?;
        let kept: Vec<_> = page.messages.iter().map(|message| (message.offset, &message.frame)).collect();
        let right: Vec<_> = (story.oldest()..).zip(story.kept.iter().map(|kept| &kept.1.frame)).collect();
        ensure!(
            kept == right && page.oldest == story.oldest(),
            "{room} keeps {kept:?}, should keep {right:?}"
        );
        Ok(())
    }

    /// Nothing is due any more, but that users and addresses are forgotten, of which nobody hears.
    fn comes_to_rest(&self) -> Result<(), Wrong> {
        const MOST: usize = 1_000;
        let (mut hub, now) = (self.hub.clone(), self.hub.now());
        let waiting = |hub: &Hub| {
            std::iter::from_fn({
                let mut hub = hub.clone();
                move || hub.poll_action()
            })
        };
        for _ in 0..MOST {
            if hub.poll_timeout().is_none_or(|next| next > now) {
                let is_same = hub.stats() == self.hub.stats() && waiting(&hub).eq(waiting(&self.hub));
                ensure!(is_same, "a timeout leaves something for another one");
                return Ok(());
            }
            hub.timeout(now).map_err(|error| error.to_string())?;
        }
        Err(format!("after {MOST} timeouts {:?} is due", hub.poll_timeout()))
    }

    /// The host polls what waits.
    pub(super) fn poll(&mut self) -> Result<(), Wrong> {
        let actions = self.drain()?;
        self.ledger.told(&actions)
    }

    /// Drains the actions of both.
    fn drain(&mut self) -> Result<Vec<Action>, Wrong> {
        let expected = self.model.poll_actions();
        let mut actions: Vec<_> = std::iter::from_fn(|| self.hub.poll_action()).collect();
        self.reached.extend(actions.iter().map(first_word));
        self.occupied.follow(&mut actions)?;
        self.occupied.check(&self.model, self.hub.config().host.occupancy)?;
        ensure!(actions == expected, "the actions are {actions:?}, and should be {expected:?}");
        Ok(actions)
    }

    /// Who has something to write, and was not named since there was nothing: in any order, each once.
    pub(super) fn poll_ready(&mut self) -> Result<(), Wrong> {
        let mut named: Vec<_> = std::iter::from_fn(|| self.hub.poll_ready()).collect();
        named.sort_unstable();
        let mut expected = Vec::new();
        for one in &mut self.model.clients {
            if one.outbox.sending == Sending::Ready && !one.outbox.offered {
                one.outbox.offered = true;
                expected.push(one.connection);
            }
        }
        expected.sort_unstable();
        ensure!(named == expected, "ready are {named:?}, and should be {expected:?}");
        self.ledger.named(&named)
    }
}
