//! The numbers of this node's messages to each subject.

use super::subject::Subject;
use crate::time::Instant;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

/// A bounded number of streams. One that was not used lately gives way to another: its subject gets a new stream when it is used again.
#[derive(Debug)]
pub(super) struct Streams {
    by_subject: BTreeMap<Subject, u32>,
    slots: Vec<Stream>,
    limit: u32,
    /// Where the search for a stream that gives way goes on: each that was used meanwhile is passed once.
    hand: usize,
    /// The number of streams ever made: the number of the last one.
    made: u64,
    tail: Option<Duration>,
    tails: BTreeSet<(Instant, u32)>,
}

#[derive(Debug)]
struct Stream {
    subject: Subject,
    number: u64,
    top: u64,
    was_used: bool,
    last: Instant,
    /// When the tail is to be sent, unless there is another message before.
    tail: Option<Instant>,
}

/// The number of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) subject: Subject,
    pub(super) stream: u64,
    pub(super) sequence: u64,
}

impl Streams {
    pub(super) fn new(limit: u32, tail: Option<Duration>) -> Self {
        Self {
            by_subject: BTreeMap::new(),
            slots: Vec::new(),
            limit,
            hand: 0,
            made: 0,
            tail,
            tails: BTreeSet::new(),
        }
    }

    /// Numbers the next message to a subject. If another stream gave way and its tail was not told, that comes second: it must be sent
    /// before. O(log n), amortised.
    pub(super) fn next(&mut self, subject: &str, now: Instant) -> (Numbered, Option<Numbered>) {
        let (slot, tail) = match self.by_subject.get(subject) {
            Some(&slot) => (slot, None),
            None => self.begin(subject),
        };
        let stream = &mut self.slots[slot as usize];
        stream.top += 1;
        stream.was_used = true;
        stream.last = now;
        if let Some(after) = self.tail
            && stream.tail.is_none()
        {
            let at = now + after;
            stream.tail = Some(at);
            self.tails.insert((at, slot));
        }
        (stream.numbered(), tail)
    }

    /// Numbers a message that will not be sent. Not if another stream would have to give way: its tail may not be sent either. O(log n).
    pub(super) fn skip(&mut self, subject: &str, now: Instant) {
        if self.by_subject.contains_key(subject) || self.slots.len() < self.limit as usize {
            self.next(subject, now);
        }
    }

    fn begin(&mut self, subject: &str) -> (u32, Option<Numbered>) {
        self.made += 1;
        let (subject, number) = (Subject::made(subject), self.made);
        let stream = Stream {
            subject: subject.clone(),
            number,
            top: 0,
            was_used: true,
            last: Instant::ORIGIN,
            tail: None,
        };
        let (slot, tail) = if self.slots.len() < self.limit as usize {
            self.slots.push(stream);
            (self.slots.len() - 1, None)
        } else {
            let slot = self.find_unused();
            let old = core::mem::replace(&mut self.slots[slot], stream);
            self.by_subject.remove(&old.subject);
            let tail = old.tail.map(|at| {
                self.tails.remove(&(at, slot as u32));
                old.numbered()
            });
            (slot, tail)
        };
        self.by_subject.insert(subject, slot as u32);
        (slot as u32, tail)
    }

    /// A stream that was not used since the hand passed it before.
    fn find_unused(&mut self) -> usize {
        loop {
            let slot = self.hand;
            self.hand = (self.hand + 1) % self.slots.len();
            if !core::mem::take(&mut self.slots[slot].was_used) {
                return slot;
            }
        }
    }

    /// When the next tail is due. O(log n).
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.tails.first().map(|(at, _)| *at)
    }

    /// The tail of a stream that had no message for long enough. It counts as told. O(log n).
    pub(super) fn pop_tail(&mut self, now: Instant) -> Option<Numbered> {
        let after = self.tail?;
        while let Some(&(at, slot)) = self.tails.first()
            && at <= now
        {
            self.tails.pop_first();
            let stream = &mut self.slots[slot as usize];
            let due = stream.last + after;
            if due > now {
                stream.tail = Some(due);
                self.tails.insert((due, slot));
                continue;
            }
            stream.tail = None;
            return Some(stream.numbered());
        }
        None
    }

    /// Puts a tail off that could not be told now.
    pub(super) fn delay_tail(&mut self, numbered: &Numbered, now: Instant) {
        if let (Some(after), Some(&slot)) = (self.tail, self.by_subject.get(&numbered.subject)) {
            let stream = &mut self.slots[slot as usize];
            if stream.tail.is_none() {
                let at = now + after;
                stream.tail = Some(at);
                self.tails.insert((at, slot));
            }
        }
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.slots.len() > self.limit as usize || self.by_subject.len() != self.slots.len() {
            return Err("the table of published streams is within its bound, and each has its subject");
        }
        let tails = self.slots.iter().filter(|stream| stream.tail.is_some()).count();
        if tails == self.tails.len() { Ok(()) } else { Err("each tail that is due has its timer") }
    }
}

impl Stream {
    fn numbered(&self) -> Numbered {
        Numbered { subject: self.subject.clone(), stream: self.number, sequence: self.top }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::ORIGIN + Duration::from_millis(millis)
    }

    fn numbers(streams: &mut Streams, subject: &str, millis: u64) -> (u64, u64) {
        let (numbered, _) = streams.next(subject, at(millis));
        (numbered.stream, numbered.sequence)
    }

    #[test]
    fn each_subject_counts_by_itself() {
        let mut streams = Streams::new(8, None);
        assert_eq!(numbers(&mut streams, "a", 0), (1, 1));
        assert_eq!(numbers(&mut streams, "b", 0), (2, 1));
        assert_eq!(numbers(&mut streams, "a", 0), (1, 2));
        assert_eq!(streams.poll_timeout(), None, "no tails");
    }

    #[test]
    fn a_stream_that_gives_way_tells_its_tail_and_begins_anew_under_a_greater_number() {
        let mut streams = Streams::new(2, Some(Duration::from_millis(100)));
        assert_eq!(numbers(&mut streams, "a", 0), (1, 1));
        assert_eq!(numbers(&mut streams, "a", 0), (1, 2));
        assert_eq!(numbers(&mut streams, "b", 0), (2, 1));
        let (numbered, tail) = streams.next("c", at(1));
        assert_eq!((numbered.stream, numbered.sequence), (3, 1));
        let tail = tail.expect("that of a was not told");
        assert_eq!((tail.subject.as_str(), tail.stream, tail.sequence), ("a", 1, 2));
        let (numbered, tail) = streams.next("a", at(2));
        assert_eq!((numbered.stream, numbered.sequence), (4, 1));
        assert_eq!(tail.map(|tail| tail.stream), Some(2), "c was used later than b");
        assert_eq!(streams.check(), Ok(()));
    }

    #[test]
    fn a_tail_comes_once_after_the_last_message() {
        let mut streams = Streams::new(2, Some(Duration::from_millis(100)));
        streams.next("a", at(0));
        streams.next("a", at(60));
        assert_eq!(streams.poll_timeout(), Some(at(100)));
        assert_eq!(streams.pop_tail(at(100)), None, "there was a message since");
        assert_eq!(streams.poll_timeout(), Some(at(160)));
        let tail = streams.pop_tail(at(160)).expect("it is due");
        assert_eq!((tail.stream, tail.sequence), (1, 2));
        assert_eq!((streams.pop_tail(at(900)), streams.poll_timeout()), (None, None));
        streams.delay_tail(&tail, at(900));
        assert_eq!(streams.pop_tail(at(1_000)), Some(tail));
    }
}
