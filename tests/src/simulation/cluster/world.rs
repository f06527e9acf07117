//! The run: what happens when, and what it leads to.

use super::broker::Broker;
use super::oracle::{Oracle, RunId};
use super::plan::Plan;
use super::reading::{is_wanted, number_of, scope_of, sender_of, tail_of};
use super::site::Run;
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};
use throng_core::cluster::{Action, Command, Config, Delivery, QuestionId};

/// What is about to happen.
pub(super) enum What {
    Opened { site: usize, incarnation: u64, number: u64 },
    Down { site: usize, incarnation: u64, number: u64 },
    Sent { site: usize, incarnation: u64, number: u64 },
    Arrival { line: u64, delivery: Delivery },
    Batch { line: u64, commands: Vec<Command> },
    Wake { site: usize, incarnation: u64 },
    Heal { line: u64 },
    Return { site: usize },
    Operation,
    Second,
}

#[derive(Default)]
pub(super) struct Site {
    pub(super) name: String,
    pub(super) run: Option<Run>,
    /// The link that is being opened.
    pub(super) connecting: Option<u64>,
    pub(super) inbox: Vec<What>,
    /// Another node has taken its place.
    is_superseded: bool,
    /// Since when nothing passes over its line, and its clock has not jumped.
    pub(super) cut_since: Option<u64>,
}

/// What a run has seen, so that two runs can be compared and a test knows that something happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Messages that were published.
    pub published: u64,
    /// Messages that were delivered to a hub.
    pub delivered: u64,
    /// Messages that were told to be lost.
    pub told: u64,
    /// Times a node became ready.
    pub ready: u64,
    /// Times a node was ready no more.
    pub unready: u64,
    /// Nodes that were told to have joined.
    pub joined: u64,
    /// Nodes that were told to be gone.
    pub gone: u64,
    /// Nodes whose place was taken.
    pub superseded: u64,
    /// Messages that were told to be dropped.
    pub dropped: u64,
    /// Messages that their node did not send, since its queue was full.
    pub unsent: u64,
    /// Pages of rooms that were asked for.
    pub room_pages: u64,
    /// Messages that came again.
    pub repeated: u64,
    /// Messages that came after later ones.
    pub late: u64,
    /// Answers to questions, by kind.
    pub answers: BTreeMap<&'static str, u64>,
}

pub(super) struct World {
    pub(super) rng: Rng,
    pub(super) plan: Plan,
    pub(super) config: Config,
    pub(super) now: u64,
    pub(super) sites: Vec<Site>,
    pub(super) broker: Broker,
    pub(super) oracle: Oracle,
    pub(super) seen: Seen,
    pub(super) is_calm: bool,
    /// Each loss behind a message that came must be told.
    pub(super) tells_every_loss: bool,
    /// Open questions, and whether the client was there when it was asked.
    pub(super) asked: BTreeMap<(RunId, QuestionId), bool>,
    queue: BTreeMap<(u64, u64), What>,
    made: u64,
    /// The last moment at which a machine was called, and how often.
    timeouts: (u64, u32),
    pub(super) incarnations: u64,
    pub(super) used: BTreeSet<u64>,
    /// Messages that were delivered by the event that is being handled.
    pub(super) delivered: Vec<usize>,
    /// Who sent the message that is being handled.
    from: Option<RunId>,
}

/// Of all nodes in one millisecond.
const MOST_TIMEOUTS: u32 = 2_000;

pub(super) type Check = Result<(), String>;

impl World {
    pub(super) fn new(seed: u64, plan: Plan) -> Self {
        let mut world = Self {
            rng: Rng::with_seed(seed),
            config: plan.config(),
            tells_every_loss: plan.tells_every_loss(),
            plan,
            now: 1_000,
            sites: Vec::new(),
            broker: Broker::default(),
            oracle: Oracle::default(),
            seen: Seen::default(),
            is_calm: false,
            asked: BTreeMap::new(),
            queue: BTreeMap::new(),
            made: 0,
            timeouts: (0, 0),
            incarnations: 0,
            used: BTreeSet::new(),
            delivered: Vec::new(),
            from: None,
        };
        for node in 0..world.plan.nodes {
            world.sites.push(Site { name: format!("n{node}"), ..Site::default() });
            let after = world.rng.u64(0..3_000);
            world.after(after, What::Return { site: node });
        }
        world.after(0, What::Operation);
        world.after(0, What::Second);
        world
    }

