//! Taking connections.

use async_io::{Async, Timer};
use core::future::poll_fn;
use core::task::Poll;
use std::net::{TcpListener, TcpStream};
use throng_runtime::Hub;

use crate::spawn::Spawn;
#[cfg(not(unix))]
use crate::stream::split;
#[cfg(unix)]
use crate::tcp::split;

/// Connections that are taken before others have their turn. Executors have no budget that would see to that, and after
/// a restart thousands may be waiting.
const AT_ONCE: u32 = 32;

/// Takes connections for as long as it is polled, whatever goes wrong.
pub(crate) async fn accept_loop(executor: impl Spawn, listener: Async<TcpListener>, hub: Hub) {
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

/// Ready when the tasks that wait for their turn have had it.
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

/// What is written is whole: waiting for more to put beside it would only delay it.
fn prepare(stream: &Async<TcpStream>) {
    // A socket that is broken says so when it is read.
    let _ = stream.get_ref().set_nodelay(true);
}

/// Connections that may wait to be accepted. std asks for 128, and whoever finds no place tries again after a
/// second: after a restart, when everybody comes back at once, that would be most of them.
#[cfg(unix)]
const BACKLOG: i32 = 4096;

#[cfg(unix)]
pub(crate) fn raise_backlog(listener: &TcpListener) {
    if let Err(error) = rustix::net::listen(listener, BACKLOG) {
        tracing::debug!(%error, "the backlog stays as it is");
    }
}

#[cfg(not(unix))]
pub(crate) fn raise_backlog(_: &TcpListener) {}
