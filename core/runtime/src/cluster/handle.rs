//! The handle of a hub's node in a cluster.

use crate::handles::hub::Hub;
use crate::notice::message::{IntoFrame, SendError};
use crate::state::node::NodeNumbers;
use crate::state::shared::Shared;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::Ordering;
use core::task::{Context, Poll};
use throng_core::cluster::{
    Answer, Cluster, ClusterPage, Counts, Directive, Event, GlobalId, Member, Message, NodeId, Outcome,
    QuestionId, Refusal, RoomCounts, Stats, To, Totals,
};
use throng_core::{ClientId, CloseCode, CloseFrame, Name};

/// A hub's node in a cluster: [`Hub::cluster`]. Cloning costs two reference counts.
///
/// Publishes of [`Hub`] and [`Client`](crate::Client) to rooms, users and all clients reach the other nodes by themselves, unless they are
/// [local](crate::Publish::local). This handle reaches single clients of other nodes, and has the numbers of the cluster.
#[derive(Clone)]
pub struct ClusterNode {
    shared: Arc<Shared>,
    numbers: Arc<NodeNumbers>,
}

impl Hub {
    /// The hub's node in its cluster; `None` if it is not [in one](crate::Builder::cluster), or not served yet.
    #[must_use]
    pub fn cluster(&self) -> Option<ClusterNode> {
        let shared = Arc::clone(self.shared());
        let numbers = shared.look(|inner| inner.node.as_ref().map(|node| Arc::clone(&node.numbers)))?;
        Some(ClusterNode { shared, numbers })
    }
}

impl ClusterNode {
    /// The id of this node.
    #[must_use]
    pub fn id(&self) -> Option<NodeId> {
        self.shared.look(|inner| inner.node.as_ref().map(|node| node.machine.identity().node.clone()))
    }

    /// The id that a client of this hub has for all nodes. It is as stale as the client.
    #[must_use]
    pub fn global_id(&self, client: ClientId) -> Option<GlobalId> {
        self.shared.look(|inner| {
            let identity = inner.node.as_ref()?.machine.identity();
            Some(GlobalId { node: identity.node.clone(), incarnation: identity.incarnation, client })
        })
    }

