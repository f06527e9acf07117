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
//! - **Publishes.** The host publishes on its own hub first, and then hands in [`Event::Publish`], whether or not there were local
//!   recipients. This never waits: the message goes to a queue of bounded bytes.
//! - **Actions.** After each event the host calls [`Cluster::poll_action`] until there is none, publishes what is to be
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
//! - *Bounded*: each table and queue has a limit in [`Config`], and what is dropped is counted in [`Stats`].
//!
//! A node trusts the broker to let only nodes of this cluster publish to its subjects: a message is checked, but not signed.

mod action;
mod commands;
mod config;
mod event;
#[cfg(feature = "serde")]
mod file;
mod node_id;
mod outcome;
mod stats;
mod subject;
mod traffic;

pub use action::{Action, Answer, Deliver, Departure, Perform, Scope, Totals, Unready};
pub use config::{Config, ConfigError, Must};
pub use event::{Asker, Counts, Directive, Event, Member, Message, QuestionId, To, Topic};
pub use node_id::{BadGlobalId, BadNodeId, GlobalId, Identity, NodeId};
pub use outcome::{Outcome, Refusal};
pub use stats::{Defect, Malformed, Stats};
pub use subject::{BadSubject, Subject};
pub use traffic::{Command, Delivery};

use crate::time::Instant;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// The state machine of a node in a cluster. See the [module](self) for what the host does.
#[derive(Debug)]
pub struct Cluster {
    config: Config,
    identity: Identity,
    now: Instant,
    actions: VecDeque<Action>,
    stats: Stats,
}

impl Cluster {
    /// Makes the machine of a node, which asks for a link at once.
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid field and its value.
    pub fn new(config: Config, identity: Identity, now: Instant) -> Result<Self, ConfigError> {
        config.validate()?;
        let actions = VecDeque::from([Action::Connect { link: 1 }]);
        Ok(Self { config, identity, now, actions, stats: Stats::default() })
    }

    /// Applies an event.
    ///
    /// # Errors
    /// A [`Refusal`] says which limit was reached; then nothing has changed.
    pub fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<Outcome, Refusal> {
        self.now = self.now.max(now);
        let _ = event;
        Ok(Outcome::Done)
    }

    /// The next action; `None` until another event. O(1).
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Appends a batch of commands for the link, of at most `max_bytes` of payloads but at least one command, and of at most
    /// [`Config::batch`] commands. Returns the number of the link; `None` if there is no link, nothing to send, or a batch on its way.
    /// After a batch hand in [`Event::Sent`] or [`Event::LinkDown`].
    pub fn poll_commands(&mut self, max_bytes: usize, commands: &mut Vec<Command>) -> Option<u64> {
        let _ = (max_bytes, commands);
        None
    }

    /// When to hand in [`Event::Timeout`]; `None`: never. It may be early, and is never late.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
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
        false
    }

    /// The counts of all nodes together: running sums. O(1). They stay as they were while this node is not ready, and a node that is
    /// silent stays in them until it is evicted.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals::default()
    }

    /// The other nodes that are present, in the order of their ids, with their incarnations and counts.
    pub fn nodes(&self) -> impl Iterator<Item = (&NodeId, u64, Counts)> + '_ {
        core::iter::empty()
    }

    /// The counters and gauges. O(1).
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }
}
