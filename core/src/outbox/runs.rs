//! What is on lease: the same list of frames for as many clients as wait for just that.

use super::batch::Control;
use super::entry::NONE;
use super::nodes::Span;
use alloc::vec::Vec;

/// Marks an item of a run as one of its control frames.
const CONTROL: u32 = 1 << 31;

/// An item of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunItem {
    /// The slot of a frame.
    Frame(u32),
    /// Which of the run's control frames.
    Control(u32),
}

impl RunItem {
    fn new(item: u32) -> Self {
        if item & CONTROL == 0 { Self::Frame(item) } else { Self::Control(item & !CONTROL) }
    }
}

/// Frames and control frames on lease to one client, or the same frames to several.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub(super) items: Vec<u32>,
    /// The whole queue it was made of, if that was one span and nothing else.
    pub(super) span: Option<Span>,
    pub(super) controls: Vec<Control>,
    /// Frames among the items, and their bytes.
    pub(super) messages: u32,
    pub(super) bytes: u32,
    /// Leases not yet returned.
    pub(super) holders: u32,
    /// Leases given in all: so many holds of each frame end with the run.
    pub(super) given: u32,
}

impl Run {
    pub(super) fn push_frame(&mut self, frame: u32, size: u32) {
        self.items.push(frame);
        self.messages += 1;
        self.bytes += size;
    }

    pub(super) fn push_control(&mut self, control: Control) {
        self.items.push(CONTROL | self.controls.len() as u32);
        self.controls.push(control);
    }

    /// One more lease.
    #[inline]
    pub(super) fn give(&mut self) {
        self.holders += 1;
        self.given += 1;
    }

    /// One lease fewer; whether that was the last.
    #[inline]
    pub(super) fn take_back(&mut self) -> bool {
        self.holders -= 1;
        self.holders == 0
    }

    /// The items as stored: a frame's slot stands for itself.
    pub(super) fn raw(&self) -> &[u32] {
        &self.items
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn item(&self, at: usize) -> RunItem {
        RunItem::new(self.items[at])
    }

    pub(super) fn items(&self) -> impl Iterator<Item = RunItem> + '_ {
        self.items.iter().copied().map(RunItem::new)
    }

    fn clear(&mut self) {
        self.items.clear();
        self.controls.clear();
        self.span = None;
        (self.messages, self.bytes, self.holders, self.given) = (0, 0, 0, 0);
    }
}

/// All runs on lease. Retired ones are used again with the memory they have.
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
