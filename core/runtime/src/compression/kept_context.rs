//! Connections that keep a compression context: messages may refer back to earlier ones.
//!
//! No other client can inflate messages that were deflated in such a context, and the context must contain exactly the messages
//! that are written, in order. So the context is a layer of the transport, as TLS is: a lane writes plain frames to the layer. A
//! message that is in the context, but of which the system has not taken all bytes, is *begun*: it stays in the hub's outbox,
//! where it counts, and no drop policy removes it.

use super::place::Place;
use crate::host::transport::Writer;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::task::{Context as Task, Poll, ready};
use std::io::{self, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError};
use throng_core::MessageKind;
use throng_core::websocket::deflate::{Agreement, Compression, Compressor, Context, Inflater};
use throng_core::websocket::encode::encode_compressed;
use throng_core::websocket::{Message, ProtocolError};

/// The compression state of a connection that keeps a context, for as long as the connection lasts.
pub(crate) struct KeptContext {
    /// Inflates incoming messages, if they refer back.
    inflater: Option<Inflater>,
    /// Deflates outgoing messages, if they refer back. [`layer`](Self::layer) takes it.
    stream: Option<Stream>,
    _place: Place,
}

impl KeptContext {
    pub(super) fn new(agreement: &Agreement, compression: &Compression, place: Place) -> Self {
        let Agreement { server, client } = agreement;
        let inflater = (client.context == Context::Kept).then(|| Inflater::keeping(client.bits()));
        let stream = (server.context == Context::Kept).then(|| {
            let compressor = Compressor::keeping(compression.level, server.bits());
            Stream::new(compressor, compression.min_bytes as usize)
        });
        Self { inflater, stream, _place: place }
    }

    /// Inflates a message; `None` if incoming messages do not refer back.
    pub(crate) fn inflate(
        &mut self,
        kind: MessageKind,
        payload: &[u8],
        limit: u32,
    ) -> Option<Result<Message, ProtocolError>> {
        Some(self.inflater.as_mut()?.inflate(kind, payload, limit))
    }

    /// Wraps the transport with the layer that deflates, if outgoing messages refer back. Call once.
    pub(crate) fn layer(&mut self, writer: Arc<dyn Writer>) -> Arc<dyn Writer> {
        match self.stream.take() {
            Some(stream) => Arc::new(Layer { below: writer, stream: Mutex::new(stream) }),
            None => writer,
        }
    }
}

/// A transport that deflates the plain frames written to it.
struct Layer {
    below: Arc<dyn Writer>,
    /// The lock is held during one write.
    stream: Mutex<Stream>,
}

/// The outgoing frames: those that the lane has written to the layer, and their deflated form.
struct Stream {
    compressor: Compressor,
    min_bytes: usize,
    /// Frames in the form in which they go out. The first `written` bytes are written to the transport below the layer.
    out: Vec<u8>,
    written: usize,
    /// For each frame in `out`, the positions at which it ends: in the bytes that the lane offered, and in `out`.
    ends: Vec<(usize, usize)>,
    /// The number of bytes that the lane offered for the frames in `out`, and the number of them that were reported as written.
    held: usize,
    told: usize,
}

/// Frames are collected in `out` until it has this many bytes, so that one system call writes them all.
const TOGETHER: usize = 2 << 10;
/// Larger buffers are freed after use.
const KEPT: usize = 4 << 10;

impl Stream {
    fn new(compressor: Compressor, min_bytes: usize) -> Self {
        Self { compressor, min_bytes, out: Vec::new(), written: 0, ends: Vec::new(), held: 0, told: 0 }
    }

