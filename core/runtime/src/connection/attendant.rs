//! The task that calls the hooks of a client that is away. The hub spawns it when the connection's task ends.

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

/// The type of a reader that never exists: a client that is away has no connection to read.
enum Ended {}

impl Reader for Ended {
    fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        match *self {}
    }
}

/// Drives a client that is away until the client has another connection or ends.
struct Attendant(Driver<Ended>);

impl Future for Attendant {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.get_mut().0.poll(cx)
    }
}

/// Spawns the task for a client that is away because `connection` has ended.
pub(super) fn spawn(connection: &Arc<ConnectionShared>, client: &Client, span: Option<ConnectionSpan>) {
    let mut driver = Driver::attending(Arc::clone(connection), client.clone());
    driver.set_span(span.filter(ConnectionSpan::is_some).unwrap_or_else(ConnectionSpan::current));
    debug_assert_eq!(
        (driver.phase, driver.serves),
        (Phase::Away, Serves::Later),
        "the task has yet to get the client's service"
    );
    if let Some(host) = connection.shared.host() {
        host.spawn(Box::pin(Attendant(driver)));
    }
}
