//! Makes the bytes of leases, which a host writes to its sockets.

mod joined;
#[cfg(test)]
mod tests;

use super::control::encode_control;
use crate::frame::Window;
use crate::id::ConnectionId;
use crate::outbox::{Batch, Item, Lease, Progress, Then, Transport, Written};
use alloc::vec::Vec;
use std::io::{ErrorKind, IoSlice, Write};

/// A run up to this size, in bytes, is copied into one buffer and written by one plain call.
const COPIED: usize = 16 << 10;
/// The limit for a run that several clients share, since one copy serves them all.
const COPIED_SHARED: usize = 128 << 10;
/// A buffer is kept up to this many bytes.
const KEPT: usize = 256 << 10;
/// The most slices of one vectored write.
const SLICES: usize = 64;

/// Makes the bytes of a [`Batch`]'s leases, for nonblocking sockets, which return how many bytes they took.
///
/// Small frames are copied into one buffer, once for all clients that share a run; large payloads are written without a
/// copy. A host keeps one `Flat`, which uses its memory again.
///
/// (If a write completes later, as with io_uring, its bytes must not move meanwhile. Such a host keeps the shared
/// [`Frame`](crate::Frame)s of a lease, and encodes control frames by
/// [`encode_control`].)
///
/// ```
/// use bytes::Bytes;
/// use throng_core::hub::{Config, Hub, Target};
/// use throng_core::outbox::Batch;
/// use throng_core::websocket::{Flat, encode};
/// use throng_core::Instant;
///
/// # fn socket_of(_: throng_core::ConnectionId) -> Vec<u8> { Vec::new() }
/// # let (mut hub, now) = (Hub::new(Config::default())?, Instant::ORIGIN);
/// # let client = hub.admit(now, None)?;
/// # hub.publish(now, &[Target::All], &[], &encode::encode_text("hello")?, None)?;
/// let (mut batch, mut flat, mut results) = (Batch::default(), Flat::default(), Vec::new());
/// hub.transmit_ready(now, 0, 256, 64 << 10, &mut batch)?;
/// let mut leases = flat.leases(&batch);
/// while let Some(mut unwritten) = leases.next_lease() {
///     let mut socket = socket_of(unwritten.connection());
///     let transport = unwritten.write_to(&mut socket);
///     if unwritten.ends_sending() {
///         // socket.shutdown(Shutdown::Write)
///     }
/// #   assert_eq!(socket, b"\x81\x05hello");
///     results.push(unwritten.written(transport));
/// }
/// drop(leases);
/// batch.clear();
/// hub.transmitted(now, &results)?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// [`Leases::next_lease_for`] writes the [deflated variant](crate::Frame::with_deflated) of a frame to clients that
/// negotiated compression.
#[derive(Debug, Default)]
pub struct Flat {
    /// The bytes for clients with plain frames, and those for clients with deflated frames: a run may be for both.
    plain: FlatRun,
    deflated: FlatRun,
}

/// The bytes of one run, for all clients of the same [`Window`].
///
/// For a host that itself counts the bytes written to each client, like `throng-runtime`. Other hosts use
/// [`Flat::leases`].
#[derive(Debug, Default)]
pub struct FlatRun {
    run: Option<u32>,
    window: Window,
    is_copied: bool,
    /// The whole run if it is copied; otherwise its control frames and the offsets of its sealed frames.
    bytes: Vec<u8>,
    /// The end of each item, in bytes from the start of the run.
    ends: Vec<u32>,
    /// The number of control frames among the items, and their bytes.
    controls: u32,
    control_bytes: u32,
}

/// The leases of a batch, one after another: see [`Flat::leases`].
#[derive(Debug)]
pub struct Leases<'a> {
    flat: &'a mut Flat,
    batch: &'a Batch,
    next: usize,
}

/// The rest of a lease that is to be written.
#[derive(Debug)]
pub struct Unwritten<'a> {
    flat: &'a FlatRun,
    items: &'a [Item],
    lease: Lease,
    /// Bytes from the start of the run.
    written: usize,
}

impl Flat {
    /// The leases of a batch, in its order.
    pub fn leases<'a>(&'a mut self, batch: &'a Batch) -> Leases<'a> {
        self.unload();
        Leases { flat: self, batch, next: 0 }
    }

    /// Makes the bytes of a run for a client with this window, unless the last call made the same bytes. `items` are
    /// those of the run ([`Batch::run`]). `is_shared`: several leases have this run, so that more bytes are copied. A
    /// host must call [`unload`](Self::unload) before the next batch.
    #[inline]
    pub fn load(&mut self, run: u32, items: &[Item], is_shared: bool, window: Window) -> &FlatRun {
        if window == Window::NONE {
            self.plain.load(run, items, is_shared, window);
            return &self.plain;
        }
        self.deflated.load(run, items, is_shared, widest(items, window));
        &self.deflated
    }

