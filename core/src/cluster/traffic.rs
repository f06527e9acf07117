//! What passes between a node and its broker.

use super::Subject;
use bytes::Bytes;

/// What a node asks of its broker. The broker carries commands out in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// From now on, hand in what is published to this subject. The broker answers with [`Delivery::Subscribed`].
    Subscribe(Subject),
    /// Stop handing in what is published to this subject. What is on its way may still arrive.
    Unsubscribe(Subject),
    /// Carry a message to all nodes that have subscribed to the subject.
    Publish {
        /// The address.
        subject: Subject,
        /// The message, opaque to the broker.
        payload: Bytes,
    },
}

/// What a broker hands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The broker has confirmed a subscription: what is published from now on arrives, or is counted as dropped by the
    /// broker or noticed as missing by the node.
    Subscribed(Subject),
    /// A message. A broker must hand in a node's own messages too: the node proves by them that the link works, and ignores them otherwise.
    Message {
        /// The subject to which it was published.
        subject: Subject,
        /// What was published.
        payload: Bytes,
    },
    /// The broker, or the client library that speaks with it, has dropped messages: some for this node that it did not take in time, or
    /// some of this node that are longer than the broker takes. The latter are missed by their receivers.
    Dropped {
        /// How many, if known; else 0.
        messages: u64,
    },
}
