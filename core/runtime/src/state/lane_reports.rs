//! When the hub is told about the last input from a peer.
//!
//! A lane reports what it has written only before it takes its next batch. If the hub heard in between that a connection
//! has ended, it would keep the messages of that batch for a client that may return, and the peer would get messages
//! twice that its transport had taken whole. So while a lane writes, the last input waits for the lane's report.

use crate::state::last_input::LastInput;
use crate::state::types::{Inner, LaneNotice};
use core::mem;
use throng_core::hub::Event;
use throng_core::{ConnectionId, Instant};

impl Inner {
    /// Tells the hub about the last input, at once or after the lane's report. `false` if the connection is
    /// to be ended; if that turns out later, the connection's task is asked to do so.
    pub(crate) fn take_last_input(
        &mut self,
        now: Instant,
        (connection, lane): (ConnectionId, u8),
        last: LastInput,
    ) -> bool {
        let may_return = self.hub.config().sessions.grace.is_some();
        if may_return && let Some(state) = self.lanes.get_mut(usize::from(lane)).filter(|lane| lane.writes) {
            if matches!(last, LastInput::Broken) {
                // A lease that the lane takes with its report is not written.
                state.inbox.push(LaneNotice::Detach(connection));
            }
            state.last_inputs.push((connection, last));
            return true;
        }
        self.tell_last_input(now, connection, &last)
    }

    /// Tells the hub about the last inputs that have waited for a lane's report, which it has now.
    pub(crate) fn tell_last_inputs(&mut self, now: Instant, lane: u8) {
        let waited = mem::take(&mut self.lanes[usize::from(lane)].last_inputs);
        for (connection, last) in waited {
            let goes_on = self.tell_last_input(now, connection, &last);
            // Also if all is well: the task looks whether its client is away.
            self.set_and_wake(connection, |shared| {
                if !goes_on {
                    shared.set_aborted();
                }
            });
        }
    }

    /// Tells the hub about the last input. `false` if the connection is to be ended.
    fn tell_last_input(&mut self, now: Instant, connection: ConnectionId, last: &LastInput) -> bool {
        match last {
            LastInput::Close { code, reason } => {
                // The peer may be answering our close frame; the error is ignored then.
                let _ = self.handle(now, Event::PeerClosed { connection, code: *code, reason });
                true
            }
            LastInput::End => self.handle(now, Event::HalfClosed { connection }).is_ok(),
            LastInput::Broken => false,
        }
    }
}
