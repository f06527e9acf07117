//! A listener that may be handed over to another process.

use core::future::{self, Future};
use core::pin::Pin;
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};

/// Accepts connections until the listener is handed over; then never.
pub(super) struct Accepting {
    listener: Option<TcpListener>,
    handed_over: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Accepting {
    pub(super) fn new(listener: TcpListener, handed_over: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { listener: Some(listener), handed_over: Box::pin(handed_over) }
    }

    pub(super) fn raise_backlog(&self) {
        self.listener.iter().for_each(crate::serve::raise_backlog);
    }

    /// The next connection. Nothing is lost if the future is dropped.
    pub(super) async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        if let Some(listener) = &self.listener {
            tokio::select! {
                biased;
                // Not polled again after that: there is no listener then.
                () = &mut self.handed_over => {}
                accepted = listener.accept() => return accepted,
            }
            self.listener = None;
        }
        future::pending().await
    }
}
