//! Notices of the hub for one client that its task has not taken yet.

use crate::notice::dropped::DropNotice;
use crate::notice::expiry::Expiring;
use crate::notice::hook::{ClientError, Left};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::mem;
use core::time::Duration;
use throng_core::hub::Joined;
use throng_core::{CloseCode, ClosedBy, Name};

/// A client's notices. Bounded: connected and disconnected come once and repeated notices are added up, except joins
/// and leaves, of which at most [`MOST`] wait, plus one per room that the client is in.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    /// The first notice of every client; as a flag it needs no memory.
    is_connected: bool,
    queue: Option<Box<Queue>>,
}

/// From this number of waiting notices on, a join and a leave of one room cancel each other.
const MOST: usize = 1024;

/// The other notices, in order. Boxed, because nearly all mailboxes are empty nearly all the time.
#[derive(Debug, Default)]
struct Queue {
    notices: VecDeque<Notice>,
}

/// A call of a hook.
#[derive(Debug)]
pub(crate) enum Notice {
    Connected,
    Joined(Name, Joined),
    Left(Name, Left),
    Dropped(DropNotice),
    OverRate(u32),
    Error(ClientError),
    Away(Away),
    Resumed(Resumed),
    Expiring(Expiring),
    Disconnected(End),
}

/// How a client lost its connection: for [`Handler::away`](crate::Handler::away).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Away {
    /// The code of the peer's close frame; [`CloseCode::ABNORMAL`] if there was none.
    pub code: CloseCode,
    /// The reason in that close frame, or why the hub ended the connection.
    pub reason: Option<Name>,
    /// Which side ended the connection.
    pub by: ClosedBy,
}

/// How a client got another connection: for [`Handler::resumed`](crate::Handler::resumed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Resumed {
    /// How long the client was away; `None` if the new connection replaced one that was still open.
    pub away: Option<Duration>,
}

/// How a client ended, according to the hub.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) code: CloseCode,
    pub(crate) reason: Option<Name>,
    pub(crate) by: ClosedBy,
}

/// How a client ended, and its counters. The values are final, except that messages still queued at the end may be
/// written later than [`sent`](Self::sent) says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disconnected {
    /// The code of the first close frame; [`CloseCode::ABNORMAL`] if there was none.
    pub code: CloseCode,
    /// The reason in that close frame.
    pub reason: Option<Name>,
    /// Which side ended the client.
    pub by: ClosedBy,
    /// How long the client was open.
    pub duration: Duration,
    /// Messages that the client sent, including those over its rate.
    pub received: u64,
    /// Bytes of the payloads of these messages.
    pub received_bytes: u64,
    /// Messages to the client that its transport had taken completely at this moment. Messages being written, and those
    /// written before a close frame, may be missing.
    pub sent: u64,
    /// Bytes of the frames of these messages as written: deflated where the client got deflated frames.
    pub sent_bytes: u64,
    /// Messages to the client that were dropped, as [`dropped`](crate::Handler::dropped) was told.
    pub dropped: u64,
    /// Bytes of the frames of these messages.
    pub dropped_bytes: u64,
}

impl Mailbox {
    pub(crate) fn push(&mut self, notice: Notice) {
        if let Notice::Connected = notice {
            self.is_connected = true;
            return;
        }
        let notices = &mut self.queue.get_or_insert_default().notices;
        // The latest expiry counts.
        if let Notice::Expiring(later) = notice
            && let Some(known) = notices.iter_mut().find_map(|notice| match notice {
                Notice::Expiring(known) => Some(known),
                _ => None,
            })
        {
            *known = later;
            return;
        }
        if notices.len() >= MOST && (cancels(notices, &notice) || repeats(notices, &notice)) {
            return;
        }
        match (notices.back_mut(), notice) {
            (Some(Notice::Dropped(sum)), Notice::Dropped(later)) => sum.add(later),
            (Some(Notice::OverRate(sum)), Notice::OverRate(later)) => *sum = sum.saturating_add(later),
            (Some(Notice::Error(known)), Notice::Error(error)) if *known == error => {}
            (_, notice) => notices.push_back(notice),
        }
    }

    /// Whether it has still to be told that the client has a newer connection.
    pub(crate) fn has_return(&self) -> bool {
        let is_return = |notice: &Notice| matches!(notice, Notice::Resumed(_));
        self.queue.as_ref().is_some_and(|queue| queue.notices.iter().any(is_return))
    }

    /// The next notice. An empty mailbox owns no memory.
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

/// Whether a notice need not be told, since it continues what the last one of its kind says: a client that lost its connection has lost
/// it again, or one that has returned has once more another connection. The notices between the two are told.
fn repeats(notices: &mut VecDeque<Notice>, notice: &Notice) -> bool {
    let is_return = match notice {
        Notice::Away(_) => false,
        Notice::Resumed(_) => true,
        _ => return false,
    };
    let last = notices.iter().rposition(|notice| matches!(notice, Notice::Away(_) | Notice::Resumed(_)));
    let Some(last) = last else { return false };
    if matches!(notices[last], Notice::Resumed(_)) == is_return {
        return true;
    }
    // A loss and a return cancel each other.
    notices.remove(last);
    true
}

/// Removes the last notice about the same room, which is the opposite one; returns whether it did. Errors are dropped
/// when the mailbox is full.
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
