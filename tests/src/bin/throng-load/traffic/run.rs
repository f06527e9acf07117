//! From the probe that shows everybody has joined to the verdict.

use std::time::Duration;

use super::{PROBE, Pace, Traffic};
use crate::clock::nanos;
use crate::crowd::Crowd;
use crate::latency::LatencySummary;
use crate::report::{Accounting, progress};
use crate::usage::{Meter, Watched, Window};

/// How a run goes.
#[derive(Clone, Copy)]
pub(crate) struct Course {
    pub(crate) extent: Extent,
    pub(crate) watched: Option<Watched>,
    /// Closed loops only: how long to sleep before a wait that would find little. A server whose every send wakes
    /// the generator pays up to a fifth of its time for that; asleep on a timer, it is not woken.
    pub(crate) nap: Duration,
    /// Without any delivery for so long, a closed loop is stuck and a drain is over.
    pub(crate) patience: Duration,
    pub(crate) progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Told,
    Quiet,
}

/// How long a run goes on.
#[derive(Clone, Copy)]
pub(crate) enum Extent {
    Seconds {
        warmup: Duration,
        measured: Duration,
    },
    /// Until so many messages have been published and delivered.
    Messages(u64),
}

pub(crate) struct Outcome {
    pub(crate) window: Window,
    /// Within the window.
    pub(crate) published: u64,
    pub(crate) delivered: u64,
    pub(crate) latency: Vec<LatencySummary>,
    /// Of the whole run.
    pub(crate) accounting: Accounting,
    /// Connections that ended although nothing was expected of them.
    pub(crate) bystanders_ended: u64,
}

/// What counts within the window, as it stood when the window opened.
struct Opening {
    meter: Meter,
    published: u64,
    delivered: u64,
}

const LONGEST_TURN: u64 = 100_000_000;
/// A wake-up that brought so many needs no nap before the next.
const ENOUGH_EVENTS: usize = 64;
const PROBE_EVERY: u64 = 500_000_000;
const PROBE_LIMIT: u64 = 20_000_000_000;

impl Traffic {
    /// Sends probes until every receiver has got one: a server may answer 101 before the room knows its member.
    pub(crate) fn settle(&mut self, crowd: &mut Crowd) -> Result<(), String> {
        let deadline = crowd.clock.now() + PROBE_LIMIT;
        let mut next = 0;
        while self.unprobed > 0 {
            let now = crowd.clock.now();
            if now > deadline {
                return Err(format!("{} connections never got a message of their room", self.unprobed));
            }
            if self.faults.ended > 0 {
                return Err(self.ends());
            }
            if now >= next {
                self.send_probes(crowd, now);
                next = now + PROBE_EVERY;
            }
            crowd.turn(Duration::from_nanos(LONGEST_TURN), self)?;
        }
        Ok(())
    }

    pub(crate) fn run(&mut self, crowd: &mut Crowd, course: &Course) -> Result<Outcome, String> {
        let began = crowd.clock.now();
        let (opens, closes) = match course.extent {
            Extent::Seconds { warmup, measured } => (began + nanos(warmup), began + nanos(warmup + measured)),
            Extent::Messages(messages) => {
                self.allowance = messages;
                (began, u64::MAX)
            }
        };
        self.begin(began);
        let mut opening = None;
        let mut watch = Watch::new(began, course.patience, course.progress);
        let naps = self.classes.iter().all(|class| matches!(class.class.pace, Pace::Closed(_)));
        let mut events = 0;
        loop {
            self.publish_owed(crowd);
            if naps && events < ENOUGH_EVENTS && !course.nap.is_zero() {
                std::thread::sleep(course.nap);
            }
            let now = crowd.clock.now();
            let due = self.publish_due(crowd, now);
            if opening.is_none() && now >= opens {
                opening = Some(self.open_window(course.watched, now));
            }
            let finished = self.allowance == 0 && self.delivered == self.expected;
            if now >= closes || finished || watch.stuck(now, self) || self.faults.ended > 0 {
                break;
            }
            let wake = due.unwrap_or(u64::MAX).min(closes).min(now + LONGEST_TURN);
            events = crowd.turn(Duration::from_nanos(wake.saturating_sub(now)), self)?;
        }
        let opening = opening.unwrap_or_else(|| self.open_window(course.watched, crowd.clock.now()));
        let outcome = self.close_window(&opening);
        self.drain(crowd, course.patience)?;
        Ok(Outcome {
            latency: self.latencies(),
            accounting: self.accounting(),
            bystanders_ended: self.bystanders_ended,
            ..outcome
        })
    }

