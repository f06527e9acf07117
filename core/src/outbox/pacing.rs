//! Clients that are written to no faster than a rate.
//!
//! A client's bucket is asked when its queue is leased, and debited by what was written. One whose bucket is empty is
//! *paced*: it is in no ready list until the hub's timer, or a control frame, makes it ready again. Nothing of that is
//! looked at where there is no rate.

use crate::rate::{Bucket, Rate};
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A rate, and what each client has used of it.
#[derive(Clone, Debug)]
pub(crate) struct Pacing {
    pub(super) rate: Rate,
    /// As far as anybody was written to; whoever is beyond has a full one.
    pub(super) buckets: Vec<Bucket>,
}

impl Pacing {
    pub(super) fn new(rate: Option<Rate>) -> Option<Box<Self>> {
        rate.map(|rate| Box::new(Self { rate, buckets: Vec::new() }))
    }

    /// What a client has used.
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

    /// So many messages were written.
    pub(super) fn take(&mut self, index: u32, now: Instant, messages: u32) {
        if messages > 0 {
            let mut bucket = self.bucket(index);
            bucket.take(&self.rate, now, messages);
            self.set_bucket(index, bucket);
        }
    }

    /// The next connection of this index begins with a full bucket.
    pub(super) fn forget(&mut self, index: u32) {
        if let Some(bucket) = self.buckets.get_mut(index as usize) {
            *bucket = Bucket::new();
        }
    }

    /// The first moment at which a message may be written to a client.
    pub(super) fn next_at(&self, index: u32) -> Instant {
        self.bucket(index).conforms(&self.rate, Instant::ORIGIN, 1).err().unwrap_or(Instant::ORIGIN)
    }
}
