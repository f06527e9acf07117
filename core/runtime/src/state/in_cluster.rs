//! What the hub tells its node in a cluster, and what the node's task asks under the lock.

use crate::notice::cluster::ClusterEvent;
use crate::notice::message::Publish;
use crate::state::node::{Turn, Waiting};
use crate::state::types::Inner;
use alloc::vec::Vec;
use core::task::{Poll, Waker};
use throng_core::cluster::{
    Action, Answer, Command, Counts, Event, Message, Outcome, QuestionId, Refusal, To, Topic, Unready,
};
use throng_core::hub::{Error, PresenceMember, Published, Target};
use throng_core::{ClientId, Frame, Instant, hub};

impl Inner {
    /// Hands an event to the node's machine, and wakes its task. `None` if the hub is in no cluster, or not any more.
    pub(crate) fn in_cluster(&mut self, now: Instant, event: Event<'_>) -> Option<Result<Outcome, Refusal>> {
        let result = self.node.as_mut()?.handle(now, event, &mut self.wakes)?;
        if result.is_err()
            && let Some(node) = &mut self.node
        {
            node.refused += 1;
        }
        Some(result)
    }

    /// A room or user is of interest from now on, or no more. One that is too many for the machine is counted as refused.
    #[cold]
    pub(crate) fn note_interest(&mut self, topic: Topic<'_>, wanted: bool) {
        let now = self.hub.now();
        self.in_cluster(now, Event::Interest { topic, wanted });
    }

    /// A room has no members any more.
    #[cold]
    pub(crate) fn note_vacated(&mut self, room: &str) {
        self.note_interest(Topic::Room(room), false);
        self.note_counted(room, 0, 0);
    }

    /// How many members a room has is told to the other nodes.
    #[cold]
    pub(crate) fn note_counted(&mut self, room: &str, clients: u32, users: u32) {
        let now = self.hub.now();
        self.in_cluster(now, Event::Room { room, clients, users });
    }

    /// A member of a room with presence is told to the other nodes.
    #[cold]
    pub(crate) fn note_present(&mut self, room: &str, member: &PresenceMember) {
        let (now, client, user) = (self.hub.now(), member.client, member.user.as_deref());
        self.in_cluster(now, Event::Present { room, client, user, info: &member.info });
    }

    /// That somebody is no member any more is told to the other nodes.
    #[cold]
    pub(crate) fn note_absent(&mut self, room: &str, client: ClientId) {
        let now = self.hub.now();
        self.in_cluster(now, Event::Absent { room, client });
    }

    /// Relays a publish to the other nodes, if the hub published it or had no recipients for it, and returns the result for the caller:
    /// that there are no recipients here is no error in a cluster.
    #[inline]
    pub(crate) fn relayed(
        &mut self,
        now: Instant,
        publish: &Publish<'_>,
        frame: &Frame,
        result: Result<hub::Outcome, Error>,
    ) -> Result<hub::Outcome, Error> {
        if self.node.is_none() || publish.is_local {
            return result;
        }
        self.relay(now, publish.targets, publish.except_user, frame, result)
    }

