//! A lane: the task that writes to the transports of its connections.

pub(crate) mod flat;
pub(crate) mod start;
pub(crate) mod table;
pub(crate) mod timer;

use crate::host::Sleep;
use crate::lane::flat::Flat;
use crate::lane::table::{Slot, Table};
use crate::measure::{Counted, Followed, What};
use crate::state::batching::Coalesce;
use crate::state::inner::{LaneNotice, replace};
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::sync::atomic::Ordering;
use core::task::{Context, Poll, Waker, ready};
use throng_core::hub::{Event, Sink};
use throng_core::outbox::{Batch, Progress, Transport, Written};
use throng_core::{ConnectionId, Instant};

/// Connections written to before the lane yields: about half a millisecond of work. Yielding costs the host a look at each
/// of its transports; with a quarter of this value it took 3 % of a large broadcast.
const SLICE: u32 = 256;
/// Transports that are [warmed](Writer::warm) together: enough to overlap their cache misses, few enough to stay in the
/// cache until they are written.
const WARMED: usize = 32;
/// About the most bytes that one connection is leased at a time.
const BUDGET: u32 = 64 << 10;

/// Writes what the hub has for its connections, slice by slice.
///
/// After it is woken it yields once, so that everything that arrived together, on however many transports, is handled
/// before anything is written, and leaves in one write per connection. It also yields between two slices, so that other
/// clients are read and served during a broadcast to very many.
pub(crate) struct Lane {
    shared: Arc<Shared>,
    number: u8,
    state: Phase,
    table: Table,
    batch: Batch,
    flat: Flat,
    /// Results of the last batch, to report to the hub.
    results: Vec<Written>,
    notices: Vec<LaneNotice>,
    /// Transports that take bytes again, to report to the hub.
    writable: Vec<ConnectionId>,
    /// Bytes of the last batch that transports took, for the hub's counters.
    sent_bytes: u64,
    /// Followed publishes in the last batch, and the clients to which they were written.
    followed: Option<Followed>,
    counted: Option<Counted>,
    /// The timer of a write delay, while the lane waits for more messages.
    alarm: Option<(Instant, Box<dyn Sleep>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Asleep,
    /// The lane has yielded since it was woken, and writes in this poll.
    Turn,
}

impl Lane {
    pub(crate) fn new(shared: Arc<Shared>, number: u8) -> Self {
        Self {
            shared,
            number,
            state: Phase::Turn,
            table: Table::default(),
            batch: Batch::default(),
            flat: Flat::default(),
            results: Vec::new(),
            notices: Vec::new(),
            writable: Vec::new(),
            sent_bytes: 0,
            followed: None,
            counted: None,
            alarm: None,
        }
    }

    /// Waits for more messages if a write delay is set and nothing is urgent.
    fn poll_delay(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (Some(delay), Some(host)) = (self.shared.settings.batching.delay, self.shared.host()) else {
            return Poll::Ready(());
        };
        let (until, sleep) = self.alarm.get_or_insert_with(|| (host.now() + delay, host.sleep()));
        let is_due = sleep.poll_until(cx, *until).is_ready();
        let (waits, old) = self.shared.with(|inner, _| {
            let lane = &mut inner.lanes[usize::from(self.number)];
            let old = replace(&mut lane.waker, cx.waker());
            (inner.set_waiting(self.number, !is_due), old)
        });
        drop(old);
        if waits {
            return Poll::Pending;
        }
        self.alarm = None;
        Poll::Ready(())
    }

    fn yield_now(&mut self, cx: &mut Context<'_>) {
        self.state = Phase::Turn;
        match self.shared.host() {
            Some(host) => host.yield_now(cx),
            None => cx.waker().wake_by_ref(),
        }
    }

