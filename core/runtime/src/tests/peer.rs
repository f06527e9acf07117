//! A transport made of queues of bytes.

use super::host::lock;
use crate::hosting::{Reader, Writer};
use crate::state::sync::{AtomicBool, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use throng_core::websocket::Message;
use throng_core::websocket::encode::encode_client_message;
use throng_core::websocket::{Decoder, Item, Limits};

/// The other end of a transport, and both halves of this end.
#[derive(Clone, Default)]
pub(super) struct Peer {
    pipe: Arc<Mutex<Pipe>>,
    /// Whether a write is in progress.
    is_writing: Arc<AtomicBool>,
    /// The task of the world that drives the transport.
    pub(super) task: Arc<Mutex<Option<usize>>>,
}

#[derive(Default)]
struct Pipe {
    inbound: VecDeque<u8>,
    has_ended: bool,
    /// Whether reading fails after all input has been read.
    failure: Option<io::ErrorKind>,
    reads: usize,
    reader: Option<Waker>,
    /// The bytes that each write took.
    writes: Vec<Vec<u8>>,
    /// How many more bytes are taken; `None` for any number.
    room: Option<usize>,
    writer: Option<Waker>,
    is_broken: bool,
    /// Whether the transport fails when there is no room.
    breaks: bool,
    is_shut: bool,
    /// Nothing is written any more, because the connection is gone.
    #[cfg(loom)]
    is_dropped: bool,
    flushes: usize,
    /// Whether a vectored write takes all its slices, not only the first.
    gathers: bool,
    /// Whether written bytes stay buffered, and the transport does not end.
    keeps_back: bool,
    /// Violations of what a writer may do.
    wrongs: Vec<&'static str>,
    /// Whether the reading half can write, and how often it did.
    can_answer: bool,
    answers: usize,
}

impl Pipe {
    /// Takes some bytes, or none if there is no room.
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_broken || self.breaks && self.room == Some(0) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = bytes.len().min(self.room.unwrap_or(usize::MAX));
        if count > 0 {
            self.room = self.room.map(|room| room - count);
            self.writes.push(bytes[..count].to_vec());
        }
        Ok(count)
    }
}

impl Peer {
    fn pipe(&self) -> MutexGuard<'_, Pipe> {
        lock(&self.pipe)
    }

    /// Bytes arrive.
    pub(super) fn push(&self, bytes: &[u8]) {
        let mut pipe = self.pipe();
        pipe.inbound.extend(bytes);
        let reader = pipe.reader.take();
        drop(pipe);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// The peer asks for a WebSocket.
    pub(super) fn ask(&self) {
        self.ask_for("/", &[]);
    }

    /// Asks for a WebSocket under a path, and sends more in the same read.
    pub(super) fn ask_for(&self, path: &str, more: &[u8]) {
        let mut bytes = format!("GET {path} HTTP/1.1\r\n").into_bytes();
        bytes.extend(
            b"Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
              Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        );
        bytes.extend(more);
        self.push(&bytes);
    }

    /// The output since the last call, head and frames: the status line, and the texts.
    pub(super) fn answer(&self) -> (String, Vec<String>) {
        const END: &[u8] = b"\r\n\r\n";
        let mut bytes = self.take();
        let end = bytes.windows(END.len()).position(|window| window == END).expect("an answer");
        let frames = bytes.split_off(end + END.len());
        let head = String::from_utf8_lossy(&bytes).into_owned();
        let is_open = head.starts_with("HTTP/1.1 101");
        (head, if is_open { texts(frames) } else { vec![String::from_utf8_lossy(&frames).into_owned()] })
    }

    /// The peer sends a text.
    pub(super) fn send(&self, text: &str) {
        self.push(&masked(text));
    }

    /// The peer ends its sending direction.
    pub(super) fn end(&self) {
        self.pipe().has_ended = true;
        self.push(&[]);
    }

    /// Reading from the transport fails.
    pub(super) fn fail(&self, kind: io::ErrorKind) {
        self.pipe().failure = Some(kind);
        self.push(&[]);
    }

    /// The transport fails.
    pub(super) fn break_off(&self) {
        self.change(|pipe| pipe.is_broken = true);
    }

    /// The transport fails once it has taken this many more bytes.
    pub(super) fn break_after(&self, bytes: usize) {
        self.change(|pipe| {
            pipe.room = Some(bytes);
            pipe.breaks = true;
        });
    }

    /// Takes this many bytes from now on.
    pub(super) fn set_room(&self, room: Option<usize>) {
        self.change(|pipe| pipe.room = room);
    }

    /// Wakes a waiting writer after a change, possibly spuriously.
    fn change(&self, change: impl FnOnce(&mut Pipe)) {
        let mut pipe = self.pipe();
        change(&mut pipe);
        let writer = pipe.writer.take();
        drop(pipe);
        if let Some(writer) = writer {
            writer.wake();
        }
    }

    /// The bytes that each write since the last call took.
    pub(super) fn writes(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.pipe().writes)
    }

    /// All bytes written since the last call.
    pub(super) fn take(&self) -> Vec<u8> {
        self.writes().concat()
    }

    /// The texts written since the last call; anything else must be a close frame, shown as its code.
    pub(super) fn texts(&self) -> Vec<String> {
        texts(self.take())
    }

    /// Whether anything except the peer still holds the transport.
    pub(super) fn is_held(&self) -> bool {
        Arc::strong_count(&self.pipe) > 1
    }

    pub(super) fn unread(&self) -> usize {
        self.pipe().inbound.len()
    }

    pub(super) fn reads(&self) -> usize {
        self.pipe().reads
    }

    pub(super) fn is_shut(&self) -> bool {
        self.pipe().is_shut
    }

    /// From now on a vectored write takes all its slices.
    pub(super) fn gather(&self) {
        self.pipe().gathers = true;
    }

    /// From now on the client's task may write what a hook sends to its own client.
    pub(super) fn let_answer(&self) {
        self.pipe().can_answer = true;
    }

    /// How many writes the client's own task made.
    pub(super) fn answers(&self) -> usize {
        self.pipe().answers
    }

    pub(super) fn flushes(&self) -> usize {
        self.pipe().flushes
    }

    /// Whether written bytes stay buffered.
    #[cfg(loom)]
    pub(super) fn keep_back(&self, keeps_back: bool) {
        self.change(|pipe| pipe.keeps_back = keeps_back);
    }

    /// The connection has been dropped, and so has its writer.
    #[cfg(loom)]
    pub(super) fn is_dropped(&self) {
        self.pipe().is_dropped = true;
    }

    /// Violations of what a writer may do.
    #[cfg(loom)]
    pub(super) fn wrongs(&self) -> Vec<&'static str> {
        self.pipe().wrongs.clone()
    }

    /// One writer's use of the transport.
    fn write<T>(&self, act: impl FnOnce(&mut Pipe) -> T) -> T {
        let is_alone = !self.is_writing.swap(true, Ordering::Relaxed);
        let mut pipe = self.pipe();
        if !is_alone {
            pipe.wrongs.push("two write at once");
        }
        if pipe.is_shut {
            pipe.wrongs.push("a write after the end");
        }
        #[cfg(loom)]
        if pipe.is_dropped {
            pipe.wrongs.push("a write after the drop");
        }
        let result = act(&mut pipe);
        drop(pipe);
        self.is_writing.store(false, Ordering::Relaxed);
        result
    }
}

