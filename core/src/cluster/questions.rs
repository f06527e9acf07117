//! Questions to other nodes that have no answer yet.

use super::node_id::NodeId;
use crate::time::Instant;
use alloc::collections::BTreeMap;

/// All have the same time to be answered, so the order of their numbers is that of their deadlines.
#[derive(Debug, Default)]
pub(super) struct Questions {
    open: BTreeMap<u64, Question>,
    made: u64,
}

#[derive(Debug)]
struct Question {
    node: NodeId,
    incarnation: u64,
    deadline: Instant,
}

impl Questions {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn ask(&mut self, node: NodeId, incarnation: u64, deadline: Instant) -> u64 {
        self.made += 1;
        self.open.insert(self.made, Question { node, incarnation, deadline });
        self.made
    }

    /// An answer has come; whether the question was open, and to this node.
    pub(super) fn answered(&mut self, question: u64, node: &str, incarnation: u64) -> bool {
        let is_of = |of: &Question| of.node.as_str() == node && of.incarnation == incarnation;
        self.open.get(&question).is_some_and(is_of) && self.open.remove(&question).is_some()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.open.first_key_value().map(|(_, question)| question.deadline)
    }

    /// A question whose time is over.
    pub(super) fn pop_late(&mut self, now: Instant) -> Option<u64> {
        let (&question, of) = self.open.first_key_value()?;
        (of.deadline <= now).then(|| {
            self.open.remove(&question);
            question
        })
    }

    /// A question to a node that is gone. O(questions).
    pub(super) fn pop_of(&mut self, node: &NodeId, incarnation: u64) -> Option<u64> {
        let is_of = |of: &Question| of.node == *node && of.incarnation == incarnation;
        let question = self.open.iter().find(|(_, of)| is_of(of)).map(|(question, _)| *question)?;
        self.open.remove(&question);
        Some(question)
    }

    /// Any question.
    pub(super) fn pop(&mut self) -> Option<u64> {
        self.open.pop_first().map(|(question, _)| question)
    }
}
