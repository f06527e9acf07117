//! What clients have used of the rate of outbound messages.
//!
//! A lease checks the client's bucket, and the messages written are debited from it. A client with an empty bucket is
//! *paced*: it is in no ready list until the hub's timer or a control frame makes it ready again. Without a rate all of
//! this is skipped.

use crate::rate::{Bucket, Rate};
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The rate, and the bucket of each client.
#[derive(Clone, Debug)]
pub(crate) struct Pacing {
    pub(super) rate: Rate,
    /// Buckets by index; a client beyond the end has a full one.
    pub(super) buckets: Vec<Bucket>,
}

impl Pacing {
    pub(super) fn new(rate: Option<Rate>) -> Option<Box<Self>> {
        rate.map(|rate| Box::new(Self { rate, buckets: Vec::new() }))
    }

    /// The bucket of a client.
    pub(super) fn bucket(&self, index: u32) -> Bucket {
        self.buckets.get(index as usize).copied().unwrap_or_default()
    }

    pub(super) fn set_bucket(&mut self, index: u32, bucket: Bucket) {
        let index = index as usize;
        if self.buckets.len() <= index {
            self.buckets.resize(index + 1, Bucket::new());
        }
        self.buckets[index] = bucket;
    }

    /// Debits messages that were written.
    pub(super) fn take(&mut self, index: u32, now: Instant, messages: u32) {
        if messages > 0 {
            let mut bucket = self.bucket(index);
            bucket.take(&self.rate, now, messages);
            self.set_bucket(index, bucket);
        }
    }

    /// Fills the bucket for the next connection of this index.
    pub(super) fn forget(&mut self, index: u32) {
        if let Some(bucket) = self.buckets.get_mut(index as usize) {
            *bucket = Bucket::new();
        }
    }

    /// When the next message may be written to a client.
    pub(super) fn next_at(&self, index: u32) -> Instant {
        self.bucket(index).conforms(&self.rate, Instant::ORIGIN, 1).err().unwrap_or(Instant::ORIGIN)
    }
}
