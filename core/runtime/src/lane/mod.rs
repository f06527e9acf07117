//! A lane: the task that writes the transports of its clients.

pub(crate) mod flat;
pub(crate) mod rest;
pub(crate) mod start;
pub(crate) mod table;
pub(crate) mod timer;

use crate::host::Sleep;
use crate::lane::flat::Flat;
use crate::lane::table::{Slot, Table};
use crate::measure::{Counted, Followed, What};
use crate::state::batching::Coalesce;
use crate::state::inner::{ToLane, replace};
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::sync::atomic::Ordering;
use core::task::{Context, Poll, Waker, ready};
use throng_core::hub::{Event, Progress, Sink, Transport, Written};
use throng_core::id::ClientId;
use throng_core::outbox::Batch;
use throng_core::time::Instant;

/// Clients that are written before others are read again: about half a millisecond's worth. Giving way costs a look
/// at every transport of the host, which with a quarter of this was already three percent of a large broadcast.
const SLICE: u32 = 256;
/// Transports that are [warmed](Writer::warm) at a time: enough to wait for all at once, few enough to be still in the
/// cache when their turn comes.
const WARMED: usize = 32;
/// About how many bytes one client is given at a time.
const BUDGET: u32 = 64 << 10;

/// Writes what the hub has for its clients, slice by slice.
///
/// When it is woken it lets everybody else go first, once: what arrived together, on however many transports, is
/// then handled before anything is written, and leaves in one write per client. Between two slices it does the
/// same, so that others are read and served while a message to very many is being written.
pub(crate) struct Lane {
    shared: Arc<Shared>,
    number: u8,
    state: State,
    table: Table,
    batch: Batch,
    flat: Flat,
    /// Of the last batch, for the hub.
    results: Vec<Written>,
    letters: Vec<ToLane>,
    /// Transports that take bytes again, for the hub.
    writable: Vec<ClientId>,
    /// Bytes of the last batch that transports took, for the hub's numbers.
    sent_bytes: u64,
    /// Messages in it that an observer has followed, and what became of them.
    followed: Option<Followed>,
    counted: Option<Counted>,
    /// Set while it waits for more to write.
    alarm: Option<(Instant, Box<dyn Sleep>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Asleep,
    /// It let others go first; now it is its turn.
    Turn,
}

impl Lane {
    pub(crate) fn new(shared: Arc<Shared>, number: u8) -> Self {
        Self {
            shared,
            number,
            state: State::Turn,
            table: Table::default(),
            batch: Batch::default(),
            flat: Flat::default(),
            results: Vec::new(),
            letters: Vec::new(),
            writable: Vec::new(),
            sent_bytes: 0,
            followed: None,
            counted: None,
            alarm: None,
        }
    }

    /// Something is to be written: waits for more, if that was asked for and nothing is urgent.
    fn poll_delay(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (Some(delay), Some(host)) = (self.shared.settings.batching.delay, self.shared.host()) else {
            return Poll::Ready(());
        };
        let (until, sleep) = self.alarm.get_or_insert_with(|| (host.now() + delay, host.sleep()));
        let is_due = sleep.poll_until(cx, *until).is_ready();
        let (waits, old) = self.shared.with(|inner, _| {
            let bell = &mut inner.lanes[usize::from(self.number)];
            let old = replace(&mut bell.waker, cx.waker());
            (inner.set_waiting(self.number, !is_due), old)
        });
        drop(old);
        if waits {
            return Poll::Pending;
        }
        self.alarm = None;
        Poll::Ready(())
    }

    fn give_way(&mut self, cx: &mut Context<'_>) {
        self.state = State::Turn;
        match self.shared.host() {
            Some(host) => host.yield_now(cx),
            None => cx.waker().wake_by_ref(),
        }
    }

    /// Hands in what was written and takes what is to be written next. Says whether there is anything to do;
    /// if not, the lane counts as asleep from now on.
    fn exchange(&mut self, waker: &Waker) -> bool {
        let Self { shared, number, batch, results, letters, writable, sent_bytes, followed, counted, .. } =
            self;
        let is_observed = shared.settings.observing.is_some();
        let (is_busy, old) = shared.with(|inner, now| {
            // These answer with nothing that the lane could act on.
            if !results.is_empty() {
                let _ = inner.handle(now, Event::Transmitted { results });
            }
            for client in &*writable {
                let _ = inner.handle(now, Event::Writable { client: *client });
            }
            inner.sent_bytes += mem::take(sent_bytes);
            if let Some(counted) = counted.take() {
                inner.marks.written(counted);
            }
            let event = Event::TransmitReady { lane: *number, clients: SLICE, budget: BUDGET };
            let _ = inner.handle_into(now, event, Sink::Batch(batch));
            if is_observed {
                *followed = inner.marks.within(batch);
            }
            let bell = &mut inner.lanes[usize::from(*number)];
            mem::swap(&mut bell.inbox, letters);
            let old = replace(&mut bell.waker, waker);
            let is_busy = !batch.is_empty() || !letters.is_empty();
            inner.set_asleep(*number, !is_busy);
            (is_busy, old)
        });
        drop(old);
        self.results.clear();
        self.writable.clear();
        is_busy
    }

    fn read_letters(&mut self) {
        for letter in self.letters.drain(..) {
            match letter {
                ToLane::Attach(member, writer) => self.table.insert(Slot::new(member, writer)),
                ToLane::Detach(client) => self.table.remove(client),
                ToLane::Writable(member) => {
                    // From here on it may be told again.
                    member.writable.store(false, Ordering::Release);
                    if self.table.write_rest(member.id) && self.table.get(member.id).is_some_and(Slot::resume)
                    {
                        self.writable.push(member.id);
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
            if coalesce == Coalesce::Newlines {
                let (written, bytes) = table.write_joined(lease, batch, flat);
                *sent_bytes += bytes as u64;
                results.push(written);
                continue;
            }
            let Some(slot) = table.get(lease.client) else {
                let progress = Progress::Part { items: 0, bytes: lease.skip };
                results.push(Written { client: lease.client, progress, transport: Transport::Failed });
                continue;
            };
            let is_shared = leases.get(at + 1).is_some_and(|next| next.run == lease.run);
            let flat = flat.load(lease.run, batch.run(lease.run), is_shared, slot.window);
            let (written, bytes) = slot.write(lease, batch, flat);
            *sent_bytes += bytes as u64;
            results.push(written);
        }
        flat.unload();
        self.tell_observer();
        self.batch.clear();
    }

    /// Tells whoever observes the hub of the batch that has been written.
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
        // It never ends by itself: its host drops it, and nobody writes any more.
        self.shared.lose_host();
    }
}

impl Future for Lane {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.state == State::Asleep {
            ready!(this.poll_delay(cx));
            this.give_way(cx);
            return Poll::Pending;
        }
        loop {
            if !this.exchange(cx.waker()) {
                this.state = State::Asleep;
                return Poll::Pending;
            }
            this.read_letters();
            let is_full = this.batch.leases().len() >= SLICE as usize;
            this.write_batch();
            if is_full {
                this.give_way(cx);
                return Poll::Pending;
            }
        }
    }
}
