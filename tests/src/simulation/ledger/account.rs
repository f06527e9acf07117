//! The account of one client.

use std::collections::BTreeSet;

use throng_core::{ClientId, CloseCode, ClosedBy};

use crate::simulation::watch::Told;

/// The code with which the application has a client evicted.
pub(crate) const EVICTED: CloseCode = CloseCode(4009);

/// What is known of one client.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) client: Option<ClientId>,
    pub(crate) stage: Stage,
    pub(crate) user: Option<u64>,
    pub(crate) rooms: BTreeSet<u64>,
    /// A hook of it runs.
    pub(crate) in_hook: bool,
    /// Messages for it, with their bytes, in the order in which they were sent.
    pub(crate) expected: Vec<(u64, u32)>,
    /// How many of them were received or passed over.
    pub(crate) next: usize,
    pub(crate) received: u64,
    /// How many of them came deflated.
    pub(crate) deflated: u64,
    /// How many of them shared a frame.
    pub(crate) joined: u64,
    /// Messages that were passed over, and their bytes.
    pub(crate) missing: u64,
    pub(crate) missing_bytes: u64,
    /// What the application was told is dropped.
    pub(crate) told: u64,
    pub(crate) told_bytes: u64,
    /// It was told that something was dropped for its end.
    pub(crate) lost_by_its_end: bool,
    /// The number of the last message of it that was handled.
    pub(crate) heard: u64,
    /// Messages of it that were not handled, and how many the application was told of.
    pub(crate) unheard: u64,
    pub(crate) told_unheard: u64,
    /// What its hooks were told.
    pub(crate) hooks: Told,
    /// Messages, their bytes, and pings and pongs that it has sent.
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    pub(crate) controls: u64,
    pub(crate) causes: Causes,
    /// No hook says how it ended.
    pub(crate) is_cancelled: bool,
    pub(crate) fate: Option<Fate>,
}

/// How far a client is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    #[default]
    New,
    Asked,
    Connected,
    Ended,
}

/// How a client ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) by: ClosedBy,
    pub(crate) code: CloseCode,
}

/// What was done to a client, or by it, that may end it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Causes {
    /// It sent a close frame with this code.
    pub(crate) closed: Option<CloseCode>,
    /// It broke the protocol, or a limit, to which this code is the answer.
    pub(crate) violated: Option<CloseCode>,
    /// It said more than a rate allows at once.
    pub(crate) flooded: bool,
    /// It ended or reset its transport, or vanished.
    pub(crate) broke: bool,
    /// It ended its direction of the transport, and read on.
    pub(crate) finished: bool,
    /// It read slowly or not at all, or did not answer pings. That the host stood still explains no end.
    pub(crate) was_slow: bool,
    /// A hook of it panicked or took its time.
    pub(crate) failed: bool,
    /// The application closed it.
    pub(crate) dismissed: bool,
    /// It may be closed for being too slow for the messages sent to it.
    pub(crate) may_overflow: bool,
    /// Another client of its user may take its place.
    pub(crate) may_be_evicted: bool,
    /// It was told that the hub had too little memory for messages, of which it had one in part. How many are told so, and
    /// whether that can be, is checked apart.
    pub(crate) ran_short: bool,
    /// It may be closed for saying and hearing nothing, or for saying nothing.
    pub(crate) may_idle: bool,
    /// It asked for rooms at once that may have been full.
    pub(crate) may_not_join: bool,
}

impl Account {
    /// Whether something that concerns this client explains its end: nobody is harmed by another's fault.
    pub(super) fn explains(&self, fate: &Fate, is_ending: bool) -> bool {
        let causes = &self.causes;
        match (fate.by, fate.code) {
            (ClosedBy::Peer, code) => causes.closed == Some(code),
            (ClosedBy::Application, _) => causes.dismissed,
            (ClosedBy::Transport, _) => causes.broke,
            (ClosedBy::Hub, code) if causes.violated == Some(code) => true,
            (ClosedBy::Hub, CloseCode::NORMAL) => causes.may_idle,
            (ClosedBy::Hub, CloseCode::GOING_AWAY) => is_ending,
            (ClosedBy::Hub, CloseCode::ABNORMAL) => causes.was_slow || causes.broke || causes.ran_short,
            (ClosedBy::Hub, CloseCode::POLICY) => causes.flooded || causes.may_be_evicted,
            (ClosedBy::Hub, EVICTED) => causes.may_be_evicted,
            (ClosedBy::Hub, CloseCode::INTERNAL_ERROR) => causes.failed,
            (ClosedBy::Hub, CloseCode::TRY_AGAIN_LATER) => causes.may_overflow || causes.may_not_join,
            _ => false,
        }
    }

    /// It was closed for saying and hearing nothing, or its last hook is still to say so.
    pub(crate) fn was_idle(&self) -> bool {
        match &self.fate {
            Some(fate) => fate.by == ClosedBy::Hub && fate.code == CloseCode::NORMAL,
            None => self.in_hook,
        }
    }

    /// It was closed, or has closed itself, in such a way that what is queued is written first.
    pub(crate) fn was_flushed(&self, drains: bool) -> bool {
        self.fate.as_ref().is_some_and(|fate| match (fate.by, fate.code) {
            (ClosedBy::Peer, _) => true,
            (ClosedBy::Transport, _) => self.causes.finished,
            (ClosedBy::Application, _) | (ClosedBy::Hub, CloseCode::NORMAL | EVICTED) => true,
            (ClosedBy::Hub, CloseCode::GOING_AWAY) => drains,
            _ => false,
        })
    }

    /// The peer said its end by a close frame: all before it was heard.
    pub(crate) fn has_said_its_end(&self) -> bool {
        self.fate.as_ref().is_some_and(|fate| fate.by == ClosedBy::Peer)
    }

    /// The peer ended it, by a close frame or by the end of its own direction.
    pub(crate) fn has_ended_by_itself(&self) -> bool {
        let has_finished = self.causes.finished;
        let by_end = |fate: &Fate| has_finished && fate.by == ClosedBy::Transport;
        self.has_said_its_end() || self.fate.as_ref().is_some_and(by_end)
    }

    /// Its task is dropped: it ends, and no hook says so.
    pub(crate) fn cancel(&mut self) {
        self.causes.broke = true;
        self.stage = Stage::Ended;
        self.rooms.clear();
        self.is_cancelled = true;
    }

    /// Messages that were neither received nor passed over.
    pub(crate) fn outstanding(&self) -> (u64, u64) {
        let rest = &self.expected[self.next..];
        (rest.len() as u64, rest.iter().map(|(_, size)| u64::from(*size)).sum())
    }
}
