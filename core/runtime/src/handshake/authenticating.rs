//! Authentication after the upgrade: an exchange of messages before the client is open.

use crate::compression::KeptContext;
use crate::handles::hub::Hub;
use crate::handshake::request::{Connecting, Request};
use crate::handshake::span::ConnectionSpan;
use crate::host::scratch::Scratch;
use crate::host::transport::{Reader, Writer};
use crate::notice::message::{IntoFrame, SendError};
use crate::state::member::Member;
use crate::state::shared::Shared;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use std::io::ErrorKind;
use throng_core::hub::{Cause, Recover};
use throng_core::websocket::encode::{encode_close, encode_pong};
use throng_core::websocket::{Decoder, Item, Message, ProtocolError};
use throng_core::{ClientId, CloseCode, CloseFrame, MessageKind, Name, Window, hub};

/// Messages, pings and pongs that a peer may send before its client is open.
const ITEMS: u32 = 100;

/// Bytes of a close frame's reason (RFC 6455 section 5.5).
const REASON: usize = 123;

/// A connection that must authenticate: the argument of [`Handler::authenticate`](crate::Handler::authenticate).
///
/// Before its client is open, a peer may send at most 100 messages, pings and pongs, and in all as many bytes as one
/// message may have. Pings are answered while the hook [receives](Self::receive). Messages that the hook does not
/// receive are handled once the client is open.
///
/// ```
/// use throng_core::{CloseCode, CloseFrame};
/// use throng_runtime::Hub;
///
/// let builder = Hub::builder()
///     .before_connect(|connecting| {
///         connecting.authenticate();
///         Ok(())
///     })
///     .authenticate(|session| {
///         Box::pin(async move {
///             let token = session.receive().await?;
///             if token.as_bytes() != b"let me in" {
///                 return Err(CloseFrame::new(CloseCode(4401), "who are you?"));
///             }
///             session.set_user("ada")?;
///             session.join("lobby");
///             Ok(())
///         })
///     });
/// # builder.build().unwrap();
/// ```
pub struct Authenticating<'a> {
    /// The client that is reserved for the connection.
    pub(crate) member: &'a Member,
    pub(crate) connecting: &'a mut Connecting,
    pub(crate) span: &'a ConnectionSpan,
    pub(crate) stream: FrameStream<'a>,
}

/// Why nothing more is received. `?` in the hook turns it into the fitting [`CloseFrame`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The peer has closed the connection, or its transport has ended.
    Closed,
    /// The peer broke the protocol.
    Protocol(ProtocolError),
    /// The peer sent more than it may before its client is open.
    TooMuch,
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the peer has closed the connection or vanished"),
            Self::Protocol(error) => error.fmt(f),
            Self::TooMuch => f.write_str("too much data before authentication"),
        }
    }
}

impl core::error::Error for ReceiveError {}

impl From<ReceiveError> for CloseFrame {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Closed => Self::default(),
            ReceiveError::Protocol(error) => Self::new(error.close_code(), error.name()),
            ReceiveError::TooMuch => Cause::TooMuchBeforeAuthentication.into(),
        }
    }
}

impl Authenticating<'_> {
    /// Receives the peer's next message.
    ///
    /// Cancel-safe: if the future is dropped before it is ready, nothing is lost, not even a part of a message; the
    /// next call continues.
    ///
    /// # Errors
    /// No more messages will come. The connection is closed, whatever the hook returns.
    pub async fn receive(&mut self) -> Result<Message, ReceiveError> {
        poll_fn(|cx| self.stream.poll_receive(cx)).await
    }

    /// Sends a message to the peer.
    ///
    /// Cancel-safe: a message is sent completely and once, or not at all. If the future is dropped before its first
    /// poll, nothing is sent. If it is dropped later, the rest is written before the next message, while the next one
    /// is received, or when the hook returns.
    ///
    /// # Errors
    /// The message cannot be encoded, or the peer has gone.
    pub async fn send(&mut self, message: impl IntoFrame) -> Result<(), SendError> {
        let frame = message.into_frame()?;
        frame.append_to(Window::NONE, &mut self.stream.output);
        poll_fn(|cx| self.stream.poll_flush(cx)).await.map_err(|_| hub::Error::Gone.into())
    }

    /// Stores a value with the client, one per type.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.connecting.insert(value);
    }

    /// The stored value of this type.
    #[must_use]
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.connecting.get()
    }

    /// Makes the client a member of a room from its first moment. If it cannot join, it is closed with 1013 right after
    /// it has opened.
    pub fn join(&mut self, room: impl Into<Name>) {
        self.connecting.join(room);
    }

    /// The same with a position that the peer knows: [`Connecting::join_from`](crate::Connecting::join_from).
    pub fn join_from(&mut self, room: impl Into<Name>, from: Recover) {
        self.connecting.join_from(room, from);
    }

    /// The same with bytes about the client: [`Connecting::join_with_info`](crate::Connecting::join_with_info).
    pub fn join_with_info(&mut self, room: impl Into<Name>, from: Option<Recover>, info: impl Into<Bytes>) {
        self.connecting.join_with_info(room, from, info);
    }

    /// The id that the client will have, unless the connection continues a [session](crate::Connecting::set_session).
    #[must_use]
    pub const fn client_id(&self) -> ClientId {
        self.member.id
    }

    /// The request that asked for the WebSocket.
    #[must_use]
    pub fn request(&self) -> &Request {
        self.connecting.request()
    }

    /// The hub.
    #[must_use]
    pub fn hub(&self) -> Hub {
        Hub::of(Arc::clone(&self.member.shared))
    }
}

