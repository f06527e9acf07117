//! What a node counts.

use core::ops::{Index, IndexMut};
use core::time::Duration;

/// Counters and gauges of a node in its cluster. All but those of the last paragraph only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Messages and commands that were queued for other nodes.
    pub relayed: u64,
    /// The sum of their payloads in bytes.
    pub relayed_bytes: u64,
    /// Messages and commands that were not queued, because the queue was full.
    pub dropped: u64,
    /// The sum of their payloads in bytes.
    pub dropped_bytes: u64,
    /// Messages that the broker handed in, of any kind and any node.
    pub received: u64,
    /// The sum of their bytes.
    pub received_bytes: u64,
    /// Messages and commands that were delivered to this hub.
    pub delivered: u64,
    /// Messages of this node that came back, and were dropped.
    pub echoes: u64,
    /// Messages of other nodes that were lost on the way, as far as it was noticed.
    pub lost: u64,
    /// Messages that came more than once, and were dropped.
    pub repeated: u64,
    /// Messages that came after later ones, and were dropped; they are in `lost` too.
    pub late: u64,
    /// Messages of an earlier incarnation of their node, which were dropped.
    pub outdated: u64,
    /// Messages that were delivered without a check for loss and repeats, because
    /// [`Config::received_streams`](super::Config::received_streams) was reached.
    pub unchecked: u64,
    /// Messages for rooms and users in which this node is not interested any more.
    pub unwanted: u64,
    /// Messages and commands for clients of an earlier incarnation of this node.
    pub gone: u64,
    /// Messages of nodes beyond [`Config::nodes`](super::Config::nodes), which were dropped.
    pub refused_nodes: u64,
    /// Messages that came while as many actions as possible waited, and were dropped.
    pub overrun: u64,
    /// Messages that the broker dropped, as far as it said so.
    pub broker_dropped: u64,
    /// Deliveries of links that were given up, or after another node has taken the place of this one, which were ignored.
    pub stale: u64,
    /// Messages that could not be read, by kind.
    pub malformed: Malformed,
    /// Links that were asked for.
    pub connects: u64,
    /// Links that were up and then given up or lost.
    pub disconnects: u64,
    /// Questions to other nodes.
    pub questions: u64,
    /// Questions that had no answer in time.
    pub unanswered: u64,
    /// Pages of other nodes' rooms that were asked for, since changes were lost or the node was new.
    pub room_pages: u64,
    /// Rooms and members of other nodes that were left out, because [`Config::room_bytes`](super::Config::room_bytes) was reached.
    pub rooms_refused: u64,
    /// Members of this node that were told without their information, because it is too long for a message.
    pub infos_cut: u64,
    /// Times in which the host stood still.
    pub standstills: u64,

    /// Messages that wait for the broker.
    pub queue_messages: u64,
    /// What they count in [`Config::queue_bytes`](super::Config::queue_bytes).
    pub queue_bytes: u64,
    /// Subjects to which the node is subscribed, or about to be.
    pub subscriptions: u64,
    /// Pairs of another node and a subject for which the number of the last message is remembered.
    pub received_streams: u64,
    /// Other nodes that are present.
    pub nodes: u64,
    /// Rooms of all nodes that are known of.
    pub rooms: u64,
    /// What the rooms and members of other nodes count in [`Config::room_bytes`](super::Config::room_bytes).
    pub room_bytes: u64,
    /// Other nodes whose rooms are not all known: they are being asked for, or did not fit.
    pub nodes_behind: u64,
    /// Time between the last probe that came back and its return; zero if there was none.
    pub probe: Duration,
}

/// Messages that could not be read, by [kind](Defect).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Malformed([u64; Defect::ALL.len()]);

impl Malformed {
    /// Each kind with its count, in the order of [`Defect::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Defect, u64)> + '_ {
        Defect::ALL.iter().copied().zip(self.0)
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl Index<Defect> for Malformed {
    type Output = u64;

    fn index(&self, defect: Defect) -> &u64 {
        &self.0[defect as usize]
    }
}

impl IndexMut<Defect> for Malformed {
    fn index_mut(&mut self, defect: Defect) -> &mut u64 {
        &mut self.0[defect as usize]
    }
}

/// Why a message between nodes cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Defect {
    /// It is of another version of the format.
    Version,
    /// Its kind is unknown.
    Kind,
    /// It ends too early.
    Truncated,
    /// Bytes follow its end.
    Trailing,
    /// It, or a part of it, is longer than the config allows.
    Oversized,
    /// A part of it has a value that cannot be: a node id, a name that is not UTF-8, a number.
    Value,
    /// It came on a subject to which it does not belong.
    Misplaced,
}

impl Defect {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Version,
        Self::Kind,
        Self::Truncated,
        Self::Trailing,
        Self::Oversized,
        Self::Value,
        Self::Misplaced,
    ];

    /// A short stable name, for metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Kind => "kind",
            Self::Truncated => "truncated",
            Self::Trailing => "trailing",
            Self::Oversized => "oversized",
            Self::Value => "value",
            Self::Misplaced => "misplaced",
        }
    }
}
