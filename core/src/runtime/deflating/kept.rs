//! Those who keep a context: what they send may refer back to what they sent before.
//!
//! Nobody else can be sent what was deflated in such a context, and only what is written, in the order in which it is,
//! belongs to it. So it is a layer of the transport, as TLS is: a lane writes plain frames to it, and what the hub counts is
//! as if there were nothing between.

use super::Place;
use crate::MessageKind;
use crate::runtime::transport::Writer;
use crate::websocket::deflate::{Agreement, Compression, Compressor, Context, Inflater};
use crate::websocket::encode::encode_compressed;
use crate::websocket::{Message, ProtocolError};
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::mem;
use core::task::{Context as Task, Poll, ready};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a connection that keeps a context has of its own, as long as it lives.
pub(in crate::runtime) struct Kept {
    /// For what comes, if that refers back.
    inflater: Option<Inflater>,
    /// For what goes, until there is somebody to write it.
    stream: Option<Stream>,
    _place: Place,
}

impl Kept {
    pub(super) fn new(agreement: &Agreement, compression: &Compression, place: Place) -> Self {
        let Agreement { server, client } = agreement;
        let inflater = (client.context == Context::Kept).then(|| Inflater::keeping(client.bits()));
        let stream = (server.context == Context::Kept).then(|| Stream {
            compressor: Compressor::keeping(compression.level, server.bits()),
            min_bytes: compression.min_bytes as usize,
            begun: Vec::new(),
            out: Vec::new(),
            written: 0,
        });
        Self { inflater, stream, _place: place }
    }

    /// The message, if messages refer back.
    pub(in crate::runtime) fn inflate(
        &mut self,
        kind: MessageKind,
        payload: &[u8],
        limit: u32,
    ) -> Option<Result<Message, ProtocolError>> {
        Some(self.inflater.as_mut()?.inflate(kind, payload, limit))
    }

    /// The transport with the layer that deflates, if what goes refers back. Once.
    pub(in crate::runtime) fn layer(&mut self, writer: Arc<dyn Writer>) -> Arc<dyn Writer> {
        match self.stream.take() {
            Some(stream) => Arc::new(Layer { below: writer, stream: Mutex::new(stream) }),
            None => writer,
        }
    }
}

/// A transport to which plain frames are written, and which deflates them.
struct Layer {
    below: Arc<dyn Writer>,
    /// Locked by the one who writes.
    stream: Mutex<Stream>,
}

/// Frames as they are written, and as they go out.
struct Stream {
    compressor: Compressor,
    min_bytes: usize,
    /// A frame of which not all has come.
    begun: Vec<u8>,
    /// What is to be written below; up to `written` it is.
    out: Vec<u8>,
    written: usize,
}

/// Buffers that grew over this are not kept.
const KEPT: usize = 4 << 10;

impl Stream {
    /// Takes bytes of plain frames.
    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.begun.is_empty()
                && let Some(len) = frame_len(bytes).filter(|len| *len <= bytes.len())
            {
                let (frame, rest) = bytes.split_at(len);
                self.put(frame);
                bytes = rest;
                continue;
            }
            let wanted = match frame_len(&self.begun) {
                Some(len) => len - self.begun.len(),
                // The head comes byte by byte: it is short.
                None => 1,
            };
            let (more, rest) = bytes.split_at(wanted.min(bytes.len()));
            self.begun.extend_from_slice(more);
            bytes = rest;
            if frame_len(&self.begun) == Some(self.begun.len()) {
                let frame = mem::take(&mut self.begun);
                self.put(&frame);
            }
        }
    }

    /// Puts a whole frame out: deflated, if it is a message that is long enough.
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

    /// Writes below what is out.
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

/// Bytes of the frame that begins here, if its head is there. Ours are not masked.
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
    /// Takes all of it, or nothing while what it took before is not written.
    fn poll_write(&self, cx: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut stream = self.stream();
        ready!(stream.poll_drain(&*self.below, cx))?;
        stream.take(bytes);
        match stream.poll_drain(&*self.below, cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // What it keeps back is pushed on by a flush.
            _ => Poll::Ready(Ok(bytes.len())),
        }
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
