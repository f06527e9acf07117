//! A broker within one process.

use super::broker::{Broker, BrokerError, Receiver, Sender};
use crate::state::sync::{Mutex, MutexGuard};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::poll_fn;
use core::mem::size_of;
use core::task::{Context, Poll, Waker};
use std::sync::PoisonError;
use throng_core::cluster::{Command, Delivery, Subject};

/// What the queue of a link may hold by default, in bytes: 64 MiB.
const QUEUE_BYTES: usize = 64 << 20;
/// What one [`MemoryReceiver::receive`] takes at most.
const BATCH: usize = 256;

/// A broker within one process, for several hubs in it and for tests. It works with any runtime, starts no task, and keeps nothing
/// on disk.
///
/// Clones are the same broker: give one to each hub.
///
/// Guarantees:
///
/// | | |
/// | --- | --- |
/// | order | messages of all nodes to all subjects arrive at each link in the order in which the broker accepted them |
/// | loss | only if a node does not take its messages: its queue is bounded ([`queue_bytes`](Self::queue_bytes)), and a message that does not fit is dropped and told ([`Delivery::Dropped`]) |
/// | duplicates | none |
/// | own messages | arrive, if the link is subscribed to their subject |
/// | size | a message may have any size that fits the queues |
///
/// Costs: sending a batch takes one lock of the broker for the batch, and one of the queue of each subscriber for each message, whose
/// subscribers are found in O(log subjects); receiving takes the queue's lock alone. A payload is never copied.
#[derive(Clone)]
pub struct Memory {
    bus: Arc<Bus>,
    queue_bytes: usize,
}

struct Bus {
    table: Mutex<Table>,
}

/// Which links there are, and which of them have subscribed to what.
#[derive(Default)]
struct Table {
    next: u64,
    is_stopped: bool,
    links: BTreeMap<u64, Link>,
    subjects: BTreeMap<Subject, Vec<(u64, Arc<Queue>)>>,
}

struct Link {
    queue: Arc<Queue>,
    subjects: BTreeSet<Subject>,
}

/// What a link has not taken yet. Its lock is taken below that of the table, never the other way round.
struct Queue {
    held: Mutex<Held>,
}

struct Held {
    deliveries: VecDeque<Delivery>,
    /// Cost of the messages among them, in bytes.
    message_bytes: usize,
    /// Cost of the confirmations among them, in bytes: they have a bound of their own, because they cannot be dropped.
    confirmation_bytes: usize,
    limit: usize,
    dropped: u64,
    broken: Option<BrokerError>,
    waker: Option<Waker>,
}

impl Memory {
    /// A broker without links.
    #[must_use]
    pub fn new() -> Self {
        Self { bus: Arc::new(Bus { table: Mutex::new(Table::default()) }), queue_bytes: QUEUE_BYTES }
    }

    /// Limits what each link that this value opens holds for a node that does not take it, in bytes (default: 64 MiB). A message
    /// counts with its payload, its subject and the place in the queue; its payload is shared with the other links.
    #[must_use]
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes;
        self
    }

    /// Breaks all links, as if the broker had restarted: their halves fail, and their queues are lost. New links can be opened at once.
    ///
    /// For tests. O(links + subscriptions).
    pub fn cut(&self) {
        self.break_links("the link to the broker in memory was cut");
    }

    /// Breaks all links, and refuses new ones until [`start`](Self::start), as if the broker's process had ended.
    ///
    /// For tests. O(links + subscriptions).
    pub fn stop(&self) {
        self.bus.table().is_stopped = true;
        self.break_links("the broker in memory was stopped");
    }

    /// Admits links again after [`stop`](Self::stop).
    pub fn start(&self) {
        self.bus.table().is_stopped = false;
    }

    /// How many links are open.
    #[must_use]
    pub fn links(&self) -> usize {
        self.bus.table().links.len()
    }

    /// How many subjects have subscribers.
    #[cfg(test)]
    pub(crate) fn subjects(&self) -> usize {
        self.bus.table().subjects.len()
    }

    fn break_links(&self, why: &str) {
        let links = {
            let mut table = self.bus.table();
            table.subjects.clear();
            core::mem::take(&mut table.links)
        };
        for link in links.into_values() {
            link.queue.break_with(BrokerError::new(why));
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("links", &self.links()).finish_non_exhaustive()
    }
}

