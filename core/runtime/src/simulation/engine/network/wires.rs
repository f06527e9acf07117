//! All wires: latency, any cut of what is read and written, full buffers, resets, half-open connections.
//!
//! A wire has two directions. As with TCP, an end that is dropped while it has unread input resets the wire, and what was
//! on its way to the peer is lost.

use crate::simulation::engine::basics::chance;
use crate::simulation::engine::clock::Clock;
use crate::simulation::engine::network::pipe::{End, InTransit, Pipe};
use crate::simulation::engine::schedule::{Due, Schedule};
use fastrand::Rng;
use std::collections::VecDeque;
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// How long a transport that is ready returns pending, in nanoseconds.
const NO_REASON: u64 = 1_000_000;
/// The bytes that an end keeps back, if it does.
const KEPT: usize = 4 << 10;

/// The conditions of the network. Chances are per 1,000.
#[derive(Clone, Debug)]
pub struct NetworkConditions {
    /// The time from one end to the other, in nanoseconds.
    pub latency: RangeInclusive<u64>,
    /// The chance that bytes take longer, by up to `hiccup` nanoseconds.
    pub hiccups: u32,
    /// The longest such delay, in nanoseconds.
    pub hiccup: u64,
    /// The chance that a read or a write takes fewer bytes than it could.
    pub cuts: u32,
    /// The chance that a transport returns pending although it is ready.
    pub pendings: u32,
}

impl NetworkConditions {
    /// A short latency, and no faults.
    #[must_use]
    pub fn without_faults() -> Self {
        Self { latency: 1_000_000..=2_000_000, hiccups: 0, hiccup: 0, cuts: 0, pendings: 0 }
    }
}

/// Whether a task that reads may also write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// It may write what the transport takes at once.
    AtOnce,
    /// It may write nothing: the lane writes.
    ByLane,
}

/// A check of the bytes that the hub's end of a wire takes, and of the moment; returns what is wrong.
pub type Tap = Box<dyn FnMut(&[u8], u64) -> Option<String> + Send>;

/// The properties of a wire.
pub struct Kind {
    /// Bytes that each direction holds: to the hub, and to the peer.
    pub capacities: (usize, usize),
    /// The hub's end keeps back what it is given until it is flushed.
    pub keeps_back: bool,
    /// Whether whoever reads may write, too.
    pub answers: Answers,
    /// Looks at what is written.
    pub tap: Option<Tap>,
}

/// All wires, and what is due on them.
pub(super) struct Wires<T> {
    pub(super) clock: Arc<Clock>,
    pub(super) schedule: Schedule<T>,
    wires: Vec<Wire>,
    pub(super) conditions: NetworkConditions,
    rng: Rng,
    pub(super) violations: Vec<String>,
}

struct Wire {
    to_hub: Pipe,
    to_peer: Pipe,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// What the hub's end has taken and keeps back until it is flushed; `None` if it keeps nothing back.
    kept: Option<Vec<u8>>,
    /// The hub's end said "pending" for no reason until then.
    read_after: u64,
    write_after: u64,
    /// The hub has ended its direction.
    is_shut: bool,
    /// How many halves the hub still holds.
    halves: u8,
    /// Looks at what the hub's end takes.
    tap: Option<Tap>,
    /// The peer has bytes that did not fit.
    wants_room: bool,
    /// The peer has vanished: it reads nothing, says nothing and resets nothing.
    has_vanished: bool,
}

impl Wire {
    /// How much the next write takes at most.
    fn room(&self) -> usize {
        match &self.kept {
            Some(kept) => KEPT.saturating_sub(kept.len()),
            None => self.to_peer.room(),
        }
    }
}

impl<T: Ord> Wires<T> {
    pub(super) fn new(clock: Arc<Clock>, conditions: NetworkConditions, rng: Rng) -> Self {
        Self {
            clock,
            schedule: Schedule::default(),
            wires: Vec::new(),
            conditions,
            rng,
            violations: Vec::new(),
        }
    }

    /// Another wire; its number.
    pub(super) fn open(&mut self, kind: Kind) -> usize {
        self.wires.push(Wire {
            to_hub: Pipe::new(kind.capacities.0),
            to_peer: Pipe::new(kind.capacities.1),
            reader: None,
            writer: None,
            kept: kind.keeps_back.then(Vec::new),
            read_after: 0,
            write_after: 0,
            is_shut: false,
            halves: 2,
            tap: kind.tap,
            wants_room: false,
            has_vanished: false,
        });
        self.wires.len() - 1
    }

    pub(super) fn arrive_at_peer(&mut self, wire: usize) {
        let now = self.clock.now();
        self.wires[wire].to_peer.arrive(now);
    }

    pub(super) fn take_reader(&mut self, wire: usize) -> Option<Waker> {
        self.wires[wire].reader.take()
    }

