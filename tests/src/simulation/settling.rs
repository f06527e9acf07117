//! The second phase: no faults any more, and everything must come to rest and work.

use std::time::Duration;

use throng_core::CloseCode;
use throng_core::hub::{OverRate, Policy, Target};
use throng_runtime::simulation::engine::world::World as _;

use super::NetworkConditions;
use super::peer::Peer;
use super::plan::SECOND;
use super::world::{Failed, Newcomer, World};

/// What hooks may take at most, as peers ask for it.
const HOOKS: Duration = Duration::from_secs(13);
/// How long it may take until the last message that was said is heard, in steps.
const STEPS: usize = 2_000;
const STEP: u64 = SECOND + SECOND / 29;
/// A burst of so few messages is soon used up.
const FEW: u32 = 7;
/// What comes in time comes within so much of it.
const PROMPT: Duration = Duration::from_millis(300);
/// With so many bytes for what is queued nothing of a message to all is shed.
const ROOMY: u64 = 1_000_000;
/// A lane that waits so long for more is seen not to wait. Peers, messages and their bytes, few enough to come in less.
const LONG: Duration = Duration::from_millis(50);
const FEW_PEERS: usize = 60;
const MOST_PRESSED: u64 = 20;
const SHORT: u64 = 24;
/// Newcomers that are proper, and those that are not.
const PROPER: usize = 2;
const WRONG: usize = 3;

impl World {
    pub(super) fn settle(&mut self) -> Result<(), Failed> {
        self.scene.network.set_conditions(NetworkConditions::without_faults());
        for peer in &mut self.peers {
            peer.calm_down(&mut self.scene);
        }
        let deadlines = &self.scene.plan.config.deadlines;
        let longest = deadlines.handshake
            + deadlines.pong.unwrap_or_default()
            + deadlines.write
            + deadlines.close
            + HOOKS;
        self.pass(longest)?;
        for _ in 0..STEPS {
            // Who is not read from for being over its rate does not go before it is.
            if self.unrest().is_none() && (!self.may_pause() || self.compare_clients().is_ok()) {
                break;
            }
            self.run_until(self.scene.clock.now() + STEP)?;
        }
        if let Some(unrest) = self.unrest() {
            return Err(vec![unrest]);
        }
        self.compare_clients()?;
        self.check_accounts()?;
        self.welcome()?;
        self.reach_everybody()?;
        self.exhaust_pace()?;
        self.press_outboxes()?;
        self.compare_clients()?;
        self.check_accounts()
    }

    fn may_pause(&self) -> bool {
        let inbound = &self.scene.plan.config.inbound;
        let has_rates =
            inbound.messages.is_some() || inbound.bytes.is_some() || inbound.user_messages.is_some();
        has_rates && inbound.over_rate == OverRate::Pause
    }

    pub(super) fn pass(&mut self, time: Duration) -> Result<(), Failed> {
        self.run_until(self.scene.clock.now() + time.as_nanos() as u64)
    }

    /// What has not come to rest.
    fn unrest(&self) -> Option<String> {
        if self.engine.executor.ready() > 0 {
            return Some("tasks are ready".into());
        }
        let pending = self.hub.stats().pending();
        if pending > 0 {
            return Some(format!("{pending} messages are not written"));
        }
        let waiting = self.scene.ledger().waiting;
        if waiting > 0 {
            return Some(format!("{waiting} sends still wait"));
        }
        let ledger = self.scene.ledger();
        let is_heard = |peer: &Peer| {
            let account = &ledger.accounts[peer.serial];
            account.heard + account.told_unheard >= peer.said + account.unheard
        };
        let talks = |peer: &&Peer| {
            peer.is_live()
                && !(peer.out.is_empty() && self.scene.network.is_quiet(peer.wire) && is_heard(peer))
        };
        let talking: Vec<usize> = self.peers.iter().filter(talks).map(|peer| peer.serial).collect();
        (!talking.is_empty()).then(|| format!("peers {talking:?} are not heard to the end"))
    }

    /// The hub's clients are the peers that live, and there is nobody else.
    fn compare_clients(&self) -> Result<(), Failed> {
        let live = self.live();
        let mut open: Vec<usize> = {
            let ledger = self.scene.ledger();
            self.hub.clients().iter().filter_map(|client| ledger.serials.get(client).copied()).collect()
        };
        open.sort_unstable();
        let (clients, connections) = (self.hub.client_count(), self.hub.connection_count());
        let dead: Vec<_> = open.iter().filter(|serial| !live.contains(serial)).collect();
        let lost: Vec<_> = live.iter().filter(|serial| !open.contains(serial)).collect();
        // Who is closed for being idle right now is on its way out, and nobody else.
        let may_idle = self.scene.plan.may_idle();
        let closing = if may_idle { self.hub.stats().closing as usize } else { 0 };
        let are_idle = {
            let ledger = self.scene.ledger();
            lost.len() <= closing && lost.iter().all(|serial| ledger.accounts[**serial].was_idle())
        };
        if dead.is_empty() && are_idle && clients == open.len() && connections == clients + closing {
            return Ok(());
        }
        Err(vec![format!(
            "{clients} clients, {connections} connections; dead and still there: {dead:?}; alive and not there: {lost:?}"
        )])
    }

