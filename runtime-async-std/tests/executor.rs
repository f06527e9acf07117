//! Executors of one's own that end before the hub does.
#![cfg(feature = "smol")]

use smol::Executor;
use smol::future::{block_on, or};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;
use throng_async_std::executor::{Spawn, serve_with};
use throng_async_std::{Hub, ServeOptions, Stop};

/// An executor that lives as long as its owner says.
#[derive(Clone)]
struct Borrowed(Weak<Executor<'static>>);

impl Spawn for Borrowed {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(executor) = self.0.upgrade() {
            executor.spawn(task);
        }
    }
}

/// Serves a hub on an executor of its own until `talk` with it is over; then that executor is dropped.
fn served<T: Send>(hub: &Hub, talk: impl FnOnce(SocketAddr) -> T + Send) -> T {
    let executor = Arc::new(Executor::new());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let mut options = ServeOptions::default();
    options.stop = Stop::OnHub;
    let serving = serve_with(Borrowed(Arc::downgrade(&executor)), listener, hub.clone(), options);
    let (over, is_over) = smol::channel::bounded::<()>(1);
    thread::scope(|scope| {
        let talking = scope.spawn(move || {
            let said = talk(address);
            drop(over);
            said
        });
        let ended = async { _ = is_over.recv().await };
        block_on(executor.run(or(async { serving.await.expect("it is served") }, ended)));
        talking.join().expect("it does not panic")
    })
}

/// The first bytes of the answer to a request, and the transport.
fn ask(address: SocketAddr, path: &str, more: &str) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n{more}\r\n").expect("it is sent");
    let mut answer = vec![0; 4096];
    let count = stream.read(&mut answer).expect("in time");
    answer.truncate(count);
    (String::from_utf8_lossy(&answer).into_owned(), stream)
}

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[test]
fn a_hub_whose_executor_has_been_dropped_says_so_and_refuses_newcomers() {
    let hub = Hub::builder().build().expect("the config can stand");
    let (answer, _client) = served(&hub, |address| ask(address, "/", UPGRADE));
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    let (refused, ready) =
        served(&hub, |address| (ask(address, "/", UPGRADE).0, ask(address, "/readyz", "").0));
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
}
