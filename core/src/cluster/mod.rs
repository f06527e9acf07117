//! Several hubs as one: the state machine of a node in a cluster, beside its hub.
//!
//! A **node** is a hub and a [`Cluster`] beside it. A **broker** carries messages by [`Subject`] between the nodes. The machine decides
//! what passes between the hub and the broker. It does no I/O and has no clock, like the hub; it knows nothing of the hub either: the host
//! hands on what one has to tell the other.
//!
//! # What the host does
//!
//! - **Link.** On [`Action::Connect`] the host asks the broker for a link, and hands in [`Event::LinkUp`] or [`Event::LinkDown`] with the
//!   number of the action. On [`Action::Disconnect`] it drops the link. When to connect again, and what to subscribe to, is the machine's
//!   decision.
//! - **Commands.** After each event, if no batch is on its way, the host takes one with [`Cluster::poll_commands`], hands it to the link,
//!   and then hands in [`Event::Sent`], or [`Event::LinkDown`] if that failed.
//! - **Deliveries.** Each [`Delivery`] of the link goes in as [`Event::Received`], and then the host polls actions.
//! - **Interest.** When the hub gets its first member of a room or client of a user, or has lost the last one, the host hands in
//!   [`Event::Interest`].
//! - **Rooms.** What the hub tells of its rooms and their members, the host hands in as [`Event::Room`], [`Event::Present`] and
//!   [`Event::Absent`].
//! - **Publishes.** The host publishes on its own hub first, and then hands in [`Event::Publish`], whether or not there were local
//!   recipients. This never waits: the message goes to a queue of bounded bytes.
//! - **Actions.** After each event, and after each batch, the host calls [`Cluster::poll_action`] until there is none, publishes what is to be
//!   [delivered](Action::Deliver) on its hub, does what is to be [performed](Action::Perform), and answers an [`Asker`] with
//!   [`Event::Answer`].
//! - **Time.** The host hands in [`Event::Timeout`] at [`Cluster::poll_timeout`], after the deliveries that it has already.
//!
//! # What is promised
//!
//! - *Order*: messages of one node for one room, user, client or for all arrive in their order, or not at all. A message that comes
//!   after a later one is dropped, since its recipients have been told already that it is lost.
//! - *At most once*: nothing is delivered twice, whatever the broker repeats, as long as the config's tables hold the nodes and subjects.
//! - *A loss is told*: each message of a node to a subject has a number. A gap becomes [`Action::Lost`], with the next message, or with the
//!   [tail](Config::tail). Losses before the first message of a node that arrives after a subscription cannot be noticed.
//! - *Ready means proven*: [`Action::Ready`] comes after a probe of this node has come back and all subscriptions are confirmed, and
//!   [`Action::NotReady`] when nothing proved the link for [`Config::probe`] and then [`Config::proof`].
//! - *Rooms*: [`Cluster::room_counts`], [`presence`](Cluster::presence) and [`rooms`](Cluster::rooms) answer for all nodes from what they have
//!   told. Changes come after [`Config::room_tick`]. What is lost of them is noticed with the next change or heartbeat of the node, and asked
//!   for.
//! - *Bounded*: each table and queue has a limit in [`Config`], and what is dropped is counted in [`Stats`].
//!
//! A node trusts the broker to let only nodes of this cluster publish to its subjects: a message is checked, but not signed.

mod action;
mod address;
mod batches;
mod commands;
mod config;
mod ends;
mod event;
#[cfg(feature = "serde")]
mod file;
mod hear_rooms;
mod heard;
mod interests;
mod link;
mod links;
mod node_id;
mod nodes;
mod outcome;
mod publish;
mod questions;
mod queue;
mod random;
mod receive;
mod rooms;
mod stats;
mod streams;
mod subject;
mod tell_rooms;
#[cfg(test)]
mod tests;
mod timeouts;
mod traffic;
mod wire;

pub use action::{Action, Answer, Deliver, Departure, Perform, Scope, Totals, Unready};
pub use config::{Config, ConfigError, Must, TellRooms};
pub use event::{Asker, Counts, Directive, Event, Member, Message, QuestionId, To, Topic};
pub use node_id::{BadGlobalId, BadNodeId, GlobalId, Identity, NodeId};
pub use outcome::{Outcome, Refusal};
pub use rooms::{ClusterMember, ClusterPage, RoomCounts};
pub use stats::{Defect, Malformed, Stats};
pub use subject::{BadSubject, Subject};
pub use traffic::{Command, Delivery};

