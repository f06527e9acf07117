//! The leases that the hub gives to the host for writing.

use super::written::{Progress, Transport, Written};
use crate::close::CloseCode;
use crate::frame::Frame;
use crate::id::{ClientId, ConnectionId, Name};
use alloc::vec::Vec;
use bytes::Bytes;

/// Leases to be written. A host keeps a batch, passes it to each [transmit](crate::hub::Hub::transmit_ready), which adds leases to it,
/// and [clears](Self::clear) it when they are written: so nothing is allocated once it is warm, and no lease is lost.
///
/// Clients whose waiting frames are the same share a [run](Self::run): what a host flattens for the first of
/// them serves the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    pub(crate) leases: Vec<Lease>,
    /// The end of each run in `items`.
    pub(crate) ends: Vec<u32>,
    pub(crate) items: Vec<Item>,
    /// The sequence number of each item's publish, 0 for a control frame. A trace hashes it.
    pub(crate) sequences: Vec<u64>,
}

/// The lease of one client: a run of items to write in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The connection to write to.
    pub connection: ConnectionId,
    /// Its client, whose messages they are.
    pub client: ClientId,
    /// The number of the run in the batch.
    pub run: u32,
    /// How many of the run's first items the transport has begun: more than one only if it reported that
    /// ([`Progress::Part`]).
    pub begun: u32,
    /// The bytes of the begun items that were already written, as it reported them; 0 if none are begun.
    pub skip: u32,
    /// What the host does after the whole lease is written.
    pub then: Then,
}

impl Lease {
    /// The host's report about this lease, for [`Event::Transmitted`](crate::hub::Event::Transmitted).
    #[must_use]
    pub const fn written(&self, progress: Progress, transport: Transport) -> Written {
        Written { connection: self.connection, client: self.client, progress, transport }
    }
}

/// What the host does after a whole lease is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Then {
    /// Nothing; more leases may follow.
    Continue,
    /// The lease ended with a close frame: the host shuts down its sending direction, and reads on.
    EndSending,
}

/// An item to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A message.
    Frame(Frame),
    /// A control frame, which the codec encodes.
    Control(Control),
}

/// A control frame that is not encoded yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Control {
    /// A ping without payload.
    Ping,
    /// The pong that answers a ping, with its payload of at most 125 bytes.
    Pong(Bytes),
    /// The close frame.
    Close {
        /// The code; `None` for a close frame without a body.
        code: Option<CloseCode>,
        /// The reason, at most 123 bytes.
        reason: Option<Name>,
    },
}

impl Batch {
    /// The leases, one for each client, in the order in which to write them.
    #[must_use]
    pub fn leases(&self) -> &[Lease] {
        &self.leases
    }

    /// The items of a run; empty if there is no such run.
    #[must_use]
    pub fn run(&self, run: u32) -> &[Item] {
        let run = run as usize;
        let Some(&end) = self.ends.get(run) else { return &[] };
        let start = if run == 0 { 0 } else { self.ends[run - 1] };
        &self.items[start as usize..end as usize]
    }

    /// The [sequence number](crate::Hub::sequence) of each item's publish, for the items of a run; empty if there is no
    /// such run.
    #[must_use]
    pub fn sequences_of(&self, run: u32) -> &[u64] {
        let run = run as usize;
        let start = if run == 0 { Some(0) } else { self.ends.get(run - 1).copied() };
        let (Some(start), Some(&end)) = (start, self.ends.get(run)) else { return &[] };
        self.sequences.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Whether an item of the batch came with the publish of this [sequence number](crate::Hub::sequence). O(items).
    #[must_use]
    pub fn has_publish(&self, sequence: u64) -> bool {
        self.sequences.contains(&sequence)
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leases.is_empty()
    }

    /// Drops all leases and frames, and keeps the memory.
    pub fn clear(&mut self) {
        if self.leases.is_empty() {
            return;
        }
        self.leases.clear();
        self.ends.clear();
        self.items.clear();
        self.sequences.clear();
    }
}

impl Control {
    /// Whether it is a close frame.
    #[must_use]
    pub const fn is_close(&self) -> bool {
        matches!(self, Self::Close { .. })
    }

    /// The length of the encoded frame in bytes.
    pub(crate) fn size(&self) -> u32 {
        const HEAD: u32 = 2;
        match self {
            Self::Ping => HEAD,
            Self::Pong(payload) => HEAD + payload.len() as u32,
            Self::Close { code, reason } => {
                let reason = reason.as_ref().map_or(0, |reason| reason.len() as u32);
                HEAD + if code.is_some() { 2 + reason } else { 0 }
            }
        }
    }
}
