//! A simulated peer's end of one connection: the bytes on a wire, and RFC 6455 on them.

use crate::simulation::engine::network::pipe::End;
use crate::simulation::faults::Fault;
use crate::simulation::peer_error::PeerError;
use crate::simulation::shared::{Due, Shared};
use http::HeaderMap;
use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use throng_core::websocket::encode::{encode_client_close, encode_client_message, encode_client_pong};
use throng_core::websocket::handshake::{ClientHandshake, ClientHandshakeError};
use throng_core::websocket::{ControlPayload, Decoder, Item, Limits, Message};
use throng_core::{CloseCode, MessageKind};
#[cfg(feature = "deflate")]
use {crate::simulation::inflating, throng_core::websocket::deflate::Inflater};

/// Messages that may wait for a script. At this number the peer reads nothing more until the script takes some.
const MOST_WAITING: usize = 1_000;
/// The longest time, in nanoseconds, for which a peer that stalls reads nothing.
const STALL: u64 = 10_000_000_000;

/// A peer's end of a connection.
pub(crate) struct Link {
    name: Arc<str>,
    wire: usize,
    /// The handshake, until the hub has answered the request.
    handshake: Option<ClientHandshake>,
    /// What the hub has sent, if the script speaks HTTP itself.
    bytes: Option<Vec<u8>>,
    decoder: Decoder,
    /// Whether the request offers compression.
    #[cfg(feature = "deflate")]
    offers: bool,
    /// Inflates the hub's messages, if compression was agreed on.
    #[cfg(feature = "deflate")]
    inflater: Option<Box<Inflater>>,
    /// Bytes to send that did not fit into the wire.
    out: VecDeque<u8>,
    inbox: VecDeque<Message>,
    /// Why no more messages will arrive.
    stop: Option<PeerError>,
    waker: Option<Waker>,
    /// Whether the script lets the peer read, and the peer does not stall.
    pub(crate) reads: bool,
    is_stalled: bool,
    /// Whether the peer answers pings and close frames.
    pub(crate) answers: bool,
    /// Reads this many bytes each time, every this many nanoseconds; without it, everything at once.
    pace: Option<(usize, u64)>,
    reads_later: bool,
    /// Whether a fault may have made the hub end the connection.
    is_disturbed: bool,
    has_closed: bool,
    has_ended: bool,
    /// Whether nothing more is read from the wire.
    is_over: bool,
    /// How the peer ends its sending direction once all bytes are sent.
    last: Option<End>,
}

impl Link {
    pub(crate) fn new(
        name: Arc<str>,
        wire: usize,
        handshake: ClientHandshake,
        request: Vec<u8>,
        pace: Option<(usize, u64)>,
    ) -> Self {
        Self { handshake: Some(handshake), bytes: None, out: request.into(), ..Self::bare(name, wire, pace) }
    }

    /// One whose script makes its requests itself.
    pub(crate) fn bare(name: Arc<str>, wire: usize, pace: Option<(usize, u64)>) -> Self {
        Self {
            name,
            wire,
            handshake: None,
            bytes: Some(Vec::new()),
            decoder: Decoder::client(Limits::default()),
            #[cfg(feature = "deflate")]
            offers: false,
            #[cfg(feature = "deflate")]
            inflater: None,
            out: VecDeque::new(),
            inbox: VecDeque::new(),
            stop: None,
            waker: None,
            reads: true,
            is_stalled: false,
            answers: true,
            pace,
            reads_later: false,
            is_disturbed: pace.is_some(),
            has_closed: false,
            has_ended: false,
            is_over: false,
            last: None,
        }
    }

    #[cfg(feature = "deflate")]
    pub(crate) fn offering(self, offers: bool) -> Self {
        Self { offers, ..self }
    }

    /// Sends as many bytes as fit into the wire.
    pub(crate) fn flush(&mut self, shared: &Shared) {
        if !self.has_ended {
            shared.network.send(self.wire, &mut self.out);
            if let Some(end) = self.last.take_if(|_| self.out.is_empty()) {
                self.end(shared, end);
            }
        }
        if self.out.is_empty() {
            self.wake();
        }
    }

    /// Ends the sending direction, if it has not ended.
    pub(crate) fn end(&mut self, shared: &Shared, end: End) {
        if !mem::replace(&mut self.has_ended, true) {
            shared.network.end(self.wire, end);
        }
    }

    /// Ends the sending direction once all bytes are sent.
    pub(crate) fn end_last(&mut self, shared: &Shared) {
        self.last = Some(End::Finished);
        self.flush(shared);
    }

    /// Neither sends nor reads anything any more, without ending the connection.
    pub(crate) fn vanish(&mut self, shared: &Shared) {
        (self.has_ended, self.is_over) = (true, true);
        self.out.clear();
        shared.network.vanish(self.wire);
    }

