//! A lane's writes while messages share frames.
//!
//! A frame that holds several messages cannot be taken back in part: once its first byte is with the transport, all of it has
//! to follow, whatever becomes of the client's queue. So what a transport does not take of it is kept here, for the transport, and
//! the hub is told that these messages are written, as it is of what a transport keeps back by itself.

use crate::lane::flat::Flat;
use crate::lane::table::{Rest, Slot, Table};
use core::task::{Context, Poll, ready};
use throng_core::hub::{Progress, Transport, Written};
use throng_core::id::ClientId;
use throng_core::outbox::{Batch, Lease};

impl Table {
    /// Writes a lease, with texts joined that may be; says how many bytes of it were taken, or are kept here.
    pub(crate) fn write_joined(&mut self, lease: &Lease, batch: &Batch, flat: &mut Flat) -> (Written, usize) {
        let client = lease.client;
        let nothing = |transport| {
            let progress = Progress::Part { items: 0, bytes: lease.skip };
            (Written { client, progress, transport }, 0)
        };
        if !self.write_rest(client) {
            return nothing(Transport::Blocked);
        }
        let Some(slot) = self.get(client) else { return nothing(Transport::Failed) };
        let flat = flat.load_joined(lease.run, batch.run(lease.run), lease.skip, slot.window);
        let skip = lease.skip as usize;
        let (written, transport) = slot.push(lease, batch, flat);
        let items = batch.run(lease.run);
        let Some(joined) = flat.joined_at(written) else {
            slot.member.sent.count(flat, items, written);
            return (Written { client, progress: flat.progress(written), transport }, written - skip);
        };
        if transport == Transport::Failed {
            // Nobody will have any of them.
            slot.member.sent.count(flat, items, joined.start);
            return (Written { client, progress: flat.progress(joined.start), transport }, written - skip);
        }
        slot.member.sent.count(flat, items, joined.end);
        if joined.end == flat.len() {
            slot.owe(lease.then);
        }
        if let Some(bytes) = flat.copied().and_then(|bytes| bytes.get(written..joined.end)) {
            self.rests.insert(client, Rest { bytes: bytes.into(), written: 0 });
        }
        (Written { client, progress: flat.progress(joined.end), transport }, joined.end - skip)
    }

    /// Whether nothing is left of a frame that was begun: as far as the transport takes it now.
    pub(crate) fn write_rest(&mut self, client: ClientId) -> bool {
        if self.rests.is_empty() {
            return true;
        }
        let Some(mut rest) = self.rests.remove(&client) else { return true };
        if self.get(client).is_some_and(|slot| slot.push_on(&mut rest).is_pending()) {
            self.rests.insert(client, rest);
            return false;
        }
        true
    }
}

impl Slot {
    /// Ready when all is written, or never will be: that is met again by whatever is done next.
    fn push_on(&self, rest: &mut Rest) -> Poll<()> {
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
