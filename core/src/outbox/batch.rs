//! What the hub leases to the host for writing.

use crate::close::CloseCode;
use crate::frame::Frame;
use crate::id::{ClientId, Name};
use alloc::vec::Vec;
use bytes::Bytes;

/// Leases to be written. A host keeps one, passes it to each [transmit](crate::hub::Hub::transmit_ready), which adds leases to it,
/// and [clears](Self::clear) it when they are written: so nothing is allocated once it is warm, and no lease is lost.
///
/// Clients whose waiting frames are the same share a [run](Self::run): what a host flattens for the first of
/// them serves the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    pub(crate) leases: Vec<Lease>,
    /// Where each run ends in `items`.
    pub(crate) ends: Vec<u32>,
    pub(crate) items: Vec<Item>,
    /// For each item the publish that its frame came with, 0 for a control frame: what a trace hashes.
    pub(crate) sequences: Vec<u64>,
}

/// What one client's transport is to be given: a run of items, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Whose.
    pub client: ClientId,
    /// Which run of the batch.
    pub run: u32,
    /// Bytes at the start of the run's first item that have been written before.
    pub skip: u32,
    /// What follows when all of it is written.
    pub then: Then,
}

/// What follows when a lease is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Then {
    /// There may be more later.
    Continue,
    /// A close frame was the last of it: the host ends its sending direction, and reads on.
    EndSending,
}

/// One thing to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A message.
    Frame(Frame),
    /// A control frame, of which the codec makes bytes.
    Control(Control),
}

/// A control frame, named and not yet encoded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Control {
    /// A ping without payload.
    Ping,
    /// The pong that answers a ping, with its payload of at most 125 bytes.
    Pong(Bytes),
    /// The close frame.
    Close {
        /// Its code; `None` for a close frame without a body.
        code: Option<CloseCode>,
        /// Its reason, at most 123 bytes.
        reason: Option<Name>,
    },
}

impl Batch {
    /// One lease a client, in the order in which they should be written.
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

    /// For each item of a run, the [number](crate::Hub::sequence) of the publish that it came with; empty if there is no
    /// such run.
    #[must_use]
    pub fn sequences_of(&self, run: u32) -> &[u64] {
        let run = run as usize;
        let start = if run == 0 { Some(0) } else { self.ends.get(run - 1).copied() };
        let (Some(start), Some(&end)) = (start, self.ends.get(run)) else { return &[] };
        self.sequences.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Whether an item of the batch came with the publish of this [number](crate::Hub::sequence). O(items).
    #[must_use]
    pub fn has_publish(&self, sequence: u64) -> bool {
        self.sequences.contains(&sequence)
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leases.is_empty()
    }

    /// Lets go of the frames; keeps the memory.
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

    /// Bytes of its frame.
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
