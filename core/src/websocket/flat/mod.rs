//! Leases as bytes: what a host hands to its sockets.

mod joined;
#[cfg(test)]
mod tests;

use super::control::encode_control;
use crate::frame::Window;
use crate::id::ClientId;
use crate::outbox::{Batch, Item, Lease, Progress, Then, Transport, Written};
use alloc::vec::Vec;
use std::io::{ErrorKind, IoSlice, Write};

/// A run up to this size is copied together and written in one plain call.
const COPIED: usize = 16 << 10;
/// The same for a run that several clients share: one copy serves them all.
const COPIED_SHARED: usize = 128 << 10;
/// A buffer that grew over this is not kept.
const KEPT: usize = 256 << 10;
/// Slices of one vectored write.
const SLICES: usize = 64;

/// Makes bytes of the leases of a [`Batch`], for sockets that say how many of them they took: nonblocking ones.
///
/// Small frames are copied together, once for all clients that share a run; of large ones the payload is written from
/// where it lies. A host keeps one of these, whose memory is used again.
///
/// (Where a write is completed later, as under io_uring, bytes must not move meanwhile: such a host keeps the
/// [`Frame`](crate::Frame)s of a lease, which are shared, and makes bytes of control frames by
/// [`encode_control`].)
///
/// ```
/// use bytes::Bytes;
/// use throng_core::hub::{Config, Hub, Target};
/// use throng_core::outbox::Batch;
/// use throng_core::websocket::{Flat, encode};
/// use throng_core::Instant;
///
/// # fn socket_of(_: throng_core::ClientId) -> Vec<u8> { Vec::new() }
/// # let (mut hub, now) = (Hub::new(Config::default())?, Instant::ORIGIN);
/// # let client = hub.admit(now, None)?;
/// # hub.publish(now, &[Target::All], &[], &encode::encode_text("hello")?, None)?;
/// let (mut batch, mut flat, mut results) = (Batch::default(), Flat::default(), Vec::new());
/// hub.transmit_ready(now, 0, 256, 64 << 10, &mut batch)?;
/// let mut leases = flat.leases(&batch);
/// while let Some(mut unwritten) = leases.next_lease() {
///     let mut socket = socket_of(unwritten.client());
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
/// Of a frame that has a [deflated variant](crate::Frame::with_deflated) that is written to whoever takes it:
/// [`Leases::next_lease_for`].
#[derive(Debug, Default)]
pub struct Flat {
    /// For those who take plain frames, and for those who take deflated ones: a run may be for both.
    plain: FlatRun,
    deflated: FlatRun,
}

/// The bytes of one run, as they are written to each client that takes frames of the same [`Window`].
///
/// For a host that keeps its own count of what each client was written, as `throng-runtime` does. Others use
/// [`Flat::leases`].
#[derive(Debug, Default)]
pub struct FlatRun {
    run: Option<u32>,
    window: Window,
    is_copied: bool,
    /// The whole run if it is copied, else its control frames, and the offsets of its sealed frames.
    bytes: Vec<u8>,
    /// Where each item ends, counted from the start of the run.
    ends: Vec<u32>,
    /// Control frames among the items, and their bytes.
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

/// What of a lease is still to be written.
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

    /// Makes the bytes of a run for a client with this window, unless the last call made the same. `items` are those of the
    /// run ([`Batch::run`]), `is_shared` whether several leases are for it: then more bytes are copied together. A host
    /// calls [`unload`](Self::unload) before it takes up the next batch.
    #[inline]
    pub fn load(&mut self, run: u32, items: &[Item], is_shared: bool, window: Window) -> &FlatRun {
        if window == Window::NONE {
            self.plain.load(run, items, is_shared, window);
            return &self.plain;
        }
        self.deflated.load(run, items, is_shared, widest(items, window));
        &self.deflated
    }

    /// Forgets the runs: in the next batch their numbers stand for other runs.
    pub fn unload(&mut self) {
        self.plain.unload();
        self.deflated.unload();
    }
}

