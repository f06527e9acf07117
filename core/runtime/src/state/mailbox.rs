//! What the hub has told about one client and its task has not taken yet.

use crate::notice::dropped::Dropped;
use crate::notice::hook::{ClientError, Left};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::mem;
use core::time::Duration;
use throng_core::close::{CloseCode, ClosedBy};
use throng_core::hub::Joined;
use throng_core::id::Name;

/// Bounded: a client is connected and disconnected once; whatever can repeat is added up, but for its joins and leaves, of
/// which [`MOST`] wait and as many more as it is in rooms.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    /// The first notice of all, which everybody gets: it needs no memory.
    is_connected: bool,
    queue: Option<Box<Queue>>,
    /// The transport is to be ended now.
    pub(crate) abort: bool,
    /// Reading may go on.
    pub(crate) resume: bool,
}

/// Notices that wait before a join and a leave of one room cancel each other.
const MOST: usize = 1024;

/// The other notices, in order. Boxed, because nearly every mailbox is empty nearly always.
#[derive(Debug, Default)]
struct Queue {
    notices: VecDeque<Notice>,
}

/// One call of a hook.
#[derive(Debug)]
pub(crate) enum Notice {
    Connected,
    Joined(Name, Joined),
    Left(Name, Left),
    Dropped(Dropped),
    OverRate(u32),
    Error(ClientError),
    Disconnected(End),
}

/// How the hub says that a client ended.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) code: CloseCode,
    pub(crate) reason: Option<Name>,
    pub(crate) by: ClosedBy,
}

/// How a client ended, and what there was of it. What is told is final; only of what was still to be written when the client
/// ended more may be written later than [`sent`](Self::sent) says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disconnected {
    /// The code of the first close frame, [`CloseCode::ABNORMAL`] if there was none.
    pub code: CloseCode,
    /// The reason in that close frame.
    pub reason: Option<Name>,
    /// Who ended it.
    pub by: ClosedBy,
    /// How long it was a client.
    pub duration: Duration,
    /// Messages that it sent, those included that were over its rate.
    pub received: u64,
    /// Bytes of their payloads.
    pub received_bytes: u64,
    /// Messages for it that its transport had taken, each whole, when this was told. What was being written at that moment and
    /// what is written before a close frame need not be among them.
    pub sent: u64,
    /// Bytes of their frames, as they were written: of deflated ones where the client had those.
    pub sent_bytes: u64,
    /// Messages for it that were dropped, as [`dropped`](crate::Handler::dropped) was told.
    pub dropped: u64,
    /// Bytes of their frames.
    pub dropped_bytes: u64,
}

impl Mailbox {
    pub(crate) fn push(&mut self, notice: Notice) {
        if let Notice::Connected = notice {
            self.is_connected = true;
            return;
        }
        let notices = &mut self.queue.get_or_insert_default().notices;
        if notices.len() >= MOST && cancels(notices, &notice) {
            return;
        }
        match (notices.back_mut(), notice) {
            (Some(Notice::Dropped(sum)), Notice::Dropped(later)) => sum.add(later),
            (Some(Notice::OverRate(sum)), Notice::OverRate(later)) => *sum = sum.saturating_add(later),
            (Some(Notice::Error(known)), Notice::Error(error)) if *known == error => {}
            (_, notice) => notices.push_back(notice),
        }
    }

    /// The next notice. A mailbox that is empty owns no memory.
    pub(crate) fn pop(&mut self) -> Option<Notice> {
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

/// Takes the last notice about the same room away, which says the opposite, and says so; an error is one too many.
fn cancels(notices: &mut VecDeque<Notice>, notice: &Notice) -> bool {
    let room = match notice {
        Notice::Joined(room, _) | Notice::Left(room, _) => room,
        notice => return matches!(notice, Notice::Error(_)),
    };
    let same = notices.iter().rposition(|notice| match notice {
        Notice::Joined(other, _) | Notice::Left(other, _) => other == room,
        _ => false,
    });
    same.and_then(|at| notices.remove(at)).is_some()
}
