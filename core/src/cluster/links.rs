//! The life of the link: it opens, is proven, fails, and opens again.

use super::Cluster;
use super::action::{Action, Unready};
use super::address;
use super::ends::is_over;
use super::link::{Probe, State, Up};
use super::outcome::{Outcome, Refusal};
use super::{Ending, address::Place, event::Topic};

impl Cluster {
    pub(super) fn handle_link_up(&mut self, link: u64) {
        if link == self.link.number && matches!(self.link.state, State::Connecting { .. }) {
            self.link.state = State::Up(Up::new(self.now));
            self.interests.link_up(link);
        }
    }

    pub(super) fn handle_link_down(&mut self, link: u64) {
        if link == self.link.number {
            self.fail(Unready::LinkDown);
        }
    }

    /// Gives the link up, if there is one, and waits for the next attempt.
    pub(super) fn fail(&mut self, why: Unready) {
        let up = match self.link.state {
            State::Down { .. } | State::Ended => return,
            State::Connecting { .. } => None,
            State::Up(up) => Some(up),
        };
        self.drop_link(why);
        if self.ending != Ending::No {
            self.end_now();
            return;
        }
        let longest = self.config.backoff_max;
        let was_stable = up.and_then(|up| up.ready).is_some_and(|ready| ready + longest <= self.now);
        self.link.attempts = if was_stable { 0 } else { self.link.attempts.saturating_add(1) };
        let backoff = self.link.backoff(self.config.backoff, longest);
        self.link.state = State::Down { until: self.now + self.random.jitter(backoff) };
    }

    /// Tells that the link is not used any more. The caller sets the next state.
    pub(super) fn drop_link(&mut self, why: Unready) {
        if self.is_ready() {
            self.actions.push_back(Action::NotReady { why });
        }
        let link = self.link.number;
        let is_there = !matches!(self.link.state, State::Down { .. } | State::Ended);
        self.stats.disconnects += u64::from(self.link.up().is_some());
        if is_there && why != Unready::LinkDown {
            self.actions.push_back(Action::Disconnect { link, why });
        }
        self.queue.back();
        self.interests.link_down();
        self.telling.forget_asked();
        self.rosters.ask_again();
        self.heartbeat.is_due = false;
        self.heartbeat.is_due_to_rival = false;
    }

    /// Asks for the next link.
    pub(super) fn connect(&mut self) {
        self.link.number += 1;
        self.link.state = State::Connecting { deadline: self.now + self.config.connect };
        self.stats.connects += 1;
        self.actions.push_back(Action::Connect { link: self.link.number });
    }

    /// Sends a probe with the next batch, unless one is on its way.
    pub(super) fn probe(&mut self) {
        let (nonce, asked) = (self.random.next(), self.now);
        if let Some(up) = self.link.up_mut()
            && up.probe.is_none()
        {
            up.probe = Some(Probe { nonce, asked, is_sent: false });
        }
    }

    /// The broker has confirmed the subscription to this node's own subject, or another one.
    pub(super) fn confirmed(&mut self, subject: &str) {
        if self.interests.confirmed(subject).is_none() {
            return;
        }
        if subject == self.own.as_str()
            && let Some(up) = self.link.up_mut()
        {
            up.hears_itself = true;
            self.probe();
        }
        self.check_ready();
    }

    /// A probe has come back.
    pub(super) fn probed(&mut self, nonce: u64) {
        let now = self.now;
        let Some(up) = self.link.up_mut() else { return };
        let Some(probe) = up.probe.filter(|probe| probe.is_sent && probe.nonce == nonce) else { return };
        up.probe = None;
        up.proved = now;
        let is_first = !core::mem::replace(&mut up.is_proven, true);
        self.stats.probe = now.since(probe.asked);
        if is_first {
            self.beat();
            // Nodes that start together do not beat together.
            self.heartbeat.next = now + self.random.jitter(self.config.heartbeat);
        }
        self.check_ready();
    }

    pub(super) fn check_ready(&mut self) {
        let now = self.now;
        self.interests.skip(now, 8 * self.config.batch as usize);
        let is_settled = self.interests.is_settled();
        if let Some(up) = self.link.up_mut()
            && up.is_proven
            && up.ready.is_none()
            && is_settled
        {
            up.ready = Some(now);
            // What others sent before did not arrive.
            self.heartbeat.since = now;
            if self.ending == Ending::No {
                self.actions.push_back(Action::Ready);
            }
        }
    }

    pub(super) fn handle_interest(&mut self, topic: Topic<'_>, wanted: bool) -> Result<Outcome, Refusal> {
        let (place, name) = match topic {
            Topic::Room(name) => (Place::Room(name), name),
            Topic::User(name) => (Place::User(name), name),
        };
        if is_over(self.ending) {
            return Ok(Outcome::Done);
        }
        if name.len() > self.config.name_bytes as usize {
            return Err(Refusal::NameTooLong { limit: self.config.name_bytes });
        }
        address::write(&self.config.prefix, place, &mut self.text);
        if !wanted {
            self.interests.unwant(&self.text, name, self.now + self.config.linger);
        } else if !self.interests.want(&self.text, place, self.config.topics) {
            return Err(Refusal::TooManyTopics { limit: self.config.topics });
        }
        Ok(Outcome::Done)
    }
}
