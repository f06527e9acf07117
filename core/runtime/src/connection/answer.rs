//! Answers: messages that a hook sends to its own client.
//!
//! Waiting for a lane gains nothing for an answer to a client's own message. The peer's input was handled before the
//! hook ran, so no more messages will share this write, and the socket is still in the processor's cache, which it will
//! not be when the lane reaches it after 1,000 others. So the task that reads also writes what was queued *by a hook
//! for the hook's own client*. Everything else is left to the lane, including what the transport does not take at once.
//!
//! The hub needs no special case: the task leases its client's queue with [`Event::Transmit`], and the holder of the
//! lease writes.

use crate::host::transport::Reader;
use crate::lane::flat::Flat;
use crate::measure::Followed;
use crate::state::connection::ConnectionShared;
use crate::state::member::Member;
use core::cell::RefCell;
use throng_core::Instant;
use throng_core::hub::{Event, Sink};
use throng_core::outbox::{Batch, Then, Transport};

/// Bytes written outside the lane at a time, approximately.
const BUDGET: u32 = 16 << 10;

/// The buffers with which a thread writes answers.
#[derive(Default)]
struct Buffers {
    batch: Batch,
    flat: Flat,
}

std::thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

/// Writes the messages in a client's outbox, as far as its transport takes them now.
pub(crate) fn write<R: Reader>(connection: &ConnectionShared, member: &Member, reader: &R) {
    let written = BUFFERS.try_with(|buffers| match buffers.try_borrow_mut() {
        Ok(mut buffers) => write_with(&mut buffers, connection, member, reader),
        // In use: a transport that was asked to write polls another connection.
        Err(_) => write_with(&mut Buffers::default(), connection, member, reader),
    });
    if written.is_err() {
        // The thread is ending. Tasks may have to be woken all the same.
        connection.shared.with(|_, _| ());
    }
}

fn write_with<R: Reader>(buffers: &mut Buffers, connection: &ConnectionShared, member: &Member, reader: &R) {
    let shared = &*connection.shared;
    let Buffers { batch, flat } = buffers;
    let is_observed = shared.settings.observing.is_some();
    let (now, followed) = shared.with_turn(None, Instant::ORIGIN, |inner, _| {
        // The messages were queued a moment ago, so the clock need not be read again.
        let now = inner.hub.now();
        // A connection that has ended has nothing to write, and its batch is empty.
        let event = Event::Transmit { connection: connection.id, budget: BUDGET };
        let _ = inner.handle_into(now, event, Sink::Batch(batch));
        (now, if is_observed { inner.marks.within(batch) } else { None })
    });
    let Some(lease) = batch.leases().first() else { return };
    let mut written = lease.skip as usize;
    let run = flat.load(lease.run, batch.run(lease.run), false, connection.window());
    if lease.then == Then::Continue
        && let Some(bytes) = run.copied()
    {
        while let Some(left) = bytes.get(written..).filter(|left| !left.is_empty())
            && let Some(more @ 1..) = reader.try_write(left)
        {
            written += more;
        }
    }
    let progress = run.progress(written, written);
    member.sent.count(run, batch.run(lease.run), written);
    // The lane writes the rest, or meets the failure: it can wait.
    let results = &[lease.written(progress, Transport::Ready)];
    let tell = |followed: Followed| {
        let observing = shared.settings.observing.as_ref()?;
        Some(followed.tell(batch, results, shared.now(), observing))
    };
    let counted = followed.and_then(tell);
    shared.with_turn(None, now, |inner, now| {
        inner.sent_bytes += (written - lease.skip as usize) as u64;
        if let Some(counted) = counted {
            inner.marks.written(counted);
        }
        let _ = inner.handle(now, Event::Transmitted { results });
    });
    flat.unload();
    batch.clear();
}
