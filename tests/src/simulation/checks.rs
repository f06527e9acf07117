//! What must hold at every moment, and of everybody once all is settled.

use throng_core::CloseCode;
use throng_core::hub::{Config, Stats};
use throng_runtime::hosting::Report;

use super::application::user;
use super::compression::Compressing;
use super::ledger::Causes;
use super::peer::Peer;
use super::plan::{Ending, USERS};
use super::world::{Failed, World};

impl World {
    /// What must hold at every moment.
    pub(super) fn check_bounds(&mut self) -> Result<(), Failed> {
        self.read_reports();
        let (stats, connections) = (self.hub.stats(), self.hub.connection_count());
        let compression = self.hub.compression_stats();
        let most_keepers = self.scene.plan.compressing.as_ref().map_or(0, Compressing::most_keepers);
        let (config, last) = (self.scene.plan.config.clone(), self.scene.plan.last_config.clone());
        // Nobody is thrown out for a bound that was lowered.
        let within_bounds =
            |holds: &dyn Fn(&Config) -> bool| holds(&config) || last.as_ref().is_some_and(holds);
        let of_user = |number| self.hub.clients_of(&user(number)).len();
        let most_of_user = self.scene.plan.most_of_user;
        let crowd = most_of_user.map_or(0, |_| (0..USERS).map(of_user).max().unwrap_or_default());
        let some_peer = self.scene.rng.usize(..self.peers.len().max(1));
        let mut ledger = self.scene.ledger();
        let phases = stats.clients + stats.closing + stats.handshakes + stats.reserved;
        let admitted = phases - stats.handshakes;
        let ended =
            stats.ended_by_peer + stats.ended_by_application + stats.ended_by_hub + stats.ended_by_transport;
        let settled = stats.written + stats.dropped();
        let meant = ledger.meant;
        let within = |count: usize, limit: Option<u32>| limit.is_none_or(|limit| count <= limit as usize);
        let rules = [
            ("every connection is in one phase", phases as usize == connections),
            ("clients opened are open or have ended", stats.opened == u64::from(stats.clients) + ended),
            ("memberships are joins less leaves", stats.memberships == stats.joins - stats.leaves),
            ("no more is written and dropped than queued", settled <= stats.queued),
            ("as much is queued as was sent to whom it reaches", stats.queued == meant),
            (
                "a message is deflated once",
                compression.deflated + compression.incompressible <= ledger.messages(),
            ),
            ("the limit of contexts", compression.keepers <= most_keepers),
            ("who takes deflated frames is there", compression.takers <= phases),
            ("the clients of a user", crowd <= most_of_user.unwrap_or_default()),
            ("the hub's budget", within_bounds(&|config| stats.queued_bytes <= config.outbox.hub_bytes)),
            (
                "the limit of connections",
                within_bounds(&|config| within(admitted as usize, config.admission.connections)),
            ),
            (
                "the limit of handshakes",
                within_bounds(&|config| within(stats.handshakes as usize, config.admission.handshakes)),
            ),
            ("the limit of rooms", within_bounds(&|config| within(stats.rooms as usize, config.rooms.total))),
        ];
        for (rule, holds) in rules.into_iter().chain(self.budget_rules(&stats, ledger.ran_short)) {
            ledger.require(holds, || {
                format!("broken: {rule}; {connections} connections, {meant} meant; {stats:?}")
            });
        }
        let client = ledger.accounts.get(some_peer).and_then(|account| account.client);
        if let Some(client) = client.and_then(|client| self.hub.client(client)) {
            let (messages, bytes) = client.outbox().unwrap_or_default();
            let rooms = client.room_count();
            let holds = within_bounds(&|config| messages <= config.outbox.messages)
                && within_bounds(&|config| bytes <= config.outbox.bytes)
                && within_bounds(&|config| within(rooms, config.rooms.per_client));
            ledger.require(holds, || {
                format!("client {some_peer} has {messages} messages, {bytes} bytes, {rooms} rooms")
            });
        }
        let mut failed = std::mem::take(&mut ledger.violations);
        drop(ledger);
        failed.extend(self.scene.network.take_violations());
        if failed.is_empty() { Ok(()) } else { Err(failed) }
    }

