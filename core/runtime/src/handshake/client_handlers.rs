//! Closures that the application sets for one client, in place of or before the hub's handler, and the hooks of a participant.

use crate::handles::client::Client;
use crate::handshake::participation::Participation;
use crate::host::running::Running;
use crate::notice::hook::ClientError;
use crate::state::mailbox::Disconnected;
use alloc::boxed::Box;
use core::fmt;
use throng_core::websocket::Message;

/// A closure for one client. `FnMut` is possible because a client's hooks run one at a time. Returns a future if it has to
/// wait.
type Closure<T> = Box<dyn FnMut(&Client, T) -> Option<Running> + Send + Sync>;

/// The closures that [`Connecting::on_message`](crate::Connecting::on_message), `on_close` and `on_error` have set.
#[derive(Default)]
pub(crate) struct ClientHandlers {
    pub(crate) message: Option<Closure<Message>>,
    pub(crate) close: Option<Closure<Disconnected>>,
    pub(crate) error: Option<Closure<ClientError>>,
    /// Set if the client is a participant of a room.
    pub(crate) participation: Option<Box<dyn Participation>>,
}

impl ClientHandlers {
    pub(crate) const fn is_empty(&self) -> bool {
        self.message.is_none() && self.close.is_none() && self.error.is_none() && self.participation.is_none()
    }
}

impl fmt::Debug for ClientHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientHandlers")
            .field("message", &self.message.is_some())
            .field("close", &self.close.is_some())
            .field("error", &self.error.is_some())
            .field("participation", &self.participation.is_some())
            .finish()
    }
}