    /// Reports what was written and takes the next batch. Returns whether there is work; if not, the lane counts as
    /// asleep from now on.
    fn exchange(&mut self, waker: &Waker) -> bool {
        let Self { shared, number, batch, results, notices, writable, sent_bytes, followed, counted, .. } =
            self;
        let is_observed = shared.settings.observing.is_some();
        let (is_busy, old) = shared.with(|inner, now| {
            // The results of these events do not matter to the lane.
            if !results.is_empty() {
                let _ = inner.handle(now, Event::Transmitted { results });
            }
            for connection in &*writable {
                let _ = inner.handle(now, Event::Writable { connection: *connection });
            }
            inner.tell_last_inputs(now, *number);
            inner.sent_bytes += mem::take(sent_bytes);
            if let Some(counted) = counted.take() {
                inner.marks.written(counted);
            }
            let event = Event::TransmitReady { lane: *number, connections: SLICE, budget: BUDGET };
            let _ = inner.handle_into(now, event, Sink::Batch(batch));
            if is_observed {
                *followed = inner.marks.within(batch);
            }
            let lane = &mut inner.lanes[usize::from(*number)];
            mem::swap(&mut lane.inbox, notices);
            lane.writes = !batch.is_empty();
            let old = replace(&mut lane.waker, waker);
            let is_busy = !batch.is_empty() || !notices.is_empty();
            inner.set_asleep(*number, !is_busy);
            (is_busy, old)
        });
        drop(old);
        self.results.clear();
        self.writable.clear();
        is_busy
    }

    fn take_notices(&mut self) {
        for notice in self.notices.drain(..) {
            match notice {
                LaneNotice::Attach(connection, member, writer) => {
                    self.table.insert(Slot::new(connection, member, writer));
                }
                LaneNotice::Detach(connection) => self.table.remove(connection),
                LaneNotice::Writable(connection) => {
                    // Cleared first, so that the next wake-up is reported again.
                    connection.writable.store(false, Ordering::Release);
                    if self.table.get(connection.id).is_some_and(Slot::resume) {
                        self.writable.push(connection.id);
                    }
                }
            }
        }
    }

    fn write_batch(&mut self) {
        let Self { shared, batch, table, flat, results, sent_bytes, .. } = self;
        let coalesce = shared.settings.batching.coalesce;
        let leases = batch.leases();
        for (at, lease) in leases.iter().enumerate() {
            if at % WARMED == 0 {
                table.warm(&leases[at..leases.len().min(at + WARMED)]);
            }
            let Some(slot) = table.get(lease.connection) else {
                results.push(lease.written(Progress::part(0, 0), Transport::Failed));
                continue;
            };
            let items = batch.run(lease.run);
            let flat = if coalesce == Coalesce::Newlines {
                flat.load_joined(lease.run, items, lease.begun, slot.window)
            } else {
                let is_shared = leases.get(at + 1).is_some_and(|next| next.run == lease.run);
                flat.load(lease.run, items, is_shared, slot.window)
            };
            let (written, bytes) = slot.write(lease, batch, flat);
            *sent_bytes += bytes as u64;
            results.push(written);
        }
        flat.unload();
        self.tell_observer();
        self.batch.clear();
    }

    /// Tells the observer about the batch that was written.
    #[inline]
    fn tell_observer(&mut self) {
        let Self { shared, batch, results, followed, counted, .. } = self;
        let Some(observing) = &shared.settings.observing else { return };
        let clients = batch.leases().len() as u32;
        if clients > 0 && observing.is_measured(What::Flush) {
            observing.tell(|observer| observer.flushed(clients));
        }
        if let Some(followed) = followed.take() {
            *counted = Some(followed.tell(batch, results, shared.now(), observing));
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // The future of a lane is never ready. So the host has dropped it early, and no lane writes from now on.
        self.shared.lose_host();
    }
}

impl Future for Lane {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.state == Phase::Asleep {
            ready!(this.poll_delay(cx));
            this.yield_now(cx);
            return Poll::Pending;
        }
        loop {
            if !this.exchange(cx.waker()) {
                this.state = Phase::Asleep;
                return Poll::Pending;
            }
            this.take_notices();
            let is_full = this.batch.leases().len() >= SLICE as usize;
            this.write_batch();
            if is_full {
                this.yield_now(cx);
                return Poll::Pending;
            }
        }
    }
}