    /// Whoever is ended for the hub's budget is told so, unless it is closing already, and nobody is without need.
    fn budget_rules(&self, stats: &Stats, told: u64) -> [(&'static str, bool); 2] {
        let may_run_short = self.scene.plan.may_run_short();
        [
            (
                "clients that are told that they end for the budget are counted",
                told <= stats.ended_for_budget,
            ),
            (
                "nobody is ended for a budget that cannot be used up",
                stats.ended_for_budget == 0 || may_run_short,
            ),
        ]
    }

    /// What the host was told must be so.
    fn read_reports(&self) {
        let mut ledger = self.scene.ledger();
        let can_stand_still = self.scene.plan.jump.is_some();
        for report in self.engine.host.take_reports() {
            if let Report::StoodStill { time } = report {
                ledger
                    .require(can_stand_still, || format!("the host never stood still, and not for {time:?}"));
            }
            ledger.see("report", 0, format!("{report:?}"));
            let (client, explains): (_, fn(&Causes, u16) -> bool) = match report {
                Report::Misbehaved { client, code } => {
                    let explains = |causes: &Causes, code| causes.violated == Some(CloseCode(code));
                    (Some((client, code)), explains)
                }
                Report::Panicked { client, .. } | Report::TimedOut { client, .. } => {
                    (client.map(|client| (client, 0)), |causes, _| causes.failed)
                }
                _ => continue,
            };
            let serial = client.and_then(|(client, _)| ledger.serials.get(&client).copied());
            if let (Some(serial), Some((_, code))) = (serial, client) {
                let holds = explains(&ledger.accounts[serial].causes, code);
                ledger.require(holds, || format!("client {serial} did nothing for which: {report:?}"));
            }
        }
    }

    /// All that a peer did not receive was reported as dropped, and all that it said was heard or reported.
    pub(super) fn check_account(&self, peer: &Peer) -> Failed {
        let ledger = self.scene.ledger();
        let account = &ledger.accounts[peer.serial];
        let (count, bytes) = account.outstanding();
        let (missing, missing_bytes) = (account.missing + count, account.missing_bytes + bytes);
        let mut failed = Vec::new();
        // What a rate holds up is dropped in the end, after the client's; and who leaves reads nothing.
        let was_flushed = account.was_flushed(self.drains()) && self.scene.plan.paces.is_none();
        let is_exact = peer.is_live() || was_flushed && !peer.is_leaving;
        let untold = missing.wrapping_sub(account.told);
        let untold_bytes = missing_bytes.wrapping_sub(account.told_bytes);
        // What is dropped of a lease after its client has ended is reported to nobody.
        if (untold, untold_bytes) != (0, 0) && (is_exact || untold > missing || untold_bytes > missing_bytes)
        {
            failed.push(format!(
                "peer {}: {missing} messages of {missing_bytes} bytes are missing, {} of {} bytes were reported",
                peer.serial, account.told, account.told_bytes
            ));
        }
        if account.lost_by_its_end && account.has_said_its_end() && !peer.is_leaving {
            failed.push(format!("peer {}: what waited for it was dropped when it closed", peer.serial));
        }
        // What it said after its end nobody hears.
        if (peer.is_live() || account.has_said_its_end())
            && account.unheard + peer.said - account.heard != account.told_unheard
        {
            failed.push(format!(
                "peer {}: of {} messages {} were not heard until the last one, {}, and {} reported",
                peer.serial, peer.said, account.unheard, account.heard, account.told_unheard
            ));
        }
        failed
    }

    /// The same for everybody who lives or has been told its end by a close frame.
    pub(super) fn check_accounts(&self) -> Result<(), Failed> {
        // What is shed from a client that is closing already is reported to nobody.
        let is_complete = self.hub.stats().dropped_hub_full == 0;
        let failed: Failed = self
            .peers
            .iter()
            .filter(|peer| peer.is_live() || is_complete && peer.closed.is_some() || self.has_left(peer))
            .flat_map(|peer| self.check_account(peer))
            .chain(self.check_halves())
            .collect();
        if failed.is_empty() { Ok(()) } else { Err(failed) }
    }

    fn has_left(&self, peer: &Peer) -> bool {
        peer.is_leaving && self.scene.ledger().accounts[peer.serial].has_said_its_end()
    }

    /// Whoever ends its own direction and reads on is told the end by a close frame, unless that takes too long. A client that
    /// holds a message in part may be ended for the hub's budget, too, which it is not told by then: there are no more of them
    /// than the hub has counted.
    fn check_halves(&self) -> Failed {
        let (plan, ledger) = (&self.scene.plan, self.scene.ledger());
        let close = plan.config.deadlines.close.as_nanos() as u64;
        let ran_short = self.hub.stats().ended_for_budget.saturating_sub(ledger.ran_short);
        let is_cut_off = |peer: &&Peer| {
            let account = &ledger.accounts[peer.serial];
            let is_excused = account.causes.was_slow || account.is_cancelled;
            account.has_ended_by_itself() && !is_excused && peer.is_cut_off_within(close)
        };
        let cut_off: Vec<&Peer> = self.peers.iter().filter(is_cut_off).collect();
        if cut_off.len() as u64 <= ran_short {
            return Vec::new();
        }
        let what = |peer: &Peer| format!("peer {} ended its direction and hears no close frame", peer.serial);
        cut_off.into_iter().map(what).collect()
    }

    fn drains(&self) -> bool {
        matches!(self.scene.plan.ending, Ending::Drain(_))
    }

    pub(super) fn require(&self, holds: bool, what: impl FnOnce() -> String) -> Result<(), Failed> {
        if holds { Ok(()) } else { Err(vec![what()]) }
    }

    /// A peer has heard its end by this code.
    pub(super) fn was_closed_with(&self, serial: usize, code: CloseCode) -> bool {
        self.peers[serial].closed == Some(Some(code))
    }
}