    pub(super) fn take_writer(&mut self, wire: usize) -> Option<Waker> {
        self.wires[wire].writer.take()
    }

    /// The peer reads: what it got, how the direction ended once there is no more, and who may write again.
    pub(super) fn read(&mut self, wire: usize, most: usize) -> (Vec<u8>, Option<End>, Option<Waker>) {
        let ends = &mut self.wires[wire];
        let bytes = ends.to_peer.take(most);
        let end = ends.to_peer.end();
        let waker = if bytes.is_empty() { None } else { ends.writer.take() };
        (bytes, end, waker)
    }

    pub(super) fn unread_by_peer(&self, wire: usize) -> usize {
        self.wires[wire].to_peer.arrived()
    }

    /// The peer sends what fits.
    pub(super) fn send(&mut self, wire: usize, bytes: &mut VecDeque<u8>) {
        while !bytes.is_empty() {
            let room = self.wires[wire].to_hub.room();
            if room == 0 {
                self.wires[wire].wants_room = true;
                return;
            }
            let count = self.cut(room.min(bytes.len()));
            self.send_to_hub(wire, InTransit::Bytes(bytes.drain(..count).collect()));
        }
    }

    pub(super) fn end(&mut self, wire: usize, end: End) {
        self.send_to_hub(wire, InTransit::End(end));
    }

    pub(super) fn vanish(&mut self, wire: usize) {
        let ends = &mut self.wires[wire];
        ends.has_vanished = true;
        ends.to_hub.clear();
    }

    pub(super) fn is_quiet(&self, wire: usize) -> bool {
        self.wires[wire].to_hub.held() == 0 && self.wires[wire].to_peer.held() == 0
    }

    /// Wires that the hub has not let go.
    pub(super) fn held_by_hub(&self) -> usize {
        self.wires.iter().filter(|wire| wire.halves > 0).count()
    }

    /// How much the next write of the hub's end takes at most.
    pub(super) fn room(&self, wire: usize) -> usize {
        self.wires[wire].room()
    }

    pub(super) fn arrive_at_hub(&mut self, wire: usize) -> [Option<Waker>; 2] {
        let now = self.clock.now();
        let ends = &mut self.wires[wire];
        if ends.has_vanished {
            return [None, None];
        }
        ends.to_hub.arrive(now);
        if ends.to_hub.end() == Some(End::Reset) {
            ends.to_peer.reset();
            return [ends.reader.take(), ends.writer.take()];
        }
        if ends.halves == 0 && ends.to_hub.held() > 0 {
            self.reset_peer(wire);
            return [None, None];
        }
        let writer = if ends.to_hub.is_gone() { ends.writer.take() } else { None };
        [ends.reader.take(), writer]
    }

    /// How much of `most` is taken.
    fn cut(&mut self, most: usize) -> usize {
        if most > 1 && chance(&mut self.rng, self.conditions.cuts) { self.rng.usize(1..=most) } else { most }
    }

    /// When something that is sent now arrives.
    fn arrival(&mut self) -> u64 {
        let mut after = self.rng.u64(self.conditions.latency.clone());
        if self.conditions.hiccup > 0 && chance(&mut self.rng, self.conditions.hiccups) {
            after += self.rng.u64(..self.conditions.hiccup);
        }
        self.clock.now() + after
    }

    fn send_to_hub(&mut self, wire: usize, in_transit: InTransit) {
        if self.wires[wire].has_vanished {
            return;
        }
        let at = self.arrival();
        let at = self.wires[wire].to_hub.send(at, in_transit);
        self.schedule.put(at, Due::ToHub(wire));
    }

    fn send_to_peer(&mut self, wire: usize, in_transit: InTransit) {
        let at = self.arrival();
        let at = self.wires[wire].to_peer.send(at, in_transit);
        self.schedule.put(at, Due::ToPeer(wire));
    }

    /// The hub's end resets the wire.
    fn reset_peer(&mut self, wire: usize) {
        let ends = &mut self.wires[wire];
        ends.to_hub.clear();
        ends.to_peer.clear();
        self.send_to_peer(wire, InTransit::End(End::Reset));
    }