    fn begin(&mut self, now: u64) {
        self.owing = (0..self.streams.len() as u32).filter(|&s| self.streams[s as usize].owed > 0).collect();
        for class in &mut self.classes {
            class.began = now;
        }
    }

    fn send_probes(&mut self, crowd: &mut Crowd, now: u64) {
        let mut waiting: Vec<u32> = std::iter::zip(&self.hears, &self.probed)
            .filter(|(hears, probed)| hears.streams > 0 && !**probed)
            .map(|(hears, _)| hears.first)
            .collect();
        waiting.sort_unstable();
        waiting.dedup();
        for stream in waiting {
            self.write(stream, PROBE, now, crowd.key());
            crowd.send(self.streams[stream as usize].publisher as usize, &self.wire);
            self.wire.clear();
        }
    }

    fn open_window(&mut self, watched: Option<Watched>, now: u64) -> Opening {
        for class in &mut self.classes {
            class.latency.start(now);
        }
        Opening { meter: Meter::start(watched), published: self.published, delivered: self.delivered }
    }

    fn close_window(&self, opening: &Opening) -> Outcome {
        Outcome {
            window: opening.meter.stop(),
            published: self.published - opening.published,
            delivered: self.delivered - opening.delivered,
            latency: Vec::new(),
            accounting: Accounting::default(),
            bystanders_ended: 0,
        }
    }

    /// Receives what is still under way. Nothing more is published.
    fn drain(&mut self, crowd: &mut Crowd, patience: Duration) -> Result<(), String> {
        self.allowance = 0;
        let mut watch = Watch::new(crowd.clock.now(), patience, Progress::Quiet);
        while self.delivered < self.expected {
            crowd.turn(Duration::from_nanos(LONGEST_TURN), self)?;
            if watch.stuck(crowd.clock.now(), self) || self.faults.ended > 0 {
                break;
            }
        }
        // A duplicate of the last message would come now.
        crowd.turn(Duration::from_millis(20), self).map(drop)
    }

    fn latencies(&mut self) -> Vec<LatencySummary> {
        let summary = |class: &mut super::ClassState| {
            let from = match class.class.pace {
                Pace::Closed(_) => "send",
                Pace::Rate(_) => "intended send",
            };
            class.latency.summary(class.class.name, from)
        };
        self.classes.iter_mut().map(summary).collect()
    }

    fn accounting(&self) -> Accounting {
        let mut accounting = Accounting {
            expected: self.expected,
            delivered: self.delivered,
            duplicated: self.ledger.duplicated(),
            out_of_order: self.ledger.out_of_order(),
            misdelivered: self.faults.misdelivered,
            damaged: self.faults.damaged,
            foreign: self.faults.foreign,
            ended: self.faults.ended,
            first_end: self.first_end(),
            ..Accounting::default()
        };
        for hears in &self.hears {
            let missing: u64 = (0..hears.streams)
                .map(|place| {
                    let sent = self.streams[(hears.first + place) as usize].sent;
                    self.ledger.missing(hears.cell + place, sent)
                })
                .sum();
            accounting.missing += missing;
            accounting.connections_missing += u64::from(missing > 0);
        }
        accounting
    }

    fn ends(&self) -> String {
        let first = self.first_end().unwrap_or_default();
        format!("{} connections ended; the first was {first}", self.faults.ended)
    }

    fn first_end(&self) -> Option<String> {
        self.faults.first_end.as_ref().map(|(index, end)| format!("connection {index}: {end}"))
    }
}

/// Tells of progress, and notices when there is none.
struct Watch {
    began: u64,
    delivered: u64,
    moved: u64,
    told: (u64, u64),
    patience: u64,
    progress: Progress,
}

impl Watch {
    fn new(now: u64, patience: Duration, progress: Progress) -> Self {
        Self { began: now, delivered: 0, moved: now, told: (now, 0), patience: nanos(patience), progress }
    }

    fn stuck(&mut self, now: u64, traffic: &Traffic) -> bool {
        if traffic.delivered != self.delivered || traffic.delivered == traffic.expected {
            self.delivered = traffic.delivered;
            self.moved = now;
        }
        let (at, delivered) = self.told;
        if now - at >= 1_000_000_000 {
            if self.progress == Progress::Told {
                progress(
                    now - self.began,
                    traffic.delivered - delivered,
                    now - at,
                    traffic.expected - traffic.delivered,
                );
            }
            self.told = (now, traffic.delivered);
        }
        now - self.moved > self.patience
    }
}
