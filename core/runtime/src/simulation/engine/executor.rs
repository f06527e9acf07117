//! Tasks, polled one at a time in an order that the seed chooses.

use crate::host::Task;
use crate::simulation::engine::basics::lock;
use fastrand::Rng;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

/// Which of the tasks that are ready is polled next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Any.
    Random,
    /// The one that was woken first.
    Oldest,
    /// The one that was woken last: others starve while it goes on.
    Newest,
}

/// A task, for as long as the simulation lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskId(usize);

/// All tasks, and which of them are ready.
pub struct Executor {
    tasks: Vec<Option<Task>>,
    flags: Vec<Arc<Flag>>,
    ready: Arc<Mutex<VecDeque<usize>>>,
    order: Order,
    rng: Rng,
}

struct Flag {
    task: usize,
    is_ready: AtomicBool,
    ready: Arc<Mutex<VecDeque<usize>>>,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_ready.swap(true, Ordering::Relaxed) {
            lock(&self.ready).push_back(self.task);
        }
    }
}

impl Executor {
    /// Without a task. The random numbers choose among those that are ready.
    #[must_use]
    pub fn new(order: Order, rng: Rng) -> Self {
        Self { tasks: Vec::new(), flags: Vec::new(), ready: Arc::default(), order, rng }
    }

    /// A task, ready to be polled.
    pub fn spawn(&mut self, task: Task) -> TaskId {
        let number = self.tasks.len();
        let flag = Flag { task: number, is_ready: AtomicBool::new(false), ready: Arc::clone(&self.ready) };
        let flag = Arc::new(flag);
        flag.wake_by_ref();
        self.tasks.push(Some(task));
        self.flags.push(flag);
        TaskId(number)
    }

    /// How many tasks are ready.
    #[must_use]
    pub fn ready(&self) -> usize {
        lock(&self.ready).len()
    }

    /// All tasks that there have been.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Polls one task that is ready; whether there was one.
    pub fn poll_one(&mut self) -> bool {
        let Some(number) = self.choose() else { return false };
        self.poll(number);
        true
    }

    /// Polls any task, woken or not, as a host may.
    pub fn poll_any(&mut self) {
        let number = self.rng.usize(..self.tasks.len());
        self.poll(number);
    }

    fn choose(&mut self) -> Option<usize> {
        let mut ready = lock(&self.ready);
        if ready.is_empty() {
            return None;
        }
        Some(match self.order {
            Order::Random => {
                let at = self.rng.usize(..ready.len());
                ready.swap_remove_back(at)?
            }
            Order::Oldest => ready.pop_front()?,
            Order::Newest => ready.pop_back()?,
        })
    }

    fn poll(&mut self, number: usize) {
        let flag = &self.flags[number];
        flag.is_ready.store(false, Ordering::Relaxed);
        let Some(task) = &mut self.tasks[number] else { return };
        let waker = Waker::from(Arc::clone(flag));
        if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.tasks[number] = None;
        }
    }

    /// Drops a task before its end, as a host may.
    pub fn cancel(&mut self, task: TaskId) {
        self.tasks[task.0] = None;
    }

    /// Whether a task has come to its end, or was dropped.
    #[must_use]
    pub fn is_over(&self, task: TaskId) -> bool {
        self.tasks[task.0].is_none()
    }
}
