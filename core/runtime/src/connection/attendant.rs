//! A task of the hub's own, which calls the hooks of a client that is away.

use crate::connection::driver::{Driver, Phase};
use crate::connection::serves::Serves;
use crate::handles::client::Client;
use crate::handshake::span::ConnectionSpan;
use crate::host::transport::Reader;
use crate::state::connection::ConnectionShared;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

/// The reader of a connection that has ended: there is none.
enum Ended {}

impl Reader for Ended {
    fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        match *self {}
    }
}

/// Drives a client without a connection until it returns or ends.
struct Attendant(Driver<Ended>);

impl Future for Attendant {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.get_mut().0.poll(cx)
    }
}

/// Spawns the task for a client that has lost this connection, which has ended.
pub(super) fn spawn(connection: &Arc<ConnectionShared>, client: &Client, span: Option<ConnectionSpan>) {
    let mut driver = Driver::attending(Arc::clone(connection), client.clone());
    driver.set_span(span.filter(ConnectionSpan::is_some).unwrap_or_else(ConnectionSpan::current));
    debug_assert_eq!((driver.phase, driver.serves), (Phase::Away, Serves::Later), "it waits for its service");
    if let Some(host) = connection.shared.host() {
        host.spawn(Box::pin(Attendant(driver)));
    }
}

/// The driver of a client that continues on a connection which ends before it is served: to be dropped.
pub(super) fn unserved(connection: Arc<ConnectionShared>, client: Client) -> impl Sized {
    let mut driver = Driver::<Ended>::attending(connection, client);
    driver.phase = Phase::Open;
    driver
}
