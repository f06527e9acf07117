//! The clauses of the contract, how to check them, and what comes of it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// What a broker promises, as far as it can be seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Clause {
    /// A link opens within [`Options::patience`], and the broker has a name.
    Links,
    /// Each subscription is confirmed, also a repeated one, and nothing is confirmed that was not asked for.
    Confirmations,
    /// A send takes the commands out of the list.
    Commands,
    /// Messages arrive at each subscriber, once their subscription is confirmed, with their subject, and byte by byte as they were.
    Messages,
    /// Messages of one link to one subject arrive in their order, and none is missing that was not told as dropped.
    Order,
    /// A message comes back to the link that has published it, if it has subscribed.
    OwnMessages,
    /// Nothing arrives for a subject to which the link has not subscribed.
    Silence,
    /// Some time after an unsubscribe, messages to its subject do not arrive any more, and those to others do.
    Unsubscribing,
    /// A new link is subscribed to nothing, also if it follows one that was.
    NewLinks,
    /// One receive hands in at most some hundred deliveries.
    Batches,
    /// A receive that is dropped loses nothing.
    Cancelling,
    /// When one half of a link is dropped, the other one fails.
    Halves,
    /// If a node does not take its messages, the broker drops some and tells it, or the link fails. Checked with [`Options::flood`].
    Memory,
    /// A link that is cut fails, and the next one can be opened. Checked with [`Options::cut`].
    BrokenLinks,
}

impl Clause {
    /// All clauses, in the order in which they are checked.
    pub const ALL: [Self; 14] = [
        Self::Links,
        Self::Confirmations,
        Self::Commands,
        Self::Messages,
        Self::Order,
        Self::OwnMessages,
        Self::Silence,
        Self::Unsubscribing,
        Self::NewLinks,
        Self::Batches,
        Self::Cancelling,
        Self::Halves,
        Self::Memory,
        Self::BrokenLinks,
    ];
}

/// How to check a broker.
pub struct Options<'a> {
    pub(super) prefix: String,
    pub(super) patience: Duration,
    pub(super) quiet: Duration,
    pub(super) largest: usize,
    pub(super) flood: Option<usize>,
    pub(super) cut: Option<Box<dyn Fn() + 'a>>,
}

impl<'a> Options<'a> {
    /// The prefix is the first part of all subjects that the suite uses. Take another one for each run against one server.
    #[must_use]
    pub fn new(prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            patience: Duration::from_secs(20),
            quiet: Duration::from_millis(300),
            largest: 64 << 10,
            flood: None,
            cut: None,
        }
    }

    /// How long to wait for what must come (default: 20 s).
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long to wait for what must not come (default: 300 ms).
    #[must_use]
    pub fn quiet(mut self, quiet: Duration) -> Self {
        self.quiet = quiet;
        self
    }

    /// The length of the largest message that is sent, in bytes (default: 64 KiB).
    #[must_use]
    pub fn largest(mut self, bytes: usize) -> Self {
        self.largest = bytes;
        self
    }

    /// Checks [`Clause::Memory`] with so many bytes of messages for a link that does not receive: more than broker, server and the
    /// system's buffers hold together.
    #[must_use]
    pub fn flood(mut self, bytes: usize) -> Self {
        self.flood = Some(bytes);
        self
    }

    /// Checks [`Clause::BrokenLinks`]: the closure breaks all links that are open, for instance by killing and starting the server.
    /// Links can be opened again within [`patience`](Self::patience).
    #[must_use]
    pub fn cut(mut self, cut: impl Fn() + 'a) -> Self {
        self.cut = Some(Box::new(cut));
        self
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// The broker conforms.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The clauses that were checked.
    pub checked: Vec<Clause>,
    /// The clauses for which [`Options`] lacks something.
    pub left_out: Vec<Clause>,
}

/// The broker does not do what it must.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The clause.
    pub clause: Clause,
    /// What was seen, and what should have been.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the broker violates the clause {:?} of its contract: {}", self.clause, self.what)
    }
}

impl core::error::Error for Violation {}
