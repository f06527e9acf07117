//! Handlers of one client.

use crate::handler::hooks::Running;
use crate::handles::client::Client;
use crate::handshake::request::Connecting;
use crate::notice::hook::ClientError;
use crate::state::mailbox::Disconnected;
use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use throng_core::websocket::Message;

/// One hook of a client runs at a time, so its closures may change what they hold.
type Closure<T> = Box<dyn FnMut(&Client, T) -> Option<Running> + Send + Sync>;

/// What the application does about one client only.
#[derive(Default)]
pub(crate) struct Own {
    pub(crate) message: Option<Closure<Message>>,
    pub(crate) close: Option<Closure<Disconnected>>,
    pub(crate) error: Option<Closure<ClientError>>,
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Own")
            .field("message", &self.message.is_some())
            .field("close", &self.close.is_some())
            .field("error", &self.error.is_some())
            .finish()
    }
}

/// Handlers for this client only. They are there when the client is: no message is too early for them. One is called at a
/// time, so each may change what it holds.
///
/// ```
/// use throng_runtime::Hub;
///
/// let builder = Hub::builder().before_connect(|connecting| {
///     let mut count = 0;
///     connecting.on_message(move |client, message| {
///         count += 1;
///         let _ = client.send(format!("{count}: {} bytes", message.len()));
///     });
///     connecting.on_close(|client, end| println!("{client:?} has ended after {:?}", end.duration));
///     Ok(())
/// });
/// # builder.build().unwrap();
/// ```
impl Connecting {
    fn own(&mut self) -> &mut Own {
        self.own.get_or_insert_default()
    }

    /// Handles the messages of this client, in place of [`Handler::message`](crate::Handler::message). Does not wait.
    pub fn on_message<F>(&mut self, mut closure: F)
    where
        F: FnMut(&Client, Message) + Send + Sync + 'static,
    {
        self.own().message = Some(Box::new(move |client, message| {
            closure(client, message);
            None
        }));
    }

    /// The same, by a closure that may wait.
    pub fn on_message_async<F, Fut>(&mut self, mut closure: F)
    where
        F: FnMut(Client, Message) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.own().message =
            Some(Box::new(move |client, message| Some(Box::pin(closure(client.clone(), message)))));
    }

    /// Is called when this client has ended, before [`Handler::disconnected`](crate::Handler::disconnected). Does
    /// not wait.
    pub fn on_close<F>(&mut self, mut closure: F)
    where
        F: FnMut(&Client, &Disconnected) + Send + Sync + 'static,
    {
        self.own().close = Some(Box::new(move |client, disconnected| {
            closure(client, &disconnected);
            None
        }));
    }

    /// The same, by a closure that may wait.
    pub fn on_close_async<F, Fut>(&mut self, mut closure: F)
    where
        F: FnMut(Client, Disconnected) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.own().close =
            Some(Box::new(move |client, disconnected| Some(Box::pin(closure(client.clone(), disconnected)))));
    }

    /// Is called when something goes wrong with this client, before [`Handler::error`](crate::Handler::error). Does
    /// not wait.
    pub fn on_error<F>(&mut self, mut closure: F)
    where
        F: FnMut(&Client, &ClientError) + Send + Sync + 'static,
    {
        self.own().error = Some(Box::new(move |client, error| {
            closure(client, &error);
            None
        }));
    }

    /// The same, by a closure that may wait.
    pub fn on_error_async<F, Fut>(&mut self, mut closure: F)
    where
        F: FnMut(Client, ClientError) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.own().error =
            Some(Box::new(move |client, error| Some(Box::pin(closure(client.clone(), error)))));
    }
}
