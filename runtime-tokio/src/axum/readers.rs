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
}

/// What a peer must take until a deadline.
struct Waits {
    deadline: Deadline,
    time: Duration,
    least: u64,
    taken: u64,
}

impl Reader {
    pub(super) fn new(hub: &HostedHub) -> Self {
        Self { hub: hub.clone(), waits: None }
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
