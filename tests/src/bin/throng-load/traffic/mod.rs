//! Who sends what to whom, when, and what became of it.
//!
//! A [`Plan`] is made of groups: streams (one publisher each) that a set of receivers hears. A room is a group, a
//! pair of users is two groups, an echo is a group of one. Groups belong to a [`Class`], which has a pace: a
//! closed loop with so many messages outstanding per group, or a fixed rate.

mod plan;
mod run;

pub(crate) use self::plan::{Pace, Plan};
pub(crate) use self::run::{Course, Extent, Outcome, Progress};

use self::plan::{Class, Hears};
use crate::crowd::{Crowd, End, Listener};
use crate::frame::{self, TEXT};
use crate::latency::Latency;
use crate::ledger::{Ledger, Verdict};
use crate::stamp::Stamp;

/// The sequence number of messages that only show that everybody has joined.
const PROBE: u32 = u32::MAX;
/// One delivery in so many has its whole text compared.
const COMPARED: u32 = 32;

pub(crate) struct Traffic {
    classes: Vec<ClassState>,
    streams: Vec<Stream>,
    /// Per connection.
    hears: Vec<Hears>,
    /// Per connection: its group's probe has arrived.
    probed: Vec<bool>,
    unprobed: usize,
    ledger: Ledger,
    /// Streams with replacements to send, each once.
    owing: Vec<u32>,
    /// What every message says after its stamp.
    filler: Vec<u8>,
    wire: Vec<u8>,
    /// How many more messages may be published.
    allowance: u64,
    published: u64,
    expected: u64,
    delivered: u64,
    faults: Faults,
    bystanders_ended: u64,
}

struct ClassState {
    class: Class,
    latency: Latency,
    /// Fixed rate: when it began, how many were sent since, whose turn it is.
    began: u64,
    sent: u64,
    turn: u32,
}

struct Stream {
    publisher: u32,
    class: u32,
    receivers: u32,
    /// Messages sent, which is also the next sequence number.
    sent: u32,
    /// Closed loop: deliveries that each outstanding message still lacks, by sequence number.
    lacking: Box<[u32]>,
    owed: u32,
    prefix: Box<[u8]>,
}

#[derive(Default)]
struct Faults {
    /// Heard by somebody who is not in the message's room.
    misdelivered: u64,
    /// Another length or text than was sent.
    damaged: u64,
    /// Not of this run, such as a greeting; no fault.
    foreign: u64,
    /// Connections that ended during the run.
    ended: u64,
    first_end: Option<(usize, End)>,
}

impl Traffic {
    pub(crate) fn new(plan: Plan, message_bytes: usize) -> Self {
        let cells = plan.cells();
        let unprobed = plan.hears.iter().filter(|hears| hears.streams > 0).count();
        let filler = filler(message_bytes - Stamp::LENGTH);
        Self {
            probed: vec![false; plan.hears.len()],
            unprobed,
            classes: plan.classes.into_iter().map(ClassState::new).collect(),
            streams: plan.streams,
            hears: plan.hears,
            ledger: Ledger::new(cells),
            owing: Vec::new(),
            filler,
            wire: Vec::new(),
            allowance: u64::MAX,
            published: 0,
            expected: 0,
            delivered: 0,
            faults: Faults::default(),
            bystanders_ended: 0,
        }
    }

    /// Appends one message of a stream to the wire buffer.
    fn write(&mut self, stream: u32, sequence: u32, sent: u64, key: u32) {
        let prefix = &self.streams[stream as usize].prefix;
        let stamp = Stamp { stream, sequence, sent }.write();
        frame::write_masked(&mut self.wire, TEXT, key, &[prefix, &stamp, &self.filler]);
    }

    /// Counts a message as sent; nothing when no more may be, or the closed loop's place is still taken.
    fn next_sequence(&mut self, stream: u32) -> Option<u32> {
        let stream = &mut self.streams[stream as usize];
        if self.allowance == 0 || stream.sent == PROBE {
            return None;
        }
        let sequence = stream.sent;
        if let Some(slot) = slot(&mut stream.lacking, sequence) {
            if *slot > 0 {
                return None;
            }
            *slot = stream.receivers;
        }
        stream.sent += 1;
        self.allowance -= 1;
        self.published += 1;
        self.expected += u64::from(stream.receivers);
        Some(sequence)
    }

    /// Sends what completed messages made room for: all of a stream's replacements in one write.
    fn publish_owed(&mut self, crowd: &mut Crowd) {
        if self.owing.is_empty() {
            return;
        }
        let mut owing = std::mem::take(&mut self.owing);
        let now = crowd.clock.now();
        owing.retain(|&index| {
            while self.streams[index as usize].owed > 0
                && let Some(sequence) = self.next_sequence(index)
            {
                self.streams[index as usize].owed -= 1;
                self.write(index, sequence, now, crowd.key());
            }
            let stream = &self.streams[index as usize];
            if !self.wire.is_empty() {
                crowd.send(stream.publisher as usize, &self.wire);
                self.wire.clear();
            }
            stream.owed > 0
        });
        self.owing = owing;
    }

