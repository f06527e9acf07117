//! The hub's end of a wire.

use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use throng_runtime::{Reader, Writer};

use super::pipe::{End, Flying};
use super::{Network, Wire, Wires};
use crate::simulation::agenda::Due;
use crate::simulation::{chance, lock};

/// How long "pending" for no reason lasts, in nanoseconds.
const NO_REASON: u64 = 1_000_000;
/// How much an end keeps back that keeps something back.
const KEPT: usize = 4 << 10;

pub(in crate::simulation) struct WireReader {
    network: Network,
    wire: usize,
    answers: Answers,
}

/// Whether who reads may write, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// What fits at once.
    AtOnce,
    /// Nothing.
    ByLane,
}

pub(in crate::simulation) struct WireWriter {
    network: Network,
    wire: usize,
}

impl WireReader {
    pub(super) fn new(network: Network, wire: usize, answers: Answers) -> Self {
        Self { network, wire, answers }
    }
}

impl WireWriter {
    pub(super) fn new(network: Network, wire: usize) -> Self {
        Self { network, wire }
    }
}

impl Reader for WireReader {
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

impl Writer for WireWriter {
    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        lock(&self.network.0).poll_write(self.wire, cx, bytes)
    }

    fn poll_write_vectored(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut wires = lock(&self.network.0);
        // No more is copied than will be taken.
        let room = wires.wires[self.wire].room().max(1);
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

impl Drop for WireReader {
    fn drop(&mut self) {
        lock(&self.network.0).let_go(self.wire);
    }
}

impl Drop for WireWriter {
    fn drop(&mut self) {
        lock(&self.network.0).let_go(self.wire);
    }
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

impl Wires {
    fn poll_read(&mut self, wire: usize, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let now = self.clock.now();
        let is_pending = self.wires[wire].read_after > now || chance(&mut self.rng, self.weather.pendings);
        let ends = &mut self.wires[wire];
        if is_pending {
            ends.reader = Some(cx.waker().clone());
            if ends.read_after <= now {
                ends.read_after = now + NO_REASON;
                self.agenda.put(now + NO_REASON, Due::Readable(wire));
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
            self.agenda.put(now, Due::Room(wire));
        }
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, wire: usize, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
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

    fn try_write(&mut self, wire: usize, bytes: &[u8]) -> Option<usize> {
        self.must_be_open(wire, bytes);
        let is_pending = chance(&mut self.rng, self.weather.pendings);
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
        if let Some(meter) = &mut self.wires[wire].meter
            && !meter.wrote(&bytes[..count], now)
        {
            self.violations.push(format!("wire {wire}: more messages than the rate allows"));
        }
        match &mut self.wires[wire].kept {
            Some(kept) => kept.extend_from_slice(&bytes[..count]),
            None => self.fly_to_peer(wire, Flying::Bytes(bytes[..count].to_vec())),
        }
        count
    }

    /// What every write begins with: the answer, if it is given already.
    fn before_write(&mut self, wire: usize, cx: &mut Context<'_>) -> Option<Poll<io::Result<()>>> {
        let now = self.clock.now();
        let is_pending = self.wires[wire].write_after > now || chance(&mut self.rng, self.weather.pendings);
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
            self.agenda.put(now + NO_REASON, Due::Writable(wire));
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
            self.fly_to_peer(wire, Flying::Bytes(bytes));
        }
        self.wires[wire].kept.as_ref().is_none_or(Vec::is_empty)
    }

    fn poll_flush(&mut self, wire: usize, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
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

    fn poll_shutdown(&mut self, wire: usize, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(result) = self.before_write(wire, cx) {
            return result;
        }
        if !self.push_kept(wire) {
            self.wires[wire].writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if !std::mem::replace(&mut self.wires[wire].is_shut, true) {
            self.fly_to_peer(wire, Flying::End(End::Finished));
        }
        Poll::Ready(Ok(()))
    }

    /// The hub drops one of its halves; with the last, its end is closed.
    fn let_go(&mut self, wire: usize) {
        let ends = &mut self.wires[wire];
        ends.halves -= 1;
        if ends.halves > 0 || ends.to_hub.end() == Some(End::Reset) {
            return;
        }
        if ends.to_hub.arrived() > 0 {
            self.reset_peer(wire);
        } else if !std::mem::replace(&mut ends.is_shut, true) {
            self.fly_to_peer(wire, Flying::End(End::Finished));
        }
    }
}
