//! State that few connections need beside their driver.

use crate::compression::KeptContext;
use crate::events::EventsTaken;
use crate::handshake::client_handlers::ClientHandlers;
use crate::handshake::span::ConnectionSpan;
use crate::notice::hook::{ClientError, Handled};
use crate::state::last_input::LastInput;
use crate::state::mailbox::Disconnected;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use throng_core::MessageKind;
use throng_core::websocket::{Message, ProtocolError};

/// State that few connections need. Boxed in the driver, so that the others do not carry it.
#[derive(Default)]
pub(crate) struct RareState {
    pub(crate) own: ClientHandlers,
    /// Taken out while the connection runs inside the span.
    pub(crate) span: ConnectionSpan,
    /// Calls that are due before the mailbox is looked into.
    pub(crate) due: VecDeque<Due>,
    /// Dropped messages of which the application was told.
    pub(crate) dropped: u64,
    pub(crate) dropped_bytes: u64,
    /// Bytes that were read after a write had failed.
    pub(crate) last_bytes: u64,
    /// The peer's last input, while the application still takes the events before it.
    pub(crate) last: Option<Box<(LastInput, EventsTaken)>>,
    /// The contexts of compression, if any are kept.
    pub(crate) kept: Option<Box<KeptContext>>,
}

/// A call that results from the driver's own findings.
pub(crate) enum Due {
    Error(ClientError),
    /// The client's own closure has been called; the handler is next.
    ErrorToHandler(ClientError),
    /// The participant has been told; the client's own closure is next.
    Disconnected(Disconnected),
    DisconnectedToHandler(Disconnected),
    /// The handler has been told of a client that is a participant and has opened, or continues on another connection.
    Join {
        reconnect: bool,
    },
    Handled(Handled),
}

impl RareState {
    /// For a client with handlers of its own, or with a kept context of compression.
    pub(crate) fn of(own: Option<Box<ClientHandlers>>, kept: Option<Box<KeptContext>>) -> Option<Box<Self>> {
        let is_needed = own.is_some() || kept.is_some();
        let own = own.map_or_else(ClientHandlers::default, |own| *own);
        is_needed.then(|| Box::new(Self { own, kept, ..Self::default() }))
    }

    /// Inflates a message of a client that keeps a context; `None` if it keeps none.
    pub(crate) fn inflate(
        &mut self,
        kind: MessageKind,
        payload: &[u8],
        limit: u32,
    ) -> Option<Result<Message, ProtocolError>> {
        self.kept.as_mut()?.inflate(kind, payload, limit)
    }

    pub(crate) fn has_due(&self) -> bool {
        !self.due.is_empty()
    }
}
