//! The node of a hub in a cluster, behind the hub's lock: its state machine, and what waits for its task and for the application.

use crate::notice::cluster::ClusterEvent;
use crate::state::wakes::{Wakes, replace};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::task::{Poll, Waker};
use throng_core::Instant;
use throng_core::cluster::{
    Action, Answer, Cluster, Command, Counts, Event, Outcome, QuestionId, Refusal, Unready,
};

/// As many bytes as are handed to the link at once.
const BATCH_BYTES: usize = 256 << 10;

/// Most events that wait for a slow hook.
const MOST_EVENTS: usize = 1_024;

/// What may be read without the hub's lock.
#[derive(Debug, Default)]
pub(crate) struct NodeNumbers {
    pub(crate) is_ready: AtomicBool,
    pub(crate) nodes: AtomicU64,
    pub(crate) clients: AtomicU64,
    pub(crate) users: AtomicU64,
    pub(crate) rooms: AtomicU64,
}

/// The node of a hub.
pub(crate) struct Node {
    pub(crate) machine: Cluster,
    pub(crate) numbers: Arc<NodeNumbers>,
    /// Why the node is not ready; `None` if it is, or has never been yet.
    pub(crate) unready: Option<Unready>,
    /// The task that works for the node.
    waker: Option<Waker>,
    /// That task was woken, and has not looked yet.
    is_awake: bool,
    /// The node has left the cluster, or its task has ended.
    has_left: bool,
    answers: BTreeMap<QuestionId, Waiting>,
    /// Whether the application has the hook.
    is_told: bool,
    events: VecDeque<ClusterEvent>,
    untold: u64,
    teller: Option<Waker>,
    /// Publishes that no other node gets: the machine refused them.
    pub(crate) refused: u64,
}

/// An answer that somebody waits for.
pub(crate) enum Waiting {
    For(Option<Waker>),
    Is(Answer),
}

impl Node {
    pub(crate) fn new(machine: Cluster, numbers: Arc<NodeNumbers>, is_told: bool) -> Self {
        Self {
            machine,
            numbers,
            unready: None,
            waker: None,
            is_awake: true,
            has_left: false,
            answers: BTreeMap::new(),
            is_told,
            events: VecDeque::new(),
            untold: 0,
            teller: None,
            refused: 0,
        }
    }

    pub(crate) const fn has_left(&self) -> bool {
        self.has_left
    }

    /// Wakes the task of the node, since the machine may have something for it.
    pub(crate) fn wake(&mut self, wakes: &mut Wakes) {
        if !mem::replace(&mut self.is_awake, true) {
            wakes.more_from(self.waker.as_ref());
        }
    }

    /// Copies the numbers that are read without the lock.
    fn publish_numbers(&self) {
        let totals = self.machine.totals();
        let Counts { clients, users, rooms } = totals.counts;
        self.numbers.is_ready.store(self.machine.is_ready(), Ordering::Relaxed);
        self.numbers.nodes.store(totals.nodes, Ordering::Relaxed);
        self.numbers.clients.store(clients, Ordering::Relaxed);
        self.numbers.users.store(users, Ordering::Relaxed);
        self.numbers.rooms.store(rooms, Ordering::Relaxed);
    }

    /// Queues an event for the hook. If too many wait, the oldest is dropped and counted.
    pub(crate) fn tell(&mut self, event: ClusterEvent, wakes: &mut Wakes) {
        if !self.is_told {
            return;
        }
        if self.events.len() == MOST_EVENTS {
            self.events.pop_front();
            self.untold += 1;
        }
        self.events.push_back(event);
        wakes.more_from(self.teller.as_ref());
    }

    /// Hands an event to the machine, and wakes the task.
    pub(crate) fn handle(
        &mut self,
        now: Instant,
        event: Event<'_>,
        wakes: &mut Wakes,
    ) -> Option<Result<Outcome, Refusal>> {
        if self.has_left {
            return None;
        }
        // Rooms are told after a tick: only the first change of it needs the task.
        let is_of_room = matches!(event, Event::Room { .. } | Event::Present { .. } | Event::Absent { .. });
        let before = if is_of_room { self.machine.poll_timeout() } else { None };
        let result = self.machine.handle(now, event);
        if !is_of_room || self.machine.poll_timeout() != before {
            self.wake(wakes);
        }
        Some(result)
    }

