//! The immediate answers to an event.

use super::event::QuestionId;
use core::fmt;

/// The answer to an event that was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The event was applied. What became of something received is in [`Stats`](super::Stats).
    Done,
    /// The message or command waits for the broker, or for a link.
    Queued,
    /// As `Queued`, and an [answer](super::Action::Answer) to this question follows.
    Asked(QuestionId),
    /// The queue for the broker is full: no other node gets the message or command. Those that wait for it notice that it is missing.
    Dropped,
    /// The client is one of this node: nothing is sent.
    Local,
    /// The client has ended, since its node has started again: nothing is sent.
    Gone,
}

/// Why an event is refused. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The payload is longer than [`Config::message_bytes`](super::Config::message_bytes).
    MessageTooBig {
        /// The limit in bytes.
        limit: u32,
    },
    /// The name of a room or user, or a close reason, is longer than [`Config::name_bytes`](super::Config::name_bytes).
    NameTooLong {
        /// The limit in bytes.
        limit: u32,
    },
    /// More clients of other nodes are excepted than [`Config::except`](super::Config::except) allows.
    TooManyExcepted {
        /// The limit.
        limit: u32,
    },
    /// The node is interested in as many rooms and users as [`Config::topics`](super::Config::topics) allows. It gets no messages for this
    /// one.
    TooManyTopics {
        /// The limit.
        limit: u32,
    },
    /// As many questions as [`Config::questions`](super::Config::questions) allows have no answer yet.
    TooManyQuestions {
        /// The limit.
        limit: u32,
    },
    /// As many actions as [`Config::actions`](super::Config::actions) allows wait to be polled. A message that was received is lost by
    /// this, counted, and noticed.
    ActionsWaiting {
        /// The limit.
        limit: u32,
    },
    /// Another node with the id of this one has taken its place.
    Superseded,
    /// The node leaves, or has left.
    Leaving,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MessageTooBig { limit } => {
                write!(f, "the message is longer than the {limit} bytes that may pass between nodes")
            }
            Self::NameTooLong { limit } => {
                write!(f, "a name is longer than the {limit} bytes that may pass between nodes")
            }
            Self::TooManyExcepted { limit } => {
                write!(f, "more than {limit} clients of other nodes are excepted")
            }
            Self::TooManyTopics { limit } => {
                write!(f, "limit of rooms and users that get messages of other nodes reached ({limit})")
            }
            Self::TooManyQuestions { limit } => {
                write!(f, "limit of questions to other nodes without an answer reached ({limit})")
            }
            Self::ActionsWaiting { limit } => {
                write!(f, "limit of actions of the cluster that wait to be polled reached ({limit})")
            }
            Self::Superseded => f.write_str("another node with the id of this one has taken its place"),
            Self::Leaving => f.write_str("the node leaves the cluster"),
        }
    }
}

impl core::error::Error for Refusal {}
