//! Decodes bytes from the peer into messages and control frames.

use super::{
    assembly::{Assembly, whole},
    error::ProtocolError,
    item::{ControlBuffer, ControlPayload, Item, Message},
    mask::{advance_mask, apply_mask},
    wire::{Head, MAX_HEAD, ReservedBits, Role},
};
use crate::{CloseCode, MessageKind};
use alloc::boxed::Box;
use bytes::Bytes;
use core::mem;
use tungstenite::{
    Utf8Bytes,
    protocol::frame::coding::{Control, Data, OpCode},
};

/// Limits of a message that a peer sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The most payload bytes of a message, over all its frames. A frame whose head exceeds it fails at once with
    /// [`MessageTooBig`](ProtocolError::MessageTooBig). Default: 512 KiB.
    pub max_message: u32,
    /// The most frames of a message; more fail with [`TooManyFragments`](ProtocolError::TooManyFragments).
    /// Default: 131,072 (the Autobahn suite sends 65,537).
    pub max_fragments: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_message: 512 * 1024, max_fragments: 131_072 }
    }
}

/// Turns the bytes of one peer into [`Item`]s.
///
/// Between messages the decoder owns no heap; within a message it owns the bytes received so far and at most as much again. It
/// allocates no memory for bytes that a head announces and that have not arrived. A message that is whole in the input is
/// allocated once, with its exact length.
///
/// Items and errors do not depend on how the input is cut into pieces.
#[derive(Debug)]
pub struct Decoder {
    assembly: Assembly,
    /// The received part of an incomplete control frame.
    control: Option<Box<ControlBuffer>>,
    limits: Limits,
    /// The payload bytes of the current message that the heads of its frames announce, received or not.
    claimed: u32,
    /// Frames of the current message.
    fragments: u32,
    frame: Option<Open>,
    partial: [u8; MAX_HEAD],
    partial_len: u8,
    role: Role,
    allowed: ReservedBits,
    status: Status,
}

/// A frame whose head is read.
#[derive(Clone, Copy, Debug)]
struct Open {
    opcode: OpCode,
    is_final: bool,
    /// The masking key, rotated so that its first byte applies to the next payload byte.
    mask: [u8; 4],
    remaining: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Reading,
    Closed,
    Failed(ProtocolError),
}

impl Decoder {
    /// Makes a server's decoder: every frame must be masked.
    #[must_use]
    pub const fn server(limits: Limits) -> Self {
        Self::new(Role::Server, limits)
    }

    /// Makes a client's decoder, for tools and tests: no frame may be masked.
    #[must_use]
    pub const fn client(limits: Limits) -> Self {
        Self::new(Role::Client, limits)
    }

    const fn new(role: Role, limits: Limits) -> Self {
        Self {
            assembly: Assembly::None,
            control: None,
            limits,
            claimed: 0,
            fragments: 0,
            frame: None,
            partial: [0; MAX_HEAD],
            partial_len: 0,
            role,
            allowed: ReservedBits::NONE,
            status: Status::Reading,
        }
    }

    /// Permits these reserved bits, after an extension that uses them was negotiated.
    #[must_use]
    pub const fn allow(mut self, bits: ReservedBits) -> Self {
        self.allowed = bits;
        self
    }

    /// Takes input until an item is complete or the input is used up. `input` is moved past the bytes taken,
    /// which are unmasked in place. `None`: the input is used up; call again when there is
    /// more.
    ///
    /// After a [`Close`](Item::Close) all further input is skipped.
    ///
    /// # Errors
    /// The peer has violated the protocol. This is final: every later call returns the same error and takes no input.
    ///
    /// # Cost
    /// O(bytes taken), one allocation per message that is whole in the input. Empty fragments return no item, so one
    /// call may take all of the input.
    pub fn decode(&mut self, input: &mut &mut [u8]) -> Result<Option<Item>, ProtocolError> {
        match self.status {
            Status::Reading => {}
            Status::Closed => {
                *input = &mut [];
                return Ok(None);
            }
            Status::Failed(error) => return Err(error),
        }
        let result = self.advance(input);
        match &result {
            Ok(Some(Item::Close { .. })) => {
                *input = &mut [];
                self.end(Status::Closed);
            }
            Err(error) => self.end(Status::Failed(*error)),
            Ok(_) => {}
        }
        result
    }

    /// Whether a part of a message has been received, and the rest has not.
    #[must_use]
    pub fn is_mid_message(&self) -> bool {
        self.assembly.is_open() || matches!(self.frame, Some(Open { opcode: OpCode::Data(_), .. }))
    }