use crate::id::Name;
use crate::time::Instant;
use address::Place;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use interests::Interests;
use link::{Link, State};
use nodes::Nodes;
use questions::Questions;
use queue::Queue;
use random::Random;
use rooms::{Rosters, Telling};
use streams::Streams;

/// The state machine of a node in a cluster. See the [module](self) for what the host does.
///
/// Tables are ordered by their keys, so nothing depends on the order of a hash map, and nobody can choose names that collide.
#[derive(Debug)]
pub struct Cluster {
    config: Config,
    identity: Identity,
    now: Instant,
    random: Random,
    link: Link,
    interests: Interests,
    queue: Queue,
    /// The numbers of what this node publishes.
    streams: Streams,
    nodes: Nodes,
    questions: Questions,
    /// The rooms of all nodes, and what is to be told of this one's.
    rosters: Rosters,
    telling: Telling,
    /// Questions for pages of rosters so far.
    asks: u64,
    /// Where nodes, and this node, are addressed.
    all: Subject,
    own: Subject,
    heartbeat: Heartbeat,
    ending: Ending,
    /// The other node with this node's id that was last told.
    rival: Option<u64>,
    actions: VecDeque<Action>,
    /// What was dropped since `Action::Dropped` was polled: messages and bytes.
    dropped: (u64, u64),
    stats: Stats,
    /// A subject, while it is looked up.
    text: String,
    /// Slots of subscriptions that have ended, while an event is applied.
    removed: Vec<u32>,
}

#[derive(Debug)]
struct Heartbeat {
    /// The number of the last one.
    beat: u64,
    /// One is to be sent to all nodes.
    is_due: bool,
    /// One is to be sent to a node that has this node's id.
    is_due_to_rival: bool,
    next: Instant,
    /// No node is taken for silent for what it did not send before.
    since: Instant,
}

/// Whether the node is about to leave the cluster, or has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    No,
    /// It sends what is queued, until this moment.
    Flushing(Instant),
    /// The goodbye is on its way, until this moment.
    Goodbye(Instant),
    Left,
    /// It tells the node that takes its place that there were two, until this moment.
    Conceding(Instant),
    Superseded,
}

impl Cluster {
    /// Makes the machine of a node, which asks for a link at once.
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid field and its value.
    pub fn new(config: Config, identity: Identity, now: Instant) -> Result<Self, ConfigError> {
        config.validate()?;
        let all = address::subject(&config.prefix, Place::All);
        let own = address::subject(&config.prefix, Place::Node(identity.node.as_str()));
        let deadline = now + config.connect;
        let link = Link { number: 1, state: State::Connecting { deadline }, attempts: 0, grace: now };
        let heartbeat = Heartbeat { beat: 0, is_due: false, is_due_to_rival: false, next: now, since: now };
        Ok(Self {
            now,
            random: Random::new(identity.seed),
            link,
            interests: Interests::new(all.clone(), own.clone()),
            queue: Queue::new(config.queue_bytes),
            streams: Streams::new(config.published_streams, config.tail),
            nodes: Nodes::new(config.nodes, config.received_streams),
            questions: Questions::default(),
            rosters: Rosters::new(identity.node.clone(), identity.incarnation, config.room_bytes.into()),
            telling: Telling::default(),
            asks: 0,
            all,
            own,
            heartbeat,
            ending: Ending::No,
            rival: None,
            actions: VecDeque::from([Action::Connect { link: 1 }]),
            dropped: (0, 0),
            stats: Stats { connects: 1, ..Stats::default() },
            text: String::new(),
            removed: Vec::new(),
            config,
            identity,
        })
    }