    /// Drops the bytes of the runs, since the next batch uses their numbers for other runs.
    pub fn unload(&mut self) {
        self.plain.unload();
        self.deflated.unload();
    }
}

/// The widest window whose clients are written the same bytes as this one, so that windows of several sizes share a copy.
fn widest(items: &[Item], window: Window) -> Window {
    let is_whole = window.bits() == Window::WHOLE.bits()
        || items.iter().all(|item| match item {
            Item::Frame(frame) => {
                let plain = frame.undeflated(window);
                plain.deflated().is_none() || window.holds(plain.payload().len())
            }
            Item::Control(_) => true,
        });
    if is_whole { window.widened() } else { window }
}

impl FlatRun {
    fn load(&mut self, run: u32, items: &[Item], is_shared: bool, window: Window) {
        if self.run == Some(run) && self.window == window {
            return;
        }
        self.run = Some(run);
        self.window = window;
        self.clear();
        let most = if is_shared { COPIED_SHARED } else { COPIED };
        self.is_copied = items.iter().map(|item| size_hint(item, window)).sum::<usize>() <= most;
        let mut end = 0;
        for item in items {
            end += self.push(item);
            self.ends.push(end);
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        (self.controls, self.control_bytes) = (0, 0);
    }

    fn unload(&mut self) {
        self.run = None;
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
    }

    fn push(&mut self, item: &Item) -> u32 {
        let from = self.bytes.len();
        match item {
            Item::Frame(frame) => {
                let variant = frame.for_window(self.window);
                if self.is_copied {
                    self.bytes.extend_from_slice(variant.head());
                    frame.append_payload(variant, &mut self.bytes);
                } else if let Some((_, number)) = frame.fill(variant) {
                    self.bytes.extend_from_slice(number.as_bytes());
                }
                return variant.size();
            }
            Item::Control(control) => encode_control(control, &mut self.bytes),
        }
        let bytes = (self.bytes.len() - from) as u32;
        self.controls += 1;
        self.control_bytes += bytes;
        bytes
    }

    /// The length of the run in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.last().map_or(0, |end| *end as usize)
    }

    /// Whether the run has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of the run, if they were copied; otherwise use [`slices`](Self::slices).
    #[must_use]
    pub fn copied(&self) -> Option<&[u8]> {
        self.is_copied.then_some(&self.bytes)
    }

    /// The [`Progress`] to report to the hub when the first `written` bytes of the run are written. The transport has accepted
    /// the first `begun` bytes, and must write the rest of these next. For a transport that buffers nothing, `begun` equals
    /// `written`.
    #[must_use]
    pub fn progress(&self, written: usize, begun: usize) -> Progress {
        if written >= self.len() {
            return Progress::All;
        }
        let items = self.ends.partition_point(|end| *end as usize <= written);
        let start = if items == 0 { 0 } else { self.ends[items - 1] };
        let bytes = written as u32 - start;
        let begun = begun.max(written).min(self.len());
        if begun <= start as usize {
            return Progress::Part { items: items as u32, bytes, begun: 0 };
        }
        // Messages that share a frame have the same end.
        let last = self.ends.partition_point(|end| (*end as usize) < begun);
        let end = self.ends[last];
        let behind = self.ends.partition_point(|other| *other <= end);
        Progress::Part { items: items as u32, bytes, begun: (behind - items) as u32 }
    }

    /// The number of messages that end within the first `written` bytes of the run, and the bytes of their frames.
    /// `items` are those of the run.
    #[inline]
    #[must_use]
    pub fn messages(&self, items: &[Item], written: usize) -> (u32, u32) {
        if written < self.len() {
            return self.messages_of_part(items, written);
        }
        (self.ends.len() as u32 - self.controls, self.len() as u32 - self.control_bytes)
    }

    #[cold]
    fn messages_of_part(&self, items: &[Item], written: usize) -> (u32, u32) {
        let (mut messages, mut bytes, mut start) = (0, 0, 0);
        for (item, &end) in items.iter().zip(&self.ends).take_while(|(_, end)| **end as usize <= written) {
            if let Item::Frame(_) = item {
                messages += 1;
                bytes += end - start;
            }
            start = end;
        }
        (messages, bytes)
    }

