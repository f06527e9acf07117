//! What the hub has told about one client and its task has not taken yet.

use crate::close::{CloseCode, ClosedBy};
use crate::hub::Dropped;
use crate::id::Name;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::mem;

/// Bounded: a client is connected and disconnected once, leaves as many rooms as it may be in, and whatever can
/// repeat is added up.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    /// The first notice of all, which everybody gets: it needs no memory.
    is_connected: bool,
    queue: Option<Box<Queue>>,
    /// The transport is to be ended now.
    pub(super) abort: bool,
    /// Reading may go on.
    pub(super) resume: bool,
}

/// The other notices, in order. Boxed, because nearly every mailbox is empty nearly always.
#[derive(Debug, Default)]
struct Queue {
    notices: VecDeque<Notice>,
}

/// One call of a hook.
#[derive(Debug)]
pub(super) enum Notice {
    Connected,
    Left(Name),
    Dropped(Dropped),
    OverRate(u32),
    Disconnected(Disconnected),
}

/// How a client ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disconnected {
    /// The code of the first close frame, [`CloseCode::ABNORMAL`] if there was none.
    pub code: CloseCode,
    /// The reason in that close frame.
    pub reason: Option<Name>,
    /// Who ended it.
    pub by: ClosedBy,
}

impl Mailbox {
    pub(super) fn push(&mut self, notice: Notice) {
        if let Notice::Connected = notice {
            self.is_connected = true;
            return;
        }
        let notices = &mut self.queue.get_or_insert_default().notices;
        match (notices.back_mut(), notice) {
            (Some(Notice::Dropped(sum)), Notice::Dropped(later)) => sum.add(later),
            (Some(Notice::OverRate(sum)), Notice::OverRate(later)) => *sum = sum.saturating_add(later),
            (_, notice) => notices.push_back(notice),
        }
    }

    /// The next notice. A mailbox that is empty owns no memory.
    pub(super) fn pop(&mut self) -> Option<Notice> {
        if mem::take(&mut self.is_connected) {
            return Some(Notice::Connected);
        }
        let notices = &mut self.queue.as_mut()?.notices;
        let notice = notices.pop_front();
        if notices.is_empty() {
            self.queue = None;
        }
        notice
    }
}
