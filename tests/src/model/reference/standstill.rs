//! A host that stood still. The hub has a time of its own for that, which stands still, too. The model has the host's, and
//! moves everything that is to come, and everything from which it is counted, by as much: but not what peers have used of
//! their rates, as they go on sending.

use super::drain::random;
use super::timeouts::{NEVER, nanos};
use super::{Model, Story};
use std::time::Duration;
use throng_core::hub::Action;
use throng_core::{ClientId, ConnectionId};

/// When the host last stood still.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standstill {
    /// When it went on.
    ended: u64,
    /// No deadline that ran then comes within so long.
    grace: u64,
    /// How long it stood still, then and shortly before.
    unread: u64,
}

impl Model {
    /// The hub asked for an event at `asked`, if it did, and the first since the last one comes at `now`.
    pub(super) fn pass_time(&mut self, now: u64, asked: Option<u64>) {
        let least = nanos(self.limits.standstill);
        let before = self.now;
        self.now = before.max(now);
        let Some(due) = asked.map(|asked| asked.max(before)) else { return };
        let late = self.now.saturating_sub(due);
        if late <= least {
            return;
        }
        self.move_all(late);
        let idle = due - before;
        // What is left of the grace after another one.
        let left = (self.standstill.ended + late + self.standstill.grace).saturating_sub(self.now);
        let unread = late + if left > 0 { self.standstill.unread } else { 0 };
        self.standstill = Standstill { ended: self.now, grace: idle.max(least).max(left), unread };
        self.numbers.standstills += 1;
        self.numbers.stood_still += Duration::from_nanos(late);
        self.tell(Action::StoodStill { time: Duration::from_nanos(late) });
    }

    fn move_all(&mut self, by: u64) {
        let moved = |moment: &mut u64| {
            if *moment != NEVER {
                *moment += by;
            }
        };
        for connection in &mut self.connections {
            for moment in connection.moments() {
                moved(moment);
            }
        }
        for client in &mut self.clients {
            moved(&mut client.last_out);
            if let Some(away) = &mut client.away {
                moved(&mut away.until);
                moved(&mut away.timer.0);
            }
            for ask in &mut client.asks {
                moved(&mut ask.until);
            }
            moved(&mut client.asks_timer.0);
            client.written.shift(by);
        }
        for moment in self.rooms.iter_mut().filter_map(|room| room.story.as_mut()).flat_map(Story::moments) {
            moved(moment);
        }
        for roll in self.rooms.iter_mut().filter_map(|room| room.roll.as_mut()) {
            moved(&mut roll.timer.0);
        }
        for key in &mut self.keys {
            moved(&mut key.at);
        }
        if let Some(drain) = &mut self.drain {
            moved(&mut drain.since);
        }
    }

    /// What is read now may have arrived so early.
    pub(super) fn arrived_since(&self) -> u64 {
        let Standstill { ended, grace, unread } = self.standstill;
        if self.now < ended + grace { self.now - unread } else { self.now }
    }

    /// The buckets of a client that opens are full: it can have sent nothing while the host stood still.
    pub(super) fn begin_rates(&mut self, client: ClientId) {
        if self.arrived_since() < self.now {
            let (limits, now) = (self.limits.clone(), self.now);
            let connection = self.of(client).connection;
            self.begin_controls(connection);
            let of = self.of(client);
            of.messages.take(limits.client_messages, now, 0);
            of.bytes.take(limits.client_bytes, now, 0);
        }
    }

    /// The same for the control frames of a connection.
    pub(super) fn begin_controls(&mut self, connection: ConnectionId) {
        if self.arrived_since() < self.now {
            let (rate, now) = (self.limits.control, self.now);
            self.at(connection).controls.take(rate, now, 0);
        }
    }

    /// When something ends that lasts so long: not before there was time to read what had come while the host stood still,
    /// and not at the same time as everybody else.
    pub(super) fn put_off(&self, connection: ConnectionId, end: u64, lasts: u64) -> u64 {
        let Standstill { ended, grace, .. } = self.standstill;
        if end == NEVER || grace == 0 {
            return end;
        }
        let part = u128::from(lasts / 8) * u128::from(random(self.limits.seed, connection.index() as u64));
        let time_to_read = ended + grace.min(lasts) + (part >> 64) as u64;
        end.max(time_to_read.min(end + lasts + lasts / 8))
    }
}
