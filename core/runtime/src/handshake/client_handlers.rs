//! Handlers of one client.

use crate::handles::client::Client;
use crate::host::running::Running;
use crate::notice::hook::ClientError;
use crate::state::mailbox::Disconnected;
use alloc::boxed::Box;
use core::fmt;
use throng_core::websocket::Message;

/// A client's hooks run one at a time, so its closures may be `FnMut`.
type Closure<T> = Box<dyn FnMut(&Client, T) -> Option<Running> + Send + Sync>;

/// Handlers for one client only.
#[derive(Default)]
pub(crate) struct ClientHandlers {
    pub(crate) message: Option<Closure<Message>>,
    pub(crate) close: Option<Closure<Disconnected>>,
    pub(crate) error: Option<Closure<ClientError>>,
}

impl fmt::Debug for ClientHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientHandlers")
            .field("message", &self.message.is_some())
            .field("close", &self.close.is_some())
            .field("error", &self.error.is_some())
            .finish()
    }
}
