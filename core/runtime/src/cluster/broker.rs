//! The interface of brokers.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use throng_core::cluster::{Command, Delivery};

/// Carries messages by subject between the nodes of a cluster: Redis, NATS, one process's memory, or a broker of your own.
///
/// A broker only opens links. A link lives until one of its halves fails or is dropped; the node then decides when to open the next
/// one, subscribes again to all that it needs, and proves with a message to itself that the link works. So a broker needs no
/// reconnecting, no list of subscriptions, no queue and no health check of its own, and a client library that has them should have
/// them turned off.
///
/// The suite `conformance` (feature `broker-conformance`) holds a broker to all that follows.
///
/// # Contract
///
/// - *Order*: messages that one node publishes to one subject over one link arrive in their order, or not at all. Nothing is promised
///   between subjects or nodes.
/// - *At most once*: a message may be lost; the node notices. A message may also arrive twice; the node notices that, too.
/// - *Own messages*: a message comes back to the link that has published it, if the link has subscribed to its subject: this is how the
///   node proves that the link works.
/// - *Subscriptions*: after [`Delivery::Subscribed`], each message that the broker accepts for that subject is handed in or lost, and
///   nothing is handed in for subjects that the link has not subscribed to, but for what is on its way after an
///   [`Unsubscribe`](Command::Unsubscribe). If the broker takes a subscription away by itself, the link fails.
/// - *A broken link is told*: when the connection is lost, [`Receiver::receive`] fails within seconds, if the system says so; the node's
///   probe finds the links of which nobody says so.
/// - *Halves*: when one half of a link is dropped, the other one fails.
/// - *Memory*: what the link holds of messages that the node has not taken is bounded. What it drops, it tells as [`Delivery::Dropped`].
/// - *Size*: a message that is longer than the broker takes is left out and told as [`Delivery::Dropped`]; it breaks no link.
/// - *Cancelling*: every future may be dropped at any time. A [`receive`](Receiver::receive) that is dropped loses nothing. If a
///   [`send`](Sender::send) or a [`connect`](Self::connect) is dropped, the link is given up.
pub trait Broker: Send + Sync + 'static {
    /// The half of a link that sends.
    type Sender: Sender;
    /// The half of a link that receives.
    type Receiver: Receiver;

    /// Opens a link, subscribed to nothing. The node gives up after a time limit of its own, and tries again later.
    ///
    /// # Errors
    /// The broker cannot be reached, or refuses. The error is logged, so it names the address and no secret.
    fn connect(&self) -> impl Future<Output = Result<(Self::Sender, Self::Receiver), BrokerError>> + Send;

    /// The kind of broker, for logs and metrics: `redis`, `nats`, `memory`.
    fn name(&self) -> &'static str;
}

/// The half of a link that carries a node's commands to the broker.
pub trait Sender: Send + 'static {
    /// Carries out the commands in their order, and takes them out of the list. Ready when they were handed to the system; a broker
    /// that confirms more may wait for it. The node sends one batch at a time, so that what waits meanwhile is in its own bounded queue.
    ///
    /// # Errors
    /// The link is broken, or the broker refused: the node gives it up. What was in the batch may or may not have been carried out.
    fn send(&mut self, commands: &mut Vec<Command>) -> impl Future<Output = Result<(), BrokerError>> + Send;
}

/// The half of a link that hands in what the broker delivers.
pub trait Receiver: Send + 'static {
    /// Waits for something, and appends all that is there already, but not without bound (some hundred at most).
    ///
    /// # Errors
    /// The link is broken: the node gives it up.
    fn receive(&mut self, into: &mut Vec<Delivery>) -> impl Future<Output = Result<(), BrokerError>> + Send;
}

/// Why a link cannot be opened, or broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerError {
    what: String,
}

impl BrokerError {
    /// An error that says in a sentence what was wrong, with which address, and what to do, without secrets.
    #[must_use]
    pub fn new(what: impl fmt::Display) -> Self {
        Self { what: what.to_string() }
    }
}

impl fmt::Display for BrokerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl core::error::Error for BrokerError {}