    /// The next turn of the task. What comes later wakes it.
    pub(crate) fn turn(
        &mut self,
        now: Instant,
        waker: &Waker,
        counts: Counts,
        commands: Option<&mut Vec<Command>>,
        actions: &mut Vec<Action>,
    ) -> Turn {
        self.is_awake = false;
        let old = replace(&mut self.waker, waker);
        if self.machine.poll_timeout().is_some_and(|timeout| timeout <= now) {
            // Neither can be refused.
            let _ = self.machine.counts(now, counts);
            let _ = self.machine.timeout(now);
        }
        let link = commands.and_then(|commands| self.machine.poll_commands(BATCH_BYTES, commands));
        // Afterwards: with its last commands a link may be proven.
        self.take_actions(actions);
        self.publish_numbers();
        Turn { link, timeout: self.machine.poll_timeout(), old }
    }

    pub(crate) fn take_actions(&mut self, actions: &mut Vec<Action>) {
        actions.extend(core::iter::from_fn(|| self.machine.poll_action()));
    }

    /// The node has left, or its task has ended: whoever waits for something of it is woken.
    pub(crate) fn leave(&mut self, wakes: &mut Wakes) {
        self.has_left = true;
        self.numbers.is_ready.store(false, Ordering::Relaxed);
        for waiting in self.answers.values() {
            if let Waiting::For(waker) = waiting {
                wakes.more_from(waker.as_ref());
            }
        }
        wakes.more_from(self.teller.as_ref());
    }

    /// Somebody will wait for the answer to this question.
    pub(crate) fn expect(&mut self, question: QuestionId) {
        self.answers.insert(question, Waiting::For(None));
    }

    /// An answer has come. Without an entry nobody waits for it any more.
    pub(crate) fn answered(&mut self, question: QuestionId, answer: Answer, wakes: &mut Wakes) {
        if let Some(waiting) = self.answers.get_mut(&question)
            && let Waiting::For(Some(waker)) = mem::replace(waiting, Waiting::Is(answer))
        {
            wakes.push(waker);
        }
    }

    /// The answer, when it is there. Drop the returned waker after the lock is released.
    pub(crate) fn poll_answer(
        &mut self,
        question: QuestionId,
        waker: &Waker,
    ) -> (Poll<Answer>, Option<Waker>) {
        match self.answers.get_mut(&question) {
            Some(Waiting::Is(answer)) => {
                let answer = *answer;
                self.answers.remove(&question);
                (Poll::Ready(answer), None)
            }
            Some(Waiting::For(place)) if !self.has_left => (Poll::Pending, replace(place, waker)),
            _ => (Poll::Ready(Answer::NoAnswer), None),
        }
    }

    /// Nobody waits for the answer any more. Drop the returned value after the lock is released.
    pub(crate) fn forget(&mut self, question: QuestionId) -> Option<Waiting> {
        self.answers.remove(&question)
    }

    /// The next event for the hook; `None` if no other will come. Drop the returned waker after the lock is released.
    pub(crate) fn next_event(&mut self, waker: &Waker) -> (Poll<Option<ClusterEvent>>, Option<Waker>) {
        if self.untold > 0 {
            let events = mem::take(&mut self.untold);
            return (Poll::Ready(Some(ClusterEvent::Lagged { events })), None);
        }
        match self.events.pop_front() {
            Some(event) => (Poll::Ready(Some(event)), None),
            None if self.has_left => (Poll::Ready(None), None),
            None => (Poll::Pending, replace(&mut self.teller, waker)),
        }
    }
}

/// What the task of a node does next.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// The link that takes the commands; `None` if there are none.
    pub(crate) link: Option<u64>,
    /// When to look again, if nothing wakes the task before.
    pub(crate) timeout: Option<Instant>,
    /// Dropped after the lock is released.
    pub(crate) old: Option<Waker>,
}
