//! Recovery: a client that joins from a position gets what it missed as one span of the room's log, behind what waits for it
//! already and before every later message.

use super::{Hub, Joined};
use crate::position::{Position, Recover, Recovery, Unrecoverable, Unrecovered};

impl Hub {
    /// Queues for a member, which has just joined, what it asks for, and says what it gets.
    pub(super) fn recover(
        &mut self,
        index: u32,
        slot: u32,
        members: u32,
        recover: Option<Recover>,
    ) -> Joined {
        let position = self.stream(slot).map(|stream| self.position_of(stream));
        let recovery = recover.map(|recover| match self.recover_messages(index, slot, recover) {
            Ok(count) => {
                self.stream_totals.recovered += 1;
                self.stream_totals.recovered_messages += u64::from(count);
                Recovery::Recovered { count }
            }
            Err(unrecovered) => {
                self.stream_totals.unrecovered[unrecovered.reason as usize] += 1;
                Recovery::Unrecovered(unrecovered)
            }
        });
        Joined { members, position, recovery }
    }

    fn recover_messages(&mut self, index: u32, slot: u32, recover: Recover) -> Result<u32, Unrecovered> {
        let Some(stream) = self.stream(slot) else { return Err(NONE_KEPT) };
        let ring = stream.ring;
        let extent = self.outboxes.extent_of(ring);
        let fail = |reason| Err(Unrecovered { reason, oldest: extent.oldest, top: extent.top });
        let since = match recover {
            Recover::Latest => extent.top.saturating_sub(1),
            Recover::Since(Position { epoch, offset }) => {
                if epoch != stream.epoch || offset > extent.top {
                    return fail(Unrecoverable::EpochChanged);
                }
                offset
            }
        };
        let count = extent.top - since;
        if count == 0 {
            return Ok(0);
        }
        if since + 1 < extent.oldest {
            return fail(extent.lost);
        }
        let limits = &self.config.history;
        let Some(count) = u32::try_from(count).ok().filter(|&count| count <= limits.recover_messages) else {
            return fail(Unrecoverable::OverLimit);
        };
        match self.outboxes.room_for_kept(index, ring, count, limits.recover_bytes) {
            Some(bytes) => self.outboxes.push_kept(index, ring, (count, bytes), self.now.as_nanos()),
            None => return fail(Unrecoverable::OverLimit),
        }
        Ok(count)
    }
}

/// The answer where there is no history.
pub(super) const NONE_KEPT: Unrecovered = Unrecovered { reason: Unrecoverable::NoneKept, oldest: 1, top: 0 };
