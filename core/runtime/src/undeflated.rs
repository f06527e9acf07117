//! A runtime without the feature `deflate`: nothing is agreed on, and everything is sent as it is.

use super::member::Member;
use super::settings::Settings;
use super::shared::Shared;
use super::transport::Writer;
use alloc::boxed::Box;
use alloc::sync::Arc;
use throng_core::MessageKind;
use throng_core::frame::{Frame, Window};
use throng_core::websocket::{Message, ProtocolError, Upgrade};

pub(super) struct Deflating;

/// There is none.
#[derive(Debug)]
pub(super) enum Session {}

/// Nothing is.
pub(super) enum Kept {}

impl Deflating {
    pub(super) const fn new(_: &Settings) -> Self {
        Self
    }

    pub(super) fn set_most(&self, _: u32) {}

    pub(super) fn publish(&self, frame: Frame) -> Frame {
        frame
    }

    pub(super) fn send(&self, _: &Member, frame: Frame) -> Frame {
        frame
    }

    pub(super) fn inflate(&self, _: MessageKind, _: &[u8], _: u32) -> Result<Message, ProtocolError> {
        // No decoder lets RSV1 pass.
        Err(ProtocolError::ReservedBits)
    }

    pub(super) fn opened(&self, _: Window) {}

    pub(super) fn ended(&self, _: Window) {}
}

impl Session {
    pub(super) fn negotiate(_: &Arc<Shared>, _: &Upgrade) -> Option<Box<Self>> {
        None
    }

    pub(super) fn answer(&self, _: &mut Upgrade) {
        match *self {}
    }

    pub(super) fn begin(self, _: &Member) -> Option<Box<Kept>> {
        match self {}
    }
}

impl Kept {
    pub(super) fn inflate(
        &mut self,
        _: MessageKind,
        _: &[u8],
        _: u32,
    ) -> Option<Result<Message, ProtocolError>> {
        match *self {}
    }

    pub(super) fn layer(&mut self, _: Arc<dyn Writer>) -> Arc<dyn Writer> {
        match *self {}
    }
}