impl fmt::Debug for Authenticating<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticating").field("request", &self.connecting.request).finish_non_exhaustive()
    }
}

/// Messages in both directions on a transport, before the client is open.
pub(crate) struct FrameStream<'a> {
    pub(crate) reader: &'a mut dyn Reader,
    pub(crate) writer: &'a dyn Writer,
    pub(crate) shared: &'a Shared,
    pub(crate) kept: Option<&'a mut KeptContext>,
    pub(crate) decoder: Decoder,
    /// Bytes that were read; up to `at` they are decoded.
    pub(crate) rest: Vec<u8>,
    pub(crate) at: usize,
    /// Bytes to be written; up to `written` they are.
    pub(crate) output: Vec<u8>,
    pub(crate) written: usize,
    /// Messages, pings and pongs received.
    pub(crate) items: u32,
    /// Bytes that may still be received.
    pub(crate) bytes: u32,
    pub(crate) end: Option<End>,
}

/// Why nothing more is received.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// The peer's close frame had this code.
    Closed(Option<CloseCode>),
    /// The peer has ended its sending direction without a close frame. It may still read ours.
    HalfClosed,
    Error(ReceiveError),
}

impl FrameStream<'_> {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, ReceiveError>> {
        loop {
            if let Some(end) = self.end {
                return Poll::Ready(Err(match end {
                    End::Closed(_) | End::HalfClosed => ReceiveError::Closed,
                    End::Error(error) => error,
                }));
            }
            if let Some(message) = self.decode() {
                return Poll::Ready(Ok(message));
            }
            // Writes pongs. Reading goes on even if they cannot be written.
            let _ = self.poll_flush(cx);
            if self.end.is_none() {
                ready!(self.poll_read(cx));
            }
        }
    }

    /// The next message in the input.
    fn decode(&mut self) -> Option<Message> {
        while self.end.is_none() {
            let mut input = &mut self.rest[self.at..];
            let before = input.len();
            let decoded = self.decoder.decode(&mut input);
            let taken = before - input.len();
            self.at += taken;
            self.bytes = match self.bytes.checked_sub(u32::try_from(taken).unwrap_or(u32::MAX)) {
                Some(left) if self.items < ITEMS || matches!(decoded, Ok(None)) => left,
                _ => {
                    self.end = Some(End::Error(ReceiveError::TooMuch));
                    return None;
                }
            };
            self.items += u32::from(matches!(decoded, Ok(Some(_))));
            match decoded {
                Ok(Some(Item::Message(message))) => return Some(message),
                Ok(Some(Item::Ping(payload))) => encode_pong(&payload, &mut self.output),
                Ok(Some(Item::Close { code, .. })) => self.end = Some(End::Closed(code)),
                Ok(Some(Item::Compressed { kind, payload })) => match self.inflate(kind, &payload) {
                    Ok(message) => return Some(message),
                    Err(error) => self.end = Some(End::Error(ReceiveError::Protocol(error))),
                },
                Ok(Some(Item::Pong(_))) => {}
                // The decoder was not asked for other items.
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => self.end = Some(End::Error(ReceiveError::Protocol(error))),
            }
        }
        None
    }

    fn inflate(&mut self, kind: MessageKind, payload: &[u8]) -> Result<Message, ProtocolError> {
        let shared = self.shared;
        let limit = shared.settings.config.decoder().max_message;
        let kept = self.kept.as_mut().and_then(|kept| kept.inflate(kind, payload, limit));
        kept.unwrap_or_else(|| shared.deflating.inflate(kind, payload, limit))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = Scratch::take();
        match ready!(self.reader.poll_read(cx, &mut scratch)) {
            Ok(0) => self.end = Some(End::HalfClosed),
            // A layer such as TLS misses its own end: the peer has nevertheless only stopped sending.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.end = Some(End::HalfClosed),
            Err(_) => self.end = Some(End::Error(ReceiveError::Closed)),
            Ok(count) => {
                self.rest = scratch[..count].to_vec();
                self.at = 0;
            }
        }
        Poll::Ready(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ReceiveError>> {
        while self.written < self.output.len() {
            match ready!(self.writer.poll_write(cx, &self.output[self.written..])) {
                Ok(count @ 1..) => self.written += count,
                Ok(0) | Err(_) => {
                    self.end = Some(End::Error(ReceiveError::Closed));
                    return Poll::Ready(Err(ReceiveError::Closed));
                }
            }
        }
        self.output.clear();
        self.written = 0;
        self.writer.poll_flush(cx).map_err(|_| ReceiveError::Closed)
    }

    /// The bytes that are left to be written, and a close frame.
    pub(crate) fn close(mut self, code: Option<CloseCode>, reason: &str) -> Vec<u8> {
        self.output.drain(..self.written);
        let end = reason.floor_char_boundary(REASON);
        let code = code.filter(|code| code.may_be_sent());
        encode_close(code, if code.is_some() { &reason[..end] } else { "" }, &mut self.output);
        self.output
    }
}