    /// Fills `into` with the bytes after the first `from` of a run that is not copied, as many slices as fit, none of them
    /// empty. Returns their number. `items` are those of the run.
    pub fn slices<'a>(&'a self, items: &'a [Item], from: usize, into: &mut [IoSlice<'a>]) -> usize {
        let (mut count, mut skip, mut copied, mut start) = (0, from, 0, 0);
        // Takes the next of the bytes that are copied even here.
        let mut next = |bytes: usize| {
            copied += bytes;
            &self.bytes[copied - bytes..copied]
        };
        for (item, end) in items.iter().zip(&self.ends) {
            let size = (*end - start) as usize;
            start = *end;
            let parts = match item {
                Item::Frame(frame) => {
                    let variant = frame.for_window(self.window);
                    match variant.place() {
                        None => [variant.head(), variant.payload(), &[], &[]],
                        Some(place) => {
                            let (before, behind) = variant.around(place);
                            [variant.head(), before, next(place.format().width()), behind]
                        }
                    }
                }
                Item::Control(_) => [next(size), &[], &[], &[]],
            };
            for part in parts {
                let skipped = skip.min(part.len());
                skip -= skipped;
                if skipped < part.len() {
                    let Some(slice) = into.get_mut(count) else { return count };
                    *slice = IoSlice::new(&part[skipped..]);
                    count += 1;
                }
            }
        }
        count
    }
}

impl Leases<'_> {
    /// The next lease. Return the previous one to the hub first, by [`Unwritten::written`]; otherwise its connection
    /// gets no more leases until it is [gone](crate::Hub::gone).
    pub fn next_lease(&mut self) -> Option<Unwritten<'_>> {
        self.next_lease_for(|_| Window::NONE)
    }

    /// The next lease, if some connections take deflated frames (RFC 7692). `window_of` returns the window of a connection,
    /// which must not change as long as the connection lives.
    pub fn next_lease_for(
        &mut self,
        window_of: impl FnOnce(ConnectionId) -> Window,
    ) -> Option<Unwritten<'_>> {
        let leases = self.batch.leases();
        let lease = *leases.get(self.next)?;
        self.next += 1;
        let is_shared = leases.get(self.next).is_some_and(|next| next.run == lease.run);
        let items = self.batch.run(lease.run);
        let flat = self.flat.load(lease.run, items, is_shared, window_of(lease.connection));
        Some(Unwritten { flat, items, lease, written: lease.skip as usize })
    }
}

impl Drop for Leases<'_> {
    fn drop(&mut self) {
        self.flat.unload();
    }
}

impl Unwritten<'_> {
    /// The connection whose socket the bytes are for.
    #[must_use]
    pub const fn connection(&self) -> ConnectionId {
        self.lease.connection
    }

    /// The number of bytes that are not written yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flat.len().saturating_sub(self.written)
    }

    /// Whether all of it is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes as much as the socket takes. The socket must be nonblocking. Returns its answer to the last write.
    pub fn write_to(&mut self, socket: &mut impl Write) -> Transport {
        while !self.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = self.slices(&mut slices);
            match socket.write_vectored(&slices[..count]) {
                Ok(bytes @ 1..) => self.advance(bytes),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Transport::Blocked,
                _ => return Transport::Failed,
            }
        }
        Transport::Ready
    }

    /// Fills `into` with the next bytes for one vectored write, as many slices as fit, none of them empty. Returns their
    /// number; 0 if all is written. Small messages are one slice.
    pub fn slices<'a>(&'a self, into: &mut [IoSlice<'a>]) -> usize {
        let Some(bytes) = self.flat.copied() else { return self.flat.slices(self.items, self.written, into) };
        match (bytes.get(self.written..), into.first_mut()) {
            (Some(left @ [_, ..]), Some(slice)) => {
                *slice = IoSlice::new(left);
                1
            }
            _ => 0,
        }
    }

    /// Notes that the socket took `bytes` more bytes.
    pub fn advance(&mut self, bytes: usize) {
        self.written = self.written.saturating_add(bytes).min(self.flat.len());
    }

    /// Whether the whole lease is written and ended with a close frame: the host must now shut down its sending direction
    /// and read on (RFC 6455 section 7.1.1).
    #[must_use]
    pub fn ends_sending(&self) -> bool {
        self.is_empty() && self.lease.then == Then::EndSending
    }

    /// The result to report by [`Hub::transmitted`](crate::Hub::transmitted); `transport` is the socket's answer to the
    /// last write.
    #[must_use]
    pub fn written(&self, transport: Transport) -> Written {
        self.lease.written(self.flat.progress(self.written, self.written), transport)
    }
}

fn size_hint(item: &Item, window: Window) -> usize {
    match item {
        Item::Frame(frame) => frame.for_window(window).size() as usize,
        Item::Control(_) => 0,
    }
}
