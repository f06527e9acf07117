//! Tasks, polled one at a time in an order that the seed chooses.

use crate::host::Task;
use crate::simulation::engine::basics::lock;
use fastrand::Rng;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

/// How the executor chooses the next task to poll from those that are ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Takes any of them, at random.
    Random,
    /// Takes the task that was woken first.
    Oldest,
    /// Takes the task that was woken last. Others starve while such tasks wake each other.
    Newest,
}

/// The id of a task. It stays valid after the task has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskId(usize);

/// All tasks, and which of them are ready.
pub struct Executor {
    tasks: Vec<Option<Task>>,
    flags: Vec<Arc<Flag>>,
    ready: Arc<Mutex<Ready>>,
    order: Order,
    rng: Rng,
}

/// The tasks that are ready.
#[derive(Default)]
struct Ready {
    /// The turn in which each task was woken, and its number.
    queue: VecDeque<(u64, usize)>,
    turn: u64,
    /// How many tasks of the queue were ready when the turn began.
    left: usize,
}

struct Flag {
    task: usize,
    is_ready: AtomicBool,
    ready: Arc<Mutex<Ready>>,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_ready.swap(true, Ordering::Relaxed) {
            let mut ready = lock(&self.ready);
            let turn = ready.turn;
            ready.queue.push_back((turn, self.task));
        }
    }
}

impl Executor {
    /// Makes an executor without tasks. `rng` makes its random choices.
    #[must_use]
    pub fn new(order: Order, rng: Rng) -> Self {
        Self { tasks: Vec::new(), flags: Vec::new(), ready: Arc::default(), order, rng }
    }

    /// Adds a task, which is ready to be polled.
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
        lock(&self.ready).queue.len()
    }

    /// Begins a turn. It consists of the tasks that are ready now; a task that is woken later belongs to the next turn, even if
    /// it is polled first.
    pub fn begin_turn(&mut self) {
        let mut ready = lock(&self.ready);
        ready.turn += 1;
        ready.left = ready.queue.len();
    }

    /// Whether all tasks that were ready when the turn began have been polled.
    #[must_use]
    pub fn is_turn_over(&self) -> bool {
        lock(&self.ready).left == 0
    }

    /// The number of tasks that were ever spawned.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Polls one task that is ready. Returns false if none is.
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
        if ready.queue.is_empty() {
            return None;
        }
        let (turn, task) = match self.order {
            Order::Random => {
                let at = self.rng.usize(..ready.queue.len());
                ready.queue.swap_remove_back(at)?
            }
            Order::Oldest => ready.queue.pop_front()?,
            Order::Newest => ready.queue.pop_back()?,
        };
        ready.left -= usize::from(turn < ready.turn);
        Some(task)
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

    /// Whether a task has ended or was dropped.
    #[must_use]
    pub fn is_over(&self, task: TaskId) -> bool {
        self.tasks[task.0].is_none()
    }
}