    /// Sends what is due at a fixed rate, stamped with the time it was due; answers when the next is.
    fn publish_due(&mut self, crowd: &mut Crowd, now: u64) -> Option<u64> {
        let mut next: Option<u64> = None;
        for index in 0..self.classes.len() {
            while let Some(due) = self.classes[index].due() {
                if due > now {
                    next = Some(next.map_or(due, |next| next.min(due)));
                    break;
                }
                let stream = self.classes[index].take_turn();
                let Some(sequence) = self.next_sequence(stream) else { break };
                self.write(stream, sequence, due, crowd.key());
                crowd.send(self.streams[stream as usize].publisher as usize, &self.wire);
                self.wire.clear();
            }
        }
        next
    }

    #[cold]
    fn probe(&mut self, index: usize) {
        if !self.probed[index] {
            self.probed[index] = true;
            self.unprobed -= 1;
        }
    }
}

impl Listener for Traffic {
    fn opened(&mut self, _index: usize, _now: u64) {}

    #[inline]
    fn message(&mut self, index: usize, payload: &[u8], now: u64) {
        let hears = self.hears[index];
        if hears.streams == 0 {
            return;
        }
        let Some((stamp, text)) = stamped(payload) else {
            self.faults.foreign += 1;
            return;
        };
        let offset = stamp.stream.wrapping_sub(hears.first);
        if offset >= hears.streams {
            self.faults.misdelivered += 1;
            return;
        }
        let stream = &mut self.streams[stamp.stream as usize];
        if stamp.sequence >= stream.sent {
            if stamp.sequence == PROBE {
                self.probe(index);
            } else {
                self.faults.damaged += 1;
            }
            return;
        }
        if self.ledger.observe(hears.cell + offset, stamp.sequence) == Verdict::Duplicate {
            return;
        }
        self.delivered += 1;
        let class = &mut self.classes[stream.class as usize];
        class.latency.record(stamp.sent, now);
        let compared = stamp.sequence.wrapping_add(index as u32) % COMPARED == 0;
        if text.len() != self.filler.len() || (compared && text != self.filler) {
            self.faults.damaged += 1;
        }
        if let Some(slot) = slot(&mut stream.lacking, stamp.sequence) {
            *slot -= 1;
            if *slot == 0 {
                if stream.owed == 0 {
                    self.owing.push(stamp.stream);
                }
                stream.owed += 1;
            }
        }
    }

    fn ended(&mut self, index: usize, end: End) {
        if self.hears[index].streams > 0 {
            self.faults.ended += 1;
            self.faults.first_end.get_or_insert((index, end));
        } else {
            self.bystanders_ended += 1;
        }
    }
}

impl ClassState {
    fn new(class: Class) -> Self {
        Self { class, latency: Latency::new(), began: u64::MAX, sent: 0, turn: 0 }
    }

    fn due(&self) -> Option<u64> {
        match self.class.pace {
            Pace::Rate(rate) if self.began < u64::MAX => {
                Some(self.began + (self.sent as f64 * 1e9 / rate) as u64)
            }
            _ => None,
        }
    }

    /// The class's streams, one after the other.
    fn take_turn(&mut self) -> u32 {
        let stream = self.class.streams.start + self.turn;
        self.turn = (self.turn + 1) % self.class.streams.len() as u32;
        self.sent += 1;
        stream
    }
}

/// The place of a message in a closed loop; nothing at a fixed rate.
#[inline]
fn slot(lacking: &mut [u32], sequence: u32) -> Option<&mut u32> {
    // A power of two, or empty.
    let mask = lacking.len().wrapping_sub(1);
    lacking.get_mut(sequence as usize & mask)
}

/// The stamp and what follows it. A server may leave the addressee of a direct message in front.
#[inline]
/// What chats are made of, for servers that compress.
fn filler(bytes: usize) -> Vec<u8> {
    let lines = (0_u64..).flat_map(|n| {
        let (user, word) = (n * n * 7_919 % 991, n * n * 104_729 % 9_973);
        let line = format!(
            r#"{{"id":{n},"user":"user-{user}","text":"message {word} of many","at":17{user}{word}}},"#
        );
        line.into_bytes()
    });
    lines.take(bytes).collect()
}

fn stamped(payload: &[u8]) -> Option<(Stamp, &[u8])> {
    let read = |payload: &[u8]| Stamp::read(payload);
    if let Some(stamp) = read(payload) {
        return Some((stamp, &payload[Stamp::LENGTH..]));
    }
    let start = payload.iter().take(Stamp::LENGTH).position(|&byte| byte == b' ')? + 1;
    Some((read(&payload[start..])?, &payload[start + Stamp::LENGTH..]))
}