    /// Whether the link to the broker is proven. Takes no lock.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.numbers.is_ready.load(Ordering::Relaxed)
    }

    /// The counts of all nodes together, as of their last heartbeats. Takes no lock: one load for each number.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals {
            nodes: self.numbers.nodes.load(Ordering::Relaxed),
            counts: Counts {
                clients: self.client_count(),
                users: self.numbers.users.load(Ordering::Relaxed),
                rooms: self.numbers.rooms.load(Ordering::Relaxed),
            },
        }
    }

    /// The clients of all nodes together. One load.
    #[must_use]
    pub fn client_count(&self) -> u64 {
        self.numbers.clients.load(Ordering::Relaxed)
    }

    /// How many clients and users a room has on all nodes together, as far as this node has been told; `None`: no node has told of it. Under the
    /// lock, O(log rooms).
    #[must_use]
    pub fn room_counts(&self, room: &str) -> Option<RoomCounts> {
        self.look(|machine| machine.room_counts(room))
    }

    /// At most `limit` rooms that have members on any node, with their counts, in the order of their names, behind the room `after`. Under the
    /// lock, O(limit + log(rooms)).
    #[must_use]
    pub fn rooms(&self, after: Option<&str>, limit: usize) -> Vec<(Name, RoomCounts)> {
        let rooms = |machine: &Cluster| {
            let rooms = machine.rooms(after).take(limit);
            Some(rooms.map(|(name, counts)| (name.clone(), counts)).collect())
        };
        self.look(rooms).unwrap_or_default()
    }

    /// At most `limit` members of a room with presence on all nodes: the first page at `None`, each other one at the `next` of the page
    /// before it. `None`: no node has told of the room. Members may come and go between two pages; each that is there all the time is in
    /// exactly one. Under the lock, O(nodes · log(nodes) + limit).
    #[must_use]
    pub fn presence(&self, room: &str, after: Option<&GlobalId>, limit: u32) -> Option<ClusterPage> {
        self.look(|machine| machine.presence(room, after, limit))
    }

    fn look<T>(&self, ask: impl FnOnce(&Cluster) -> Option<T>) -> Option<T> {
        self.shared.look(|inner| ask(&inner.node.as_ref()?.machine))
    }

    /// The other nodes that are present, each with its counts. O(nodes), under the lock.
    #[must_use]
    pub fn nodes(&self) -> Vec<(NodeId, Counts)> {
        self.shared.look(|inner| {
            let nodes = inner.node.iter().flat_map(|node| node.machine.nodes());
            nodes.map(|(node, _, counts)| (node.clone(), counts)).collect()
        })
    }

    /// The counters and gauges of the node.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.look(|inner| inner.node.as_ref().map(|node| node.machine.stats()).unwrap_or_default())
    }

    /// How often the node refused to relay a message or to hear of a room or user, because a [limit](throng_core::cluster::Config) was
    /// reached, or because it is leaving.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.shared.look(|inner| inner.node.as_ref().map_or(0, |node| node.refused))
    }

    /// Sends a message to a client, wherever it is. Does not wait, and does not say whether the client still exists:
    /// [`send_and_ask`](Self::send_and_ask) does.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long; it is for a client of this hub that is gone; or it cannot be
    /// [relayed](SendError::NotRelayed).
    pub fn send(&self, to: &GlobalId, message: impl IntoFrame) -> Result<(), SendError> {
        self.try_send(to, message, false).map(drop)
    }

    /// Sends a message to a client, wherever it is, and asks whether the client exists. The future is ready when the answer has come, or has
    /// not come [in time](throng_core::cluster::Config). Cancel-safe: if it is dropped, the message is sent all the same.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_and_ask(&self, to: &GlobalId, message: impl IntoFrame) -> Result<Asked, SendError> {
        self.try_send(to, message, true)
    }

    fn try_send(&self, to: &GlobalId, message: impl IntoFrame, asks: bool) -> Result<Asked, SendError> {
        let frame = message.into_frame()?;
        let kind = frame.kind().ok_or(SendError::NotRelayed)?;
        let (payload, bare) = frame.with_bare_part();
        let message = Message {
            to: To::Client(to),
            kind,
            payload: &payload,
            place: frame.place(),
            bare,
            except_user: None,
            except: &[],
            covered: &[],
            asks,
        };
        match self.relay(Event::Publish(message))? {
            Outcome::Local => {
                Hub::of(Arc::clone(&self.shared)).send_to(to.client, frame)?;
                Ok(self.known(Answer::Exists))
            }
            outcome => self.asked(outcome),
        }
    }

    /// Closes a client, wherever it is, and says whether it existed, as far as it is known.
    ///
    /// # Errors
    /// The command cannot be [relayed](SendError::NotRelayed).
    pub fn close(&self, client: &GlobalId, code: CloseCode, reason: &str) -> Result<Asked, SendError> {
        self.command(client, &Directive::Close(CloseFrame::new(code, reason)))
    }

    /// Lets a client join a room, wherever it is, without asking the `before_join` hook, and says whether the client existed. That its node
    /// refused the join, for example because the room is full, is not said.
    ///
    /// # Errors
    /// The command cannot be [relayed](SendError::NotRelayed).
    pub fn join(&self, client: &GlobalId, room: &str) -> Result<Asked, SendError> {
        self.command(client, &Directive::Join(Name::from(room)))
    }

    /// Lets a client leave a room, wherever it is, without asking the `before_leave` hook, and says whether the client existed.
    ///
    /// # Errors
    /// The command cannot be [relayed](SendError::NotRelayed).
    pub fn leave(&self, client: &GlobalId, room: &str) -> Result<Asked, SendError> {
        self.command(client, &Directive::Leave(Name::from(room)))
    }

    /// Closes all clients of a user, on this node and on the others. Does not wait for the others.
    ///
    /// # Errors
    /// The command cannot be [relayed](SendError::NotRelayed); the clients of this node are closed all the same.
    pub fn close_user(&self, user: &str, code: CloseCode, reason: &str) -> Result<(), SendError> {
        let hub = Hub::of(Arc::clone(&self.shared));
        for client in hub.clients_of(user) {
            // One that has just ended is closed.
            let _ = hub.close(client, code, reason);
        }
        self.command_user(user, &Directive::Close(CloseFrame::new(code, reason)))
    }

    /// Lets all clients of a user join a room, on this node and on the others. Does not wait for the others.
    ///
    /// # Errors
    /// The command cannot be [relayed](SendError::NotRelayed); the clients of this node have joined all the same, if they could.
    pub fn join_user(&self, user: &str, room: &str) -> Result<(), SendError> {
        let hub = Hub::of(Arc::clone(&self.shared));
        for client in hub.clients_of(user) {
            // One that is in the room, or cannot join it, does not keep the others from it.
            let _ = hub.join(client, room);
        }
        self.command_user(user, &Directive::Join(Name::from(room)))
    }

    /// Lets all clients of a user leave a room, on this node and on the others. Does not wait for the others.
    ///
    /// # Errors
    /// The command cannot be [relayed](SendError::NotRelayed); the clients of this node have left all the same.
    pub fn leave_user(&self, user: &str, room: &str) -> Result<(), SendError> {
        let hub = Hub::of(Arc::clone(&self.shared));
        for client in hub.clients_of(user) {
            // One that is not in the room needs no leave.
            let _ = hub.leave(client, room);
        }
        self.command_user(user, &Directive::Leave(Name::from(room)))
    }

    fn command_user(&self, user: &str, directive: &Directive) -> Result<(), SendError> {
        let to = Member::User(user);
        self.relay(Event::Command { to, directive, asks: false })
            .and_then(|outcome| self.asked(outcome))
            .map(drop)
    }

    fn command(&self, client: &GlobalId, directive: &Directive) -> Result<Asked, SendError> {
        let to = Member::Client(client);
        let outcome = self.relay(Event::Command { to, directive, asks: true })?;
        if outcome != Outcome::Local {
            return self.asked(outcome);
        }
        let (hub, client) = (Hub::of(Arc::clone(&self.shared)), client.client);
        if hub.client(client).is_none() {
            return Ok(self.known(Answer::Gone));
        }
        // As on another node, only whether there is such a client is said.
        let _ = match directive {
            Directive::Close(frame) => hub.close(client, frame.code, &frame.reason),
            Directive::Join(room) => hub.join(client, room).map(drop),
            Directive::Leave(room) => hub.leave(client, room),
            _ => Ok(()),
        };
        Ok(self.known(Answer::Exists))
    }

    fn relay(&self, event: Event<'_>) -> Result<Outcome, SendError> {
        self.shared.with(|inner, now| {
            let outcome = match inner.in_cluster(now, event) {
                Some(Ok(outcome)) => outcome,
                Some(Err(Refusal::MessageTooBig { .. })) => return Err(SendError::TooLong),
                _ => return Err(SendError::NotRelayed),
            };
            if let Outcome::Asked(question) = outcome {
                inner.expect_answer(question);
            }
            Ok(outcome)
        })
    }

    fn asked(&self, outcome: Outcome) -> Result<Asked, SendError> {
        match outcome {
            Outcome::Asked(question) => {
                Ok(Asked { shared: Arc::clone(&self.shared), question: Ok(question) })
            }
            Outcome::Dropped => Err(SendError::NotRelayed),
            Outcome::Gone => Ok(self.known(Answer::Gone)),
            _ => Ok(self.known(Answer::NoAnswer)),
        }
    }

    fn known(&self, answer: Answer) -> Asked {
        Asked { shared: Arc::clone(&self.shared), question: Err(answer) }
    }
}

impl fmt::Debug for ClusterNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterNode").field("is_ready", &self.is_ready()).finish_non_exhaustive()
    }
}

/// The answer of another node, when it has come. Cancel-safe.
#[must_use = "a future does nothing unless it is polled"]
pub struct Asked {
    shared: Arc<Shared>,
    question: Result<QuestionId, Answer>,
}

impl Future for Asked {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let question = match self.question {
            Ok(question) => question,
            Err(answer) => return Poll::Ready(answer),
        };
        let (answer, old) = self.shared.with(|inner, _| inner.poll_answer(question, cx.waker()));
        drop(old);
        if let Poll::Ready(answer) = answer {
            self.question = Err(answer);
        }
        answer
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Ok(question) = self.question {
            let forgotten = self.shared.with(|inner, _| inner.forget_answer(question));
            drop(forgotten);
        }
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("question", &self.question).finish_non_exhaustive()
    }
}