    /// Writes whole frames. `slices` must begin with the frames that are still held in `out`. A frame counts as written when its
    /// whole outgoing form is written; while a part of that is written, the same share of the frame's bytes counts.
    fn poll_take(
        &mut self,
        below: &dyn Writer,
        cx: &mut Task<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut offered = Offered::new(slices);
        let mut taken = 0;
        while offered.len > 0 {
            // Frames are added only when none is held, so that those in `out` always belong to one lease.
            if self.held == 0 && !self.take_frames(offered) {
                let text = "a transport that compresses was given a part of a frame: each write must begin with a whole frame";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidInput, text)));
            }
            let is_over = self.poll_drain(below, cx)?.is_ready();
            let now = self.taken();
            let more = (now - self.told).min(offered.len);
            self.told = now;
            taken += more;
            offered.skip(more);
            if !is_over {
                break;
            }
            self.clear();
        }
        if taken == 0 && offered.len > 0 { Poll::Pending } else { Poll::Ready(Ok(taken)) }
    }

    /// Moves whole frames to `out`, until it has [`TOGETHER`] bytes. Returns whether there was at least one.
    fn take_frames(&mut self, mut offered: Offered<'_, '_>) -> bool {
        let mut gathered = Vec::new();
        while self.out.len() < TOGETHER
            && let Some(len) = offered.frame_len().filter(|len| *len <= offered.len)
        {
            match offered.first().get(..len) {
                Some(frame) => self.put(frame),
                None => {
                    gathered.clear();
                    offered.copy(len, &mut gathered);
                    self.put(&gathered);
                }
            }
            offered.skip(len);
            self.held += len;
            self.ends.push((self.held, self.out.len()));
        }
        self.held > 0
    }

    /// How many of the bytes that the lane offered count as written.
    fn taken(&self) -> usize {
        let at = self.ends.partition_point(|(_, out)| *out <= self.written);
        let (from, out_from) = at.checked_sub(1).map_or((0, 0), |before| self.ends[before]);
        let Some(&(to, out_to)) = self.ends.get(at) else { return self.held };
        let part = (self.written - out_from) as u64 * (to - from) as u64 / (out_to - out_from) as u64;
        from + part as usize
    }

    /// Appends a whole frame to `out`, deflated if it is a message of at least `min_bytes`.
    fn put(&mut self, frame: &[u8]) {
        let deflated = message(frame)
            .filter(|(_, payload)| payload.len() >= self.min_bytes)
            .and_then(|(kind, payload)| Some((kind, self.compressor.compress(payload)?)))
            .and_then(|(kind, deflated)| encode_compressed(kind, Bytes::copy_from_slice(deflated)).ok());
        self.compressor.let_go();
        match deflated {
            Some(frame) => {
                self.out.extend_from_slice(frame.head());
                self.out.extend_from_slice(frame.payload());
            }
            None => self.out.extend_from_slice(frame),
        }
    }

    /// Writes `out` to the transport below the layer.
    fn poll_drain(&mut self, below: &dyn Writer, cx: &mut Task<'_>) -> Poll<io::Result<()>> {
        while self.written < self.out.len() {
            match ready!(below.poll_write(cx, &self.out[self.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Empties `out`, which is completely written.
    fn clear(&mut self) {
        self.out.clear();
        self.ends.clear();
        (self.written, self.held, self.told) = (0, 0, 0);
        if self.out.capacity() > KEPT {
            self.out = Vec::new();
        }
    }
}

/// Bytes that the lane offers, in slices.
#[derive(Clone, Copy)]
struct Offered<'a, 'b> {
    slices: &'a [IoSlice<'b>],
    /// The number of bytes of the first slice that were taken.
    from: usize,
    len: usize,
}

impl<'a, 'b> Offered<'a, 'b> {
    fn new(slices: &'a [IoSlice<'b>]) -> Self {
        let mut offered = Self { slices, from: 0, len: slices.iter().map(|slice| slice.len()).sum() };
        offered.skip(0);
        offered
    }

    /// The rest of the first slice, which is empty only at the end.
    fn first(&self) -> &'a [u8] {
        self.slices.first().and_then(|slice| slice.get(self.from..)).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.len = self.len.saturating_sub(bytes);
        self.from += bytes;
        while let [first, rest @ ..] = self.slices
            && self.from >= first.len()
        {
            self.from -= first.len();
            self.slices = rest;
        }
    }

    /// Copies the next `bytes`.
    fn copy(mut self, bytes: usize, into: &mut Vec<u8>) {
        let mut left = bytes.min(self.len);
        while left > 0 {
            let first = self.first();
            let part = &first[..left.min(first.len())];
            into.extend_from_slice(part);
            left -= part.len();
            self.skip(part.len());
        }
    }

    /// The length of the frame that begins here, if its head is complete.
    fn frame_len(self) -> Option<usize> {
        if let Some(len) = frame_len(self.first()) {
            return Some(len);
        }
        let mut head = Vec::with_capacity(HEAD);
        self.copy(HEAD, &mut head);
        frame_len(&head)
    }
}

/// The longest head of a frame that is not masked (RFC 6455 section 5.2).
const HEAD: usize = 10;

/// The length of the frame that begins here, if its head is complete. Our frames are not masked.
fn frame_len(bytes: &[u8]) -> Option<usize> {
    let (head, len) = match *bytes.get(1)? {
        126 => (4, u64::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)),
        len => (2, u64::from(len)),
    };
    Some(usize::try_from(len).unwrap_or(usize::MAX).saturating_add(head))
}

/// Kind and payload of a frame that is a whole message.
fn message(frame: &[u8]) -> Option<(MessageKind, &[u8])> {
    let kind = match *frame.first()? {
        0x81 => MessageKind::Text,
        0x82 => MessageKind::Binary,
        _ => return None,
    };
    let head = match *frame.get(1)? {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    Some((kind, frame.get(head..)?))
}

impl Layer {
    fn stream(&self) -> MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer for Layer {
    fn poll_write(&self, cx: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_take(&*self.below, cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(&self, cx: &mut Task<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.stream().poll_take(&*self.below, cx, slices)
    }

    fn begun(&self) -> usize {
        let stream = self.stream();
        stream.held - stream.told
    }

    fn warm(&self) {
        self.below.warm();
    }

    fn poll_flush(&self, cx: &mut Task<'_>) -> Poll<io::Result<()>> {
        ready!(self.stream().poll_drain(&*self.below, cx))?;
        self.below.poll_flush(cx)
    }

    fn poll_shutdown(&self, cx: &mut Task<'_>) -> Poll<io::Result<()>> {
        ready!(self.stream().poll_drain(&*self.below, cx))?;
        self.below.poll_shutdown(cx)
    }
}
