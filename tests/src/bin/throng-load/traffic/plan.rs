//! Groups of streams and receivers.

use std::ops::Range;

use super::Stream;

/// Groups that are paced and reported together.
#[derive(Clone)]
pub(crate) struct Class {
    pub(crate) name: &'static str,
    pub(crate) pace: Pace,
    pub(super) streams: Range<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// Messages outstanding in each group; the next is sent when all receivers have one.
    Closed(u32),
    /// Messages a second of the whole class, its streams taking turns.
    Rate(f64),
}

/// What one connection is to receive.
#[derive(Clone, Copy, Default)]
pub(super) struct Hears {
    /// Its group's first stream, how many there are, and the ledger's cell of the first.
    pub(super) first: u32,
    pub(super) streams: u32,
    pub(super) cell: u32,
}

pub(crate) struct Plan {
    pub(super) classes: Vec<Class>,
    pub(super) streams: Vec<Stream>,
    pub(super) hears: Vec<Hears>,
    cells: u32,
}

impl Plan {
    pub(crate) fn new(connections: usize) -> Self {
        let hears = vec![Hears::default(); connections];
        Self { classes: Vec::new(), streams: Vec::new(), hears, cells: 0 }
    }

    /// Begins a class: the groups that follow belong to it.
    pub(crate) fn class(&mut self, name: &'static str, pace: Pace) {
        let next = self.streams.len() as u32;
        self.classes.push(Class { name, pace, streams: next..next });
    }

    /// Each publisher's messages go to all receivers. `prefix` is what a publisher puts before each message.
    pub(crate) fn group(
        &mut self,
        publishers: impl ExactSizeIterator<Item = usize>,
        receivers: impl ExactSizeIterator<Item = usize>,
        prefix: &str,
    ) {
        let class = self.classes.len() - 1;
        let (first, streams) = (self.streams.len() as u32, publishers.len() as u32);
        let heard_by = receivers.len() as u32;
        for (place, publisher) in publishers.enumerate() {
            let owed = match self.classes[class].pace {
                Pace::Closed(outstanding) => share(outstanding, streams, place as u32),
                Pace::Rate(_) => 0,
            };
            self.streams.push(Stream {
                publisher: publisher as u32,
                class: class as u32,
                receivers: heard_by,
                sent: 0,
                lacking: if owed > 0 {
                    vec![0; owed.next_power_of_two() as usize].into()
                } else {
                    Box::default()
                },
                owed,
                prefix: prefix.as_bytes().into(),
            });
        }
        self.classes[class].streams.end = self.streams.len() as u32;
        for receiver in receivers {
            self.hears[receiver] = Hears { first, streams, cell: self.cells };
            self.cells += streams;
        }
    }

    pub(super) fn cells(&self) -> usize {
        self.cells as usize
    }
}

/// The outstanding messages of a group, dealt out to its publishers.
fn share(outstanding: u32, publishers: u32, place: u32) -> u32 {
    outstanding / publishers + u32::from(place < outstanding % publishers)
}
