//! Who is written to next: in each lane two queues, of which the prompt one is served three times for each turn of the
//! other.

use super::Model;
use super::outbox::Sending;
use throng_core::ClientId;

#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    prompt: Vec<ClientId>,
    bulk: Vec<ClientId>,
    prompt_turns: u8,
}

impl Lane {
    fn next(&mut self) -> Option<ClientId> {
        if self.prompt.is_empty() && self.bulk.is_empty() {
            return None;
        }
        if self.bulk.is_empty() {
            return Some(self.prompt.remove(0));
        }
        if self.prompt.is_empty() {
            return Some(self.bulk.remove(0));
        }
        if self.prompt_turns == 3 {
            self.prompt_turns = 0;
            return Some(self.bulk.remove(0));
        }
        self.prompt_turns += 1;
        Some(self.prompt.remove(0))
    }

    fn remove(&mut self, client: ClientId) {
        self.prompt.retain(|&other| other != client);
        self.bulk.retain(|&other| other != client);
    }
}

impl Model {
    pub(super) fn next_ready(&mut self, lane: u8) -> Option<ClientId> {
        self.lanes[usize::from(lane)].next()
    }

    fn lane_of(&mut self, client: ClientId) -> &mut Lane {
        let lane = self.connection_of(client).lane;
        &mut self.lanes[usize::from(lane)]
    }

    /// Something was queued for a client: it is ready, if nobody writes to it and its transport takes bytes.
    pub(super) fn wake(&mut self, client: ClientId) {
        let sending = self.of(client).outbox.sending;
        match sending {
            Sending::Idle => {
                self.of(client).outbox.sending = Sending::Ready;
                self.lane_of(client).prompt.push(client);
            }
            // A word for somebody who waits among those who are slow.
            Sending::Ready if self.lane_of(client).bulk.contains(&client) => {
                self.lane_of(client).remove(client);
                self.lane_of(client).prompt.push(client);
            }
            _ => {}
        }
    }

    /// The same for what is for many: it waits behind what is for few, and who waits already keeps its place.
    pub(super) fn wake_among_many(&mut self, client: ClientId) {
        if self.of(client).outbox.sending == Sending::Idle {
            self.wake_slow(client);
        }
    }

    /// Ready again, behind those that can be served in one turn.
    pub(super) fn wake_slow(&mut self, client: ClientId) {
        self.of(client).outbox.sending = Sending::Ready;
        self.lane_of(client).bulk.push(client);
    }

    pub(super) fn unready(&mut self, client: ClientId) {
        for lane in &mut self.lanes {
            lane.remove(client);
        }
    }

    /// Who loses its last frame has nothing to write.
    pub(super) fn rest(&mut self, client: ClientId) {
        let outbox = &self.of(client).outbox;
        if outbox.sending == Sending::Paced && outbox.queue.is_empty() {
            let has_pending = outbox.has_pending();
            self.of(client).outbox.sending = Sending::Idle;
            if has_pending {
                self.wake(client);
            }
            return;
        }
        if outbox.sending == Sending::Ready && !outbox.has_pending() {
            self.unready(client);
            self.of(client).outbox.sending = Sending::Idle;
        }
    }

    /// Whether a lane has anybody to write to.
    pub(crate) fn has_ready(&self, lane: u8) -> bool {
        let lane = &self.lanes[usize::from(lane)];
        !lane.prompt.is_empty() || !lane.bulk.is_empty()
    }
}
