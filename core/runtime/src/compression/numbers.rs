//! Counters of compression.

use core::sync::atomic::{AtomicU64, Ordering};
use throng_core::websocket::{Message, ProtocolError};

/// Counters of compression: [`Hub::compression_stats`](crate::Hub::compression_stats). Connections that keep a context
/// compress on their own and are not counted in the messages and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CompressionStats {
    /// Open clients that accept shared deflated frames.
    pub takers: u32,
    /// Connections that keep a context.
    pub keepers: u32,
    /// Messages deflated, each once for all its recipients.
    pub deflated: u64,
    /// Messages that were not sent deflated because they would not have become shorter.
    pub incompressible: u64,
    /// Bytes of deflated messages before compression.
    pub deflated_from: u64,
    /// Bytes of deflated messages after compression.
    pub deflated_to: u64,
    /// Deflated messages received.
    pub inflated: u64,
    /// Bytes of these messages as received.
    pub inflated_from: u64,
    /// Bytes of these messages after inflation.
    pub inflated_to: u64,
}

#[derive(Debug, Default)]
pub(super) struct Numbers {
    deflated: AtomicU64,
    incompressible: AtomicU64,
    deflated_from: AtomicU64,
    deflated_to: AtomicU64,
    inflated: AtomicU64,
    inflated_from: AtomicU64,
    inflated_to: AtomicU64,
}

impl Numbers {
    pub(super) fn count_deflated(&self, from: usize, to: Option<usize>) {
        let Some(to) = to else { return add(&self.incompressible, 1) };
        add(&self.deflated, 1);
        add(&self.deflated_from, from);
        add(&self.deflated_to, to);
    }

    pub(super) fn count_inflated(&self, from: usize, inflated: &Result<Message, ProtocolError>) {
        let Ok(message) = inflated else { return };
        add(&self.inflated, 1);
        add(&self.inflated_from, from);
        add(&self.inflated_to, message.len());
    }

    pub(super) fn stats(&self) -> CompressionStats {
        let get = |number: &AtomicU64| number.load(Ordering::Relaxed);
        CompressionStats {
            takers: 0,
            keepers: 0,
            deflated: get(&self.deflated),
            incompressible: get(&self.incompressible),
            deflated_from: get(&self.deflated_from),
            deflated_to: get(&self.deflated_to),
            inflated: get(&self.inflated),
            inflated_from: get(&self.inflated_from),
            inflated_to: get(&self.inflated_to),
        }
    }
}

fn add(number: &AtomicU64, more: usize) {
    number.fetch_add(more as u64, Ordering::Relaxed);
}
