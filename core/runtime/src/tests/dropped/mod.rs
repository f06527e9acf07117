//! Futures that are dropped after each possible number of polls: work that was not done stays undone, nothing waits
//! forever, and no state of the dropped future is left.
//!
//! | future | dropped before it is ready | tests |
//! | --- | --- | --- |
//! | `Client::send_wait`, `Hub::publish_within` | not sent; to nobody more | [`sends`] |
//! | `Client::send_with_receipt`, its receipt | sent all the same | [`sends`] |
//! | `Client::join`, `leave`, `leave_all` | nothing has changed | [`rooms`] |
//! | `Authenticating::receive` | nothing is lost | [`exchange`] |
//! | `Authenticating::send` | sent whole with what follows, if it was polled | [`exchange`] |
//! | `Accepted::ask` | may be asked again | [`connections`] |
//! | `Connection` of `HostedHub::connect`, of `Reserved::open` | the connection has ended | [`connections`] |
//! | `Hub::drain`, `stopped`, `HostedHub::stopped_by`, `Client::ended` | what was begun goes on | [`ends`] |
//! | `Meters::publish_every` | the numbers stay as they are | [`ends`] |
//! | `Events::next` | nothing is lost | `events::order` |
//! | the services of `middleware` | the message is not answered, its place given back | [`layers`] |
//!
//! What the runtime crates add (`serve`, `serve_stream`, axum's `Upgrade::accept`) is dropped in `runtime-tokio/tests/serve/dropped.rs`
//! and `runtime-async-std/tests/host`. All else that is a future of theirs is one of these.

mod connections;
mod ends;
mod exchange;
#[cfg(feature = "tower")]
mod layers;
mod rooms;
mod sends;

use super::host::World;
use crate::Client;
use std::fmt::Debug;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use throng_core::websocket::handshake::Request;

/// No future here takes more polls.
const MOST: usize = 200;

/// Held by a waker: while something could wake the future, this is alive.
struct Sleeper;

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {}
}

/// Polls a future this many times, running the world in between, then drops it. Returns the answer if it was ready
/// before. Checks that nothing still holds its waker.
fn dropped_after<F: Future>(world: &mut World, polls: usize, future: F) -> Option<F::Output> {
    let sleeper = Arc::new(Sleeper);
    let answer = poll_times(world, polls, future, &Waker::from(Arc::clone(&sleeper)));
    assert_eq!(Arc::strong_count(&sleeper), 1, "somebody would still wake it after {polls} polls");
    answer
}

fn poll_times<F: Future>(world: &mut World, polls: usize, future: F, waker: &Waker) -> Option<F::Output> {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(waker)) {
            return Some(answer);
        }
        world.run();
    }
    None
}

/// Like `dropped_after`, within a task: the future is dropped after this many polls.
async fn for_polls<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Ready at the poll after this many; asks for each of them.
async fn busy(mut polls: usize) {
    poll_fn(|cx| {
        if polls == 0 {
            return Poll::Ready(());
        }
        polls -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Repeats an action with ever more polls until it completes; returns how many it needed.
fn at_each_point(mut act: impl FnMut(usize) -> bool) -> usize {
    (0..MOST).find(|polls| act(*polls)).expect("it is done at last")
}

/// Checks that the hub is consistent and that nothing waits for it.
fn assert_clean(world: &World, point: impl Debug) {
    let (broken, waiting) = world.hub.shared().with(|inner, _| {
        let clients: Vec<_> = inner.hub.clients().collect();
        let mut waiting = inner.stop_waiters.len() + inner.receipts.len();
        for client in clients {
            let waiters = inner.client_state(client).and_then(|entry| entry.waiters.as_ref());
            waiting += waiters.map_or(0, |waiters| waiters.len());
        }
        // Each connection and each client of the hub is known, at the index of its own id, and no other.
        for (index, state) in inner.connections.iter().enumerate() {
            let Some(shared) = &state.shared else { continue };
            assert_eq!(shared.id.index(), index, "{point:?}");
        }
        for (index, state) in inner.clients.iter().enumerate() {
            let Some(member) = &state.member else { continue };
            assert_eq!(member.id.index(), index, "{point:?}");
            assert!(inner.hub.connection_of(member.id).is_some(), "{point:?}: {} is forgotten", member.id);
        }
        let connections = inner.connections.iter().filter(|state| state.shared.is_some()).count();
        assert_eq!(connections, inner.hub.connection_count(), "{point:?}");
        (inner.hub.check().err(), waiting)
    });
    assert!(broken.is_none(), "{point:?}: {broken:?}");
    assert_eq!(waiting, 0, "{point:?}: somebody waits");
}

/// The client that connected first.
fn first(world: &World) -> Client {
    world.hub.client(world.hub.clients()[0]).expect("it is open")
}

/// A request for a WebSocket, as an HTTP server reads it.
pub(super) fn parsed(path: &str) -> Request {
    let request = http::Request::get(path)
        .header("host", "h")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .body(())
        .unwrap();
    Request::from(request.into_parts().0)
}
