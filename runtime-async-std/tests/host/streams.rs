//! Streams that are not TCP.

use crate::common::{PATIENCE, Runtime, closed, echo, echoes, handshake};
use async_io::Async;
use std::os::unix::net::UnixStream;
use std::thread;
use throng_async_std::CloseCode;
use tungstenite::Message;

crate::on_both!(
    a_stream_is_served_to_its_end,
    what_fills_the_stream_waits_for_its_peer,
    a_peer_that_goes_is_gone,
    a_connection_whose_serving_is_dropped_has_ended,
);

fn pair() -> (Async<UnixStream>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    theirs.set_read_timeout(Some(PATIENCE)).unwrap();
    (Async::new(ours).unwrap(), theirs)
}

fn a_stream_is_served_to_its_end(runtime: &Runtime) {
    let hub = echo().build().unwrap();
    let (ours, theirs) = pair();
    thread::scope(|scope| {
        scope.spawn(|| (runtime.serve_stream)(&hub, ours));
        let mut socket = handshake(theirs);
        echoes(&mut socket, "good morning");
        hub.close(hub.clients()[0], CloseCode::NORMAL, "").unwrap();
        assert_eq!(closed(&mut socket), 1000);
    });
    assert_eq!(hub.connection_count(), 0);
}

fn what_fills_the_stream_waits_for_its_peer(runtime: &Runtime) {
    let hub = echo().build().unwrap();
    let (ours, theirs) = pair();
    let text = "x".repeat(60_000);
    thread::scope(|scope| {
        scope.spawn(|| (runtime.serve_stream)(&hub, ours));
        let mut socket = handshake(theirs);
        let client = hub.clients()[0];
        // More than a socket takes.
        for _ in 0..10 {
            hub.send_to(client, &*text).unwrap();
        }
        for _ in 0..10 {
            assert_eq!(socket.read().unwrap().into_text().unwrap(), &*text);
        }
        hub.close(client, CloseCode::NORMAL, "").unwrap();
        assert_eq!(closed(&mut socket), 1000);
    });
}

fn a_peer_that_goes_is_gone(runtime: &Runtime) {
    let hub = echo().build().unwrap();
    let (ours, theirs) = pair();
    thread::scope(|scope| {
        scope.spawn(|| (runtime.serve_stream)(&hub, ours));
        drop(handshake(theirs));
    });
    assert_eq!(hub.connection_count(), 0);
}

/// Opens a WebSocket and hears echoes until the other end goes. Says how many.
fn talk(stream: UnixStream) -> usize {
    let Ok((mut socket, _)) = tungstenite::client("ws://localhost/", stream) else { return 0 };
    let echoes = || socket.send(Message::text("hello")).and_then(|()| socket.read());
    std::iter::repeat_with(echoes).take(ECHOES).take_while(Result::is_ok).count()
}

/// Of a poll each, or some more.
const ECHOES: usize = 10_000;

fn a_connection_whose_serving_is_dropped_has_ended(runtime: &Runtime) {
    let hub = echo().build().unwrap();
    let heard: Vec<usize> = (0..20)
        .map(|polls| {
            let (ours, theirs) = pair();
            thread::scope(|scope| {
                let serving = scope.spawn(|| (runtime.serve_stream_for)(&hub, ours, polls));
                let heard = talk(theirs);
                assert!(!serving.join().unwrap(), "{polls}: it was ready before it was dropped");
                assert_eq!(hub.connection_count(), 0, "{polls}");
                heard
            })
        })
        .collect();
    assert!(heard[0] == 0 && heard[19] > 0 && heard.iter().all(|heard| *heard < ECHOES), "{heard:?}");
}