impl Broker for Memory {
    type Sender = MemorySender;
    type Receiver = MemoryReceiver;

    async fn connect(&self) -> Result<(MemorySender, MemoryReceiver), BrokerError> {
        let mut table = self.bus.table();
        if table.is_stopped {
            return Err(BrokerError::new(
                "the broker in memory is stopped: Memory::start admits links again",
            ));
        }
        let queue = Arc::new(Queue::new(self.queue_bytes));
        let id = table.next;
        table.next += 1;
        table.links.insert(id, Link { queue: Arc::clone(&queue), subjects: BTreeSet::new() });
        drop(table);
        let end = |half| End { bus: Arc::clone(&self.bus), queue: Arc::clone(&queue), id, half };
        Ok((MemorySender(end("sending")), MemoryReceiver(end("receiving"))))
    }

    fn name(&self) -> &'static str {
        "memory"
    }
}

/// Either half of a link. When one is dropped, the other fails.
struct End {
    bus: Arc<Bus>,
    queue: Arc<Queue>,
    id: u64,
    half: &'static str,
}

impl Drop for End {
    fn drop(&mut self) {
        self.bus.table().remove(self.id);
        let half = self.half;
        self.queue.break_with(BrokerError::new(format_args!("the {half} half of the link was dropped")));
    }
}

/// The half of a link to [`Memory`] that sends. It never waits.
pub struct MemorySender(End);

impl Sender for MemorySender {
    async fn send(&mut self, commands: &mut Vec<Command>) -> Result<(), BrokerError> {
        let mut woken = Vec::new();
        let sent = self.0.bus.table().carry_out(self.0.id, &self.0.queue, commands, &mut woken);
        // After the locks: a waker is the runtime's code.
        woken.into_iter().for_each(Waker::wake);
        sent
    }
}

impl fmt::Debug for MemorySender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySender").field("link", &self.0.id).finish_non_exhaustive()
    }
}

/// The half of a link to [`Memory`] that receives. One `receive` takes at most 256 deliveries.
pub struct MemoryReceiver(End);

impl Receiver for MemoryReceiver {
    async fn receive(&mut self, into: &mut Vec<Delivery>) -> Result<(), BrokerError> {
        poll_fn(|context| self.0.queue.poll_take(context, into)).await
    }
}

impl fmt::Debug for MemoryReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReceiver").field("link", &self.0.id).finish_non_exhaustive()
    }
}

impl Bus {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn carry_out(
        &mut self,
        id: u64,
        own: &Arc<Queue>,
        commands: &mut Vec<Command>,
        woken: &mut Vec<Waker>,
    ) -> Result<(), BrokerError> {
        // It was cut, or its other half is gone.
        if !self.links.contains_key(&id) {
            return Err(own.held().broken.clone().unwrap_or_else(|| BrokerError::new("the link was closed")));
        }
        for command in commands.drain(..) {
            match command {
                Command::Subscribe(subject) => {
                    self.subscribe(id, own, &subject);
                    woken.extend(own.confirm(subject)?);
                }
                Command::Unsubscribe(subject) => self.unsubscribe(id, &subject),
                Command::Publish { subject, payload } => {
                    for (_, queue) in self.subjects.get(&subject).into_iter().flatten() {
                        let (subject, payload) = (subject.clone(), payload.clone());
                        woken.extend(queue.push(Delivery::Message { subject, payload }));
                    }
                }
            }
        }
        Ok(())
    }