    #[cold]
    fn relay(
        &mut self,
        now: Instant,
        targets: &[Target<'_>],
        except_user: Option<&str>,
        frame: &Frame,
        result: Result<hub::Outcome, Error>,
    ) -> Result<hub::Outcome, Error> {
        let is_nobody_here = match &result {
            Ok(_) => false,
            Err(Error::Refused(hub::Refusal::NoSuchRoom | hub::Refusal::NoSuchUser)) => true,
            Err(_) => return result,
        };
        let is_for_all = targets.iter().any(|target| matches!(target, Target::All));
        let mut is_relayed = false;
        let mut covered = Vec::new();
        for target in targets {
            let (to, topic) = match *target {
                Target::All => (To::All, None),
                Target::Room(room) if !is_for_all => (To::Room(room), Some(Topic::Room(room))),
                Target::User(user) if !is_for_all => (To::User(user), Some(Topic::User(user))),
                // A client is one of this node, and watchers are told of presence by their own node.
                _ => continue,
            };
            let Some(result) = self.relay_to(now, to, except_user, &covered, frame) else { continue };
            is_relayed = true;
            if is_for_all {
                break;
            }
            // A client that several targets reach gets the message for the first of them only.
            covered.extend(topic.filter(|_| result.is_ok()));
        }
        if is_nobody_here && is_relayed {
            let unknown = targets.len() as u32;
            let mut published = Published::default();
            published.unknown = unknown;
            return Ok(hub::Outcome::Published(published));
        }
        result
    }

    fn relay_to(
        &mut self,
        now: Instant,
        to: To<'_>,
        except_user: Option<&str>,
        covered: &[Topic<'_>],
        frame: &Frame,
    ) -> Option<Result<Outcome, Refusal>> {
        // A frame of a format of the embedder's own has no kind, and no other node could encode it.
        let kind = frame.kind()?;
        let except_user = except_user.filter(|user| !user.is_empty());
        let (payload, bare) = frame.with_bare_part();
        let message = Message {
            to,
            kind,
            payload: &payload,
            place: frame.place(),
            bare,
            except_user,
            except: &[],
            covered,
            asks: false,
        };
        self.in_cluster(now, Event::Publish(message))
    }

    /// The next turn of the node's task. When the hub has stopped, the node says goodbye.
    pub(crate) fn turn_node(
        &mut self,
        now: Instant,
        waker: &Waker,
        commands: Option<&mut Vec<Command>>,
        actions: &mut Vec<Action>,
    ) -> Turn {
        let counts = Counts {
            clients: self.hub.client_count() as u64,
            users: self.hub.user_count() as u64,
            rooms: self.hub.room_count() as u64,
        };
        if self.stopped {
            self.in_cluster(now, Event::Goodbye);
        }
        match &mut self.node {
            Some(node) => node.turn(now, waker, counts, commands, actions),
            None => Turn::default(),
        }
    }

    pub(crate) fn take_cluster_actions(&mut self, actions: &mut Vec<Action>) {
        if let Some(node) = &mut self.node {
            node.take_actions(actions);
        }
    }

    /// The node has left the cluster: a drain that waits for it is over.
    pub(crate) fn leave_cluster(&mut self) {
        let Some(node) = &mut self.node else { return };
        node.leave(&mut self.wakes);
        if self.is_over() {
            self.release_drains();
        }
    }

    /// When the hub has stopped, its node has to say goodbye.
    pub(crate) fn stop_node(&mut self) {
        if let Some(node) = &mut self.node {
            node.wake(&mut self.wakes);
        }
    }

    pub(crate) fn set_unready(&mut self, why: Option<Unready>) {
        if let Some(node) = &mut self.node {
            node.unready = why;
        }
    }

    /// Notes an event of the cluster for the hook.
    pub(crate) fn tell_cluster(&mut self, event: ClusterEvent) {
        if let Some(node) = &mut self.node {
            node.tell(event, &mut self.wakes);
        }
    }

    /// The next event for the hook; `None` if no other will come. Drop the returned waker after the lock is released.
    pub(crate) fn next_cluster_event(
        &mut self,
        waker: &Waker,
    ) -> (Poll<Option<ClusterEvent>>, Option<Waker>) {
        self.node.as_mut().map_or((Poll::Ready(None), None), |node| node.next_event(waker))
    }

    pub(crate) fn expect_answer(&mut self, question: QuestionId) {
        if let Some(node) = &mut self.node {
            node.expect(question);
        }
    }

    pub(crate) fn answered(&mut self, question: QuestionId, answer: Answer) {
        if let Some(node) = &mut self.node {
            node.answered(question, answer, &mut self.wakes);
        }
    }

    /// The answer, when it is there. Drop the returned waker after the lock is released.
    pub(crate) fn poll_answer(
        &mut self,
        question: QuestionId,
        waker: &Waker,
    ) -> (Poll<Answer>, Option<Waker>) {
        let none = (Poll::Ready(Answer::NoAnswer), None);
        self.node.as_mut().map_or(none, |node| node.poll_answer(question, waker))
    }

    /// Nobody waits for the answer any more. Drop the returned value after the lock is released.
    pub(crate) fn forget_answer(&mut self, question: QuestionId) -> Option<Waiting> {
        self.node.as_mut()?.forget(question)
    }
}
