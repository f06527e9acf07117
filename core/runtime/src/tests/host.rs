//! A host without threads, sockets or a clock of its own: tasks are polled one by one.
//!
//! Under the model checker, threads of a test may take tasks and poll them.

use super::peer::Peer;
use crate::hosting::{Connection, Host, HostedHub, Report, Sleep, Task};
use crate::state::sync::{AtomicBool, Mutex, MutexGuard};
use crate::{Builder, Hub};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};
use throng_core::Instant;
use throng_core::hub::{Event, Outcome};

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The host and its hub.
pub(super) struct World {
    pub(super) hub: Hub,
    pub(super) hosted: HostedHub,
    #[cfg(loom)]
    lanes: NonZeroU16,
    clock: Arc<Clock>,
    tasks: Vec<Spawned>,
    /// The most polls between two looks for input.
    longest_turn: usize,
}

#[derive(Default)]
struct Clock {
    nanos: AtomicU64,
    /// Timers that were made.
    timers: AtomicUsize,
    sleepers: Mutex<Vec<Sleeper>>,
    spawned: Mutex<Vec<Task>>,
    yielded: Mutex<Vec<Waker>>,
    reports: Mutex<Vec<Report>>,
}

struct Spawned {
    task: Option<Task>,
    flag: Arc<Flag>,
}

/// Whether the task must be polled. As with any executor, the poll sees what happened before the wake-up.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.swap(true, Ordering::AcqRel);
    }
}

impl Spawned {
    fn new(task: Task) -> Self {
        Self { task: Some(task), flag: Arc::new(Flag(AtomicBool::new(true))) }
    }

    /// Polls the task if it was woken; returns whether it was.
    fn poll(&mut self) -> bool {
        if !self.flag.0.swap(false, Ordering::AcqRel) {
            return false;
        }
        let Some(task) = &mut self.task else { return false };
        let waker = Waker::from(Arc::clone(&self.flag));
        if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.task = None;
        }
        true
    }
}

struct TestHost(Arc<Clock>);

/// A timer, and its number.
struct TestSleep(Arc<Clock>, usize);

/// A waiting timer: its number, its time, and the task to wake.
struct Sleeper {
    timer: usize,
    until: u64,
    waker: Waker,
}

impl Host for TestHost {
    fn now(&self) -> Instant {
        Instant::from_nanos(self.0.nanos.load(Ordering::Relaxed))
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.0.nanos.load(Ordering::Relaxed))
    }

    fn spawn(&self, task: Task) {
        lock(&self.0.spawned).push(task);
    }

    fn sleep(&self) -> Box<dyn Sleep> {
        let timer = self.0.timers.fetch_add(1, Ordering::Relaxed);
        Box::new(TestSleep(Arc::clone(&self.0), timer))
    }

    fn yield_now(&self, cx: &mut Context<'_>) {
        lock(&self.0.yielded).push(cx.waker().clone());
    }

    fn report(&self, report: Report) {
        lock(&self.0.reports).push(report);
    }
}

impl Sleep for TestSleep {
    fn poll_until(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        if until.as_nanos() <= self.0.nanos.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        let sleeper = Sleeper { timer: self.1, until: until.as_nanos(), waker: cx.waker().clone() };
        let old = {
            let mut sleepers = lock(&self.0.sleepers);
            let old = take_out(&mut sleepers, |sleeper| sleeper.timer == self.1);
            sleepers.push(sleeper);
            old
        };
        drop(old);
        Poll::Pending
    }
}

impl Drop for TestSleep {
    fn drop(&mut self) {
        let old = take_out(&mut lock(&self.0.sleepers), |sleeper| sleeper.timer == self.1);
        drop(old);
    }
}

fn take_out(sleepers: &mut Vec<Sleeper>, which: impl Fn(&Sleeper) -> bool) -> Vec<Sleeper> {
    sleepers.extract_if(.., |sleeper| which(sleeper)).collect()
}

impl Clock {
    /// Wakes the tasks that have yielded; returns whether there were any.
    fn go_on(&self) -> bool {
        let yielded: Vec<Waker> = lock(&self.yielded).drain(..).collect();
        let is_busy = !yielded.is_empty();
        yielded.into_iter().for_each(Waker::wake);
        is_busy
    }
}

