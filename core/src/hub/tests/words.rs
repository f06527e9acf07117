//! Short constructors of actions, outcomes and times, and a random number generator: words of the [bench](super::bench).

use crate::close::{CloseCode, ClosedBy};
use crate::hub::{Action, DropReason, Dropped, Error, Published};
use crate::id::ClientId;
use core::time::Duration;

pub(super) fn left(client: ClientId, room: &str) -> Action {
    Action::Left { client, room: room.into() }
}

pub(super) fn disconnected(client: ClientId, code: CloseCode, by: ClosedBy, reason: &str) -> Action {
    let reason = (!reason.is_empty()).then(|| reason.into());
    Action::Disconnected { client, code, by, reason }
}

pub(super) fn away(client: ClientId, code: CloseCode, by: ClosedBy, reason: &str) -> Action {
    let reason = (!reason.is_empty()).then(|| reason.into());
    Action::Away { client, code, by, reason }
}

pub(super) fn vanished(client: ClientId) -> Action {
    disconnected(client, CloseCode::ABNORMAL, ClosedBy::Transport, "")
}

pub(super) fn said_bye(client: ClientId) -> Action {
    disconnected(client, CloseCode::NORMAL, ClosedBy::Application, "bye")
}

pub(super) fn lost(client: ClientId, frames: u32, bytes: u64, reason: DropReason) -> Action {
    Action::Dropped { client, dropped: Dropped { frames, bytes, of_history: false, reason } }
}

pub(super) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The smallest step of time.
pub(super) const TICK: Duration = Duration::from_nanos(1);

/// Ignores the result of a random event, which may be refused.
pub(super) fn tried<T>(_: Result<T, Error>) {}

/// The outcome of a publish.
pub(super) const fn published(queued: u32, dropped: u32, refused: u32, unknown: u32) -> Published {
    Published { queued, dropped, refused, unknown, position: None, ignored: None }
}

/// A random number generator of the tests' own (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