    fn subscribe(&mut self, id: u64, own: &Arc<Queue>, subject: &Subject) {
        let Some(link) = self.links.get_mut(&id) else { return };
        if link.subjects.insert(subject.clone()) {
            self.subjects.entry(subject.clone()).or_default().push((id, Arc::clone(own)));
        }
    }

    fn unsubscribe(&mut self, id: u64, subject: &Subject) {
        if self.links.get_mut(&id).is_some_and(|link| link.subjects.remove(subject)) {
            self.forget(id, subject);
        }
    }

    fn remove(&mut self, id: u64) {
        if let Some(link) = self.links.remove(&id) {
            for subject in &link.subjects {
                self.forget(id, subject);
            }
        }
    }

    fn forget(&mut self, id: u64, subject: &Subject) {
        if let Some(subscribers) = self.subjects.get_mut(subject) {
            subscribers.retain(|(other, _)| *other != id);
            if subscribers.is_empty() {
                self.subjects.remove(subject);
            }
        }
    }
}

impl Queue {
    fn new(limit: usize) -> Self {
        let held = Held {
            deliveries: VecDeque::new(),
            message_bytes: 0,
            confirmation_bytes: 0,
            limit,
            dropped: 0,
            broken: None,
            waker: None,
        };
        Self { held: Mutex::new(held) }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message, or counts it as dropped. Returns who waits for it.
    fn push(&self, message: Delivery) -> Option<Waker> {
        let mut held = self.held();
        let bytes = cost(&message);
        if held.message_bytes.saturating_add(bytes) > held.limit {
            held.dropped += 1;
        } else {
            held.message_bytes += bytes;
            held.deliveries.push_back(message);
        }
        held.waker.take()
    }

    /// Queues a confirmation. Returns who waits for it.
    fn confirm(&self, subject: Subject) -> Result<Option<Waker>, BrokerError> {
        let mut held = self.held();
        let confirmation = Delivery::Subscribed(subject);
        let (bytes, limit) = (cost(&confirmation), held.limit);
        if held.confirmation_bytes.saturating_add(bytes) > limit {
            return Err(BrokerError::new(format_args!(
                "more than {limit} bytes of confirmed subscriptions were not received: raise Memory::queue_bytes, or subscribe in smaller batches"
            )));
        }
        held.confirmation_bytes += bytes;
        held.deliveries.push_back(confirmation);
        Ok(held.waker.take())
    }

    /// Loses what the queue holds, and fails its link. The first reason stays.
    fn break_with(&self, why: BrokerError) {
        let (lost, waker) = {
            let mut held = self.held();
            held.broken.get_or_insert(why);
            (core::mem::take(&mut held.deliveries), held.waker.take())
        };
        // After the lock: a waker is the runtime's code.
        drop(lost);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll_take(&self, context: &Context<'_>, into: &mut Vec<Delivery>) -> Poll<Result<(), BrokerError>> {
        let mut held = self.held();
        if let Some(why) = &held.broken {
            return Poll::Ready(Err(why.clone()));
        }
        let dropped = core::mem::take(&mut held.dropped);
        if dropped > 0 {
            into.push(Delivery::Dropped { messages: dropped });
        }
        let count = held.deliveries.len().min(BATCH);
        for _ in 0..count {
            let Some(delivery) = held.deliveries.pop_front() else { break };
            let bytes = cost(&delivery);
            match delivery {
                Delivery::Subscribed(_) => held.confirmation_bytes -= bytes,
                _ => held.message_bytes -= bytes,
            }
            into.push(delivery);
        }
        if count == 0 && dropped == 0 {
            held.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

/// What a delivery counts in a queue, in bytes.
fn cost(delivery: &Delivery) -> usize {
    size_of::<Delivery>()
        + match delivery {
            Delivery::Subscribed(subject) => subject.as_str().len(),
            Delivery::Message { subject, payload } => subject.as_str().len() + payload.len(),
            Delivery::Dropped { .. } => 0,
        }
}
