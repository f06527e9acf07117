//! Signals, in processes of their own.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use axum::{Router, routing::get};
use rustix::process::{Pid, Signal, kill_process};
use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use throng_tokio::{Config, Drain, Hub, ServeOptions};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

/// Says to a child what to serve.
const SERVE: &str = "THRONG_TEST_SERVE";
/// Longer than anything takes that goes well.
const PATIENCE: Duration = Duration::from_secs(30);
const CLOSE: Duration = Duration::from_secs(2);
/// What a machine needs that does something else besides.
const SLACK: Duration = Duration::from_secs(1);
const HOUR: u32 = 3600;

/// Not a test, but what the tests start. A message `block` blocks the thread of its hook for ever.
#[test]
fn the_server_that_is_signalled() {
    let Ok(serve) = env::var(SERVE) else { return };
    let [kind, workers, drain_seconds] = *serve.split(' ').collect::<Vec<_>>() else { panic!("{serve}") };
    let mut config = Config::default();
    config.deadlines.close = CLOSE;
    config.deadlines.handshake = Duration::from_secs(3600);
    let mut options = ServeOptions::default();
    // Nobody counts as idle, so that the time given is for everybody.
    let hour = Duration::from_secs(3600);
    options.drain = Some(Drain { idle: hour, spread: hour });
    options.drain_deadline = Some(Duration::from_secs(drain_seconds.parse().unwrap()));
    let hub = Hub::builder().config(config).on_message(|client, message| {
        while message.as_bytes() == b"block" {
            thread::park();
        }
        let _ = client.send(message);
    });
    let mut runtime = match workers.parse().unwrap() {
        0 => Builder::new_current_thread(),
        workers => {
            let mut runtime = Builder::new_multi_thread();
            runtime.worker_threads(workers);
            runtime
        }
    };
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async {
        let hub = hub.build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // The test harness has begun this line.
        writeln!(std::io::stdout(), "\nlistening on {address}").unwrap();
        if kind == "axum" {
            let app = Router::new()
                .route("/ws", get(throng_tokio::axum::connect))
                .route("/hang", get(std::future::pending::<()>))
                .route("/readyz", get(throng_tokio::axum::readyz))
                .with_state(hub.clone());
            throng_tokio::axum::serve_with(listener, app, hub, options).await;
        } else {
            throng_tokio::serve_with(listener, hub, options).await;
        }
    });
    writeln!(std::io::stdout(), "served").unwrap();
    // As `#[tokio::main]` does, and if a worker is blocked it is waited for.
    drop(runtime);
}

struct Server {
    child: Child,
    address: SocketAddr,
    /// Held, because what it says at its end must not fail.
    output: BufReader<ChildStdout>,
}

impl Server {
    fn start(kind: &str) -> Self {
        Self::with(kind, 2, HOUR)
    }

