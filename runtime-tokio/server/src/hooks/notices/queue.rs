//! The notices that wait: in order, bounded in bytes.

use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// The most notices, and about the most bytes, of one delivery.
const BATCH: (usize, usize) = (256, 256 << 10);

/// What a notice costs beside its bytes.
const OVERHEAD: usize = 64;

/// The notices that wait. Those that are being delivered stay until it is known what has become of them.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    pushed: Notify,
    emptied: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    notices: VecDeque<(Bytes, Instant)>,
    bytes: usize,
    /// Notices that were lost, and of which the back end does not know it.
    lost: u64,
}

/// The oldest notices.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) notices: Vec<Bytes>,
    /// When the oldest one was noted.
    pub(super) noted: Instant,
    /// How many were lost since the last delivery that the back end took.
    pub(super) lost: u64,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a notice, unless there would be more than `most` bytes: then it is lost. Returns whether it was added.
    pub(super) fn push(&self, notice: Bytes, most: u64) -> bool {
        let size = notice.len() + OVERHEAD;
        let mut waiting = self.waiting();
        if (waiting.bytes + size) as u64 > most {
            waiting.lost += 1;
            return false;
        }
        waiting.bytes += size;
        waiting.notices.push_back((notice, Instant::now()));
        metrics::gauge!("throng_hooks_queue_bytes").set(waiting.bytes as f64);
        drop(waiting);
        self.pushed.notify_one();
        true
    }

    /// The oldest notices, as soon as there are any. They stay in the queue.
    pub(super) async fn oldest(&self) -> Batch {
        loop {
            if let Some(batch) = self.batch() {
                return batch;
            }
            self.pushed.notified().await;
        }
    }

    fn batch(&self) -> Option<Batch> {
        let waiting = self.waiting();
        let (_, noted) = waiting.notices.front()?;
        let mut bytes = 0;
        let fits = |(notice, _): &&(Bytes, Instant)| {
            let is_first = bytes == 0;
            bytes += notice.len() + OVERHEAD;
            is_first || bytes <= BATCH.1
        };
        let notices = waiting.notices.iter().take(BATCH.0).take_while(fits).map(|(notice, _)| notice.clone());
        Some(Batch { notices: notices.collect(), noted: *noted, lost: waiting.lost })
    }

    /// The back end has taken these oldest notices, and knows of the lost ones before them.
    pub(super) fn delivered(&self, batch: &Batch) {
        self.remove(batch, |lost| lost.saturating_sub(batch.lost));
    }

    /// These oldest notices are lost.
    pub(super) fn give_up(&self, batch: &Batch) {
        self.remove(batch, |lost| lost.saturating_add(batch.notices.len() as u64));
    }

    fn remove(&self, batch: &Batch, lost: impl FnOnce(u64) -> u64) {
        let mut waiting = self.waiting();
        for _ in 0..batch.notices.len() {
            let size = waiting.notices.pop_front().map_or(0, |(notice, _)| notice.len() + OVERHEAD);
            waiting.bytes = waiting.bytes.saturating_sub(size);
        }
        waiting.lost = lost(waiting.lost);
        metrics::gauge!("throng_hooks_queue_bytes").set(waiting.bytes as f64);
        let is_empty = waiting.notices.is_empty();
        drop(waiting);
        if is_empty {
            self.emptied.notify_waiters();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting().notices.len()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(batch: &Batch) -> Vec<&str> {
        batch.notices.iter().map(|notice| std::str::from_utf8(notice).unwrap()).collect()
    }

    #[test]
    fn notices_come_in_order_and_what_does_not_fit_is_lost_and_told() {
        let queue = Queue::default();
        assert!(queue.batch().is_none());
        let size = (1 + OVERHEAD) as u64;
        assert!(queue.push("a".into(), 2 * size));
        assert!(queue.push("b".into(), 2 * size));
        assert!(!queue.push("c".into(), 2 * size));
        let first = queue.batch().unwrap();
        assert_eq!((texts(&first), first.lost), (vec!["a", "b"], 1));
        // Lost while the first delivery is on its way: the next one tells of it.
        assert!(!queue.push("d".into(), 2 * size));
        queue.delivered(&first);
        assert!(queue.push("e".into(), 2 * size));
        let second = queue.batch().unwrap();
        assert_eq!((texts(&second), second.lost), (vec!["e"], 1));
        queue.give_up(&second);
        assert_eq!(queue.len(), 0);
        assert!(queue.push("f".into(), 2 * size));
        assert_eq!(queue.batch().unwrap().lost, 2);
    }

    #[test]
    fn a_delivery_is_bounded_in_notices_and_bytes() {
        let queue = Queue::default();
        for _ in 0..2 * BATCH.0 {
            assert!(queue.push("a".into(), u64::MAX));
        }
        assert_eq!(queue.batch().unwrap().notices.len(), BATCH.0);
        let queue = Queue::default();
        for _ in 0..3 {
            assert!(queue.push(vec![b'a'; BATCH.1 / 2 - OVERHEAD].into(), u64::MAX));
        }
        assert_eq!(queue.batch().unwrap().notices.len(), 2);
        let queue = Queue::default();
        assert!(queue.push(vec![b'a'; 2 * BATCH.1].into(), u64::MAX));
        assert_eq!(queue.batch().unwrap().notices.len(), 1, "one is delivered whatever its size");
    }
}
