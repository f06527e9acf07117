//! A lane's writes when messages share frames.
//!
//! A frame with several messages cannot be taken back in part: once the transport has its first byte, the rest must
//! follow, whatever happens to the client's queue. So the part that a transport did not take is stored here, and the
//! hub is told that these messages are written, as if the transport had buffered them.

use crate::lane::flat::Flat;
use crate::lane::table::{PartialFrame, Slot, Table};
use core::task::{Context, Poll, ready};
use throng_core::hub::{Progress, Transport, Written};
use throng_core::id::ConnectionId;
use throng_core::outbox::{Batch, Lease};

impl Table {
    /// Writes a lease, joining texts where allowed; returns how many of its bytes were taken or stored here.
    pub(crate) fn write_joined(&mut self, lease: &Lease, batch: &Batch, flat: &mut Flat) -> (Written, usize) {
        let connection = lease.connection;
        let nothing = |transport| {
            let progress = Progress::Part { items: 0, bytes: lease.skip };
            (lease.written(progress, transport), 0)
        };
        if !self.write_partial_frame(connection) {
            return nothing(Transport::Blocked);
        }
        let Some(slot) = self.get(connection) else { return nothing(Transport::Failed) };
        let flat = flat.load_joined(lease.run, batch.run(lease.run), lease.skip, slot.window);
        let skip = lease.skip as usize;
        let (written, transport) = slot.push(lease, batch, flat);
        let items = batch.run(lease.run);
        let Some(joined) = flat.joined_at(written) else {
            slot.member.sent.count(flat, items, written);
            return (lease.written(flat.progress(written), transport), written - skip);
        };
        if transport == Transport::Failed {
            // The transport has failed, so no client gets these messages.
            slot.member.sent.count(flat, items, joined.start);
            return (lease.written(flat.progress(joined.start), transport), written - skip);
        }
        slot.member.sent.count(flat, items, joined.end);
        if joined.end == flat.len() {
            slot.set_after_write(lease.then);
        }
        if let Some(bytes) = flat.copied().and_then(|bytes| bytes.get(written..joined.end)) {
            self.partial_frames.insert(connection, PartialFrame { bytes: bytes.into(), written: 0 });
        }
        (lease.written(flat.progress(joined.end), transport), joined.end - skip)
    }

    /// Writes the rest of a frame that was begun; returns whether nothing is left.
    pub(crate) fn write_partial_frame(&mut self, connection: ConnectionId) -> bool {
        if self.partial_frames.is_empty() {
            return true;
        }
        let Some(mut rest) = self.partial_frames.remove(&connection) else { return true };
        if self.get(connection).is_some_and(|slot| slot.push_on(&mut rest).is_pending()) {
            self.partial_frames.insert(connection, rest);
            return false;
        }
        true
    }
}

impl Slot {
    /// Ready when all is written or the transport has failed; the next operation meets that failure again.
    fn push_on(&self, rest: &mut PartialFrame) -> Poll<()> {
        let cx = &mut Context::from_waker(&self.waker);
        while let Some(left) = rest.bytes.get(rest.written..).filter(|left| !left.is_empty()) {
            match ready!(self.writer.poll_write(cx, left)) {
                Ok(more @ 1..) => rest.written += more,
                Ok(0) | Err(_) => break,
            }
        }
        Poll::Ready(())
    }
}