    /// On a runtime with so many workers; zero: on one thread that does everything.
    fn with(kind: &str, workers: u32, drain_seconds: u32) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "the_server_that_is_signalled", "--nocapture", "--test-threads=1"])
            .env(SERVE, format!("{kind} {workers} {drain_seconds}"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "it does not say where it listens");
            if let Some(address) = line.trim_end().strip_prefix("listening on ") {
                break address.parse().unwrap();
            }
        };
        Self { child, address, output }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn has_served(&mut self) {
        let mut line = String::new();
        while line.trim_end() != "served" {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "it ended before");
        }
    }

    fn say(&self, bytes: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream
    }

    fn open(&self) -> TcpStream {
        let mut stream = self.say(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        );
        until(&mut stream, b"\r\n\r\n");
        stream
    }

    fn is_ready(&self) -> bool {
        let mut stream = self.say("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        start == *b"HTTP/1.1 200"
    }

    fn drains(&self) {
        self.signal(Signal::TERM);
        let since = Instant::now();
        while self.is_ready() {
            assert!(since.elapsed() < PATIENCE, "it does not drain");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(&mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(stream: &mut TcpStream, end: &[u8]) {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(end) {
        stream.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
}

/// A masked text.
fn send(stream: &mut TcpStream, text: &str) {
    let head = [0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    stream.write_all(&[&head, text.as_bytes()].concat()).unwrap();
}

#[test]
fn a_terminal_that_is_closed_does_not_end_the_server() {
    for kind in ["bare", "axum"] {
        let mut server = Server::start(kind);
        let mut there = server.open();
        for _ in 0..3 {
            server.signal(Signal::HUP);
            send(&mut there, "still there?");
            until(&mut there, b"still there?");
        }
        assert!(server.is_ready(), "{kind}: it does not drain either");
        server.drains();
        drop(there);
        assert!(server.end().success(), "{kind}");
    }
}

#[test]
fn two_signals_end_a_process_whose_worker_a_hook_blocks() {
    for (kind, workers) in [("bare", 2), ("axum", 2), ("bare", 1), ("axum", 1), ("bare", 0), ("axum", 0)] {
        let mut server = Server::with(kind, workers, HOUR);
        let (_other, mut blocked) = (server.open(), server.open());
        // Nothing else is to be woken beside it: tokio leaves the task that a worker has woken last to that worker, and if the
        // worker is blocked nobody runs that task.
        thread::sleep(Duration::from_millis(300));
        send(&mut blocked, "block");
        thread::sleep(Duration::from_millis(300));
        server.signal(Signal::TERM);
        // Two at a time may count as one.
        thread::sleep(Duration::from_millis(500));
        let since = Instant::now();
        server.signal(Signal::TERM);
        let code = server.end().code();
        assert_eq!(code, Some(1), "{kind} {workers}: not as if nothing had been cut off");
        assert!(since.elapsed() < CLOSE + SLACK, "{kind} {workers}: {:?}", since.elapsed());
    }
}

#[test]
fn a_second_signal_ends_a_process_that_has_served_and_waits_for_a_worker_that_a_hook_blocks() {
    let mut server = Server::with("bare", 2, 0);
    let mut blocked = server.open();
    send(&mut blocked, "block");
    thread::sleep(Duration::from_millis(300));
    server.signal(Signal::TERM);
    server.has_served();
    thread::sleep(Duration::from_millis(100));
    assert!(server.child.try_wait().unwrap().is_none(), "its runtime waits for the worker");
    let since = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(server.end().code(), Some(1));
    assert!(since.elapsed() < CLOSE + SLACK, "{:?}", since.elapsed());
}

#[test]
fn a_second_signal_ends_a_process_whose_peers_do_not_answer() {
    for kind in ["bare", "axum"] {
        let mut server = Server::start(kind);
        let silent = [server.open(), server.open()];
        server.drains();
        let since = Instant::now();
        server.signal(Signal::TERM);
        server.end();
        assert!(since.elapsed() < CLOSE + SLACK, "{kind}: {:?}", since.elapsed());
        drop(silent);
    }
}

#[test]
fn two_signals_end_a_process_that_has_half_a_request_and_one_that_is_never_answered() {
    let mut server = Server::start("axum");
    let there = server.open();
    let halves = [
        server.say(""),
        server.say("GET /ws HT"),
        server.say("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n"),
        server.say("POST /hang HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"),
    ];
    server.drains();
    let since = Instant::now();
    server.signal(Signal::TERM);
    drop(there);
    assert!(server.end().success());
    assert!(since.elapsed() < CLOSE + SLACK, "{:?}", since.elapsed());
    drop(halves);
}

#[test]
fn one_signal_ends_a_process_that_has_nothing_but_half_a_request() {
    for kind in ["bare", "axum"] {
        let mut server = Server::start(kind);
        let halves = [server.say(""), server.say("GET /ws HT")];
        // Both are taken by then.
        assert!(server.is_ready());
        server.signal(Signal::TERM);
        assert!(server.end().success(), "{kind}");
        drop(halves);
    }
}
