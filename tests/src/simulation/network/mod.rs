//! Simulated sockets: latency, any cut of what is read and written, full buffers, resets, half-open connections.
//!
//! A wire has two directions. The hub has its two halves ([`WireReader`], [`WireWriter`]); a peer reaches the other end
//! through [`Network`]. As with TCP, an end that is dropped while it has unread input resets the wire, and what was
//! on its way to the peer is lost.

mod halves;
mod meter;
mod pipe;

pub use halves::Answers;
pub(super) use halves::{WireReader, WireWriter};
pub use meter::Pace;
pub(super) use pipe::End;

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::task::Waker;

use fastrand::Rng;
use meter::Meter;
use pipe::{Flying, Pipe};

use super::agenda::{Agenda, Due};
use super::clock::Clock;
use super::{chance, lock};

/// How the network behaves. Chances are of 1,000.
#[derive(Clone, Debug)]
pub struct Weather {
    /// Nanoseconds from one end to the other.
    pub latency: RangeInclusive<u64>,
    /// That something takes longer, by up to `hiccup` nanoseconds.
    pub hiccups: u32,
    /// How much longer.
    pub hiccup: u64,
    /// That a read or a write takes less than it could.
    pub cuts: u32,
    /// That a transport says "pending" though it is ready.
    pub pendings: u32,
}

/// All wires.
#[derive(Clone)]
pub(super) struct Network(Arc<Mutex<Wires>>);

struct Wires {
    clock: Arc<Clock>,
    agenda: Agenda,
    wires: Vec<Wire>,
    weather: Weather,
    metering: Option<Metering>,
    rng: Rng,
    violations: Vec<String>,
}

/// What is asked of every wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metering {
    pub(super) pace: Option<Pace>,
    /// Nanoseconds by which the hub may take it for later than it is.
    pub(super) behind: u64,
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
    /// How many messages the hub's end has taken, if that is looked at.
    meter: Option<Box<Meter>>,
    /// The peer has bytes that did not fit.
    wants_room: bool,
    /// The peer has vanished: it reads nothing, says nothing and resets nothing.
    has_vanished: bool,
}

impl Network {
    pub(super) fn new(clock: Arc<Clock>, weather: Weather, metering: Option<Metering>, rng: Rng) -> Self {
        let (agenda, wires, violations) = Default::default();
        Self(Arc::new(Mutex::new(Wires { clock, agenda, wires, weather, metering, rng, violations })))
    }

    /// A wire whose directions hold so many bytes.
    pub(super) fn open(
        &self,
        capacities: (usize, usize),
        keeps_back: bool,
        answers: Answers,
    ) -> (usize, WireReader, Arc<WireWriter>) {
        let mut wires = lock(&self.0);
        let wire = wires.wires.len();
        let meter = wires.metering.map(Metering::begin);
        wires.wires.push(Wire {
            to_hub: Pipe::new(capacities.0),
            to_peer: Pipe::new(capacities.1),
            reader: None,
            writer: None,
            kept: keeps_back.then(Vec::new),
            read_after: 0,
            write_after: 0,
            is_shut: false,
            halves: 2,
            meter,
            wants_room: false,
            has_vanished: false,
        });
        drop(wires);
        (wire, WireReader::new(self.clone(), wire, answers), Arc::new(WireWriter::new(self.clone(), wire)))
    }

    pub(super) fn put(&self, at: u64, due: Due) {
        lock(&self.0).agenda.put(at, due);
    }

    pub(super) fn next(&self) -> Option<u64> {
        lock(&self.0).agenda.next()
    }

    pub(super) fn pop(&self) -> Option<Due> {
        let wires = &mut *lock(&self.0);
        wires.agenda.pop(wires.clock.now())
    }

    pub(super) fn set_weather(&self, weather: Weather) {
        lock(&self.0).weather = weather;
    }

    /// The hub writes at another pace from now on.
    pub(super) fn set_pace(&self, pace: Option<Pace>) {
        let wires = &mut *lock(&self.0);
        let Some(metering) = &mut wires.metering else { return };
        let last = std::mem::replace(&mut metering.pace, pace);
        // What was leased before is still to be written.
        let besides = last.map_or(0, |last| last.burst);
        for meter in wires.wires.iter_mut().filter_map(|wire| wire.meter.as_mut()) {
            meter.set_pace(pace, besides, metering.behind);
        }
    }

