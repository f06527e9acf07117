//! Stubs without the feature `deflate`: nothing is negotiated, and messages are sent uncompressed.

use crate::host::transport::Writer;
use alloc::boxed::Box;
use alloc::sync::Arc;
use throng_core::websocket::handshake::Upgrade;
use throng_core::websocket::{Message, ProtocolError};
use throng_core::{Frame, MessageKind, Window};

pub(crate) struct Deflating;

/// Never exists without `deflate`.
#[derive(Debug)]
pub(crate) enum Negotiated {}

/// Never exists without `deflate`.
pub(crate) enum KeptContext {}

impl Deflating {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) fn set_most(&self, _: u32) {}

    pub(crate) fn publish(&self, frame: Frame) -> Frame {
        frame
    }

    pub(crate) fn send(&self, _: Window, frame: Frame) -> Frame {
        frame
    }

    pub(crate) fn inflate(&self, _: MessageKind, _: &[u8], _: u32) -> Result<Message, ProtocolError> {
        // Without compression the decoder refuses RSV1, so this is never reached.
        Err(ProtocolError::ReservedBits)
    }

    pub(crate) fn opened(&self, _: Window) {}

    pub(crate) fn ended(&self, _: Window) {}
}

impl Negotiated {
    pub(crate) fn new(_: &Deflating, _: &Upgrade) -> Option<Box<Self>> {
        None
    }

    pub(crate) fn answer(&self, _: &mut Upgrade) {
        match *self {}
    }

    pub(crate) fn window(&self) -> Window {
        match *self {}
    }

    pub(crate) fn keeps_context(&self) -> bool {
        match *self {}
    }

    pub(crate) fn begin(self, _: &Deflating) -> Option<Box<KeptContext>> {
        match self {}
    }
}

impl KeptContext {
    pub(crate) fn inflate(
        &mut self,
        _: MessageKind,
        _: &[u8],
        _: u32,
    ) -> Option<Result<Message, ProtocolError>> {
        match *self {}
    }

    pub(crate) fn layer(&mut self, _: Arc<dyn Writer>) -> Arc<dyn Writer> {
        match *self {}
    }
}