/// Decodes bytes as texts; anything else must be a close frame, shown as its code.
pub(super) fn texts(mut bytes: Vec<u8>) -> Vec<String> {
    let mut input = &mut bytes[..];
    let mut decoder = Decoder::client(Limits::default());
    let mut texts = Vec::new();
    while let Some(item) = decoder.decode(&mut input).expect("frames") {
        texts.push(match item {
            Item::Message(Message::Text(text)) => text.to_string(),
            Item::Close { code, .. } => format!("closed {code:?}"),
            other => format!("{other:?}"),
        });
    }
    texts
}

pub(super) fn masked(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_client_message(throng_core::MessageKind::Text, text.as_bytes(), [1, 2, 3, 4], &mut bytes);
    bytes
}

impl Reader for Peer {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut pipe = self.pipe();
        if let (true, Some(kind)) = (pipe.inbound.is_empty(), pipe.failure) {
            return Poll::Ready(Err(kind.into()));
        }
        if pipe.inbound.is_empty() && !pipe.has_ended {
            pipe.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        pipe.reads += 1;
        let count = into.len().min(pipe.inbound.len());
        for (byte, place) in pipe.inbound.drain(..count).zip(into) {
            *place = byte;
        }
        Poll::Ready(Ok(count))
    }

    fn can_write(&self) -> bool {
        self.pipe().can_answer
    }

    fn try_write(&self, bytes: &[u8]) -> Option<usize> {
        self.write(|pipe| {
            let count = pipe.take(bytes).ok().filter(|count| *count > 0)?;
            pipe.answers += 1;
            Some(count)
        })
    }
}

impl Writer for Peer {
    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write(|pipe| {
            let taken = pipe.take(bytes);
            if let Ok(0) = taken {
                pipe.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(taken)
        })
    }

    fn poll_write_vectored(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if self.pipe().gathers {
            let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            return self.poll_write(cx, &all);
        }
        self.poll_write(cx, slices.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice))
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(|pipe| {
            if pipe.keeps_back {
                pipe.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            pipe.flushes += 1;
            Poll::Ready(Ok(()))
        })
    }

    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(|pipe| {
            if pipe.keeps_back {
                pipe.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            pipe.is_shut = true;
            Poll::Ready(Ok(()))
        })
    }
}