/// The widest window to whose owners the same is written as to the owner of this one: those of several sizes share a copy.
fn widest(items: &[Item], window: Window) -> Window {
    let is_whole = window == Window::WHOLE
        || items.iter().all(|item| match item {
            Item::Frame(frame) => frame.deflated().is_none() || window.holds(frame.payload().len()),
            Item::Control(_) => true,
        });
    if is_whole { Window::WHOLE } else { window }
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

    /// Bytes of the run.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.last().map_or(0, |end| *end as usize)
    }

    /// Whether the run has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of the run, if they were copied together; else [`slices`](Self::slices) has them.
    #[must_use]
    pub fn copied(&self) -> Option<&[u8]> {
        self.is_copied.then_some(&self.bytes)
    }

    /// What the hub is to be told once the first `written` bytes of the run are written.
    #[must_use]
    pub fn progress(&self, written: usize) -> Progress {
        if written >= self.len() {
            return Progress::All;
        }
        let items = self.ends.partition_point(|end| *end as usize <= written);
        let start = if items == 0 { 0 } else { self.ends[items - 1] };
        Progress::Part { items: items as u32, bytes: written as u32 - start }
    }

    /// How many messages end within the first `written` bytes of the run, whose items are `items`, and bytes of their frames.
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

    /// What follows the first `from` bytes of a run that is not copied, whose items are `items`: as many slices as fit,
    /// none of them empty.
    pub fn slices<'a>(&'a self, items: &'a [Item], from: usize, into: &mut [IoSlice<'a>]) -> usize {
        let (mut count, mut skip, mut copied, mut start) = (0, from, 0, 0);
        // The next of the bytes that are copied even so.
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
    /// The next lease. What is said of the one before is said by [`Unwritten::written`], and if nothing is, its client
    /// gets nothing any more until it is [gone](crate::Hub::gone).
    pub fn next_lease(&mut self) -> Option<Unwritten<'_>> {
        self.next_lease_for(|_| Window::NONE)
    }

    /// The same among clients of whom some take deflated frames (RFC 7692): `window_of` says which, and must say the same of
    /// a client as long as it lives.
    pub fn next_lease_for(&mut self, window_of: impl FnOnce(ClientId) -> Window) -> Option<Unwritten<'_>> {
        let leases = self.batch.leases();
        let lease = *leases.get(self.next)?;
        self.next += 1;
        let is_shared = leases.get(self.next).is_some_and(|next| next.run == lease.run);
        let items = self.batch.run(lease.run);
        let flat = self.flat.load(lease.run, items, is_shared, window_of(lease.client));
        Some(Unwritten { flat, items, lease, written: lease.skip as usize })
    }
}

impl Drop for Leases<'_> {
    fn drop(&mut self) {
        self.flat.unload();
    }
}

impl Unwritten<'_> {
    /// Whose socket it is for.
    #[must_use]
    pub const fn client(&self) -> ClientId {
        self.lease.client
    }

    /// Bytes that are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flat.len().saturating_sub(self.written)
    }

    /// Whether all of it is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes as much as the socket takes, which must not block; what it said to the last write.
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

    /// What to write next, for one vectored write: as many slices as fit into `into`, none of them empty. Their number;
    /// zero if all is written. Of small messages it is one slice.
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

    /// The socket took so many bytes more.
    pub fn advance(&mut self, bytes: usize) {
        self.written = self.written.saturating_add(bytes).min(self.flat.len());
    }

    /// Whether all of it is written and a close frame was the last of it: the host ends its sending direction now, and
    /// reads on (RFC 6455 section 7.1.1).
    #[must_use]
    pub fn ends_sending(&self) -> bool {
        self.is_empty() && self.lease.then == Then::EndSending
    }

    /// What the hub is to be told ([`Hub::transmitted`](crate::Hub::transmitted)), together with what the socket said to
    /// the last write.
    #[must_use]
    pub fn written(&self, transport: Transport) -> Written {
        Written { client: self.lease.client, progress: self.flat.progress(self.written), transport }
    }
}

fn size_hint(item: &Item, window: Window) -> usize {
    match item {
        Item::Frame(frame) => frame.for_window(window).size() as usize,
        Item::Control(_) => 0,
    }
}
