//! The third phase: the hub drains or shuts down, and nothing is left.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use throng_core::CloseCode;
use throng_core::hub::{Members, State, Target};
use throng_core::trace::{Replay, TraceError};

use super::ledger;
use super::peer::Stage;
use super::plan::{Ending, ROOMS, SECOND};
use super::world::{Failed, Newcomer, World};
use super::{Run, chance, lock};

/// The time that the end may take besides its deadlines.
const SLACK: Duration = Duration::from_secs(1);

/// The number of replayed events after which the invariants of the replayed hub are checked again.
const CHECK_EVERY: u64 = 64;

impl World {
    pub(super) fn end(&mut self) -> Result<Run, Failed> {
        self.close_rooms();
        let followers = self.choose_followers();
        self.scene.ledger().is_ending = true;
        // This message is not yet written when the end begins.
        self.application.publish(&self.hub, &[Target::All], &[], 50, None);
        let outcome = self.begin_end();
        let spread = match self.scene.plan.ending {
            Ending::Drain(drain) => drain.spread,
            Ending::Shutdown => Duration::ZERO,
        };
        let latecomer = self.connect(Newcomer::default());
        self.pass(spread + self.scene.plan.config.deadlines.close + SLACK)?;
        let outcome = lock(&outcome).take();
        self.require(outcome == Some(Ok(())), || format!("the hub did not end in time, but {outcome:?}"))?;
        self.require(self.hub.state() == State::Stopped, || format!("the hub is {:?}", self.hub.state()))?;
        for serial in followers {
            let told = self.was_closed_with(serial, CloseCode::GOING_AWAY)
                || self.was_closed_with(serial, CloseCode::NORMAL);
            self.require(told && self.peers[serial].is_over(), || {
                format!("peer {serial} was not told the end, but {:?}", self.peers[serial].closed)
            })?;
        }
        let is_refused = matches!(self.peers[latecomer].stage, Stage::Refused(503) | Stage::Over);
        self.require(is_refused, || "a latecomer is not refused by 503".into())?;
        // Handshakes that are open have their own deadline.
        self.pass(self.scene.plan.config.deadlines.handshake + SLACK)?;
        self.check_accounts()?;
        self.check_nothing_left()?;
        self.replay()
    }

    /// Closes all rooms, if the plan changes rooms: a room that was configured to be kept would never end by itself.
    fn close_rooms(&self) {
        if self.scene.plan.changes_rooms {
            (0..ROOMS).for_each(|number| self.application.close_room(&self.hub, number, Members::Leave));
        }
    }

    /// Lets some of the live peers vanish or fall silent. Returns the serial numbers of the others.
    fn choose_followers(&mut self) -> Vec<usize> {
        let mut followers = Vec::new();
        let has_faults = chance(&mut self.scene.rng, 500);
        for peer in self.peers.iter_mut().filter(|peer| peer.is_live()) {
            if has_faults && chance(&mut self.scene.rng, 200) {
                peer.desert(&mut self.scene);
            } else {
                followers.push(peer.serial);
            }
        }
        followers
    }

    /// Begins the drain or the shutdown. The result is set when the hub has stopped.
    fn begin_end(&self) -> Arc<Mutex<Option<Result<(), usize>>>> {
        let outcome = Arc::new(Mutex::new(None));
        let (place, stopped) = (Arc::clone(&outcome), self.hub.stopped());
        match self.scene.plan.ending {
            Ending::Shutdown => {
                self.hub.shutdown();
                self.spawn(async move {
                    stopped.await;
                    *lock(&place) = Some(Ok(()));
                });
            }
            Ending::Drain(drain) => {
                let deadline = drain.spread + self.scene.plan.config.deadlines.close + SLACK / 2;
                let draining = self.hub.drain(drain, deadline);
                self.spawn(async move {
                    let result = draining.await;
                    *lock(&place) = Some(result.map_err(|error| error.remaining));
                });
            }
        }
        outcome
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        use throng_runtime::hosting::Host;
        self.engine.host.spawn(Box::pin(task));
    }

    fn check_nothing_left(&self) -> Result<(), Failed> {
        let (stats, compression) = (self.hub.stats(), self.hub.compression_stats());
        let ledger = self.scene.ledger();
        let tasks = self.peers.iter().filter(|peer| !self.engine.executor.is_over(peer.task)).count();
        let untold =
            |account: &&ledger::Account| account.stage == ledger::Stage::Connected || account.in_hook;
        let left = [
            ("clients", u64::from(stats.clients)),
            ("connections", self.hub.connection_count() as u64),
            ("closing connections", u64::from(stats.closing)),
            ("handshakes", u64::from(stats.handshakes)),
            ("reservations", u64::from(stats.reserved)),
            ("users", u64::from(stats.users)),
            ("rooms", u64::from(stats.rooms)),
            ("memberships", stats.memberships),
            ("frames", u64::from(stats.frames)),
            ("queued bytes", stats.queued_bytes),
            ("pending messages", stats.pending()),
            ("takers of deflated frames", u64::from(compression.takers)),
            ("contexts", u64::from(compression.keepers)),
            ("connections' tasks", tasks as u64),
            ("wires", self.scene.network.held_by_hub() as u64),
            ("waiting sends", ledger.waiting as u64),
            ("clients without a last hook", ledger.accounts.iter().filter(untold).count() as u64),
        ];
        let failed: Failed = left
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(what, count)| format!("left: {count} {what}"))
            .collect();
        if failed.is_empty() { Ok(()) } else { Err(failed) }
    }

    /// Replays the log of the run in the bare core, where every invariant must hold and the result must be the same.
    fn replay(&self) -> Result<Run, Failed> {
        let Some(recording) = self.hub.take_recording() else { return Err(vec!["no recording".into()]) };
        let mut replay =
            Replay::new(&recording.log, [self.scene.plan.seed, SECOND]).map_err(does_not_replay)?;
        while let Some(step) = replay.step() {
            let step = step.map_err(does_not_replay)?;
            if step.number.is_multiple_of(CHECK_EVERY) {
                check_within(&replay)?;
            }
        }
        check_within(&replay)?;
        self.require(replay.hash() == recording.hash && replay.events() == recording.events, || {
            format!("the log replays otherwise: {} of {} events", replay.events(), recording.events)
        })?;

        let stats = replay.hub().stats();
        self.require(stats == self.hub.stats() && replay.reader().cut() == 0, || {
            format!("the log replays to {stats:?} instead of {:?}", self.hub.stats())
        })?;
        let ledger = self.scene.ledger();
        Ok(Run {
            actions: recording.hash,
            seen: ledger.hash(),
            events: recording.events,
            log: recording.log,
            peers: self.peers.len(),
            received: ledger.accounts.iter().map(|account| account.received).sum(),
            deflated: ledger.accounts.iter().map(|account| account.deflated).sum(),
            joined: ledger.accounts.iter().map(|account| account.joined).sum(),
            inflated: self.hub.compression_stats().inflated,
            dropped: ledger.accounts.iter().map(|account| account.told).sum(),
            time: self.time(),
        })
    }
}

fn does_not_replay(error: TraceError) -> Failed {
    vec![format!("the log does not replay: {error}")]
}

fn check_within(replay: &Replay<'_>) -> Result<(), Failed> {
    let broken = |broken| vec![format!("an invariant is broken at event {}: {broken}", replay.events())];
    replay.hub().check().map_err(broken)
}
