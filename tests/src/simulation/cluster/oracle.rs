//! What must be, may be, and must not be: a naive view of the whole cluster, from outside.

use std::collections::{BTreeMap, BTreeSet};
use throng_core::cluster::{GlobalId, Scope};

/// A message that was published, by its number.
#[derive(Clone, Debug)]
pub(super) struct Published {
    pub(super) node: String,
    pub(super) incarnation: u64,
    pub(super) scope: Scope,
    /// Which one it is of those of its node for this scope. `None`: it was dropped here, or its order is not watched.
    pub(super) index: Option<u64>,
    pub(super) except: Vec<GlobalId>,
    pub(super) except_user: Option<String>,
}

/// What one start of a node has been handed of another for one scope.
#[derive(Clone, Debug, Default)]
struct Heard {
    /// The greatest index that was ever handed in.
    top: u64,
    /// Since interest began: the first and the last index that was delivered, how many were, and how many were told as lost.
    period: Option<Period>,
}

#[derive(Clone, Copy, Debug)]
struct Period {
    first: u64,
    last: u64,
    delivered: u64,
    told: u64,
}

/// One start of a node.
pub(super) type RunId = (String, u64);

#[derive(Debug, Default)]
pub(super) struct Oracle {
    pub(super) published: Vec<Published>,
    /// How many were published by a start of a node for a scope.
    counts: BTreeMap<(RunId, Scope), u64>,
    /// The messages that have come to the broker, and the greatest index of them by the start of a node and scope.
    carried: BTreeSet<usize>,
    carried_top: BTreeMap<(RunId, Scope), u64>,
    /// Messages that were dropped before the broker, and may have a number or not.
    perhaps_missing: BTreeMap<(RunId, Scope), u64>,
    heard: BTreeMap<(RunId, RunId, Scope), Heard>,
    /// The latest incarnation of a node that was handed in.
    latest: BTreeMap<(RunId, String), u64>,
    /// The same, with what came on subjects to which the node may be subscribed still.
    perhaps: BTreeMap<(RunId, String), u64>,
    /// Each message that a client has, by the start of its node.
    got: BTreeSet<(RunId, throng_core::ClientId, usize)>,
    pub(super) delivered: u64,
    pub(super) told: u64,
}

impl Oracle {
    /// The next index, of a message that is queued.
    pub(super) fn index(&mut self, by: &RunId, scope: &Scope) -> Option<u64> {
        if matches!(scope, Scope::Client(_) | Scope::Node) {
            return None;
        }
        let count = self.counts.entry((by.clone(), scope.clone())).or_default();
        *count += 1;
        Some(*count)
    }

    /// A message was dropped for a full queue, by a node that does not remember the numbers of all subjects.
    pub(super) fn perhaps_missing(&mut self, by: &RunId, scope: &Scope) {
        *self.perhaps_missing.entry((by.clone(), scope.clone())).or_default() += 1;
    }

    /// A message has come to the broker: for the first time, in the order in which it was published.
    pub(super) fn carry(&mut self, message: usize) -> Result<(), String> {
        let published = &self.published[message];
        let Some(index) = published.index.filter(|_| self.carried.insert(message)) else { return Ok(()) };
        let by = (published.node.clone(), published.incarnation);
        let top = self.carried_top.entry((by, published.scope.clone())).or_default();
        if index < *top {
            return Err(format!("{published:?} comes to the broker after index {top}"));
        }
        *top = index;
        Ok(())
    }

    /// A message is about to be handed in; returns whether it must be delivered (`Some(true)`), must not, or may.
    pub(super) fn hand_in(&mut self, at: &RunId, message: usize, is_wanted: bool) -> Option<bool> {
        let published = &self.published[message];
        let from = (published.node.clone(), published.incarnation);
        if from.0 == at.0 {
            return Some(false);
        }
        if self.is_outdated(at, &from) {
            return Some(false);
        }
        let index = published.index?;
        let may_be_outdated =
            self.perhaps.get(&(at.clone(), from.0.clone())).is_some_and(|latest| *latest > from.1);
        let key = (at.clone(), from, published.scope.clone());
        let heard = self.heard.entry(key).or_default();
        let is_newest = index > heard.top;
        heard.top = heard.top.max(index);
        match (is_wanted, is_newest) {
            (false, _) => Some(false),
            (true, true) if !may_be_outdated => Some(true),
            (true, _) => None,
        }
    }