    /// Applies an event. O(log n) for tables of n entries, if nothing else is said.
    ///
    /// # Errors
    /// A [`Refusal`] says which limit was reached; then nothing has changed.
    pub fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<Outcome, Refusal> {
        self.pass_time(now);
        match event {
            Event::Room { room, clients, users } => return self.handle_room(room, clients, users),
            Event::Present { room, client, user, info } => {
                return self.handle_present(room, client, user, info);
            }
            Event::Absent { room, client } => return self.handle_absent(room, client),
            _ => {}
        }
        if self.actions.len() >= self.config.actions as usize {
            self.stats.overrun += u64::from(matches!(event, Event::Received { .. }));
            return Err(Refusal::ActionsWaiting { limit: self.config.actions });
        }
        match event {
            Event::LinkUp { link } => self.handle_link_up(link),
            Event::LinkDown { link } => self.handle_link_down(link),
            Event::Sent { link } => self.handle_sent(link),
            Event::Received { link, delivery } => self.handle_received(link, delivery),
            Event::Interest { topic, wanted } => return self.handle_interest(topic, wanted),
            Event::Publish(message) => return self.handle_publish(&message),
            Event::Command { to, directive, asks } => return self.handle_command(to, directive, asks),
            Event::Answer { asker, exists } => return self.handle_answer(asker, exists),
            Event::Counts(counts) => self.nodes.set_own(counts),
            Event::Goodbye => self.handle_goodbye(),
            // Handled above.
            Event::Room { .. } | Event::Present { .. } | Event::Absent { .. } => {}
            Event::Timeout => self.handle_timeout(),
        }
        Ok(Outcome::Done)
    }

    /// The next action; `None` until another event. O(1).
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front().or_else(|| {
            let (messages, bytes) = core::mem::take(&mut self.dropped);
            (messages > 0).then_some(Action::Dropped { messages, bytes })
        })
    }

    /// Who this node is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The config.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether the link is proven, as [`Action::Ready`] and [`Action::NotReady`] tell. O(1).
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ending == Ending::No && self.link.up().is_some_and(|up| up.ready.is_some())
    }

    /// The counts of all nodes together: running sums. O(1). They stay as they were while this node is not ready, and a node that is
    /// silent stays in them until it is evicted.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.nodes.totals()
    }

    /// The other nodes that are present, in the order of their ids, with their incarnations and counts.
    pub fn nodes(&self) -> impl Iterator<Item = (&NodeId, u64, Counts)> + '_ {
        self.nodes.iter()
    }

    /// How many clients and users a room has on all nodes together, as far as this node has been told; `None`: no node has told of it. While this
    /// node is not ready, the numbers of the others stay as they were. O(log rooms).
    #[must_use]
    pub fn room_counts(&self, room: &str) -> Option<RoomCounts> {
        self.rosters.counts(room)
    }

    /// The rooms of which any node has told, in the order of their names: those behind `after`, or all. O(log rooms), and O(1) for each.
    pub fn rooms<'a>(
        &'a self,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'a Name, RoomCounts)> + use<'a> {
        self.rosters.all_after(after)
    }

    /// At most `limit` members of a room with presence on all nodes: the first page at `None`, each other one at the `next` of the page
    /// before it. `None`: no node has told of the room. Members may come and go between two pages; each that is there all the time is in
    /// exactly one. O(nodes · log(nodes) + limit).
    #[must_use]
    pub fn presence(&self, room: &str, after: Option<&GlobalId>, limit: u32) -> Option<ClusterPage> {
        self.rosters.page(room, after, limit)
    }

    /// The counters and gauges. O(nodes).
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            queue_messages: self.queue.len(),
            queue_bytes: self.queue.bytes(),
            subscriptions: self.interests.len() as u64,
            received_streams: self.nodes.streams() as u64,
            nodes: self.nodes.present(),
            rooms: self.rosters.rooms() as u64,
            room_bytes: self.rosters.bytes(),
            nodes_behind: self.rosters.behind(),
            ..self.stats
        }
    }

    /// Checks what holds after each event, for tests. O(everything).
    ///
    /// # Errors
    /// A sentence that should be true and is not: a bug of the machine.
    pub fn check(&self) -> Result<(), &'static str> {
        self.queue.check()?;
        self.streams.check()?;
        self.nodes.check()?;
        self.interests.check()?;
        self.rosters.check()?;
        self.telling.check()?;
        if self.questions.len() > self.config.questions as usize {
            return Err("there are no more questions than the config allows");
        }
        if self.is_ready() && self.link.up().is_none_or(|up| !up.is_proven) {
            return Err("a node is ready only by a link that is proven");
        }
        Ok(())
    }
}
