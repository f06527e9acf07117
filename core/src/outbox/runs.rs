//! Runs: lists of frames on lease. Clients with equal queues share a run.

use super::batch::Control;
use super::entry::NONE;
use super::nodes::Span;
use alloc::vec::Vec;

/// Marks an item of a run as a control frame.
const CONTROL: u32 = 1 << 31;

/// An item of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunItem {
    /// The slot of a frame.
    Frame(u32),
    /// The position in the run's list of control frames.
    Control(u32),
}

impl RunItem {
    fn new(item: u32) -> Self {
        if item & CONTROL == 0 { Self::Frame(item) } else { Self::Control(item & !CONTROL) }
    }
}

/// Frames and control frames in the order in which they are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Items {
    list: Vec<u32>,
    pub(super) controls: Vec<Control>,
    /// The number of frames among the items; `bytes` are their bytes.
    pub(super) messages: u32,
    pub(super) bytes: u32,
}

impl Items {
    pub(super) fn push_frame(&mut self, frame: u32, size: u32) {
        self.list.push(frame);
        self.messages += 1;
        self.bytes += size;
    }

    pub(super) fn push_control(&mut self, control: Control) {
        self.list.push(CONTROL | self.controls.len() as u32);
        self.controls.push(control);
    }

    /// The items as stored: a frame is its slot.
    pub(super) fn raw(&self) -> &[u32] {
        &self.list
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn get(&self, at: usize) -> RunItem {
        RunItem::new(self.list[at])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = RunItem> + '_ {
        self.list.iter().copied().map(RunItem::new)
    }

    /// The slots of the frames.
    pub(super) fn frames(&self) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.list.iter().copied().filter(|item| item & CONTROL == 0)
    }

    fn clear(&mut self) {
        self.list.clear();
        self.controls.clear();
        (self.messages, self.bytes) = (0, 0);
    }
}

/// Frames and control frames on lease to one client, or frames on lease to several.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub(super) items: Items,
    /// The queue that the run was made of, if it was a single span and nothing else.
    pub(super) span: Option<Span>,
    /// The number of leases that are out.
    pub(super) holders: u32,
    /// The number of leases ever given. The run holds as many references to each frame.
    pub(super) given: u32,
}

impl Run {
    /// Counts one more lease.
    #[inline]
    pub(super) fn give(&mut self) {
        self.holders += 1;
        self.given += 1;
    }

    /// Counts one lease fewer, and returns whether it was the last.
    #[inline]
    pub(super) fn take_back(&mut self) -> bool {
        self.holders -= 1;
        self.holders == 0
    }

    fn clear(&mut self) {
        self.items.clear();
        self.span = None;
        (self.holders, self.given) = (0, 0);
    }
}

/// All runs on lease. Retired runs are used again with their memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs {
    pub(super) list: Vec<Run>,
    pub(super) free: Vec<u32>,
}

impl Runs {
    pub(super) fn insert(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.list.push(Run::default());
            debug_assert!(self.list.len() < NONE as usize);
            self.list.len() as u32 - 1
        })
    }

    #[inline]
    pub(super) fn get(&self, run: u32) -> &Run {
        &self.list[run as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, run: u32) -> &mut Run {
        &mut self.list[run as usize]
    }

    pub(super) fn remove(&mut self, run: u32) {
        self.list[run as usize].clear();
        self.free.push(run);
    }
}
