//! The node leaves the cluster: it says goodbye, or another node has its id.

use super::action::{Action, Answer, Unready};
use super::event::QuestionId;
use super::link::State;
use super::{Cluster, Ending};

/// Whether the node has left.
pub(super) const fn is_over(ending: Ending) -> bool {
    matches!(ending, Ending::Left | Ending::Superseded)
}

impl Cluster {
    pub(super) fn handle_goodbye(&mut self) {
        if self.ending != Ending::No {
            return;
        }
        if self.is_ready() {
            self.actions.push_back(Action::NotReady { why: Unready::Goodbye });
        }
        // Without a link that works there is nobody to say goodbye to.
        if self.link.up().is_some_and(|up| up.is_proven) {
            self.ending = Ending::Flushing(self.now + self.config.goodbye);
        } else {
            // Not ready any more: that was told.
            self.ending = Ending::Left;
            self.drop_link(Unready::Goodbye);
            self.end(Ending::Left);
        }
    }

    /// The batch that was on its way is sent, or the time to leave is over.
    pub(super) fn go_on_leaving(&mut self) {
        let is_sent = self.link.up().is_none_or(|up| up.batch.is_none());
        let is_done = match self.ending {
            Ending::Flushing(until) => until <= self.now,
            Ending::Goodbye(until) => until <= self.now || is_sent,
            Ending::Conceding(until) => until <= self.now || is_sent && !self.heartbeat.is_due_to_rival,
            _ => false,
        };
        if is_done {
            self.drop_link(self.reason_to_leave());
            self.end_now();
        }
    }

    fn reason_to_leave(&self) -> Unready {
        match self.ending {
            Ending::Conceding(_) | Ending::Superseded => Unready::Superseded,
            _ => Unready::Goodbye,
        }
    }

    /// The node that is about to leave has left.
    pub(super) fn end_now(&mut self) {
        self.end(match self.ending {
            Ending::Conceding(_) | Ending::Superseded => Ending::Superseded,
            _ => Ending::Left,
        });
    }

    /// Another node has the id of this one, and this incarnation.
    pub(super) fn meet_rival(&mut self, incarnation: u64) {
        if matches!(self.ending, Ending::Conceding(_)) {
            return;
        }
        if incarnation > self.identity.incarnation {
            if self.is_ready() {
                self.actions.push_back(Action::NotReady { why: Unready::Superseded });
            }
            self.actions.push_back(Action::Superseded { by: incarnation });
            // The other node is to be told too, and may have heard nothing of this one.
            self.ending = Ending::Conceding(self.now + self.config.goodbye);
            self.heartbeat.is_due_to_rival = true;
        } else if self.rival != Some(incarnation) {
            // It hears this node's heartbeats to all nodes too; but it may be about to act.
            self.rival = Some(incarnation);
            self.heartbeat.is_due_to_rival = true;
            self.actions.push_back(Action::Supersedes { incarnation });
        }
    }

    /// The node is not of the cluster any more. What waits is dropped and counted, questions have no answer. O(what waits).
    pub(super) fn end(&mut self, ending: Ending) {
        self.ending = ending;
        self.link.state = State::Ended;
        let (messages, bytes) = self.queue.clear();
        self.count_dropped(messages, bytes);
        self.rosters.all_gone();
        while let Some(question) = self.questions.pop() {
            self.tell(question, Answer::NoAnswer);
        }
        if ending == Ending::Left {
            self.actions.push_back(Action::Left);
        }
    }

    /// Answers a question, which is not open any more.
    pub(super) fn tell(&mut self, question: u64, answer: Answer) {
        self.stats.unanswered += u64::from(answer == Answer::NoAnswer);
        self.actions.push_back(Action::Answer { question: QuestionId(question), answer });
    }
}
