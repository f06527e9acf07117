//! What happens next, until nothing does.

use crate::simulation::engine::basics::chance;
use crate::simulation::engine::clock::Clock;
use crate::simulation::engine::executor::Executor;
use crate::simulation::engine::host::SimulatedHost;
use crate::simulation::engine::network::handles::Network;
use crate::simulation::engine::schedule::Due;
use fastrand::Rng;
use std::sync::Arc;

/// So many polls without an end are one too many.
const MOST_POLLS: u64 = 30_000_000;
/// So many polls at one instant, too, and more for each task.
const MOST_AT_ONCE: u64 = 100_000;
/// Between two looks at what must hold, in polls.
const LOOK_EVERY: u64 = 64;

/// What must not be and was.
pub type Failed = Vec<String>;

/// One host, its tasks and its wires, on one clock.
pub struct Engine<T> {
    /// The time.
    pub clock: Arc<Clock>,
    /// All wires.
    pub network: Network<T>,
    /// The hub's host.
    pub host: Arc<SimulatedHost>,
    /// All tasks.
    pub executor: Executor,
    /// Nanoseconds that a poll takes, at most.
    pub poll_cost: u64,
    /// Polls of tasks that nobody woke, of 1,000.
    pub spurious: u32,
    polls: u64,
    at_once: u64,
}

/// What happens that is not the hub's own affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening<T> {
    /// Bytes, or an end, arrive at the peer's end of a wire.
    Arrived(usize),
    /// There is room for what a peer has to send.
    Room(usize),
    /// What the simulation itself has put in.
    Own(T),
}

/// A simulation: an [`Engine`], and what its peers and its host do.
pub trait World {
    /// The world's own events, which wait in the schedule.
    type Due: Copy + Ord;

    /// Its engine.
    fn engine(&mut self) -> &mut Engine<Self::Due>;

    /// Its random numbers.
    fn rng(&mut self) -> &mut Rng;

    /// Something happens.
    fn happen(&mut self, happening: Happening<Self::Due>);

    /// Whether all is as it must be.
    ///
    /// # Errors
    /// What is not.
    fn look(&mut self) -> Result<(), Failed>;

    /// Lets everything happen that happens until then.
    ///
    /// # Errors
    /// What is not as it must be.
    fn run_until(&mut self, end: u64) -> Result<(), Failed> {
        loop {
            self.run_tasks(end)?;
            let is_due = self.deliver();
            let engine = self.engine();
            // A hub that never comes to rest is not waited for.
            if engine.clock.now() > end {
                return Ok(());
            }
            if engine.host.wake_yielded() || is_due {
                continue;
            }
            let next = [engine.network.next(), engine.clock.next()].into_iter().flatten().min();
            self.look()?;
            let engine = self.engine();
            let now = engine.clock.now();
            match next {
                Some(next) if next <= end => {
                    engine.at_once = 0;
                    engine.clock.set(next);
                    self.deliver();
                }
                _ => {
                    engine.clock.set(end.max(now));
                    return Ok(());
                }
            }
        }
    }

    /// Polls whatever task is ready, until none is or it is later than `end`.
    ///
    /// # Errors
    /// What is not as it must be.
    fn run_tasks(&mut self, end: u64) -> Result<(), Failed> {
        self.engine().executor.begin_turn();
        while self.engine().clock.now() <= end {
            let engine = self.engine();
            // Whoever gave way to those who were ready goes on, also if more are ready by now; but not before each of them had its
            // turn, whatever the order.
            if engine.executor.is_turn_over() {
                engine.host.wake_yielded();
                engine.executor.begin_turn();
            }
            for task in engine.host.take_spawned() {
                engine.executor.spawn(task);
            }
            let (cost, spurious) = (engine.poll_cost, engine.spurious);
            if chance(self.rng(), spurious) {
                self.engine().executor.poll_any();
            }
            if !self.engine().executor.poll_one() {
                return Ok(());
            }
            if cost > 0 {
                let passed = self.rng().u64(..=cost);
                let engine = self.engine();
                engine.clock.set(engine.clock.now() + passed);
                engine.at_once = 0;
                if chance(self.rng(), 100) {
                    self.deliver();
                }
            }
            if self.engine().count_poll()? {
                self.look()?;
            }
        }
        Ok(())
    }

    /// What is due by now happens; whether anything was.
    fn deliver(&mut self) -> bool {
        let mut any = self.engine().clock.wake_due();
        while let Some(due) = self.engine().network.pop() {
            any = true;
            self.pass_on(due);
        }
        any
    }

    /// The host stands still: no task is polled, no timer comes. Its peers and the network go on: what they send lies in the
    /// hub's transports when it wakes. Whatever of the simulation's own `waits`, comes later.
    fn stand_still(&mut self, end: u64, waits: impl Fn(&Self::Due) -> bool)
    where
        Self: Sized,
    {
        while let Some(next) = self.engine().network.next()
            && next <= end
        {
            let engine = self.engine();
            engine.clock.set(next);
            let Some(due) = engine.network.pop() else { break };
            match due {
                // What the host has a part in.
                Due::Own(own) if waits(&own) => engine.network.put(end + 1, own),
                _ => self.pass_on(due),
            }
        }
        let clock = &self.engine().clock;
        clock.set(end + 1);
        // Timers and transports are awake together: who comes first must not matter.
        clock.wake_due();
    }

    /// Something is due.
    fn pass_on(&mut self, due: Due<Self::Due>) {
        let network = &self.engine().network;
        match due {
            Due::ToHub(wire) => network.arrive_at_hub(wire),
            Due::ToPeer(wire) => {
                network.arrive_at_peer(wire);
                self.happen(Happening::Arrived(wire));
            }
            Due::Readable(wire) => network.wake_reader(wire),
            Due::Writable(wire) => network.wake_writer(wire),
            Due::Room(wire) => self.happen(Happening::Room(wire)),
            Due::Own(own) => self.happen(Happening::Own(own)),
        }
    }
}

impl<T> Engine<T> {
    /// Without a task or a wire.
    #[must_use]
    pub fn new(clock: Arc<Clock>, network: Network<T>, host: Arc<SimulatedHost>, executor: Executor) -> Self {
        Self { clock, network, host, executor, poll_cost: 0, spurious: 0, polls: 0, at_once: 0 }
    }

    /// A task was polled; whether it is time for a look.
    fn count_poll(&mut self) -> Result<bool, Failed> {
        self.polls += 1;
        self.at_once += 1;
        let most = MOST_AT_ONCE + 100 * self.executor.tasks() as u64;
        if self.at_once > most || self.polls > MOST_POLLS {
            return Err(vec!["the tasks wake each other for ever".into()]);
        }
        Ok(self.polls.is_multiple_of(LOOK_EVERY))
    }
}
