//! Connections that keep a compression context: messages may refer back to earlier ones.
//!
//! Messages deflated in such a context suit no other client, and the context must see exactly the written messages, in
//! order. So it is a layer of the transport, as TLS is: a lane writes plain frames to it, and the hub counts as if the
//! layer did not exist.

use super::place::Place;
use crate::host::transport::Writer;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::mem;
use core::task::{Context as Task, Poll, ready};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use throng_core::MessageKind;
use throng_core::websocket::deflate::{Agreement, Compression, Compressor, Context, Inflater};
use throng_core::websocket::encode::encode_compressed;
use throng_core::websocket::{Message, ProtocolError};

/// The state of a connection that keeps a context, for its life.
pub(crate) struct KeptContext {
    /// Inflates incoming messages, if they refer back.
    inflater: Option<Inflater>,
    /// Deflates outgoing messages; taken when the writer is made.
    stream: Option<Stream>,
    _place: Place,
}

impl KeptContext {
    pub(super) fn new(agreement: &Agreement, compression: &Compression, place: Place) -> Self {
        let Agreement { server, client } = agreement;
        let inflater = (client.context == Context::Kept).then(|| Inflater::keeping(client.bits()));
        let stream = (server.context == Context::Kept).then(|| Stream {
            compressor: Compressor::keeping(compression.level, server.bits()),
            min_bytes: compression.min_bytes as usize,
            begun: Vec::new(),
            last: Piece::default(),
            out: Vec::new(),
            written: 0,
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
    /// Locked by the current writer.
    stream: Mutex<Stream>,
}

/// Frames as the lane writes them, and as they go out.
struct Stream {
    compressor: Compressor,
    min_bytes: usize,
    /// An incomplete frame.
    begun: Vec<u8>,
    /// The last bytes taken in of the frame that was put out last.
    last: Piece,
    /// Bytes to write below; the first `written` of them are written.
    out: Vec<u8>,
    written: usize,
}

/// Bytes that a writer offered, and how many of them count as taken: in proportion to the bytes written below, so that
/// a slow transport still shows progress.
#[derive(Clone, Copy, Default)]
struct Piece {
    len: usize,
    taken: usize,
    /// Where its frame begins in `out`.
    begins: usize,
}

impl Piece {
    const fn is_taken(&self) -> bool {
        self.taken == self.len
    }

    /// Maps compressed bytes that were written to plain bytes that the caller may count.
    fn advance(&mut self, written: usize, total: usize, most: usize) -> usize {
        let now = if written == total {
            self.len
        } else {
            // The first byte counts at once, as a deflated message cannot be taken back; the last one only when all is
            // written below.
            let part = written.saturating_sub(self.begins) as u64 * self.len as u64;
            let part = part / (total - self.begins).max(1) as u64;
            (part as usize).max(1).min(self.len.saturating_sub(1))
        };
        let more = now.saturating_sub(self.taken).min(most);
        self.taken += more;
        more
    }
}

/// Frames are put out together up to this many bytes, for one system call. When that call is made, all of them except
/// the last count as taken.
const TOGETHER: usize = 2 << 10;
/// Larger buffers are freed after use.
const KEPT: usize = 4 << 10;

impl Stream {
    /// Takes as many bytes of plain frames as can be written below.
    fn poll_take(&mut self, below: &dyn Writer, cx: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut taken = 0;
        while taken < bytes.len() {
            if self.last.is_taken() {
                if self.poll_drain(below, cx)?.is_pending() {
                    break;
                }
                taken += self.put_together(&bytes[taken..]);
            }
            let is_over = self.poll_drain(below, cx)?.is_ready();
            taken += self.last.advance(self.written, self.out.len(), bytes.len() - taken);
            if !is_over {
                break;
            }
        }
        if taken == 0 && !bytes.is_empty() { Poll::Pending } else { Poll::Ready(Ok(taken)) }
    }

    /// Puts frames out; returns how many bytes count as taken by that.
    fn put_together(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() && self.out.len() < TOGETHER {
            let begins = self.out.len();
            let len = self.take(&bytes[at..]);
            at += len;
            let is_out = self.out.len() > begins;
            self.last = if is_out { Piece { len, taken: 0, begins } } else { Piece::default() };
        }
        at - self.last.len
    }

    /// Takes bytes up to the end of a frame, which is then put out, or all bytes if the frame is incomplete.
    fn take(&mut self, bytes: &[u8]) -> usize {
        if self.begun.is_empty()
            && let Some(len) = frame_len(bytes).filter(|len| *len <= bytes.len())
        {
            self.put(&bytes[..len]);
            return len;
        }
        let wanted = match frame_len(&self.begun) {
            Some(len) => len - self.begun.len(),
            // The head is short, so it is collected byte by byte.
            None => 1,
        };
        let len = wanted.min(bytes.len());
        self.begun.extend_from_slice(&bytes[..len]);
        if frame_len(&self.begun) == Some(self.begun.len()) {
            let frame = mem::take(&mut self.begun);
            self.put(&frame);
        }
        len
    }

    /// Puts out a whole frame, deflated if it is a long enough message.
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

    /// Writes pending output below.
    fn poll_drain(&mut self, below: &dyn Writer, cx: &mut Task<'_>) -> Poll<io::Result<()>> {
        while self.written < self.out.len() {
            match ready!(below.poll_write(cx, &self.out[self.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        self.written = 0;
        self.out.clear();
        if self.out.capacity() > KEPT {
            self.out = Vec::new();
        }
        Poll::Ready(Ok(()))
    }
}

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
        self.stream().poll_take(&*self.below, cx, bytes)
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