impl World {
    /// Connections that have come and gone before a test begins.
    pub(super) const EARLIER: u64 = 4;

    pub(super) fn new(builder: Builder) -> Self {
        Self::with_lanes(builder, NonZeroU16::MIN)
    }

    pub(super) fn with_lanes(builder: Builder, lanes: NonZeroU16) -> Self {
        let hub = builder.lanes(lanes).build().expect("the config can stand");
        let clock = Arc::new(Clock::default());
        let host = Arc::clone(&clock);
        let hosted = HostedHub::start(hub.clone(), |_| Arc::new(TestHost(host)));
        let mut world = Self {
            hub,
            hosted,
            #[cfg(loom)]
            lanes,
            clock,
            tasks: Vec::new(),
            longest_turn: 0,
        };
        world.run();
        world.part_ids();
        world
    }

    /// Lets connections come and go, so that those to come get other indexes than their clients, and an index that is
    /// used for the other kind of id is found. The hub hands out free indexes in the reverse order of their return.
    fn part_ids(&self) {
        self.hub.shared().with(|inner, now| {
            let accept = |_| match inner.handle(now, Event::Accept { address: None, lane: 0 }) {
                Ok(Outcome::Accepted(connection)) => Some(connection),
                _ => None,
            };
            let come: Vec<_> = (0..Self::EARLIER).filter_map(accept).collect();
            for connection in come {
                inner.handle(now, Event::Gone { connection }).expect("it is there");
            }
        });
    }

    /// Opens a WebSocket.
    pub(super) fn connect(&mut self) -> Peer {
        let peer = self.accept();
        peer.ask();
        self.run();
        let answer = peer.take();
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
        peer
    }

    /// A transport on which nothing has arrived yet.
    pub(super) fn accept(&mut self) -> Peer {
        self.accept_from(None)
    }

    /// A transport on which nothing has arrived yet, from an address.
    pub(super) fn accept_from(&mut self, remote: Option<SocketAddr>) -> Peer {
        let peer = Peer::default();
        let connection: Connection<Peer> = self.hosted.connect(peer.clone(), Arc::new(peer.clone()), remote);
        *lock(&peer.task) = Some(self.tasks.len());
        self.tasks.push(Spawned::new(Box::pin(connection)));
        self.run();
        peer
    }

    /// Polls woken tasks until none is left.
    pub(super) fn run(&mut self) {
        while self.run_turn() {}
    }

    /// Polls all woken tasks once, then wakes those that have yielded; returns whether there were any.
    pub(super) fn run_turn(&mut self) -> bool {
        let spawned: Vec<Task> = lock(&self.clock.spawned).drain(..).collect();
        let is_new = !spawned.is_empty();
        self.tasks.extend(spawned.into_iter().map(Spawned::new));
        let polls = self.tasks.iter_mut().map(|spawned| usize::from(spawned.poll())).sum();
        self.longest_turn = self.longest_turn.max(polls);
        // Tasks that yielded continue after all others.
        let has_yielded = self.clock.go_on();
        is_new || polls > 0 || has_yielded
    }

    /// The most tasks that were polled since the last call until a task that had yielded went on. A real host looks for
    /// input as often: whoever has sent something waits for as many polls.
    pub(super) fn take_longest_turn(&mut self) -> usize {
        std::mem::take(&mut self.longest_turn)
    }

