//! Batches of commands for the broker.

use super::link::Up;
use super::traffic::Command;
use super::wire::{self, Body, Header, Kind};
use super::{Cluster, Ending};
use alloc::vec::Vec;
use bytes::Bytes;

/// Subscriptions that are not confirmed yet, in batches: beyond, the node waits for the broker.
const UNCONFIRMED_BATCHES: usize = 4;

impl Cluster {
    /// Appends a batch of commands for the link, of at most `max_bytes` of messages but at least one command, and of at most
    /// [`Config::batch`](super::Config::batch) commands. Returns the number of the link; `None` if there is no link, nothing to send, or a
    /// batch on its way. After a batch hand in [`Event::Sent`](super::Event::Sent) or [`Event::LinkDown`](super::Event::LinkDown).
    ///
    /// It may lead to [`Action::Ready`](super::Action::Ready): poll actions once more afterwards.
    ///
    /// Subscriptions come first, then rooms, probes and heartbeats, then messages, which wait until the link is proven. O(bytes) of the batch,
    /// and O(nodes) for each subscription that ends.
    pub fn poll_commands(&mut self, max_bytes: usize, commands: &mut Vec<Command>) -> Option<u64> {
        let up = *self.link.up()?;
        if up.batch.is_some() {
            return None;
        }
        let before = commands.len();
        let mut batch = Vec::new();
        let most = self.config.batch as usize;
        // Half of a batch, so that messages are not held up by a million rooms.
        let half = most.div_ceil(2);
        let unconfirmed = UNCONFIRMED_BATCHES * most;
        let concedes = matches!(self.ending, Ending::Conceding(_));
        if !concedes {
            self.interests.take(self.now, half, unconfirmed, &mut batch, &mut self.removed);
            self.forget_removed();
        }
        let bytes_of_rooms = self.take_rooms(max_bytes / 2, most, &mut batch);
        self.take_urgent(&up, &mut batch);
        if up.is_proven && !concedes {
            self.queue.take(max_bytes.saturating_sub(bytes_of_rooms), most.max(batch.len()), &mut batch);
            self.take_goodbye(&mut batch);
        }
        self.check_ready();
        commands.append(&mut batch);
        if commands.len() == before {
            return None;
        }
        let now = self.now;
        self.link.up_mut()?.batch = Some(now);
        Some(self.link.number)
    }

    /// Whether [`poll_commands`](Self::poll_commands) may return a batch. O(1).
    #[must_use]
    pub fn has_commands(&self) -> bool {
        let Some(up) = self.link.up() else { return false };
        if matches!(self.ending, Ending::Conceding(_)) {
            return up.batch.is_none() && self.heartbeat.is_due_to_rival;
        }
        let is_urgent = up.probe.is_some_and(|probe| !probe.is_sent)
            || self.heartbeat.is_due
            || self.heartbeat.is_due_to_rival;
        let is_leaving = matches!(self.ending, Ending::Flushing(_));
        let unconfirmed = UNCONFIRMED_BATCHES * self.config.batch as usize;
        up.batch.is_none()
            && (is_urgent
                || self.interests.has_work(unconfirmed)
                || self.has_to_tell_rooms()
                || up.is_proven && (is_leaving || self.queue.is_waiting()))
    }

    pub(super) fn handle_sent(&mut self, link: u64) {
        if let Some(up) = self.link.up_of(link)
            && up.batch.take().is_some()
        {
            self.queue.sent();
            self.go_on_leaving();
        }
    }

    /// Probe and heartbeats go before the messages that wait: they have no number that would be out of order.
    fn take_urgent(&mut self, up: &Up, batch: &mut Vec<Command>) {
        let concedes = matches!(self.ending, Ending::Conceding(_));
        if let Some(probe) = up.probe
            && !probe.is_sent
            && !concedes
        {
            batch.push(self.message(false, Kind::Probe, &Body::Probe { nonce: probe.nonce }));
            if let Some(probe) = self.link.up_mut().and_then(|up| up.probe.as_mut()) {
                probe.is_sent = true;
            }
        }
        let (beat, counts, state) = (self.heartbeat.beat, self.nodes.own(), self.state_of_rooms());
        let beat = Body::Beat { beat, counts, state };
        if up.is_proven && !concedes && core::mem::take(&mut self.heartbeat.is_due) {
            batch.push(self.message(true, Kind::Beat, &beat));
        }
        if core::mem::take(&mut self.heartbeat.is_due_to_rival) {
            batch.push(self.message(false, Kind::Beat, &beat));
        }
    }

    /// Behind everything else.
    fn take_goodbye(&mut self, batch: &mut Vec<Command>) {
        if let Ending::Flushing(until) = self.ending
            && !self.queue.is_waiting()
        {
            batch.push(self.message(true, Kind::Goodbye, &Body::Goodbye));
            self.ending = Ending::Goodbye(until);
        }
    }

    /// A message without a number, to all nodes or to this one.
    fn message(&self, is_to_all: bool, kind: Kind, body: &Body<'_>) -> Command {
        let message = self.unnumbered(kind, body);
        let subject = if is_to_all { &self.all } else { &self.own };
        Command::Publish { subject: subject.clone(), payload: Bytes::from(message) }
    }

    pub(super) fn unnumbered(&self, kind: Kind, body: &Body<'_>) -> Vec<u8> {
        let mut message = Vec::new();
        let (node, incarnation) = (self.identity.node.as_str(), self.identity.incarnation);
        wire::write_header(&Header { kind, node, incarnation, stream: 0, sequence: 0 }, &mut message);
        wire::write_body(body, &mut message);
        message
    }

    /// What was heard on subscriptions that have ended is forgotten.
    pub(super) fn forget_removed(&mut self) {
        for slot in core::mem::take(&mut self.removed) {
            self.nodes.unsubscribed(slot);
        }
    }
}
