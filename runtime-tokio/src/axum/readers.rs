//! Peers that read their answers too slowly.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;
use throng_runtime::hosting::{Deadline, HostedHub};

use super::deadline::MARGIN;

/// Ends a connection whose peer takes less of an answer than a client may take of its messages: `deadlines.write` and
/// `deadlines.write_rate`. No layer of the application could: a response has left it.
pub(super) struct Reader {
    hub: HostedHub,
    /// Something waits to be written. Boxed, because it mostly does not.
    waits: Option<Box<Waits>>,
    /// Something waits in the buffer of a layer, such as TLS, that does not tell how much of it is written.
    flushes: Option<Box<Deadline>>,
}

/// As much as a layer may buffer: rustls holds up to 64 KiB.
const BUFFERED: u32 = 64 << 10;
/// The rate at which a peer must take what is buffered if the config has none, in bytes a second.
const LEAST_RATE: u32 = 1_024;

/// What a peer must take until a deadline.
struct Waits {
    deadline: Deadline,
    time: Duration,
    least: u64,
    taken: u64,
}

impl Reader {
    pub(super) fn new(hub: &HostedHub) -> Self {
        Self { hub: hub.clone(), waits: None, flushes: None }
    }

    /// The result of writing so many bytes, or an error if the peer has had its time. Once a WebSocket is open, the hub is earlier by a
    /// second, and counts those that it ends.
    pub(super) fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
        bytes: usize,
    ) -> Poll<io::Result<usize>> {
        if written.is_pending() && self.poll_late(cx).is_ready() {
            let error = io::Error::new(io::ErrorKind::TimedOut, "the peer reads its answer too slowly");
            return Poll::Ready(Err(error));
        }
        match (&written, &mut self.waits) {
            (Poll::Ready(Ok(count)), Some(waits)) if *count < bytes => waits.taken += *count as u64,
            (Poll::Ready(_), _) => self.waits = None,
            (Poll::Pending, _) => {}
        }
        written
    }

    /// The result of flushing, or an error if the peer has had its time: `deadlines.write`, and as long as a full buffer takes at
    /// `deadlines.write_rate`, since a layer shows no progress.
    pub(super) fn flushed(
        &mut self,
        cx: &mut Context<'_>,
        flushed: Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        if flushed.is_ready() {
            self.flushes = None;
            return flushed;
        }
        let hub = &self.hub;
        let deadline = self.flushes.get_or_insert_with(|| {
            let deadlines = hub.hub().config().deadlines;
            let rate = deadlines.write_rate.unwrap_or(LEAST_RATE).max(1);
            let buffer = Duration::from_secs(u64::from(BUFFERED.div_ceil(rate)));
            Box::new(hub.deadline(deadlines.write.saturating_add(MARGIN).saturating_add(buffer)))
        });
        ready!(Pin::new(deadline.as_mut()).poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer reads its answer too slowly")))
    }

    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.waits.is_none() {
            let deadlines = self.hub.hub().config().deadlines;
            let time = deadlines.write.saturating_add(MARGIN);
            let least =
                deadlines.write_rate.map_or(1.0, |rate| f64::from(rate) * deadlines.write.as_secs_f64());
            let deadline = self.hub.deadline(time);
            self.waits = Some(Box::new(Waits { deadline, time, least: least as u64, taken: 0 }));
        }
        let Some(waits) = &mut self.waits else { return Poll::Pending };
        loop {
            ready!(Pin::new(&mut waits.deadline).poll(cx));
            if waits.taken < waits.least.max(1) {
                return Poll::Ready(());
            }
            waits.taken = 0;
            waits.deadline.restart(waits.time);
        }
    }
}
