//! What clients and applications do, and what befalls nodes and links.

use super::oracle::{Published, RunId};
use super::reading::wanted;
use super::world::{Check, Site, What, World};
use std::collections::BTreeSet;
use throng_core::ClientId;
use throng_core::MessageKind;
use throng_core::cluster::{Directive, GlobalId, Member, Message, Outcome, Scope, To};

impl World {
    fn room(&mut self) -> String {
        format!("r{:02}", self.rng.usize(0..self.plan.rooms))
    }

    fn user(&mut self) -> String {
        format!("u{:02}", self.rng.usize(0..self.plan.users))
    }

    pub(super) fn connect_client(&mut self, site: usize) {
        let user = self.rng.bool().then(|| self.user());
        let rooms: BTreeSet<_> = (0..self.rng.usize(0..3)).map(|_| self.room()).collect();
        if let Some(run) = &mut self.sites[site].run
            && run.clients.len() < 8
        {
            run.connect(user, rooms);
        }
    }

    /// The running nodes that are not standing still.
    fn awake(&self) -> Vec<usize> {
        let is_awake = |site: &Site| site.run.as_ref().is_some_and(|run| run.stands_until <= self.now);
        (0..self.sites.len()).filter(|site| is_awake(&self.sites[*site])).collect()
    }

    fn any_client(&mut self, site: usize) -> Option<ClientId> {
        let run = self.sites[site].run.as_ref()?;
        let at = self.rng.usize(0..run.clients.len().max(1));
        run.clients.keys().nth(at).copied()
    }

    /// A client somewhere, or one that has been there.
    fn any_global(&mut self) -> Option<GlobalId> {
        let awake = self.awake();
        let site = *self.rng.choice(&awake)?;
        let client = self.any_client(site)?;
        let mut id = self.sites[site].run.as_ref()?.global(client);
        match self.rng.u32(0..10) {
            0 => id.incarnation -= 1,
            1 => id.client = ClientId::from_u64(u64::from(u32::MAX)),
            _ => {}
        }
        Some(id)
    }

    pub(super) fn operate(&mut self) -> Check {
        let awake = self.awake();
        let Some(&site) = self.rng.choice(&awake) else { return Ok(()) };
        let room = self.room();
        let client = self.any_client(site);
        match (self.rng.u32(0..20), client) {
            (0, _) => self.connect_client(site),
            (1, Some(client)) => self.change(site, |run| run.disconnect(client)),
            (2, Some(client)) => self.change(site, |run| run.join(client, &room)),
            (3, Some(client)) => self.change(site, |run| run.leave(client, &room)),
            (4, _) => self.direct(site)?,
            (5, _) => {
                let Some(id) = self.any_global() else { return Ok(()) };
                let asks = self.rng.bool();
                self.publish(site, Scope::Client(id.client), Some(&id), Vec::new(), None, asks)?;
            }
            (6, _) => {
                self.publish_any(site, Scope::All)?;
            }
            (7..=9, _) => {
                let user = self.user();
                self.publish_any(site, Scope::User((*user).into()))?;
            }
            _ => {
                for _ in 0..self.rng.usize(1..=3) {
                    self.publish_any(site, Scope::Room((*room).into()))?;
                }
            }
        }
        self.settle(site)
    }

    fn change(&mut self, site: usize, change: impl FnOnce(&mut super::site::Run)) {
        if let Some(run) = &mut self.sites[site].run {
            change(run);
        }
        self.end_periods(site);
    }

    /// What is not wanted any more is not delivered, and its losses are not told.
    pub(super) fn end_periods(&mut self, site: usize) {
        let id = self.id_of(site);
        let Some(run) = &self.sites[site].run else { return };
        let clients = run.clients.values();
        let rooms: BTreeSet<&str> =
            clients.clone().flat_map(|client| &client.rooms).map(|room| &**room).collect();
        let users: BTreeSet<&str> = clients.filter_map(|client| client.user.as_deref()).collect();
        for room in (0..self.plan.rooms).map(|room| format!("r{room:02}")) {
            if !rooms.contains(&*room) {
                self.oracle.end_period(&id, &Scope::Room((*room).into()));
            }
        }
        for user in (0..self.plan.users).map(|user| format!("u{user:02}")) {
            if !users.contains(&*user) {
                self.oracle.end_period(&id, &Scope::User((*user).into()));
            }
        }
    }

