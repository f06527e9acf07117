//! What waits to be published: in order, bounded in bytes.

use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The most messages, and about the most bytes, that are published at a time.
const BATCH: (usize, usize) = (256, 256 << 10);

/// What a message costs beside its bytes.
const OVERHEAD: usize = 128;

/// Which channel a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    New,
    Data,
    Gone,
}

impl Kind {
    /// The name in metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::New => "client-new",
            Self::Data => "client-data",
            Self::Gone => "client-gone",
        }
    }
}

/// A message for a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) channel: Bytes,
    pub(super) payload: Bytes,
}

impl Item {
    fn size(&self) -> usize {
        self.channel.len() + self.payload.len() + OVERHEAD
    }
}

/// The messages that wait. Those that are being published stay until Redis has answered.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    pushed: Notify,
    emptied: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    items: VecDeque<Item>,
    bytes: usize,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message, unless there would be more than `most` bytes: then it is dropped and counted.
    pub(super) fn push(&self, kind: Kind, channel: Bytes, payload: Bytes, most: u64) {
        let item = Item { kind, channel, payload };
        let size = item.size();
        let mut waiting = self.waiting();
        if (waiting.bytes + size) as u64 > most {
            drop(waiting);
            metrics::counter!("throng_wshub_publish_dropped_total", "channel" => kind.name()).increment(1);
            tracing::debug!(
                channel = kind.name(),
                "a message for the back end was dropped: the queue is full"
            );
            return;
        }
        waiting.bytes += size;
        waiting.items.push_back(item);
        metrics::gauge!("throng_wshub_queue_bytes").set(waiting.bytes as f64);
        drop(waiting);
        self.pushed.notify_one();
    }

    /// The oldest messages, as soon as there are any. They stay in the queue.
    pub(super) async fn oldest(&self) -> Vec<Item> {
        loop {
            let batch = self.batch();
            if !batch.is_empty() {
                return batch;
            }
            self.pushed.notified().await;
        }
    }

    fn batch(&self) -> Vec<Item> {
        let waiting = self.waiting();
        let mut bytes = 0;
        let fits = |item: &&Item| {
            let is_first = bytes == 0;
            bytes += item.size();
            is_first || bytes <= BATCH.1
        };
        waiting.items.iter().take(BATCH.0).take_while(fits).cloned().collect()
    }

    /// Redis has answered for the oldest messages.
    pub(super) fn confirm(&self, count: usize) {
        let mut waiting = self.waiting();
        for _ in 0..count {
            let size = waiting.items.pop_front().map_or(0, |item| item.size());
            waiting.bytes -= size;
        }
        metrics::gauge!("throng_wshub_queue_bytes").set(waiting.bytes as f64);
        let is_empty = waiting.items.is_empty();
        drop(waiting);
        if is_empty {
            self.emptied.notify_waiters();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting().items.len()
    }

    /// Ready when nothing waits.
    pub(super) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.len() == 0 {
                return;
            }
            emptied.await;
        }
    }
}
