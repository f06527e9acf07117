//! The scenario `churn`. Each connection joins a room, sends a message, receives it back, and closes; then its place opens the
//! next connection. One such connection, from its connect to its close, is a *life*.

use std::time::Duration;

use crate::clock::{Clock, nanos};
use crate::crowd::{Crowd, End, Listener, Reading};
use crate::frame::{self, CLOSE, TEXT};
use crate::latency::Latency;
use crate::options::Options;
use crate::report::{Accounting, Report};
use crate::stamp::Stamp;
use crate::usage::Meter;

/// The longest that one turn of the event loop waits for input.
const LONGEST_TURN: Duration = Duration::from_millis(100);
/// The nanoseconds after which a connection that is still in the same stage counts as lost, which ends the measurement.
const PATIENCE: u64 = 10_000_000_000;
/// RFC 6455, section 7.4.1.
const NORMAL_CLOSURE: [u8; 2] = 1000_u16.to_be_bytes();

/// One of the concurrent connections: it has one life after another.
struct Place {
    stage: Stage,
    /// The time at which the stage began; `u64::MAX` while there is no connection.
    since: u64,
    /// The time at which this life began.
    began: u64,
    /// The number of this life.
    life: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connecting,
    Talking,
    Closing,
}

struct Churn {
    places: Vec<Place>,
    /// The next steps, by the index of their place. They are taken after the input of a turn has been handled.
    steps: Vec<(usize, Step)>,
    lives: Latency,
    accounting: Accounting,
    completed: u64,
    living: usize,
    /// The time from which no new life begins.
    until: u64,
    clock: Clock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Connect,
    Speak,
    Close,
}

/// Runs `--concurrency` lives at a time, each in a room of its own at `/room/churn-N`.
pub(super) fn run(options: &Options) -> Result<Report, String> {
    let places = options.concurrency.max(1);
    let watched = options.watched()?;
    let mut crowd = options.crowd(places)?;
    for place in 0..places {
        crowd.add(format!("/room/churn-{place}"), Reading::Always);
    }
    let mut churn = Churn::new(places, crowd.clock);
    let meter = Meter::start(watched);
    churn.until = crowd.clock.now() + nanos(options.measured());
    churn.turn_until(&mut crowd, options.message_bytes, |churn, now| now >= churn.until)?;
    let window = meter.stop();
    let completed = churn.completed as f64;
    // Let the lives that have begun come to their end; no new one begins.
    churn.turn_until(&mut crowd, options.message_bytes, |churn, _| churn.living == 0)?;

    let mut report = Report::new(options, places, &window);
    report.figure("lives_per_s", completed / window.wall);
    report.server(&window);
    if let Some(cpu) = window.server {
        report.figure("server_cpu_us_per_life", cpu.total * 1e6 / completed);
    }
    report.latency_us = vec![churn.lives.summary("lives", "connect")];
    report.accounting = Some(churn.accounting);
    Ok(report)
}

impl Churn {
    fn new(places: usize, clock: Clock) -> Self {
        let place = || Place { stage: Stage::Connecting, since: u64::MAX, began: 0, life: 0 };
        let mut lives = Latency::new();
        lives.start(0);
        Self {
            places: (0..places).map(|_| place()).collect(),
            steps: (0..places).map(|place| (place, Step::Connect)).collect(),
            lives,
            accounting: Accounting::default(),
            completed: 0,
            living: 0,
            until: 0,
            clock,
        }
    }

    fn turn_until(
        &mut self,
        crowd: &mut Crowd,
        message_bytes: usize,
        over: impl Fn(&Self, u64) -> bool,
    ) -> Result<(), String> {
        loop {
            self.take_steps(crowd, message_bytes)?;
            let now = self.clock.now();
            if over(self, now) {
                return Ok(());
            }
            self.check(now)?;
            crowd.turn(LONGEST_TURN, self)?;
        }
    }

    fn take_steps(&mut self, crowd: &mut Crowd, message_bytes: usize) -> Result<(), String> {
        let mut wire = Vec::new();
        for (index, step) in std::mem::take(&mut self.steps) {
            let now = crowd.clock.now();
            let place = &mut self.places[index];
            wire.clear();
            place.since = now;
            match step {
                Step::Connect if now >= self.until => place.since = u64::MAX,
                Step::Connect => {
                    self.living += 1;
                    place.stage = Stage::Connecting;
                    place.began = now;
                    crowd.connect(index).map_err(|end| format!("connection {index}: {end}"))?;
                }
                Step::Speak => {
                    let stamp = Stamp { stream: index as u32, sequence: place.life, sent: now }.write();
                    let filler = vec![b'x'; message_bytes - Stamp::LENGTH];
                    frame::write_masked(&mut wire, TEXT, crowd.key(), &[&stamp, &filler]);
                    crowd.send(index, &wire);
                }
                Step::Close => {
                    frame::write_masked(&mut wire, CLOSE, crowd.key(), &[&NORMAL_CLOSURE]);
                    crowd.send(index, &wire);
                }
            }
        }
        Ok(())
    }

    fn check(&self, now: u64) -> Result<(), String> {
        let lost = self.places.iter().position(|place| now.saturating_sub(place.since) > PATIENCE);
        lost.map_or(Ok(()), |index| {
            let stage = self.places[index].stage;
            Err(format!("connection {index} is still {stage:?} after {} s", PATIENCE / 1_000_000_000))
        })
    }
}

impl Listener for Churn {
    fn opened(&mut self, index: usize, _now: u64) {
        self.places[index].stage = Stage::Talking;
        self.accounting.expected += 1;
        self.steps.push((index, Step::Speak));
    }

    fn message(&mut self, index: usize, payload: &[u8], _now: u64) {
        let place = &mut self.places[index];
        match Stamp::read(payload) {
            Some(stamp) if stamp.stream as usize != index => self.accounting.misdelivered += 1,
            Some(stamp) if stamp.sequence != place.life => self.accounting.misdelivered += 1,
            Some(_) if place.stage == Stage::Talking => {
                place.stage = Stage::Closing;
                self.accounting.delivered += 1;
                self.steps.push((index, Step::Close));
            }
            Some(_) => self.accounting.duplicated += 1,
            None => self.accounting.foreign += 1,
        }
    }

    fn ended(&mut self, index: usize, end: End) {
        let place = &mut self.places[index];
        if place.stage == Stage::Closing && end == End::Closed(1000) {
            self.completed += 1;
            self.lives.record(place.began, self.clock.now());
        } else {
            self.accounting.missing += u64::from(place.stage == Stage::Talking);
            self.accounting.ended += 1;
            self.accounting.first_end.get_or_insert_with(|| format!("connection {index}: {end}"));
        }
        place.life += 1;
        self.living -= 1;
        self.steps.push((index, Step::Connect));
    }
}