    fn publish_any(&mut self, site: usize, scope: Scope) -> Result<usize, String> {
        let except: Vec<_> = (0..self.rng.usize(0..3)).filter_map(|_| self.any_global()).collect();
        let except_user = (self.rng.u32(0..4) == 0).then(|| self.user());
        self.publish(site, scope, None, except, except_user, false)
    }

    /// Hands a message to the machine.
    #[expect(clippy::too_many_arguments, reason = "the parts of a message")]
    pub(super) fn relay(
        &mut self,
        site: usize,
        id: &RunId,
        message: usize,
        published: &Published,
        client: Option<&GlobalId>,
        payload: &bytes::Bytes,
        asks: bool,
        now: u64,
    ) -> Check {
        let was_there = client.is_some_and(|id| self.exists(id));
        let Some(run) = &mut self.sites[site].run else { return Ok(()) };
        let to = match (&published.scope, client) {
            (_, Some(id)) => To::Client(id),
            (Scope::Room(room), _) => To::Room(room),
            (Scope::User(user), _) => To::User(user),
            _ => To::All,
        };
        let relay = Message {
            to,
            kind: MessageKind::Text,
            payload,
            place: None,
            bare: None,
            except_user: published.except_user.as_deref(),
            except: &published.except,
            covered: &[],
            asks,
        };
        let local = run.now(now);
        match run.cluster.publish(local, relay) {
            Ok(Outcome::Queued) => {
                self.oracle.published[message].index = self.oracle.index(id, &published.scope);
            }
            // It is missing from what comes after it, and that is to be told.
            Ok(Outcome::Dropped) => {
                self.seen.unsent += 1;
                if self.plan.published_streams > 3 {
                    self.oracle.published[message].index = self.oracle.index(id, &published.scope);
                } else {
                    self.oracle.perhaps_missing(id, &published.scope);
                }
            }
            Ok(Outcome::Asked(question)) => {
                self.asked.insert((id.clone(), question), was_there);
            }
            // Of this node, gone, superseded or leaving: nobody else gets it.
            Ok(_) | Err(_) => {}
        }
        Ok(())
    }

    fn exists(&self, id: &GlobalId) -> bool {
        self.sites.iter().filter_map(|site| site.run.as_ref()).any(|run| {
            run.node() == id.node.as_str()
                && run.incarnation() == id.incarnation
                && run.clients.contains_key(&id.client)
        })
    }

    fn direct(&mut self, site: usize) -> Check {
        let Some(id) = self.any_global() else { return Ok(()) };
        let room = self.room();
        let directive = match self.rng.u32(0..3) {
            0 => Directive::Join((*room).into()),
            1 => Directive::Leave((*room).into()),
            _ => Directive::Close(throng_core::CloseFrame::default()),
        };
        let (asks, was_there, by, now) = (self.rng.bool(), self.exists(&id), self.id_of(site), self.now);
        let Some(run) = &mut self.sites[site].run else { return Ok(()) };
        let local = run.now(now);
        if let Ok(Outcome::Asked(question)) =
            run.cluster.command(local, Member::Client(&id), &directive, asks)
        {
            self.asked.insert((by, question), was_there);
        }
        Ok(())
    }

    /// Once a second something may go wrong.
    pub(super) fn befall(&mut self) -> Check {
        let awake = self.awake();
        let Some(&site) = self.rng.choice(&awake) else { return Ok(()) };
        let mut happens = |chance: u32| self.rng.u32(0..1_000) < chance * 3;
        let plan = &self.plan;
        let [drops, cuts, crashes] = [plan.link_drops, plan.partitions, plan.crashes].map(&mut happens);
        let [stands, jumps, leaves, twins] =
            [plan.standstills, plan.clock_jumps, plan.goodbyes, plan.twins].map(&mut happens);
        if drops {
            self.drop_line(site);
        }
        if cuts {
            self.cut(site);
        }
        if stands {
            self.stand_still(site);
        }
        if jumps && let Some(run) = &mut self.sites[site].run {
            run.ahead += self.rng.u64(100..60_000);
            self.sites[site].cut_since = self.sites[site].cut_since.map(|_| self.now);
        }
        if twins {
            self.start_twin(site)?;
        }
        if leaves && let Some(run) = &mut self.sites[site].run {
            let local = run.now(self.now);
            run.cluster.goodbye(local).map_err(|refusal| refusal.to_string())?;
        }
        if crashes {
            self.stop(site);
            // Some never return: the others must notice. Not if an earlier incarnation runs on, which the others would not take.
            let name = &self.sites[site].name;
            let has_twin = self.sites.iter().any(|other| other.run.is_some() && other.name == *name);
            if has_twin || self.rng.u32(0..4) > 0 {
                let after = self.rng.u64(100..25_000);
                self.after(after, What::Return { site });
            }
        }
        self.settle(site)
    }