    pub(super) fn after(&mut self, millis: u64, what: What) {
        self.at(self.now + millis, what);
    }

    fn at(&mut self, at: u64, what: What) {
        self.made += 1;
        self.queue.insert((at, self.made), what);
    }

    /// Lets everything happen until then.
    pub(super) fn run_until(&mut self, end: u64) -> Check {
        loop {
            let event = self.queue.first_key_value().map(|((at, _), _)| *at);
            let timeout = (0..self.sites.len()).filter_map(|site| Some((self.timeout_of(site)?, site))).min();
            let next = event.into_iter().chain(timeout.map(|(at, _)| at)).min().unwrap_or(end);
            if next > end {
                self.now = end;
                return Ok(());
            }
            self.now = self.now.max(next);
            match timeout {
                // What has arrived is read before deadlines are judged.
                Some((at, site)) if event.is_none_or(|event| at < event) => self.time_out(site)?,
                _ => {
                    if let Some((_, what)) = self.queue.pop_first() {
                        self.happen(what)?;
                    }
                }
            }
        }
    }

    /// When the machine of a node wants to be called, by the simulation's clock.
    fn timeout_of(&self, site: usize) -> Option<u64> {
        let run = self.sites[site].run.as_ref()?;
        let at = run.cluster.poll_timeout()?.as_nanos().div_ceil(1_000_000);
        Some(at.saturating_sub(run.ahead).max(run.stands_until).max(self.now))
    }

    fn time_out(&mut self, site: usize) -> Check {
        self.timeouts =
            if self.timeouts.0 == self.now { (self.now, self.timeouts.1 + 1) } else { (self.now, 0) };
        if self.timeouts.1 > MOST_TIMEOUTS {
            return Err(format!("{:?} asks for the same timeout again and again", self.id_of(site)));
        }
        if let Some(run) = &mut self.sites[site].run {
            let now = run.now(self.now);
            run.cluster.timeout(now).map_err(|refusal| refusal.to_string())?;
        }
        self.settle(site)
    }

    fn site_of(&self, what: &What) -> Option<(usize, u64)> {
        match what {
            What::Opened { site, incarnation, .. }
            | What::Down { site, incarnation, .. }
            | What::Sent { site, incarnation, .. } => Some((*site, *incarnation)),
            What::Arrival { line, .. } => self.broker.lines.get(line).map(|line| (line.site, line.run)),
            _ => None,
        }
    }

    fn happen(&mut self, what: What) -> Check {
        let Some((site, incarnation)) = self.site_of(&what) else { return self.happen_elsewhere(what) };
        let here = &mut self.sites[site];
        let Some(run) = here.run.as_mut().filter(|run| run.incarnation() == incarnation) else {
            return Ok(());
        };
        if run.stands_until > self.now || !here.inbox.is_empty() {
            here.inbox.push(what);
            return Ok(());
        }
        self.happen_at(site, what)
    }

    fn happen_elsewhere(&mut self, what: What) -> Check {
        match what {
            What::Batch { line, commands } => return self.carry_out(line, commands),
            What::Wake { site, incarnation } => return self.wake(site, incarnation),
            What::Heal { line } => self.heal(line),
            What::Return { site } => return self.start(site),
            What::Operation => {
                let after = self.rng.u64(1..=200);
                self.after(after, What::Operation);
                return if self.is_calm { Ok(()) } else { self.operate() };
            }
            What::Second => {
                self.after(1_000, What::Second);
                self.check_cuts()?;
                return if self.is_calm { Ok(()) } else { self.befall() };
            }
            // Of a line that is closed.
            _ => {}
        }
        Ok(())
    }

    fn carry_out(&mut self, line: u64, commands: Vec<Command>) -> Check {
        let Some(of) = self.broker.lines.get(&line).filter(|of| !of.is_cut) else { return Ok(()) };
        for command in &commands {
            if let Command::Publish { payload, .. } = command
                && let Some(message) = number_of(payload)
            {
                self.oracle.carry(message)?;
            }
        }
        let own = format!("sim.n.{}", self.sites[of.site].name);
        let arrivals = self.broker.carry_out(line, commands, self.now, &mut self.rng, &self.plan, &own);
        for (at, line, delivery) in arrivals {
            self.at(at, What::Arrival { line, delivery });
        }
        Ok(())
    }

