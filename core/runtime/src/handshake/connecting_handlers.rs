//! Sets handlers of one client.

use crate::handles::client::Client;
use crate::handshake::client_handlers::ClientHandlers;
use crate::handshake::request::Connecting;
use crate::notice::hook::ClientError;
use crate::state::mailbox::Disconnected;
use alloc::boxed::Box;
use core::future::Future;
use throng_core::websocket::Message;

/// Handlers for this client only. They exist before the client does, so they miss no message. They run one at a time,
/// so each may change its state.
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
    pub(crate) fn own(&mut self) -> &mut ClientHandlers {
        self.own.get_or_insert_default()
    }

    /// Handles this client's messages, in place of [`Handler::message`](crate::Handler::message). The closure does not
    /// wait.
    pub fn on_message<F>(&mut self, mut closure: F)
    where
        F: FnMut(&Client, Message) + Send + Sync + 'static,
    {
        self.own().message = Some(Box::new(move |client, message| {
            closure(client, message);
            None
        }));
    }

    /// Like [`on_message`](Self::on_message), by a closure that may wait.
    pub fn on_message_async<F, Fut>(&mut self, mut closure: F)
    where
        F: FnMut(Client, Message) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.own().message =
            Some(Box::new(move |client, message| Some(Box::pin(closure(client.clone(), message)))));
    }

    /// Is called when this client has ended, before [`Handler::disconnected`](crate::Handler::disconnected). The
    /// closure does not wait.
    pub fn on_close<F>(&mut self, mut closure: F)
    where
        F: FnMut(&Client, &Disconnected) + Send + Sync + 'static,
    {
        self.own().close = Some(Box::new(move |client, disconnected| {
            closure(client, &disconnected);
            None
        }));
    }

    /// Like [`on_close`](Self::on_close), by a closure that may wait.
    pub fn on_close_async<F, Fut>(&mut self, mut closure: F)
    where
        F: FnMut(Client, Disconnected) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.own().close =
            Some(Box::new(move |client, disconnected| Some(Box::pin(closure(client.clone(), disconnected)))));
    }

    /// Is called when something goes wrong with this client, before [`Handler::error`](crate::Handler::error). The
    /// closure does not wait.
    pub fn on_error<F>(&mut self, mut closure: F)
    where
        F: FnMut(&Client, &ClientError) + Send + Sync + 'static,
    {
        self.own().error = Some(Box::new(move |client, error| {
            closure(client, &error);
            None
        }));
    }

    /// Like [`on_error`](Self::on_error), by a closure that may wait.
    pub fn on_error_async<F, Fut>(&mut self, mut closure: F)
    where
        F: FnMut(Client, ClientError) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.own().error =
            Some(Box::new(move |client, error| Some(Box::pin(closure(client.clone(), error)))));
    }
}