    /// A tail is about to be handed in: what it says was sent comes too late after it. `top`: the number in it, if numbers are never
    /// forgotten; else what was sent until now may be meant.
    pub(super) fn hand_in_tail(&mut self, at: &RunId, from: &RunId, scope: &Scope, top: Option<u64>) {
        let sent = self.counts.get(&(from.clone(), scope.clone())).copied().unwrap_or_default();
        let heard = self.heard.entry((at.clone(), from.clone(), scope.clone())).or_default();
        heard.top = heard.top.max(top.unwrap_or(sent));
    }

    /// Notes the incarnation of any message that is handed in.
    pub(super) fn note(&mut self, at: &RunId, from: &RunId, is_known: bool) {
        let key = (at.clone(), from.0.clone());
        if is_known {
            let latest = self.latest.entry(key.clone()).or_default();
            *latest = (*latest).max(from.1);
        }
        let latest = self.perhaps.entry(key).or_default();
        *latest = (*latest).max(from.1);
    }

    fn is_outdated(&self, at: &RunId, from: &RunId) -> bool {
        self.latest.get(&(at.clone(), from.0.clone())).is_some_and(|latest| *latest > from.1)
    }

    /// The machine says that so many were lost.
    pub(super) fn lost(&mut self, at: &RunId, from: &RunId, scope: &Scope, messages: u64) {
        self.told += messages;
        let key = (at.clone(), from.clone(), scope.clone());
        if let Some(period) = self.heard.get_mut(&key).and_then(|heard| heard.period.as_mut()) {
            period.told += messages;
        }
    }

    /// The machine has delivered a message to its hub. `late`: how many it has dropped because they came late; `tells_all`: whether
    /// each loss must be told.
    pub(super) fn deliver(
        &mut self,
        at: &RunId,
        message: usize,
        late: u64,
        tells_all: bool,
    ) -> Result<(), String> {
        self.delivered += 1;
        let published = &self.published[message];
        let from = (published.node.clone(), published.incarnation);
        let Some(index) = published.index else { return Ok(()) };
        let perhaps = self.perhaps_missing.get(&(from.clone(), published.scope.clone())).copied();
        let heard = self.heard.entry((at.clone(), from, published.scope.clone())).or_default();
        let Some(period) = heard.period.as_mut() else {
            heard.period = Some(Period { first: index, last: index, delivered: 1, told: 0 });
            return Ok(());
        };
        if index <= period.last {
            return Err(format!("{at:?} got {published:?} after index {}", period.last));
        }
        period.last = index;
        period.delivered += 1;
        let missing = index - period.first + 1 - period.delivered;
        if missing > period.told && tells_all {
            return Err(format!("{at:?} was not told of losses before {published:?}: {period:?}"));
        }
        if period.told > missing + late + perhaps.unwrap_or_default() {
            return Err(format!("{at:?} was told of losses before {published:?} that were none: {period:?}"));
        }
        Ok(())
    }

    /// Interest ends, or begins again: what comes until then is not delivered.
    pub(super) fn end_period(&mut self, at: &RunId, scope: &Scope) {
        for ((of, _, key), heard) in &mut self.heard {
            if of == at && key == scope {
                heard.period = None;
            }
        }
    }

    /// Clients have got a message.
    pub(super) fn got(
        &mut self,
        at: &RunId,
        message: usize,
        got: &[throng_core::ClientId],
        expected: &BTreeSet<throng_core::ClientId>,
    ) -> Result<(), String> {
        let reached: BTreeSet<_> = got.iter().copied().collect();
        if reached != *expected || reached.len() != got.len() {
            return Err(format!(
                "{:?} reached {got:?} at {at:?} instead of {expected:?}",
                self.published[message]
            ));
        }
        for client in reached {
            if !self.got.insert((at.clone(), client, message)) {
                return Err(format!("{client} at {at:?} got {:?} twice", self.published[message]));
            }
        }
        Ok(())
    }

    pub(super) fn has(&self, at: &RunId, client: throng_core::ClientId, message: usize) -> bool {
        self.got.contains(&(at.clone(), client, message))
    }
}