    /// Lets time pass, then polls woken tasks.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.clock.nanos.load(Ordering::Relaxed) + time.as_nanos() as u64;
        loop {
            let now = self.clock.nanos.load(Ordering::Relaxed);
            let next = lock(&self.clock.sleepers).iter().map(|sleeper| sleeper.until).min();
            let to = next.map_or(end, |next| next.clamp(now, end));
            self.advance(Duration::from_nanos(to - now));
            self.run();
            if to == end {
                return;
            }
        }
    }

    /// Lets time pass without polling any task.
    pub(super) fn advance(&mut self, time: Duration) {
        let time = time.as_nanos() as u64;
        let now = self.clock.nanos.fetch_add(time, Ordering::Relaxed) + time;
        let due = take_out(&mut lock(&self.clock.sleepers), |sleeper| sleeper.until <= now);
        due.into_iter().for_each(|sleeper| sleeper.waker.wake());
    }

    /// The host drops a connection's task.
    pub(super) fn cancel(&mut self, peer: &Peer) {
        let task = lock(&peer.task).expect("it was accepted");
        self.tasks[task].task = None;
        self.run();
    }

    /// The host's runtime ends: all its tasks are dropped.
    pub(super) fn end_host(&mut self) {
        let spawned = std::mem::take(&mut *lock(&self.clock.spawned));
        drop(spawned);
        self.tasks.iter_mut().for_each(|spawned| spawned.task = None);
    }

    /// Does what a second runtime crate does before it serves the same hub.
    pub(super) fn start_again(&self) {
        HostedHub::start(self.hub.clone(), |_| Arc::new(TestHost(Arc::default())));
    }

    /// Adds a task; returns its number.
    pub(super) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) -> usize {
        self.tasks.push(Spawned::new(Box::pin(task)));
        self.tasks.len() - 1
    }

    pub(super) fn has_ended(&self, task: usize) -> bool {
        self.tasks[task].task.is_none()
    }

    /// Lets a thread poll one of the tasks, until it is [given back](Self::give_back).
    #[cfg(loom)]
    pub(super) fn lend(&mut self, whose: Whose<'_>) -> Lent {
        // In the order of spawning.
        let at = match whose {
            Whose::Lane => 0,
            Whose::SecondLane => 1,
            Whose::Timer => self.lanes.get().into(),
            Whose::Peer(peer) => lock(&peer.task).expect("it was accepted"),
            Whose::Task(at) => at,
        };
        let lent = &mut self.tasks[at];
        let spawned = Spawned { task: lent.task.take(), flag: Arc::clone(&lent.flag) };
        Lent { at, spawned, clock: Arc::clone(&self.clock) }
    }

    #[cfg(loom)]
    pub(super) fn give_back(&mut self, lent: Lent) {
        let at = lent.at;
        self.tasks[at] = lent.spawned;
    }

    /// Polls only the task of this peer's connection, if it is woken.
    pub(super) fn poll_only(&mut self, peer: &Peer) {
        let task = lock(&peer.task).expect("it was accepted");
        self.tasks[task].poll();
    }

    pub(super) fn is_over(&self, peer: &Peer) -> bool {
        let task = lock(&peer.task).expect("it was accepted");
        self.tasks[task].task.is_none()
    }

    /// Timers that were made so far.
    pub(super) fn timers(&self) -> usize {
        self.clock.timers.load(Ordering::Relaxed)
    }

    pub(super) fn reports(&self) -> Vec<Report> {
        lock(&self.clock.reports).clone()
    }
}

/// One of the tasks of a world.
#[derive(Clone, Copy)]
#[cfg(loom)]
pub(super) enum Whose<'a> {
    Lane,
    SecondLane,
    Timer,
    Peer(&'a Peer),
    Task(usize),
}

/// A task that a thread polls.
#[cfg(loom)]
pub(super) struct Lent {
    at: usize,
    spawned: Spawned,
    clock: Arc<Clock>,
}

#[cfg(loom)]
impl Lent {
    /// Polls the task at most this many times, whenever it was woken.
    pub(super) fn poll(mut self, times: usize) -> Self {
        for _ in 0..times {
            if self.spawned.poll() {
                self.clock.go_on();
            }
        }
        self
    }

    /// Wakes the task spuriously.
    pub(super) fn awake(self) -> Self {
        Arc::clone(&self.spawned.flag).wake();
        self
    }

    /// Polls the task under a new waker from now on; wake-ups of the old one are ignored.
    pub(super) fn under_another_waker(mut self) -> Self {
        self.spawned.flag = Arc::new(Flag(AtomicBool::new(true)));
        self
    }

    /// The host drops it.
    pub(super) fn cancel(mut self) -> Self {
        self.spawned.task = None;
        self
    }
}
