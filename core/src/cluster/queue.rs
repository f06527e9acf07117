//! What waits for the broker, in bounded bytes.

use super::config::Config;
use super::subject::Subject;
use super::traffic::Command;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::Bytes;

/// Messages in their order, and those of the batch that is on its way. Both count in the bound: what is on its way comes back if the link
/// fails.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Queued>,
    on_its_way: Vec<Queued>,
    bytes: u64,
    limit: u64,
}

#[derive(Debug)]
struct Queued {
    subject: Subject,
    /// The head of the message; the whole message once it was in a batch.
    head: Bytes,
    /// Shares the memory of what is published on this node; empty once it was in a batch.
    payload: Bytes,
    /// What it counts.
    size: u64,
    /// What counts if it is dropped: the bytes of its payload; nothing of a tail.
    relayed: Option<u64>,
}

impl Queue {
    pub(super) const fn new(limit: u32) -> Self {
        Self { waiting: VecDeque::new(), on_its_way: Vec::new(), bytes: 0, limit: limit as u64 }
    }

    /// Whether a message of this head and payload fits. O(1).
    pub(super) fn fits(&self, head: usize, payload: usize) -> bool {
        self.bytes + Self::size(head, payload) <= self.limit
    }

    const fn size(head: usize, payload: usize) -> u64 {
        head as u64 + payload as u64 + Config::OVERHEAD as u64
    }

    /// Appends a message that [fits](Self::fits). O(1).
    pub(super) fn push(&mut self, subject: Subject, head: Vec<u8>, payload: Bytes) {
        let relayed = Some(payload.len() as u64);
        self.append(subject, head, payload, relayed);
    }

    /// Appends a tail, which may exceed the bound once. O(1).
    pub(super) fn push_tail(&mut self, subject: Subject, head: Vec<u8>) {
        self.append(subject, head, Bytes::new(), None);
    }

    fn append(&mut self, subject: Subject, head: Vec<u8>, payload: Bytes, relayed: Option<u64>) {
        let size = Self::size(head.len(), payload.len());
        self.bytes += size;
        self.waiting.push_back(Queued { subject, head: head.into(), payload, size, relayed });
    }

    /// Moves messages into a batch, until it has `max_bytes` of payloads or `most` commands. O(bytes moved).
    pub(super) fn take(&mut self, mut max_bytes: usize, most: usize, commands: &mut Vec<Command>) {
        while commands.len() < most
            && let Some(mut queued) = self.waiting.pop_front()
        {
            let length = queued.head.len() + queued.payload.len();
            if length > max_bytes && !commands.is_empty() {
                self.waiting.push_front(queued);
                return;
            }
            max_bytes = max_bytes.saturating_sub(length);
            queued.join();
            commands.push(Command::Publish { subject: queued.subject.clone(), payload: queued.head.clone() });
            self.on_its_way.push(queued);
        }
    }

    /// The batch was taken. O(batch).
    pub(super) fn sent(&mut self) {
        for queued in self.on_its_way.drain(..) {
            self.bytes -= queued.size;
        }
    }

    /// The batch may not have been taken: it goes first again. O(batch).
    pub(super) fn back(&mut self) {
        while let Some(queued) = self.on_its_way.pop() {
            self.waiting.push_front(queued);
        }
    }

    /// Drops everything; returns how many messages there were, and the bytes of their payloads. O(messages).
    pub(super) fn clear(&mut self) -> (u64, u64) {
        self.bytes = 0;
        let all = self.waiting.drain(..).chain(self.on_its_way.drain(..));
        let relayed = all.filter_map(|queued| queued.relayed);
        relayed.fold((0, 0), |(messages, bytes), payload| (messages + 1, bytes + payload))
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(super) fn len(&self) -> u64 {
        (self.waiting.len() + self.on_its_way.len()) as u64
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let sum: u64 = self.waiting.iter().chain(&self.on_its_way).map(|queued| queued.size).sum();
        if sum == self.bytes { Ok(()) } else { Err("the bytes of the queue are the sum of its messages") }
    }
}

impl Queued {
    /// Copies the payload behind the head. Only now: until then it is the memory of what was published on this node, so that what
    /// waits, or is dropped, costs only its head; and a message goes out once, in one piece, as brokers' protocols frame it.
    fn join(&mut self) {
        if !self.payload.is_empty() {
            let mut whole = Vec::with_capacity(self.head.len() + self.payload.len());
            whole.extend_from_slice(&self.head);
            whole.extend_from_slice(&core::mem::take(&mut self.payload));
            self.head = whole.into();
        }
    }
}
