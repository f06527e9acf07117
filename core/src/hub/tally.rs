//! What is counted by kind: refusals by their reason, ends by who ended a client and with what.

use super::Refusal;
use crate::close::{CloseCode, ClosedBy, CodeClass};
use crate::time::Instant;
use core::fmt;
use core::mem::discriminant;

/// Each reason once. Its numbers say nothing here.
const REASONS: [Refusal; 18] = [
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
];

/// How often the hub refused, by reason.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Refusals(pub(super) [u64; REASONS.len()]);

impl Refusals {
    pub(super) fn count(&mut self, refusal: Refusal) {
        if let Some(count) = place(refusal).and_then(|place| self.0.get_mut(place)) {
            *count += 1;
        }
    }

    /// How often it was for this reason, whatever its limit.
    #[must_use]
    pub fn of(&self, refusal: Refusal) -> u64 {
        place(refusal).and_then(|place| self.0.get(place)).copied().unwrap_or_default()
    }

    /// Every reason by its [name](Refusal::name), with how often it was.
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

/// How often a client was ended, by who did it and by the [class](CodeClass) of the code.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Ends(pub(super) [[u64; CodeClass::ALL.len()]; BY.len()]);

/// In the order of their numbers.
const BY: [ClosedBy; 4] = [ClosedBy::Peer, ClosedBy::Application, ClosedBy::Hub, ClosedBy::Transport];

impl Ends {
    pub(super) fn count(&mut self, by: ClosedBy, code: CloseCode) {
        self.0[by as usize][code.class() as usize] += 1;
    }

    /// How often somebody ended a client with a code of this class.
    #[must_use]
    pub const fn of(&self, by: ClosedBy, class: CodeClass) -> u64 {
        self.0[by as usize][class as usize]
    }

    /// How often somebody ended a client.
    #[must_use]
    pub fn by(&self, by: ClosedBy) -> u64 {
        self.0[by as usize].iter().sum()
    }

    /// Everybody who may end a client, and every class, with how often it was.
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