    /// What no host may see the hub do.
    pub(super) fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0).violations)
    }

    /// Bytes arrive at the hub's end.
    pub(super) fn arrive_at_hub(&self, wire: usize) {
        let wakers = lock(&self.0).arrive_at_hub(wire);
        wake(wakers);
    }

    /// Bytes arrive at the peer's end, where it may [read](Self::read) them.
    pub(super) fn arrive_at_peer(&self, wire: usize) {
        let wires = &mut *lock(&self.0);
        let now = wires.clock.now();
        wires.wires[wire].to_peer.arrive(now);
    }

    pub(super) fn wake_reader(&self, wire: usize) {
        let waker = lock(&self.0).wires[wire].reader.take();
        wake([waker]);
    }

    pub(super) fn wake_writer(&self, wire: usize) {
        let waker = lock(&self.0).wires[wire].writer.take();
        wake([waker]);
    }

    /// The peer reads at most so many bytes, and hears how the direction ended once there are no more.
    pub(super) fn read(&self, wire: usize, most: usize) -> (Vec<u8>, Option<End>) {
        let mut wires = lock(&self.0);
        let ends = &mut wires.wires[wire];
        let bytes = ends.to_peer.take(most);
        let end = ends.to_peer.end();
        let waker = if bytes.is_empty() { None } else { ends.writer.take() };
        drop(wires);
        wake([waker]);
        (bytes, end)
    }

    pub(super) fn unread_by_peer(&self, wire: usize) -> usize {
        lock(&self.0).wires[wire].to_peer.arrived()
    }

    /// The peer sends what fits.
    pub(super) fn send(&self, wire: usize, bytes: &mut VecDeque<u8>) {
        let wires = &mut *lock(&self.0);
        while !bytes.is_empty() {
            let room = wires.wires[wire].to_hub.room();
            if room == 0 {
                wires.wires[wire].wants_room = true;
                return;
            }
            let count = wires.cut(room.min(bytes.len()));
            wires.fly_to_hub(wire, Flying::Bytes(bytes.drain(..count).collect()));
        }
    }

    /// The peer ends its direction: it finishes or resets it, or is gone.
    pub(super) fn end(&self, wire: usize, end: End) {
        lock(&self.0).fly_to_hub(wire, Flying::End(end));
    }

    pub(super) fn vanish(&self, wire: usize) {
        let wires = &mut *lock(&self.0);
        let ends = &mut wires.wires[wire];
        ends.has_vanished = true;
        ends.to_hub.clear();
    }

    /// Whether nothing that the peer sent is still on its way.
    pub(super) fn is_quiet(&self, wire: usize) -> bool {
        let wires = lock(&self.0);
        wires.wires[wire].to_hub.held() == 0 && wires.wires[wire].to_peer.held() == 0
    }

    /// Wires that the hub has not let go.
    pub(super) fn held_by_hub(&self) -> usize {
        lock(&self.0).wires.iter().filter(|wire| wire.halves > 0).count()
    }
}

impl Metering {
    fn begin(self) -> Box<Meter> {
        let mut meter = Box::new(Meter::new());
        meter.set_pace(self.pace, 0, self.behind);
        meter
    }
}

impl Wires {
    fn arrive_at_hub(&mut self, wire: usize) -> [Option<Waker>; 2] {
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
        if most > 1 && chance(&mut self.rng, self.weather.cuts) { self.rng.usize(1..=most) } else { most }
    }

    /// When something that is sent now arrives.
    fn arrival(&mut self) -> u64 {
        let mut after = self.rng.u64(self.weather.latency.clone());
        if self.weather.hiccup > 0 && chance(&mut self.rng, self.weather.hiccups) {
            after += self.rng.u64(..self.weather.hiccup);
        }
        self.clock.now() + after
    }

    fn fly_to_hub(&mut self, wire: usize, flying: Flying) {
        if self.wires[wire].has_vanished {
            return;
        }
        let at = self.arrival();
        let at = self.wires[wire].to_hub.send(at, flying);
        self.agenda.put(at, Due::ToHub(wire));
    }

    fn fly_to_peer(&mut self, wire: usize, flying: Flying) {
        let at = self.arrival();
        let at = self.wires[wire].to_peer.send(at, flying);
        self.agenda.put(at, Due::ToPeer(wire));
    }

    /// The hub's end resets the wire.
    fn reset_peer(&mut self, wire: usize) {
        let ends = &mut self.wires[wire];
        ends.to_hub.clear();
        ends.to_peer.clear();
        self.fly_to_peer(wire, Flying::End(End::Reset));
    }
}

fn wake<const N: usize>(wakers: [Option<Waker>; N]) {
    wakers.into_iter().flatten().for_each(Waker::wake);
}
