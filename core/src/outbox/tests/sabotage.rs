//! Breaks invariants of outboxes, to test that `check` finds it.

use crate::frame::Frame;
use crate::outbox::{Control, NONE, Outboxes};
use bytes::Bytes;

impl Outboxes {
    pub(crate) fn set_most_bytes(&mut self, bytes: u32) {
        self.limits.bytes = bytes;
    }

    pub(crate) fn point_a_queue_nowhere(&mut self, index: u32) {
        self.entries[index].head = self.nodes.list.len() as u32;
    }

    pub(crate) fn empty_a_span(&mut self) {
        let queues = &self.entries.list;
        let node = queues.iter().find(|entry| entry.head != NONE).expect("a queue of several spans").head;
        self.nodes.get_mut(node).span.count = 0;
    }

    pub(crate) fn owe_a_ping(&mut self, index: u32) {
        self.extras_mut(index).controls.push_ping();
    }

    pub(crate) fn miscount_pongs(&mut self, index: u32) {
        self.extras_mut(index).controls.pongs += 1;
    }

    pub(crate) fn begin_nothing(&mut self, index: u32) {
        self.extras_mut(index).begun.count += 1;
    }

    pub(crate) fn write_of_nothing(&mut self, index: u32) {
        self.extras_mut(index).controls.push_ping();
        self.extras_mut(index).begun.bytes = 1;
    }

    pub(crate) fn miscount_begun_bytes(&mut self, index: u32) {
        self.extras_mut(index).begun.items.bytes += 1;
        self.entries[index].bytes += 1;
    }

    pub(crate) fn begin_what_is_not_leased(&mut self, index: u32) {
        self.extras_mut(index).begun.count = 9;
    }

    pub(crate) fn queue_a_close_among_pongs(&mut self, index: u32) {
        let close = Control::Close { code: None, reason: None };
        self.extras_mut(index).controls.queue.push_back(close);
    }

    pub(crate) fn hold_a_run_once_more(&mut self, index: u32) {
        let run = self.entries[index].link;
        self.runs.get_mut(run).holders += 1;
    }

    pub(crate) fn keep_an_orphan(&mut self) {
        self.frames.insert(Frame::raw(Bytes::from_static(b"orphan")), None, 0, 0);
    }

    /// Makes a client's tally another client's, too.
    pub(crate) fn share_a_tally(&mut self, of: u32, with: u32) {
        let (dropped, client) =
            (self.tallies.slots[self.tallies.of(of) as usize].dropped, self.entries.id(with));
        self.tallies.insert(client, dropped);
    }

    /// Changes the lane of an entry; if it is ready, it stays in the list of the old lane.
    #[cfg(feature = "trace")]
    pub(crate) fn change_lane(&mut self, index: u32, lane: u8) {
        self.entries[index].lane = lane;
    }

    pub(crate) fn miscount_gaps(&mut self) {
        self.ready.lanes[0].prompt.gaps += 1;
    }
}
