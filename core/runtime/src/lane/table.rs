//! The transports to which a lane writes.

use crate::host::transport::Writer;
use crate::lane::flat::{FlatRun, poll_write};
use crate::state::connection::ConnectionShared;
use crate::state::member::Member;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::task::{Context, Poll, Waker};
use slab::Slab;
use std::io;
use throng_core::outbox::{Batch, Lease, Then, Transport, Written};
use throng_core::{ConnectionId, Window};

/// A lane's transports, by the index of their connection's id.
#[derive(Default)]
pub(crate) struct Table {
    /// For each index: 0 for none, else the position in `slots` plus one.
    pub(crate) places: Vec<u32>,
    pub(crate) slots: Slab<Slot>,
}

pub(crate) struct Slot {
    pub(crate) id: ConnectionId,
    /// The operation that must follow the last write.
    pub(crate) after_write: AfterWrite,
    /// The deflated frames that the peer accepts.
    pub(crate) window: Window,
    pub(crate) writer: Arc<dyn Writer>,
    pub(crate) connection: Arc<ConnectionShared>,
    /// The client, whose counters are updated with each write.
    pub(crate) member: Arc<Member>,
    /// A waker made of `connection`; it wakes the lane when the transport takes bytes again.
    pub(crate) waker: Waker,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterWrite {
    Nothing,
    /// A flush of bytes that the transport buffers.
    Flush,
    /// The end of the writing direction.
    Shutdown,
}

impl Table {
    pub(crate) fn insert(&mut self, slot: Slot) {
        let index = slot.id.index();
        if self.places.len() <= index {
            self.places.resize(index + 1, 0);
        }
        if let Some(old) = self.places[index].checked_sub(1) {
            self.slots.try_remove(old as usize);
        }
        self.places[index] = self.slots.insert(slot) as u32 + 1;
    }

    pub(crate) fn remove(&mut self, connection: ConnectionId) {
        if self.get(connection).is_some() {
            let place = mem::take(&mut self.places[connection.index()]);
            self.slots.try_remove(place as usize - 1);
        }
    }

    pub(crate) fn warm(&mut self, leases: &[Lease]) {
        for lease in leases {
            if let Some(slot) = self.get(lease.connection) {
                slot.writer.warm();
                slot.member.sent.warm();
            }
        }
    }

    pub(crate) fn get(&mut self, connection: ConnectionId) -> Option<&mut Slot> {
        let place = self.places.get(connection.index())?.checked_sub(1)?;
        self.slots.get_mut(place as usize).filter(|slot| slot.id == connection)
    }
}

impl Slot {
    pub(crate) fn new(
        connection: Arc<ConnectionShared>,
        member: Arc<Member>,
        writer: Arc<dyn Writer>,
    ) -> Self {
        let (id, window) = (connection.id, connection.window());
        let waker = Waker::from(Arc::clone(&connection));
        Self { id, after_write: AfterWrite::Nothing, window, writer, connection, member, waker }
    }

    /// Writes a lease; returns how many of its bytes were taken.
    pub(crate) fn write(&mut self, lease: &Lease, batch: &Batch, flat: &FlatRun) -> (Written, usize) {
        let (written, transport) = self.push(lease, batch, flat);
        let bytes = written - lease.skip as usize;
        self.member.sent.count(flat, batch.run(lease.run), written);
        let begun = if written < flat.len() { written + self.writer.begun() } else { written };
        (lease.written(flat.progress(written, begun), transport), bytes)
    }

    /// Writes a lease as far as the transport takes it; returns how many bytes of its run are written now.
    #[inline]
    fn push(&mut self, lease: &Lease, batch: &Batch, flat: &FlatRun) -> (usize, Transport) {
        let items = batch.run(lease.run);
        let cx = &mut Context::from_waker(&self.waker);
        let (mut written, total) = (lease.skip as usize, flat.len());
        let mut transport = Transport::Ready;
        while written < total {
            match poll_write(flat, items, written, &*self.writer, cx) {
                Poll::Ready(Ok(0) | Err(_)) => transport = Transport::Failed,
                Poll::Ready(Ok(more)) => {
                    written += more;
                    continue;
                }
                Poll::Pending => transport = Transport::Blocked,
            }
            break;
        }
        if written == total {
            self.set_after_write(lease.then);
            transport = self.settle();
        }
        if transport == Transport::Failed {
            self.connection.set_failed();
        }
        (written, transport)
    }

    pub(crate) const fn set_after_write(&mut self, then: Then) {
        self.after_write = match then {
            Then::Continue => AfterWrite::Flush,
            Then::EndSending => AfterWrite::Shutdown,
        };
    }

    /// Performs the pending flush or shutdown.
    pub(crate) fn settle(&mut self) -> Transport {
        let cx = &mut Context::from_waker(&self.waker);
        let result: Poll<io::Result<()>> = match self.after_write {
            AfterWrite::Nothing => Poll::Ready(Ok(())),
            AfterWrite::Flush => self.writer.poll_flush(cx),
            AfterWrite::Shutdown => self.writer.poll_shutdown(cx),
        };
        match result {
            Poll::Ready(Ok(())) => {
                self.after_write = AfterWrite::Nothing;
                Transport::Ready
            }
            Poll::Ready(Err(_)) => Transport::Failed,
            Poll::Pending => Transport::Blocked,
        }
    }

    /// The transport takes bytes again: performs the pending operation; returns whether writing may continue.
    pub(crate) fn resume(&mut self) -> bool {
        self.settle() != Transport::Blocked
    }
}