    /// Whether the decoder is in its initial state: between frames and between messages. An idle connection may
    /// then drop it and later decode with a new one.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.status == Status::Reading
            && self.partial_len == 0
            && self.frame.is_none()
            && self.control.is_none()
            && !self.assembly.is_open()
    }

    /// The bytes of heap that the decoder owns: 0 between messages.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.assembly.capacity() + self.control.as_deref().map_or(0, size_of_val)
    }

    fn end(&mut self, status: Status) {
        self.status = status;
        self.assembly = Assembly::None;
        self.control = None;
        self.frame = None;
    }

    fn advance(&mut self, input: &mut &mut [u8]) -> Result<Option<Item>, ProtocolError> {
        loop {
            let frame = match self.frame {
                Some(frame) => frame,
                None => {
                    let Some(head) = self.read_head(input)? else { return Ok(None) };
                    let frame = self.open(&head)?;
                    if let OpCode::Data(data @ (Data::Text | Data::Binary)) = head.opcode {
                        if head.is_final && frame.remaining as usize <= input.len() {
                            let payload = unmask(input, &frame);
                            return whole(kind_of(data), head.compressed, payload).map(Some);
                        }
                        self.assembly = Assembly::start(kind_of(data), head.compressed);
                    }
                    frame
                }
            };
            let payload = unmask(input, &frame);
            let taken = payload.len();
            let remaining = frame.remaining - taken as u32;
            self.frame = None;
            let item = match frame.opcode {
                OpCode::Data(_) => self.take_data(frame, payload, remaining)?,
                OpCode::Control(control) => self.take_control(control, payload, remaining)?,
            };
            if item.is_some() {
                return Ok(item);
            }
            if remaining > 0 {
                self.frame = Some(Open { remaining, mask: advance_mask(frame.mask, taken), ..frame });
                return Ok(None);
            }
        }
    }

    fn read_head(&mut self, input: &mut &mut [u8]) -> Result<Option<Head>, ProtocolError> {
        if self.partial_len == 0
            && let Some(head) = Head::parse(input, self.role, self.allowed)?
        {
            take(input, head.size);
            return Ok(Some(head));
        }
        let have = usize::from(self.partial_len);
        let more = input.len().min(MAX_HEAD - have);
        self.partial[have..have + more].copy_from_slice(&input[..more]);
        let head = Head::parse(&self.partial[..have + more], self.role, self.allowed)?;
        match &head {
            Some(head) => {
                take(input, head.size - have);
                self.partial_len = 0;
            }
            None => {
                take(input, more);
                self.partial_len = (have + more) as u8;
            }
        }
        Ok(head)
    }

    /// Checks a head against the current message and the limits.
    fn open(&mut self, head: &Head) -> Result<Open, ProtocolError> {
        let remaining = match head.opcode {
            OpCode::Data(data) => self.open_data(data, head)?,
            OpCode::Control(_) => head.payload_len as u32,
        };
        Ok(Open { opcode: head.opcode, is_final: head.is_final, mask: head.mask, remaining })
    }

    fn open_data(&mut self, data: Data, head: &Head) -> Result<u32, ProtocolError> {
        let continues = matches!(data, Data::Continue);
        match (continues, self.assembly.is_open()) {
            (true, false) => return Err(ProtocolError::UnexpectedContinuation),
            (false, true) => return Err(ProtocolError::ExpectedContinuation),
            (true, true) => {}
            (false, false) => (self.claimed, self.fragments) = (0, 0),
        }
        let room = self.limits.max_message - self.claimed;
        let len = match u32::try_from(head.payload_len) {
            Ok(len) if len <= room => len,
            _ => return Err(ProtocolError::MessageTooBig),
        };
        if self.fragments >= self.limits.max_fragments {
            return Err(ProtocolError::TooManyFragments);
        }
        self.claimed += len;
        self.fragments += 1;
        Ok(len)
    }

    fn take_data(
        &mut self,
        frame: Open,
        payload: &[u8],
        remaining: u32,
    ) -> Result<Option<Item>, ProtocolError> {
        let is_last = frame.is_final && remaining == 0;
        // The length of the message is known once its final frame has begun. Until then only the limit bounds it.
        let bound = if frame.is_final { self.claimed } else { self.limits.max_message };
        self.assembly.push(payload, bound as usize)?;
        if is_last { mem::take(&mut self.assembly).finish().map(Some) } else { Ok(None) }
    }

    fn take_control(
        &mut self,
        control: Control,
        payload: &[u8],
        remaining: u32,
    ) -> Result<Option<Item>, ProtocolError> {
        if remaining == 0 && self.control.is_none() {
            return finish_control(control, payload).map(Some);
        }
        let held = self.control.get_or_insert_with(|| Box::new(ControlBuffer::EMPTY));
        held.extend(payload).ok_or(ProtocolError::ControlTooLong)?;
        if remaining > 0 {
            return Ok(None);
        }
        let held = self.control.take();
        finish_control(control, held.as_deref().map_or(&[], ControlBuffer::as_bytes)).map(Some)
    }
}

/// Takes and unmasks the part of the frame's payload that is in the input.
fn unmask<'a>(input: &mut &'a mut [u8], frame: &Open) -> &'a mut [u8] {
    let payload = take(input, input.len().min(frame.remaining as usize));
    if frame.mask != [0; 4] {
        apply_mask(payload, frame.mask);
    }
    payload
}

/// Takes `len` bytes off the front.
fn take<'a>(input: &mut &'a mut [u8], len: usize) -> &'a mut [u8] {
    let (taken, rest) = mem::take(input).split_at_mut(len);
    *input = rest;
    taken
}

fn kind_of(data: Data) -> MessageKind {
    if matches!(data, Data::Text) { MessageKind::Text } else { MessageKind::Binary }
}

fn finish_control(control: Control, payload: &[u8]) -> Result<Item, ProtocolError> {
    let shared = || ControlPayload::new(Bytes::copy_from_slice(payload)).ok_or(ProtocolError::ControlTooLong);
    match control {
        Control::Close => close(payload),
        Control::Ping => Ok(Item::Ping(shared()?)),
        Control::Pong => Ok(Item::Pong(shared()?)),
        Control::Reserved(_) => Err(ProtocolError::ReservedOpcode),
    }
}

fn close(body: &[u8]) -> Result<Item, ProtocolError> {
    if body.is_empty() {
        return Ok(Item::Close { code: None, reason: Utf8Bytes::default() });
    }
    let (code, reason) = body.split_first_chunk().ok_or(ProtocolError::CloseTooShort)?;
    let code = CloseCode(u16::from_be_bytes(*code));
    if !code.may_be_sent() {
        return Err(ProtocolError::BadCloseCode);
    }
    let reason =
        Utf8Bytes::try_from(Bytes::copy_from_slice(reason)).map_err(|_| ProtocolError::ReasonNotUtf8)?;
    Ok(Item::Close { code: Some(code), reason })
}

impl From<Message> for Item {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}
