//! The two runtimes, servers and clients.

use async_io::Async;
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};
use throng_async_std::{Builder, Hub, ServeOptions, Stop};
use tungstenite::{Message, WebSocket};

/// Longer than anything here should take, on a machine that does something else besides.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One of the two, as functions that return when serving ends.
pub(crate) struct Runtime {
    pub(crate) name: &'static str,
    pub(crate) serve: fn(TcpListener, Hub, ServeOptions),
    pub(crate) serve_stream: fn(&Hub, Async<UnixStream>),
    /// Serves for so many polls at most, and drops the future. Says whether it was ready before that.
    pub(crate) serve_stream_for: fn(&Hub, Async<UnixStream>, usize) -> bool,
    /// Serves until the sender is dropped, and then drops the future.
    pub(crate) serve_for_a_while: fn(TcpListener, Hub, async_std::channel::Receiver<()>),
}

pub(crate) const ASYNC_STD: Runtime = Runtime {
    name: "async-std",
    serve: |listener, hub, options| {
        async_std::task::block_on(throng_async_std::serve_with(listener, hub, options)).unwrap();
    },
    serve_stream: |hub, stream| {
        async_std::task::block_on(throng_async_std::serve_stream(hub, stream, None));
    },
    serve_stream_for: |hub, stream, polls| {
        async_std::task::block_on(for_polls(polls, throng_async_std::serve_stream(hub, stream, None)))
    },
    serve_for_a_while: |listener, hub, until| {
        async_std::task::block_on(async {
            let serving = async_std::task::spawn(throng_async_std::serve(listener, hub));
            let _ = until.recv().await;
            serving.cancel().await;
        });
    },
};

pub(crate) const SMOL: Runtime = Runtime {
    name: "smol",
    serve: |listener, hub, options| {
        smol::block_on(throng_async_std::smol::serve_with(listener, hub, options)).unwrap();
    },
    serve_stream: |hub, stream| smol::block_on(throng_async_std::smol::serve_stream(hub, stream, None)),
    serve_stream_for: |hub, stream, polls| {
        smol::block_on(for_polls(polls, throng_async_std::smol::serve_stream(hub, stream, None)))
    },
    serve_for_a_while: |listener, hub, until| {
        smol::block_on(async {
            let serving = smol::spawn(throng_async_std::smol::serve(listener, hub));
            let _ = until.recv().await;
            drop(serving);
        });
    },
};

/// Polls a future so often at most, and drops it. Says whether it was ready before that.
async fn for_polls(polls: usize, future: impl Future<Output = ()>) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// A hub that echoes.
pub(crate) fn echo() -> Builder {
    Hub::builder().on_message(|client, message| {
        let _ = client.send(message);
    })
}

/// A listener on a port of its own.
pub(crate) fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub(crate) fn until_the_hub_ends() -> ServeOptions {
    let mut options = ServeOptions::default();
    options.stop = Stop::OnHub;
    options
}

/// Serves in a thread, until the hub has stopped.
pub(crate) fn start(runtime: &Runtime, hub: &Hub) -> (SocketAddr, thread::JoinHandle<()>) {
    let (listener, address) = listener();
    let (serve, hub) = (runtime.serve, hub.clone());
    (address, thread::spawn(move || serve(listener, hub, until_the_hub_ends())))
}

/// A WebSocket whose client is open: after the 101 alone the hub may not have got so far.
pub(crate) fn connect(address: SocketAddr) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    handshake(stream)
}

pub(crate) fn handshake<S: Read + Write>(stream: S) -> WebSocket<S> {
    let Ok((mut socket, _)) = tungstenite::client("ws://localhost/", stream) else { panic!("no handshake") };
    socket.send(Message::Ping("open?".into())).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Pong("open?".into()));
    socket
}

pub(crate) fn echoes<S: Read + Write>(socket: &mut WebSocket<S>, text: &str) {
    socket.send(Message::text(text)).unwrap();
    assert_eq!(socket.read().unwrap(), Message::text(text));
}

/// The code of the close frame that comes next; then the end.
pub(crate) fn closed<S: Read + Write>(socket: &mut WebSocket<S>) -> u16 {
    let Message::Close(Some(close)) = socket.read().unwrap() else {
        panic!("something else than a close frame came")
    };
    assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
    close.code.into()
}

/// Waits for what somebody else brings about.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}