    /// Checks that the peer may still send.
    pub(crate) fn may_send(&self) -> Result<(), PeerError> {
        match &self.stop {
            Some(stop) => Err(stop.clone()),
            None if self.has_ended || self.has_closed || self.last.is_some() => Err(PeerError::NotConnected),
            None => Ok(()),
        }
    }

    pub(crate) fn send(&mut self, shared: &Shared, message: &Message) {
        let (kind, payload) = match message {
            Message::Text(text) => (MessageKind::Text, text.as_bytes()),
            Message::Binary(bytes) => (MessageKind::Binary, &bytes[..]),
        };
        shared.note(format_args!("{} sends {}", self.name, shown(message)));
        self.write(shared, |key, out| encode_client_message(kind, payload, key, out));
    }

    pub(crate) fn send_bytes(&mut self, shared: &Shared, bytes: &[u8]) {
        shared.note(format_args!("{} sends {} bytes that the script has made", self.name, bytes.len()));
        self.out.extend(bytes);
        self.flush(shared);
    }

    pub(crate) fn close(&mut self, shared: &Shared, code: Option<CloseCode>) {
        if !mem::replace(&mut self.has_closed, true) {
            self.write(shared, |key, out| encode_client_close(code, "", key, out));
        }
    }

    fn write(&mut self, shared: &Shared, encode: impl FnOnce([u8; 4], &mut Vec<u8>)) {
        let mut bytes = Vec::new();
        let key = shared.rng().u32(..).to_be_bytes();
        encode(key, &mut bytes);
        self.out.extend(bytes);
        self.flush(shared);
    }

