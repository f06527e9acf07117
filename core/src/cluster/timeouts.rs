//! Deadlines of the machine.

use super::action::{Action, Answer, Departure, Unready};
use super::config::Config;
use super::link::{State, Up};
use super::node_id::NodeId;
use super::{Cluster, Ending};
use crate::time::Instant;

impl Cluster {
    /// When to hand in [`Event::Timeout`](super::Event::Timeout); `None`: never. It may be early, and is never late. O(log n).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let leaving = self.rosters.has_leaving().then_some(self.now);
        let link = match &self.link.state {
            State::Ended => return leaving,
            State::Down { until } => Some(*until),
            State::Connecting { deadline } => Some((*deadline).max(self.link.grace)),
            State::Up(up) => self.next_of(up),
        };
        let ending = match self.ending {
            Ending::Flushing(until) | Ending::Goodbye(until) | Ending::Conceding(until) => Some(until),
            _ => None,
        };
        let tails = self.streams.poll_timeout();
        [
            link,
            ending,
            tails,
            leaving,
            self.next_of_rooms(),
            self.interests.poll_timeout(),
            self.questions.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn next_of(&self, up: &Up) -> Option<Instant> {
        let deadline = self.deadline_of(up).map(|(deadline, _)| deadline);
        let probe = (up.is_proven && up.probe.is_none()).then(|| up.proved + self.config.probe);
        let beat = up.is_proven.then_some(self.heartbeat.next);
        [deadline, probe, beat].into_iter().flatten().min()
    }

    /// When the link is given up, and why, if nothing happens before.
    fn deadline_of(&self, up: &Up) -> Option<(Instant, Unready)> {
        let since = |moment: Instant| (moment + self.config.proof).max(self.link.grace);
        let subscribing = self.interests.unconfirmed_since().or((!up.hears_itself).then_some(up.since));
        [
            up.batch.map(|batch| (since(batch), Unready::SendTimeout)),
            up.probe.map(|probe| (since(probe.asked), Unready::ProbeTimeout)),
            subscribing.map(|asked| (since(asked), Unready::SubscriptionTimeout)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(deadline, _)| *deadline)
    }

    /// The time never runs backwards. If it jumps beyond what was asked for, the host stood still: nobody is late by that.
    pub(super) fn pass_time(&mut self, now: Instant) {
        if now <= self.now {
            return;
        }
        let late = self.poll_timeout().filter(|asked| *asked + self.config.standstill < now);
        self.now = now;
        if late.is_some() {
            self.stats.standstills += 1;
            self.link.grace = now + self.config.proof;
            self.heartbeat.since = now;
        }
    }

    pub(super) fn handle_timeout(&mut self) {
        let now = self.now;
        self.time_out_rooms();
        self.interests.expire(now, self.config.batch, &mut self.removed);
        self.forget_removed();
        while let Some(question) = self.questions.pop_late(now) {
            self.tell(question, Answer::NoAnswer);
        }
        self.go_on_leaving();
        match self.link.state {
            State::Ended => return,
            State::Down { until } if until <= now => self.connect(),
            State::Connecting { deadline } if deadline.max(self.link.grace) <= now => {
                self.fail(Unready::ConnectTimeout);
            }
            State::Up(up) => self.watch(&up),
            State::Down { .. } | State::Connecting { .. } => {}
        }
        self.send_tails();
    }

    /// Gives a link up that is not proven in time, and probes one that is not proven lately.
    fn watch(&mut self, up: &Up) {
        let now = self.now;
        if let Some((deadline, why)) = self.deadline_of(up)
            && deadline <= now
        {
            self.fail(why);
            return;
        }
        if !up.is_proven {
            return;
        }
        if up.proved + self.config.probe <= now {
            self.probe();
        }
        if self.heartbeat.next <= now {
            self.beat();
            self.heartbeat.next = now + self.config.heartbeat;
            self.evict();
        }
    }

    /// Sends a heartbeat with the next batch.
    pub(super) fn beat(&mut self) {
        self.heartbeat.beat += 1;
        self.heartbeat.is_due = true;
    }

    /// Evicts nodes of which three heartbeats did not come. Only while this node is ready: otherwise it is this node that hears
    /// nobody. O(nodes), once per heartbeat, and O(nodes) for each that is evicted.
    fn evict(&mut self) {
        if !self.is_ready() {
            return;
        }
        // A heartbeat may be late by half an interval.
        let silence = self.config.heartbeat * Config::SILENT_HEARTBEATS + self.config.heartbeat / 2;
        let since = self.heartbeat.since;
        while let Some((node, incarnation, why)) =
            self.nodes.evict(self.now, since, silence, self.config.forget)
        {
            self.node_gone(node, incarnation, why);
        }
    }

    pub(super) fn node_gone(&mut self, node: NodeId, incarnation: u64, why: Departure) {
        while let Some(question) = self.questions.pop_of(&node, incarnation) {
            self.tell(question, Answer::NoAnswer);
        }
        self.rosters.node_gone(&node);
        self.actions.push_back(Action::NodeGone { node, incarnation, why });
    }

    /// Tells the last number of subjects that had no message for a while, at most a batch of them at once.
    fn send_tails(&mut self) {
        for _ in 0..self.config.batch {
            let Some(tail) = self.streams.pop_tail(self.now) else { return };
            let is_possible = self.link.up().is_some_and(|up| up.is_proven) && self.queue.fits(256, 0);
            if is_possible {
                self.push_tail(&tail);
            } else {
                self.streams.delay_tail(&tail, self.now);
            }
        }
    }
}
