//! The handles of wires: the hub's end of each, and all that peers do.

use crate::host::transport::{Reader, Writer};
use crate::simulation::engine::basics::lock;
use crate::simulation::engine::clock::Clock;
use crate::simulation::engine::network::pipe::End;
use crate::simulation::engine::network::wires::{Answers, Kind, NetworkConditions, Wires};
use crate::simulation::engine::schedule::Due;
use fastrand::Rng;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// All wires. The hub has one end of each, a [`WireReader`] and a [`WireWriter`]; a peer reaches the other end by its number.
pub struct Network<T>(Arc<Mutex<Wires<T>>>);

impl<T> Clone for Network<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What the hub reads from.
pub struct WireReader<T: Ord> {
    network: Network<T>,
    wire: usize,
    answers: Answers,
}

/// What the hub writes to.
pub struct WireWriter<T: Ord> {
    network: Network<T>,
    wire: usize,
}

impl<T: Ord> Network<T> {
    /// Without a wire. The random numbers decide latencies and cuts.
    #[must_use]
    pub fn new(clock: Arc<Clock>, conditions: NetworkConditions, rng: Rng) -> Self {
        Self(Arc::new(Mutex::new(Wires::new(clock, conditions, rng))))
    }

    /// A wire: its number, and the hub's end of it.
    #[must_use]
    pub fn open(&self, kind: Kind) -> (usize, WireReader<T>, Arc<WireWriter<T>>) {
        let answers = kind.answers;
        let wire = lock(&self.0).open(kind);
        let reader = WireReader { network: self.clone(), wire, answers };
        (wire, reader, Arc::new(WireWriter { network: self.clone(), wire }))
    }

    /// Something of the simulation's own is due at that moment.
    pub fn put(&self, at: u64, due: T) {
        lock(&self.0).schedule.put(at, Due::Own(due));
    }

    /// When the next thing is due.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        lock(&self.0).schedule.next()
    }

    /// What is due by now.
    #[must_use]
    pub fn pop(&self) -> Option<Due<T>> {
        let wires = &mut *lock(&self.0);
        wires.schedule.pop(wires.clock.now())
    }

    /// The network behaves like this from now on.
    pub fn set_conditions(&self, conditions: NetworkConditions) {
        lock(&self.0).conditions = conditions;
    }

    /// What no host may see the hub do.
    #[must_use]
    pub fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0).violations)
    }

    /// Bytes arrive at the hub's end.
    pub fn arrive_at_hub(&self, wire: usize) {
        let wakers = lock(&self.0).arrive_at_hub(wire);
        wake(wakers);
    }

    /// Bytes arrive at the peer's end, where it may [read](Self::read) them.
    pub fn arrive_at_peer(&self, wire: usize) {
        lock(&self.0).arrive_at_peer(wire);
    }

    /// The hub's end may read again.
    pub fn wake_reader(&self, wire: usize) {
        let waker = lock(&self.0).take_reader(wire);
        wake([waker]);
    }

    /// The hub's end may write again.
    pub fn wake_writer(&self, wire: usize) {
        let waker = lock(&self.0).take_writer(wire);
        wake([waker]);
    }

    /// The peer reads at most so many bytes, and hears how the direction ended once there are no more.
    #[must_use]
    pub fn read(&self, wire: usize, most: usize) -> (Vec<u8>, Option<End>) {
        let (bytes, end, waker) = lock(&self.0).read(wire, most);
        wake([waker]);
        (bytes, end)
    }

    /// Bytes that a peer may read.
    #[must_use]
    pub fn unread_by_peer(&self, wire: usize) -> usize {
        lock(&self.0).unread_by_peer(wire)
    }

    /// The peer sends what fits.
    pub fn send(&self, wire: usize, bytes: &mut VecDeque<u8>) {
        lock(&self.0).send(wire, bytes);
    }

    /// The peer ends its direction: it finishes or resets it, or is gone.
    pub fn end(&self, wire: usize, end: End) {
        lock(&self.0).end(wire, end);
    }

    /// The peer is there no more, and nobody says so.
    pub fn vanish(&self, wire: usize) {
        lock(&self.0).vanish(wire);
    }

    /// Whether nothing that was sent is still on its way.
    #[must_use]
    pub fn is_quiet(&self, wire: usize) -> bool {
        lock(&self.0).is_quiet(wire)
    }

    /// Wires that the hub has not let go.
    #[must_use]
    pub fn held_by_hub(&self) -> usize {
        lock(&self.0).held_by_hub()
    }
}

impl<T: Ord + Send + 'static> Reader for WireReader<T> {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        lock(&self.network.0).poll_read(self.wire, cx, into)
    }

    fn can_write(&self) -> bool {
        self.answers == Answers::AtOnce
    }

    fn try_write(&self, bytes: &[u8]) -> Option<usize> {
        lock(&self.network.0).try_write(self.wire, bytes)
    }
}

impl<T: Ord + Send + 'static> Writer for WireWriter<T> {
    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        lock(&self.network.0).poll_write(self.wire, cx, bytes)
    }

    fn poll_write_vectored(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut wires = lock(&self.network.0);
        // No more is copied than will be taken.
        let room = wires.room(self.wire).max(1);
        let mut bytes = Vec::new();
        for slice in slices {
            bytes.extend_from_slice(&slice[..slice.len().min(room - bytes.len())]);
        }
        wires.poll_write(self.wire, cx, &bytes)
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.network.0).poll_flush(self.wire, cx)
    }

    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.network.0).poll_shutdown(self.wire, cx)
    }
}

impl<T: Ord> Drop for WireReader<T> {
    fn drop(&mut self) {
        lock(&self.network.0).let_go(self.wire);
    }
}

impl<T: Ord> Drop for WireWriter<T> {
    fn drop(&mut self) {
        lock(&self.network.0).let_go(self.wire);
    }
}

fn wake<const N: usize>(wakers: [Option<Waker>; N]) {
    wakers.into_iter().flatten().for_each(Waker::wake);
}
