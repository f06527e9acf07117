//! Accepts connections.

use async_io::{Async, Timer};
use core::future::poll_fn;
use core::task::Poll;
use std::net::{TcpListener, TcpStream};
use throng_runtime::hosting::HostedHub;

use crate::spawn::Spawn;
#[cfg(not(unix))]
use crate::stream::split;
#[cfg(unix)]
use crate::tcp::split;

/// Connections accepted before the task yields. Executors limit no task's run time, and after a restart thousands of
/// connections may be waiting.
const AT_ONCE: u32 = 32;

/// Accepts connections for as long as it is polled, despite errors.
pub(crate) async fn accept_loop(executor: impl Spawn, listener: Async<TcpListener>, hub: HostedHub) {
    let mut taken: u32 = 0;
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                prepare(&stream);
                let (reader, writer) = split(stream);
                executor.spawn(hub.connect(reader, writer, Some(remote)));
                taken = taken.wrapping_add(1);
                if taken.is_multiple_of(AT_ONCE) {
                    give_way().await;
                }
            }
            Err(error) => {
                let rest = hub.accept_failed(&error);
                if !rest.is_zero() {
                    Timer::after(rest).await;
                }
            }
        }
    }
}

/// Yields once to the other ready tasks.
async fn give_way() {
    let mut has_waited = false;
    poll_fn(|cx| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Turns off Nagle's algorithm: each write is complete, so waiting for more would only delay it.
fn prepare(stream: &Async<TcpStream>) {
    // A broken socket reports its error at the next read.
    let _ = stream.get_ref().set_nodelay(true);
}

/// Connections that may wait to be accepted. std asks for 128. A client beyond that retries after 1 s, which after a
/// restart, when all clients reconnect at once, would be most of them.
#[cfg(unix)]
const BACKLOG: i32 = 4096;

#[cfg(unix)]
pub(crate) fn raise_backlog(listener: &TcpListener) {
    if let Err(error) = rustix::net::listen(listener, BACKLOG) {
        tracing::debug!(%error, "cannot raise the listener's backlog to 4,096: after a restart, many clients may wait 1 s");
    }
}

#[cfg(not(unix))]
pub(crate) fn raise_backlog(_: &TcpListener) {}

#[cfg(unix)]
pub(crate) fn check_open_files(hub: &HostedHub) {
    hub.check_open_files(rustix::process::getrlimit(rustix::process::Resource::Nofile).current);
}

#[cfg(not(unix))]
pub(crate) fn check_open_files(_: &HostedHub) {}
