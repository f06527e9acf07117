//! Ends connections of an HTTP server whose peers read their answers too slowly, or go on sending after the last answer.

use core::future::{Future, poll_fn};
use core::mem::MaybeUninit;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;
use std::sync::Arc;
use throng_runtime::hosting::{Deadline, HostedHub, Lingering};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::admission::HttpAdmission;
use super::deadline::MARGIN;

/// Ends a connection whose peer takes less of an answer than a client may take of its messages: `deadlines.write` and
/// `deadlines.write_rate`. No middleware of the application could do that, since a response has passed through all of them before
/// it is written. Does nothing once a WebSocket is open: the hub has deadlines of its own.
pub(super) struct Reader {
    hub: HostedHub,
    admission: Arc<HttpAdmission>,
    /// Set while bytes wait to be written. Boxed, because mostly none do.
    waits: Option<Box<Waits>>,
    /// Set while bytes wait in the buffer of a layer such as TLS, which does not say how many of them are written.
    flushes: Option<Box<Flushes>>,
}

/// The most bytes that a layer is expected to buffer: rustls holds up to 64 KiB.
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

/// What a layer has buffered, and how long the peer may take to make room in it.
struct Flushes {
    deadline: Deadline,
    time: Duration,
    /// Bytes that the layer has taken since the deadline began.
    taken: u64,
}

/// How long a connection waits for its peer to hang up.
const LINGER: Duration = Duration::from_secs(1);
/// Bytes that are read in one step from a peer whose bytes are not wanted.
const STEP: usize = 4 << 10;

impl Reader {
    pub(super) fn new(hub: &HostedHub, admission: &Arc<HttpAdmission>) -> Self {
        Self { hub: hub.clone(), admission: Arc::clone(admission), waits: None, flushes: None }
    }

    /// Returns the result of a write, or an error if the peer has taken too little until its deadline.
    pub(super) fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
        bytes: usize,
    ) -> Poll<io::Result<usize>> {
        if self.admission.is_upgraded() {
            return written;
        }
        if written.is_pending() && self.poll_late(cx).is_ready() {
            return Poll::Ready(Err(self.too_slow()));
        }
        if let (Poll::Ready(Ok(count)), Some(flushes)) = (&written, &mut self.flushes) {
            flushes.taken += *count as u64;
            if flushes.taken > u64::from(BUFFERED) {
                // More than the layer can hold: the peer has taken what was there when the deadline began.
                flushes.taken = 0;
                flushes.deadline.restart(flushes.time);
            }
        }
        match (&written, &mut self.waits) {
            (Poll::Ready(Ok(count)), Some(waits)) if *count < bytes => waits.taken += *count as u64,
            (Poll::Ready(_), _) => self.waits = None,
            (Poll::Pending, _) => {}
        }
        written
    }

    /// Returns the result of a flush, or an error if the flush takes too long. It may take `deadlines.write`, plus the time in
    /// which a full buffer is written at `deadlines.write_rate`, because a layer shows no progress.
    pub(super) fn flushed(
        &mut self,
        cx: &mut Context<'_>,
        flushed: Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        if flushed.is_ready() || self.admission.is_upgraded() {
            self.flushes = None;
            return flushed;
        }
        let hub = &self.hub;
        let flushes = self.flushes.get_or_insert_with(|| {
            let deadlines = hub.hub().config().deadlines;
            let rate = deadlines.write_rate.unwrap_or(LEAST_RATE).max(1);
            let buffer = Duration::from_secs(u64::from(BUFFERED.div_ceil(rate)));
            let time = deadlines.write.saturating_add(MARGIN).saturating_add(buffer);
            Box::new(Flushes { deadline: hub.deadline(time), time, taken: 0 })
        });
        ready!(Pin::new(&mut flushes.deadline).poll(cx));
        Poll::Ready(Err(self.too_slow()))
    }

    /// Notes that the connection is to be closed without waiting for its peer to hang up. Returns the error that closes it.
    fn too_slow(&self) -> io::Error {
        self.admission.end();
        io::Error::new(io::ErrorKind::TimedOut, "the peer reads its answer too slowly")
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

/// Shuts a connection down whose last answer is written, and reads what its peer still sends until that hangs up, for a second at
/// most. If a socket is closed with unread input, the system resets the connection, and the peer may lose the answer (RFC 9112
/// section 9.6). Ends at once if as many connections as `admission.lingering` wait already.
pub(super) async fn hang_up(hub: &HostedHub, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut is_shut = false;
    let mut deadline: Option<(Deadline, Lingering)> = None;
    poll_fn(|cx| {
        if !is_shut {
            is_shut = match Pin::new(&mut stream).poll_shutdown(cx) {
                Poll::Ready(Ok(())) => true,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => false,
            };
        }
        if is_shut && poll_end(cx, &mut stream).is_ready() {
            return Poll::Ready(());
        }
        if deadline.is_none() {
            let Some(lingering) = hub.linger() else { return Poll::Ready(()) };
            deadline = Some((hub.deadline(LINGER), lingering));
        }
        deadline.as_mut().map_or(Poll::Ready(()), |(deadline, _)| Pin::new(deadline).poll(cx))
    })
    .await;
}

/// Reads and discards input. Ready when the peer hangs up.
fn poll_end(cx: &mut Context<'_>, stream: &mut (impl AsyncRead + Unpin)) -> Poll<()> {
    loop {
        let mut step = [MaybeUninit::<u8>::uninit(); STEP];
        let mut step = ReadBuf::uninit(&mut step);
        let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut step));
        if read.is_err() || step.filled().is_empty() {
            return Poll::Ready(());
        }
    }
}