    /// A host that stood still takes in what has arrived meanwhile.
    fn wake(&mut self, site: usize, incarnation: u64) -> Check {
        let here = &mut self.sites[site];
        if here.run.as_ref().is_none_or(|run| run.incarnation() != incarnation || run.stands_until > self.now)
        {
            return Ok(());
        }
        for what in std::mem::take(&mut here.inbox) {
            self.happen_at(site, what)?;
        }
        Ok(())
    }

    pub(super) fn heal(&mut self, line: u64) {
        if let Some(line) = self.broker.lines.get_mut(&line) {
            line.is_cut = false;
            self.sites[line.site].cut_since = None;
        }
    }

    /// A node starts, with a later incarnation than any before.
    fn start(&mut self, site: usize) -> Check {
        self.incarnations += 1_000;
        let incarnation = self.incarnations;
        self.used.insert(incarnation);
        self.start_as(site, incarnation)
    }

    pub(super) fn start_as(&mut self, site: usize, incarnation: u64) -> Check {
        if self.sites[site].run.is_some() {
            return Ok(());
        }
        let (seed, ahead) = (self.rng.u64(..), self.rng.u64(0..100_000));
        let run = Run::new(&self.config, &self.sites[site].name, incarnation, seed, self.now, ahead);
        let here = &mut self.sites[site];
        (here.run, here.connecting, here.cut_since, here.is_superseded) = (Some(run), None, None, false);
        here.inbox.clear();
        for _ in 0..self.rng.usize(0..4) {
            self.connect_client(site);
        }
        self.settle(site)
    }

    /// A node ends without a word.
    pub(super) fn stop(&mut self, site: usize) {
        if let Some(run) = self.sites[site].run.take() {
            let id = (self.sites[site].name.clone(), run.incarnation());
            self.asked.retain(|(by, _), _| *by != id);
            self.seen.repeated += run.cluster.stats().repeated;
            self.seen.late += run.cluster.stats().late;
            self.seen.room_pages += run.cluster.stats().room_pages;
            if let Some(line) = run.line {
                self.broker.close(line);
            }
        }
    }

    fn happen_at(&mut self, site: usize, what: What) -> Check {
        let now = self.now;
        let here = &mut self.sites[site];
        let Some(run) = &mut here.run else { return Ok(()) };
        let local = run.now(now);
        match what {
            What::Opened { number, .. } => {
                let is_awaited = here.connecting.take_if(|link| *link == number).is_some();
                if is_awaited {
                    let incarnation = run.incarnation();
                    run.line = Some(self.broker.open(site, incarnation, number));
                    run.cluster.link_up(local, number).map_err(|refusal| refusal.to_string())?;
                }
            }
            What::Down { number, .. } => {
                here.connecting.take_if(|link| *link == number);
                let line =
                    run.line.take_if(|line| self.broker.lines.get(line).is_none_or(|of| of.number == number));
                if let Some(line) = line {
                    self.broker.close(line);
                }
                run.cluster.link_down(local, number).map_err(|refusal| refusal.to_string())?;
            }
            What::Sent { number, .. } => {
                run.cluster.sent(local, number).map_err(|refusal| refusal.to_string())?;
            }
            What::Arrival { line, delivery } => return self.arrive(site, line, &delivery),
            _ => {}
        }
        self.settle(site)
    }