    /// Newcomers get in, and who breaks the protocol is told how.
    fn welcome(&mut self) -> Result<(), Failed> {
        let most = self.scene.plan.config.admission.connections.unwrap_or(u32::MAX) as usize;
        if self.hub.connection_count() + PROPER + WRONG > most {
            return Ok(());
        }
        for _ in 0..PROPER {
            self.admit()?;
        }
        for _ in 0..WRONG {
            let serial = self.admit()?;
            let violation = self.peers[serial].choose_violation(&mut self.scene.rng);
            self.peers[serial].violate(violation, &mut self.scene);
            self.peers[serial].flush(&self.scene);
            self.pass(Duration::from_secs(1))?;
            let closed = self.peers[serial].closed;
            self.require(self.was_closed_with(serial, violation.answer()), || {
                format!("peer {serial} was not told that {violation:?} is wrong, but {closed:?}")
            })?;
        }
        // They do not answer the close frame.
        self.pass(self.scene.plan.config.deadlines.close + Duration::from_secs(1))
    }

    fn admit(&mut self) -> Result<usize, Failed> {
        let serial = self.connect(Newcomer::default());
        self.pass(Duration::from_millis(500))?;
        self.require(self.peers[serial].is_live(), || format!("newcomer {serial} does not get in"))?;
        Ok(serial)
    }

    /// It was idle for too long and does not know it yet.
    fn is_being_closed(&self, peer: &Peer) -> bool {
        let may_idle = self.scene.plan.may_idle();
        let client = self.scene.ledger().accounts[peer.serial].client;
        may_idle && client.is_none_or(|client| self.hub.client(client).is_none())
    }

    /// How many messages each of them has received.
    fn received(&self, peers: &[usize]) -> Vec<u64> {
        let ledger = self.scene.ledger();
        peers.iter().map(|serial| ledger.accounts[*serial].received).collect()
    }

    /// One message more than may be sent at once comes as soon as the rate allows, without anything else that happens.
    fn exhaust_pace(&mut self) -> Result<(), Failed> {
        let plan = &self.scene.plan;
        let outbox = &plan.config.outbox;
        let Some(pace) = plan.pace().filter(|pace| pace.burst <= FEW && pace.burst < outbox.messages) else {
            return Ok(());
        };
        // Neither is anything dropped, nor anybody closed.
        let keeps = matches!(outbox.policy, Policy::DropNewest | Policy::DropOldest);
        if !keeps || outbox.hub_bytes < ROOMY || plan.may_idle() {
            return Ok(());
        }
        let live = self.live();
        let before = self.received(&live);
        for _ in 0..=pace.burst {
            self.application.publish(&self.hub, &[Target::All], &[], 50, None);
        }
        self.pass(Duration::from_nanos(pace.period / u64::from(pace.units)) + PROMPT)?;
        let after = self.received(&live);
        for ((serial, before), after) in live.iter().zip(before).zip(after) {
            let count = after - before;
            self.require(count == u64::from(pace.burst) + 1, || {
                format!("live peer {serial} gets {count} messages in time at {pace:?}")
            })?;
        }
        Ok(())
    }

    /// What half fills an outbox comes before the lanes have waited for more.
    fn press_outboxes(&mut self) -> Result<(), Failed> {
        let (plan, live) = (&self.scene.plan, self.live());
        let outbox = &plan.config.outbox;
        let count = outbox.messages / 2 + 2;
        let fits = count <= outbox.messages && MOST_PRESSED * SHORT <= outbox.bytes.into();
        let is_enough = 2 * MOST_PRESSED * SHORT * live.len() as u64 <= outbox.hub_bytes;
        if plan.write_delay < LONG || u64::from(count) > MOST_PRESSED || plan.pace().is_some() {
            return Ok(());
        }
        if !(fits && is_enough) || live.len() > FEW_PEERS || plan.may_idle() {
            return Ok(());
        }
        let (delay, before) = (plan.write_delay, self.received(&live));
        for number in 0..count {
            self.application.publish(&self.hub, &[Target::All], &[], 0, Some(Policy::DropNewest));
            if number == 0 {
                // The lanes begin to wait.
                self.pass(delay / 10)?;
            }
        }
        self.pass(delay * 7 / 10)?;
        let after = self.received(&live);
        for ((serial, before), after) in live.iter().zip(before).zip(after) {
            self.require(after - before == u64::from(count), || {
                format!("live peer {serial} gets {} of {count} urgent messages at once", after - before)
            })?;
        }
        Ok(())
    }

    fn live(&self) -> Vec<usize> {
        self.peers.iter().filter(|peer| peer.is_live()).map(|peer| peer.serial).collect()
    }

    /// A message reaches all, and each ping is answered.
    fn reach_everybody(&mut self) -> Result<(), Failed> {
        let live: Vec<usize> = self
            .peers
            .iter()
            .filter(|peer| peer.is_live() && !self.is_being_closed(peer))
            .map(|peer| peer.serial)
            .collect();
        let before = self.received(&live);
        let outbox = &self.scene.plan.config.outbox;
        // A long one, unless it might be shed: it does not fit into a wire at once.
        let size = if outbox.hub_bytes < ROOMY { 100 } else { outbox.message_bytes.min(2_000) };
        self.application.publish(&self.hub, &[Target::All], &[], size.into(), None);
        self.pass(Duration::from_secs(3))?;
        for ((serial, before), after) in live.iter().zip(before).zip(self.received(&live)) {
            self.require(after == before + 1, || {
                format!("live peer {serial} does not get a message to all")
            })?;
        }
        // Not before: a pong would push on what got stuck.
        for serial in &live {
            self.peers[*serial].ping(&mut self.scene);
            self.peers[*serial].flush(&self.scene);
        }
        self.pass(Duration::from_secs(2))?;
        for serial in live {
            let peer = &self.peers[serial];
            let was_idle = self.was_closed_with(serial, CloseCode::NORMAL);
            self.require(peer.last_pong == peer.pings || was_idle, || {
                format!("live peer {serial} has pong {} to ping {}", peer.last_pong, peer.pings)
            })?;
        }
        Ok(())
    }
}
