use super::yield_now;
use async_io::Async;
use core::future::poll_fn;
use core::task::{Context, Poll};
use smol::Executor;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;

/// Gives way once.
async fn give_way() {
    let mut has_waited = false;
    poll_fn(|cx| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        yield_now(cx.waker());
        Poll::Pending
    })
    .await;
}

/// Reads an octet, and looks for it at once whenever the task is woken, as the driver of a connection does.
fn poll_read(stream: &Async<UnixStream>, cx: &mut Context<'_>) -> Poll<()> {
    if stream.get_ref().read(&mut [0]).is_ok() {
        return Poll::Ready(());
    }
    while stream.poll_readable(cx).is_ready() {}
    Poll::Pending
}

#[test]
fn what_has_arrived_goes_before_who_gives_way() {
    let order = &Mutex::new(Vec::new());
    let executor = Executor::new();
    for _ in 0..100 {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let ours = Async::new(ours).unwrap();
        let reads = executor.spawn(async move {
            poll_fn(|cx| poll_read(&ours, cx)).await;
            order.lock().unwrap().push("reads");
        });
        let gives_way = executor.spawn(async move {
            theirs.write_all(b"!").unwrap();
            give_way().await;
            order.lock().unwrap().push("gives way");
        });
        smol::block_on(executor.run(async {
            reads.await;
            gives_way.await;
        }));
        assert_eq!(std::mem::take(&mut *order.lock().unwrap()), ["reads", "gives way"]);
    }
}