    fn arrive(&mut self, site: usize, line: u64, delivery: &Delivery) -> Check {
        let Some(number) = self.broker.lines.get(&line).map(|line| line.number) else { return Ok(()) };
        let id = self.id_of(site);
        let Some(run) = &mut self.sites[site].run else { return Ok(()) };
        let (mut must, mut message, mut sender) = (None, None, None);
        if let Delivery::Message { subject, payload } = delivery {
            let from = sender_of(payload);
            message = number_of(payload);
            let is_known = subject.as_str() == "sim.all" || is_wanted(run, subject.as_str());
            if let Some(message) = message {
                must = self.oracle.hand_in(&id, message, is_known);
            }
            if let (Some(top), Some(from), Some(scope)) =
                (tail_of(payload), &from, scope_of(&self.plan, subject.as_str()))
            {
                let is_exact = self.plan.published_streams > 3;
                self.oracle.hand_in_tail(&id, from, &scope, is_exact.then_some(top));
            }
            if let Some(from) = &from {
                self.oracle.note(&id, from, is_known);
            }
            sender = from;
        }
        self.from = sender;
        self.delivered.clear();
        let local = run.now(self.now);
        run.cluster.received(local, number, delivery).map_err(|refusal| refusal.to_string())?;
        self.settle(site)?;
        self.from = None;
        let was_delivered = message.is_some_and(|message| self.delivered.contains(&message));
        // A node that has left, or was superseded, delivers nothing.
        let is_there = self.sites[site].run.is_some() && !self.sites[site].is_superseded;
        match (must, message) {
            (Some(must), Some(message)) if must != was_delivered && (is_there || !must) => Err(format!(
                "{id:?} {} {:?}; {:?}",
                if must { "did not deliver" } else { "delivered" },
                self.oracle.published[message],
                self.sites[site].run.as_ref().map(|run| run.cluster.stats())
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn id_of(&self, site: usize) -> RunId {
        let incarnation = self.sites[site].run.as_ref().map_or(0, Run::incarnation);
        (self.sites[site].name.clone(), incarnation)
    }

    /// Does what the hub and the machine of a node ask for, until they ask for nothing.
    pub(super) fn settle(&mut self, site: usize) -> Check {
        self.act_all(site)?;
        let Some(run) = &mut self.sites[site].run else { return Ok(()) };
        run.cluster.check().map_err(|broken| format!("it is not so that {broken}"))?;
        let (mut commands, incarnation) = (Vec::new(), run.incarnation());
        if let (Some(line), Some(number)) = (run.line, run.cluster.poll_commands(2_000, &mut commands)) {
            let delay = self.rng.u64(0..=self.plan.delay);
            let arrives = self.broker.up(line, self.now, delay);
            self.at(arrives, What::Batch { line, commands });
            let sent = self.rng.u64(0..=self.plan.delay);
            self.after(sent, What::Sent { site, incarnation, number });
        }
        self.act_all(site)
    }

    fn act_all(&mut self, site: usize) -> Check {
        loop {
            let now = self.now;
            let Some(run) = &mut self.sites[site].run else { return Ok(()) };
            run.hand_on(now);
            let Some(action) = run.next_action() else { return Ok(()) };
            self.act(site, action)?;
        }
    }

    fn act(&mut self, site: usize, action: Action) -> Check {
        let id = self.id_of(site);
        match action {
            Action::Connect { link } => self.open(site, id.1, link),
            Action::Disconnect { .. } => {
                self.sites[site].connecting = None;
                if let Some(line) = self.sites[site].run.as_mut().and_then(|run| run.line.take()) {
                    self.broker.close(line);
                }
            }
            Action::Ready => {
                self.seen.ready += 1;
                self.check_ready(site)?;
            }
            Action::NotReady { .. } => self.seen.unready += 1,
            Action::Deliver(deliver) => self.deliver(site, &id, &deliver)?,
            Action::Perform(perform) => {
                let now = self.now;
                let Some(run) = &mut self.sites[site].run else { return Ok(()) };
                let there = run.recipients(&perform.to, None, &[]);
                run.perform(&perform);
                if let Some(asker) = &perform.asker {
                    let local = run.now(now);
                    let _ = run.cluster.answer(local, asker, !there.is_empty());
                }
                self.end_periods(site);
            }
            Action::Lost { scope, messages, .. } => {
                if let Some(from) = self.from.clone() {
                    self.oracle.lost(&id, &from, &scope, messages);
                } else {
                    return Err(format!("{id:?} says that something is lost, and nothing has come"));
                }
            }
            Action::NodeJoined { .. } => self.seen.joined += 1,
            Action::NodeGone { .. } => self.seen.gone += 1,
            Action::Dropped { messages, .. } => self.seen.dropped += messages,
            Action::Superseded { by } => {
                self.seen.superseded += 1;
                self.sites[site].is_superseded = true;
                if by <= id.1 {
                    return Err(format!("{id:?} gives way to {by}"));
                }
            }
            Action::Supersedes { incarnation } if incarnation >= id.1 => {
                return Err(format!("{id:?} takes the place of {incarnation}"));
            }
            Action::Answer { question, answer } => self.answered(&id, question, answer)?,
            Action::Left => {
                self.stop(site);
                let after = self.rng.u64(1_000..20_000);
                self.after(after, What::Return { site });
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, site: usize, incarnation: u64, number: u64) {
        self.sites[site].connecting = Some(number);
        let after = self.rng.u64(1..=self.plan.delay.max(20));
        if !self.is_calm && self.rng.u32(0..1_000) < self.plan.refused_links {
            // Refused, or no answer at all.
            if self.rng.bool() {
                self.after(after, What::Down { site, incarnation, number });
            }
        } else {
            self.after(after, What::Opened { site, incarnation, number });
        }
    }
}