    /// Ready when all that was sent is on its way, or never will be.
    pub(crate) fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), PeerError>> {
        match &self.stop {
            Some(stop) => Poll::Ready(Err(stop.clone())),
            None if self.out.is_empty() => Poll::Ready(Ok(())),
            None => self.wait(cx),
        }
    }

    /// Ready when the hub has opened the WebSocket, or never will.
    pub(crate) fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), PeerError>> {
        match &self.stop {
            _ if self.handshake.is_none() => Poll::Ready(Ok(())),
            Some(stop) => Poll::Ready(Err(stop.clone())),
            None => self.wait(cx),
        }
    }

    /// All that the hub has sent, once it has ended its direction.
    pub(crate) fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<u8>, PeerError>> {
        match (&self.stop, &mut self.bytes) {
            (_, None) => Poll::Ready(Err(PeerError::NotConnected)),
            (Some(PeerError::Fault), _) => Poll::Ready(Err(PeerError::Fault)),
            (Some(_), Some(bytes)) => Poll::Ready(Ok(mem::take(bytes))),
            (None, _) => self.wait(cx),
        }
    }

    /// The next message.
    pub(crate) fn poll_receive(
        &mut self,
        shared: &Shared,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Message, PeerError>> {
        if let Some(message) = self.inbox.pop_front() {
            if self.inbox.len() + 1 == MOST_WAITING {
                self.arrive(shared);
            }
            return Poll::Ready(Ok(message));
        }
        match &self.stop {
            Some(stop) => Poll::Ready(Err(stop.clone())),
            None => self.wait(cx),
        }
    }

    /// Why nothing more comes, once that is so.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<PeerError> {
        match &self.stop {
            Some(stop) => Poll::Ready(stop.clone()),
            None => self.wait(cx),
        }
    }

    fn wait<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// What is done to it.
    pub(crate) fn suffer(&mut self, shared: &Shared, fault: Fault) {
        if self.stop.is_some() || shared.is_after_faults() {
            return;
        }
        match fault {
            Fault::Reset => {
                shared.note(format_args!("fault: the connection of {} is reset", self.name));
                self.end(shared, End::Reset);
                self.is_over = true;
                self.stop_with(PeerError::Fault);
            }
            Fault::Vanish => {
                shared.note(format_args!("fault: {} vanishes", self.name));
                self.vanish(shared);
                self.stop_with(PeerError::Fault);
            }
            Fault::Stall => {
                let time = shared.rng().u64(..STALL);
                let shown = Duration::from_nanos(time);
                shared.note(format_args!("fault: {} reads nothing for {shown:.1?}", self.name));
                (self.is_stalled, self.is_disturbed) = (true, true);
                shared.network.put(shared.clock.now() + time, Due::Resume(self.wire));
            }
        }
    }

    pub(crate) fn resume(&mut self, shared: &Shared) {
        self.is_stalled = false;
        self.arrive(shared);
    }

    /// There are no faults any more.
    pub(crate) fn end_faults(&mut self, shared: &Shared) {
        self.pace = None;
        self.resume(shared);
    }

    /// Something has arrived.
    pub(crate) fn arrive(&mut self, shared: &Shared) {
        if !self.reads || self.is_stalled || self.is_over || self.inbox.len() >= MOST_WAITING {
            return;
        }
        let Some((bytes, every)) = self.pace else { return self.read(shared, usize::MAX) };
        if !mem::replace(&mut self.reads_later, true) {
            self.read(shared, bytes);
            shared.network.put(shared.clock.now() + every, Due::Read(self.wire));
        }
    }

    pub(crate) fn read_later(&mut self, shared: &Shared) {
        self.reads_later = false;
        if shared.network.unread_by_peer(self.wire) > 0 {
            self.arrive(shared);
        }
    }

    fn read(&mut self, shared: &Shared, most: usize) {
        let (mut bytes, end) = shared.network.read(self.wire, most);
        if let Some(read) = &mut self.bytes {
            read.append(&mut bytes);
        }
        let mut input = &mut bytes[..];
        while !input.is_empty() && self.stop.is_none() {
            if let Err(wrong) = self.take_in(&mut input, shared) {
                shared.fail(format!("what the hub sends to {} makes no sense: {wrong}", self.name));
                self.stop_with(PeerError::Broken);
            }
        }
        if let Some(end) = end {
            self.over(shared, end);
        }
    }

    fn take_in(&mut self, input: &mut &mut [u8], shared: &Shared) -> Result<(), String> {
        if let Some(handshake) = &mut self.handshake {
            match handshake.receive(input) {
                Ok(None) => {}
                Ok(Some(response)) => {
                    self.agree(response.headers())?;
                    self.handshake = None;
                    shared.note(format_args!("{} is connected", self.name));
                    self.wake();
                }
                Err(ClientHandshakeError::Refused(status)) => {
                    shared.note(format_args!("{} is refused: {status}", self.name));
                    self.stop_with(PeerError::Refused(status.as_u16()));
                }
                Err(error) => return Err(error.to_string()),
            }
            return Ok(());
        }
        match self.decoder.decode(input).map_err(|error| error.to_string())? {
            Some(Item::Message(message)) => self.receive(shared, message),
            #[cfg(feature = "deflate")]
            Some(Item::Compressed { kind, payload }) => {
                // The decoder refuses the bit of compressed messages unless an inflater is there.
                let inflater = self.inflater.as_mut().ok_or("a compressed message was not agreed on")?;
                let message = inflating::inflate(inflater, kind, &payload)?;
                self.receive(shared, message);
            }
            Some(Item::Ping(payload)) if self.answers && !self.has_closed => self.pong(shared, &payload),
            Some(Item::Close { code, reason }) => {
                let stop = PeerError::Closed { code, reason: reason.to_string() };
                shared.note(format_args!("{}: {stop}", self.name));
                if self.answers {
                    self.close(shared, code);
                }
                self.stop_with(stop);
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes the hub's answer to an offer of compression.
    #[cfg(feature = "deflate")]
    fn agree(&mut self, answer: &HeaderMap) -> Result<(), String> {
        if self.offers {
            self.inflater = inflating::agreed(answer)?;
            if self.inflater.is_some() {
                self.decoder = inflating::decoder();
            }
        }
        Ok(())
    }

    #[cfg(not(feature = "deflate"))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "the signature of the function above")]
    fn agree(&mut self, _: &HeaderMap) -> Result<(), String> {
        Ok(())
    }

    fn receive(&mut self, shared: &Shared, message: Message) {
        shared.note(format_args!("{} receives {}", self.name, shown(&message)));
        shared.journal().received += 1;
        self.inbox.push_back(message);
        self.wake();
    }

    fn pong(&mut self, shared: &Shared, payload: &ControlPayload) {
        self.write(shared, |key, out| encode_client_pong(payload, key, out));
    }

    /// The hub has ended its direction.
    fn over(&mut self, shared: &Shared, end: End) {
        if let (Some(bytes), None) = (&self.bytes, &self.stop) {
            let shown = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default().escape_ascii();
            shared.note(format_args!("the hub ends the connection of {} after \"{shown}\"", self.name));
            let is_cut = self.is_disturbed && bytes.is_empty();
            self.stop_with(if is_cut { PeerError::Fault } else { PeerError::NotConnected });
        } else if self.stop.is_none() {
            shared.note(format_args!("the connection of {} ends without a close frame", self.name));
            self.stop_with(if self.is_disturbed { PeerError::Fault } else { PeerError::Broken });
        }
        self.out.clear();
        if end == End::Finished {
            self.end(shared, End::Finished);
        }
        (self.has_ended, self.is_over) = (true, true);
    }

    fn stop_with(&mut self, stop: PeerError) {
        self.stop.get_or_insert(stop);
        self.wake();
    }
}

/// A message, as the journal and the text of a failure show it.
pub(crate) fn shown(message: &Message) -> String {
    const MOST: usize = 60;
    match message {
        Message::Text(text) if text.len() <= MOST => format!("{:?}", text.as_str()),
        Message::Text(text) => {
            format!("{:?}… ({} bytes)", &text[..text.floor_char_boundary(MOST)], text.len())
        }
        Message::Binary(bytes) => format!("{} bytes", bytes.len()),
    }
}