    /// A link breaks, and both sides hear of it, the node somewhat later.
    fn drop_line(&mut self, site: usize) {
        let Some(run) = &mut self.sites[site].run else { return };
        let incarnation = run.incarnation();
        if let Some(line) = run.line {
            let number = self.broker.lines.get(&line).map_or(0, |line| line.number);
            self.broker.close(line);
            let after = self.rng.u64(0..=self.plan.delay);
            self.after(after, What::Down { site, incarnation, number });
        }
    }

    /// Nothing passes over a line any more, and nobody is told.
    fn cut(&mut self, site: usize) {
        let Some(line) = self.sites[site].run.as_ref().and_then(|run| run.line) else { return };
        if let Some(of) = self.broker.lines.get_mut(&line) {
            of.is_cut = true;
            self.sites[site].cut_since = Some(self.now);
            let after = self.rng.u64(1_000..60_000);
            self.after(after, What::Heal { line });
        }
    }

    fn stand_still(&mut self, site: usize) {
        let until = self.now + self.rng.u64(100..40_000);
        if let Some(run) = &mut self.sites[site].run {
            run.stands_until = until;
            let incarnation = run.incarnation();
            self.sites[site].cut_since = self.sites[site].cut_since.map(|_| until);
            self.after(until - self.now, What::Wake { site, incarnation });
        }
    }

    /// Another node with the id of this one.
    fn start_twin(&mut self, site: usize) -> Check {
        if self.sites.len() >= 20 {
            return Ok(());
        }
        let of = self.id_of(site);
        let is_later = self.rng.bool();
        // No two starts have the same, as no two clocks read the same nanosecond.
        let mut incarnation = of.1;
        while !self.used.insert(incarnation) {
            incarnation = if is_later { incarnation + 1 } else { incarnation - 1 };
        }
        let mut twin = Site::default();
        twin.name = of.0;
        self.sites.push(twin);
        self.start_as(self.sites.len() - 1, incarnation)
    }

    /// A node is ready only if the broker has all its subscriptions, and has handed it a message of its own.
    pub(super) fn check_ready(&self, site: usize) -> Check {
        let Some(run) = &self.sites[site].run else { return Ok(()) };
        let Some(line) = run.line.and_then(|line| self.broker.lines.get(&line)) else {
            // The broker has dropped the line, and the node does not know it yet.
            return Ok(());
        };
        let name = &self.sites[site].name;
        if line.own == 0 {
            return Err(format!("{name} is ready, and no probe has passed"));
        }
        let mut needed = wanted(run);
        needed.extend(["sim.all".to_owned(), format!("sim.n.{name}")]);
        let missing: Vec<_> = needed
            .iter()
            .filter(|needed| !line.subscribed.iter().any(|subject| subject.as_str() == **needed))
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("{name} is ready without {missing:?}")) }
    }

    /// A node over whose line nothing passes is not ready for long.
    pub(super) fn check_cuts(&self) -> Check {
        // Heartbeat or probe, and then proof.
        const LONGEST: u64 = 10_000 + 5_000 + 5_000 + 1_000;
        for site in &self.sites {
            let Some(run) = &site.run else { continue };
            let is_cut =
                run.line.and_then(|line| self.broker.lines.get(&line)).is_some_and(|line| line.is_cut);
            if is_cut
                && run.stands_until <= self.now
                && site.cut_since.is_some_and(|since| since + LONGEST < self.now)
                && run.cluster.is_ready()
            {
                return Err(format!("{} is ready over a line that is cut", site.name));
            }
        }
        Ok(())
    }
}
