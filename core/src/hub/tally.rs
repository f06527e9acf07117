//! Counters by kind: refusals by reason, ended clients by side and class of the close code.

use super::Refusal;
use crate::close::{CloseCode, ClosedBy, CodeClass};
use crate::time::Instant;
use core::fmt;
use core::mem::discriminant;

/// Each reason once; its numbers are ignored here.
const REASONS: [Refusal; 28] = [
    Refusal::Draining,
    Refusal::Stopped,
    Refusal::TooManyConnections { limit: 0 },
    Refusal::TooManyHandshakes { limit: 0 },
    Refusal::TooManyOfAddress { limit: 0 },
    Refusal::ConnectRate { retry_at: Instant::ORIGIN },
    Refusal::TooManyOfUser { limit: 0 },
    Refusal::EmptyName,
    Refusal::NameTooLong { limit: 0 },
    Refusal::AlreadyInRoom,
    Refusal::NotInRoom,
    Refusal::TooManyRoomsOfClient { limit: 0 },
    Refusal::RoomFull { limit: 0 },
    Refusal::TooManyRooms { limit: 0 },
    Refusal::NoSuchRoom,
    Refusal::NoSuchUser,
    Refusal::MessageTooBig { limit: 0 },
    Refusal::MayNotPublish,
    Refusal::SessionInUse,
    Refusal::SessionOfAnotherUser,
    Refusal::TooManyAsks { limit: 0 },
    Refusal::NoSuchAsk,
    Refusal::NoHistory,
    Refusal::KeyTooLong { limit: 0 },
    Refusal::TooManyKeys { limit: 0 },
    Refusal::NoPresence,
    Refusal::InfoTooLong { limit: 0 },
    Refusal::TooManyPresent { limit: 0 },
];

/// How often the hub refused an event, by reason.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Refusals(pub(super) [u64; REASONS.len()]);

impl Refusals {
    pub(super) fn count(&mut self, refusal: Refusal) {
        if let Some(count) = place(refusal).and_then(|place| self.0.get_mut(place)) {
            *count += 1;
        }
    }

    /// How often the hub refused for this reason; the limit in `refusal` is ignored.
    #[must_use]
    pub fn of(&self, refusal: Refusal) -> u64 {
        place(refusal).and_then(|place| self.0.get(place)).copied().unwrap_or_default()
    }

    /// The [name](Refusal::name) of each reason and how often the hub refused for it.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        REASONS.iter().zip(&self.0).map(|(reason, count)| (reason.name(), *count))
    }
}

fn place(refusal: Refusal) -> Option<usize> {
    REASONS.iter().position(|reason| discriminant(reason) == discriminant(&refusal))
}

impl fmt::Debug for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().filter(|(_, count)| *count > 0)).finish()
    }
}

/// How often clients were ended, by the side that ended them and the [class](CodeClass) of the close code.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Ends(pub(super) [[u64; CodeClass::ALL.len()]; BY.len()]);

/// The sides in the order of their discriminants.
const BY: [ClosedBy; 4] = [ClosedBy::Peer, ClosedBy::Application, ClosedBy::Hub, ClosedBy::Transport];

impl Ends {
    pub(super) fn count(&mut self, by: ClosedBy, code: CloseCode) {
        self.0[by as usize][code.class() as usize] += 1;
    }

    /// How often this side ended a client with a code of this class.
    #[must_use]
    pub const fn of(&self, by: ClosedBy, class: CodeClass) -> u64 {
        self.0[by as usize][class as usize]
    }

    /// How often this side ended a client.
    #[must_use]
    pub fn by(&self, by: ClosedBy) -> u64 {
        self.0[by as usize].iter().sum()
    }

    /// Each pair of side and class, and how often clients ended that way.
    pub fn iter(&self) -> impl Iterator<Item = (ClosedBy, CodeClass, u64)> + '_ {
        BY.iter().zip(&self.0).flat_map(|(&by, classes)| {
            CodeClass::ALL.iter().zip(classes).map(move |(&class, &count)| (by, class, count))
        })
    }
}

impl fmt::Debug for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = self.iter().filter(|end| end.2 > 0);
        f.debug_map().entries(counted.map(|(by, class, count)| ((by.name(), class.name()), count))).finish()
    }
}