    pub(super) fn poll_read(
        &mut self,
        wire: usize,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let now = self.clock.now();
        let is_pending = self.wires[wire].read_after > now || chance(&mut self.rng, self.conditions.pendings);
        let ends = &mut self.wires[wire];
        if is_pending {
            ends.reader = Some(cx.waker().clone());
            if ends.read_after <= now {
                ends.read_after = now + NO_REASON;
                self.schedule.put(now + NO_REASON, Due::Readable(wire));
            }
            return Poll::Pending;
        }
        if ends.to_hub.end() == Some(End::Reset) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let most = into.len().min(ends.to_hub.arrived());
        if most == 0 {
            if ends.to_hub.end().is_some() {
                return Poll::Ready(Ok(0));
            }
            ends.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = self.cut(most);
        let ends = &mut self.wires[wire];
        ends.to_hub.take_into(&mut into[..count]);
        if std::mem::take(&mut ends.wants_room) {
            self.schedule.put(now, Due::Room(wire));
        }
        Poll::Ready(Ok(count))
    }

    pub(super) fn poll_write(
        &mut self,
        wire: usize,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.must_be_open(wire, bytes);
        if let Some(result) = self.before_write(wire, cx) {
            return result.map_err(Into::into).map(|result| result.map(|()| 0));
        }
        if self.wires[wire].kept.is_some() {
            let _ = self.push_kept(wire);
        }
        let taken = self.take_from_hub(wire, bytes);
        if taken == 0 && !bytes.is_empty() {
            self.wires[wire].writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(taken))
    }

    pub(super) fn try_write(&mut self, wire: usize, bytes: &[u8]) -> Option<usize> {
        self.must_be_open(wire, bytes);
        let is_pending = chance(&mut self.rng, self.conditions.pendings);
        let ends = &self.wires[wire];
        let cannot = ends.kept.is_some() || ends.to_hub.is_gone();
        if is_pending || cannot || ends.write_after > self.clock.now() {
            return None;
        }
        Some(self.take_from_hub(wire, bytes)).filter(|taken| *taken > 0)
    }

    fn must_be_open(&mut self, wire: usize, bytes: &[u8]) {
        if self.wires[wire].is_shut {
            self.violations.push(format!("wire {wire}: {} bytes written after the end", bytes.len()));
        }
    }

    /// Takes what fits, or some of it; how much.
    fn take_from_hub(&mut self, wire: usize, bytes: &[u8]) -> usize {
        let room = self.wires[wire].room();
        if room == 0 {
            return 0;
        }
        let count = self.cut(room.min(bytes.len()));
        let now = self.clock.now();
        if let Some(tap) = &mut self.wires[wire].tap
            && let Some(wrong) = tap(&bytes[..count], now)
        {
            self.violations.push(format!("wire {wire}: {wrong}"));
        }
        match &mut self.wires[wire].kept {
            Some(kept) => kept.extend_from_slice(&bytes[..count]),
            None => self.send_to_peer(wire, InTransit::Bytes(bytes[..count].to_vec())),
        }
        count
    }

    /// What every write begins with: the answer, if it is given already.
    fn before_write(&mut self, wire: usize, cx: &mut Context<'_>) -> Option<Poll<io::Result<()>>> {
        let now = self.clock.now();
        let is_pending =
            self.wires[wire].write_after > now || chance(&mut self.rng, self.conditions.pendings);
        let ends = &mut self.wires[wire];
        if ends.to_hub.is_gone() {
            return Some(Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())));
        }
        if !is_pending {
            return None;
        }
        ends.writer = Some(cx.waker().clone());
        if ends.write_after <= now {
            ends.write_after = now + NO_REASON;
            self.schedule.put(now + NO_REASON, Due::Writable(wire));
        }
        Some(Poll::Pending)
    }

    /// Sends what is kept back; whether nothing is left of it.
    fn push_kept(&mut self, wire: usize) -> bool {
        let ends = &mut self.wires[wire];
        let Some(kept) = &mut ends.kept else { return true };
        let count = kept.len().min(ends.to_peer.room());
        if count > 0 {
            let bytes = kept.drain(..count).collect();
            self.send_to_peer(wire, InTransit::Bytes(bytes));
        }
        self.wires[wire].kept.as_ref().is_none_or(Vec::is_empty)
    }

    pub(super) fn poll_flush(&mut self, wire: usize, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.wires[wire].kept.is_none() {
            return Poll::Ready(Ok(()));
        }
        if let Some(result) = self.before_write(wire, cx) {
            return result;
        }
        if self.push_kept(wire) {
            return Poll::Ready(Ok(()));
        }
        self.wires[wire].writer = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(super) fn poll_shutdown(&mut self, wire: usize, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(result) = self.before_write(wire, cx) {
            return result;
        }
        if !self.push_kept(wire) {
            self.wires[wire].writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if !std::mem::replace(&mut self.wires[wire].is_shut, true) {
            self.send_to_peer(wire, InTransit::End(End::Finished));
        }
        Poll::Ready(Ok(()))
    }

    /// The hub drops one of its halves; with the last, its end is closed.
    pub(super) fn let_go(&mut self, wire: usize) {
        let ends = &mut self.wires[wire];
        ends.halves -= 1;
        if ends.halves > 0 || ends.to_hub.end() == Some(End::Reset) {
            return;
        }
        if ends.to_hub.arrived() > 0 {
            self.reset_peer(wire);
        } else if !std::mem::replace(&mut ends.is_shut, true) {
            self.send_to_peer(wire, InTransit::End(End::Finished));
        }
    }
}
