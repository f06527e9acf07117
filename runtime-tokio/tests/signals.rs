//! Signals, in processes of their own.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use axum::{Router, routing::get};
use rustix::process::{Pid, Signal, kill_process};
use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::pin::Pin;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use throng_tokio::{Config, Drain, Hub, Record, ServeOptions, flight};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

/// Says to a child what to serve.
const SERVE: &str = "THRONG_TEST_SERVE";
/// Says to a child into which file it writes a recording when a hook panics, and that it logs to standard error.
const RECORD: &str = "THRONG_TEST_RECORD";
/// Longer than anything takes that goes well.
const PATIENCE: Duration = Duration::from_secs(30);
const CLOSE: Duration = Duration::from_secs(2);
/// How long a server waits that polls its future late.
const LATE: Duration = Duration::from_secs(1);
/// How long a machine may take that does something else besides. The time to exit itself is tested in throng-runtime.
const SLACK: Duration = Duration::from_millis(1_500);

/// Not a test, but what the tests start: the kind of server, the workers of its runtime (none: all on one thread, which serves,
/// too), and the seconds of its drain. If it has `spawned` a task that serves, that is where workers run it. If it polls `late`, it does so only
/// after [`LATE`], and if `never`, not before the test is over. A message
/// `block` blocks the thread of its hook for ever, and a message `panic` makes its hook panic.
#[test]
fn the_server_that_is_signalled() {
    let Ok(serve) = env::var(SERVE) else { return };
    let [kind, place, workers, seconds] = *serve.split(' ').collect::<Vec<_>>() else { panic!("{serve}") };
    let mut config = Config::default();
    config.deadlines.close = CLOSE;
    config.deadlines.handshake = Duration::from_secs(3600);
    let mut options = ServeOptions::default();
    // Nobody counts as idle, so that the time given is for everybody.
    let time = Duration::from_secs(seconds.parse().unwrap());
    options.drain = Some(Drain { idle: time, spread: time });
    options.drain_deadline = Some(time);
    let builder = Hub::builder().config(config).on_message(|client, message| {
        while message.as_bytes() == b"block" {
            thread::park();
        }
        assert_ne!(message.as_bytes(), b"panic", "as it was told to");
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
    let is_axum = kind == "axum";
    let pause = match place {
        "late" => LATE,
        "never" => 2 * PATIENCE,
        _ => Duration::ZERO,
    };
    let hub = builder.record(Record::Last { bytes: 1 << 16 }).build().unwrap();
    if let Ok(file) = env::var(RECORD) {
        tracing_subscriber::fmt().with_writer(std::io::stderr).init();
        flight::dump_on_panic(&hub, move || PathBuf::from(&file));
    }
    let serving = async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving: Pin<Box<dyn Future<Output = ()> + Send>> = if is_axum {
            let app = Router::new()
                .route("/ws", get(throng_tokio::axum::connect))
                .route("/hang", get(std::future::pending::<()>))
                .route("/readyz", get(throng_tokio::axum::readyz))
                .with_state(hub.clone());
            Box::pin(throng_tokio::axum::serve_with(listener, app, hub, options))
        } else {
            Box::pin(throng_tokio::serve_with(listener, hub, options))
        };
        // The test harness has begun this line.
        writeln!(std::io::stdout(), "\nlistening on {address}").unwrap();
        thread::sleep(pause);
        serving.await;
        writeln!(std::io::stdout(), "served").unwrap();
    };
    match place {
        "spawned" => runtime.block_on(async { tokio::spawn(serving).await.unwrap() }),
        _ => runtime.block_on(serving),
    }
    // As `#[tokio::main]` does, and if a worker is blocked it is waited for.
    drop(runtime);
}

struct Server {
    child: Child,
    address: SocketAddr,
    output: BufReader<ChildStdout>,
}

impl Server {
    fn start(kind: &str) -> Self {
        Self::start_as(&format!("{kind} here 2 3600"))
    }

    fn start_as(serve: &str) -> Self {
        Self::start_by(Self::command(serve))
    }

    fn command(serve: &str) -> Command {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "the_server_that_is_signalled", "--nocapture", "--test-threads=1"]);
        command.env(SERVE, serve).stdout(Stdio::piped());
        command
    }

    fn start_by(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
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

    /// Waits until serving has ended, and the process may have not.
    fn has_served(&mut self) {
        let mut line = String::new();
        while line.trim_end() != "served" {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "it does not say that it has served");
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
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
    for kind in ["bare here 2", "axum here 2", "bare here 1", "axum here 1"] {
        let mut server = Server::start_as(&format!("{kind} 3600"));
        let (_other, mut blocked) = (server.open(), server.open());
        // Nothing else is to be woken beside it: tokio leaves the task that a worker has woken last to that worker, and if the
        // worker is blocked nobody runs that task.
        thread::sleep(Duration::from_millis(300));
        send(&mut blocked, "block");
        thread::sleep(Duration::from_millis(300));
        server.signal(Signal::TERM);
        // Two at a time may count as one: the system does not queue signals of a kind.
        thread::sleep(Duration::from_millis(500));
        let since = Instant::now();
        server.signal(Signal::TERM);
        assert_eq!(server.end().code(), Some(1), "{kind}: not as if nothing had been cut off");
        assert!(since.elapsed() < CLOSE + SLACK, "{kind}: {:?}", since.elapsed());
    }
}

#[test]
fn two_signals_end_a_process_whose_thread_that_serves_a_hook_blocks() {
    let kinds = [
        ("bare here 0", Signal::TERM),
        ("bare spawned 1", Signal::INT),
        ("axum here 0", Signal::INT),
        ("axum spawned 1", Signal::TERM),
    ];
    let mut servers = kinds.map(|(serve, signal)| {
        let server = Server::start_as(&format!("{serve} 3600"));
        let mut blocked = server.open();
        send(&mut blocked, "block");
        (server, signal, blocked)
    });
    thread::sleep(Duration::from_millis(300));
    servers.iter().for_each(|(server, signal, _)| server.signal(*signal));
    thread::sleep(Duration::from_millis(500));
    let since = Instant::now();
    servers.iter().for_each(|(server, signal, _)| server.signal(*signal));
    for (server, ..) in &mut servers {
        assert_eq!(server.end().code(), Some(1), "not as if nothing had been cut off");
        assert!(since.elapsed() >= CLOSE, "what can end by itself has its time");
        assert!(since.elapsed() < CLOSE + SLACK, "{:?}", since.elapsed());
    }
}

#[test]
fn a_second_signal_ends_a_process_that_hangs_after_it_has_served() {
    for kind in ["bare", "axum"] {
        let mut server = Server::start_as(&format!("{kind} here 2 1"));
        let mut blocked = server.open();
        send(&mut blocked, "block");
        thread::sleep(Duration::from_millis(300));
        server.signal(Signal::TERM);
        server.has_served();
        thread::sleep(Duration::from_millis(300));
        assert!(server.child.try_wait().unwrap().is_none(), "{kind}: it waits for the hook");
        let since = Instant::now();
        server.signal(Signal::TERM);
        assert_eq!(server.end().code(), Some(1), "{kind}");
        assert!(since.elapsed() < CLOSE + SLACK, "{kind}: {:?}", since.elapsed());
    }
}

#[test]
fn a_second_signal_ends_a_process_whose_peers_do_not_answer() {
    for kind in ["bare", "axum"] {
        let mut server = Server::start(kind);
        let silent = [server.open(), server.open()];
        server.drains();
        let since = Instant::now();
        server.signal(Signal::TERM);
        assert!(server.end().success(), "{kind}: serving returns before the process must exit");
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

#[test]
fn signals_of_two_kinds_that_come_together_are_two() {
    for kind in ["bare", "axum"] {
        let mut server = Server::start(kind);
        let silent = [server.open(), server.open()];
        // Both wait until the process runs again, and are delivered one right after the other.
        server.signal(Signal::STOP);
        server.signal(Signal::TERM);
        server.signal(Signal::INT);
        let since = Instant::now();
        server.signal(Signal::CONT);
        assert!(server.end().success(), "{kind}: serving returns before the process must exit");
        assert!(since.elapsed() < CLOSE + SLACK, "{kind}: {:?}", since.elapsed());
        drop(silent);
    }
}

#[test]
fn signals_count_from_the_call_on_and_not_from_the_first_poll() {
    for kind in ["bare", "axum"] {
        let mut server = Server::start_as(&format!("{kind} late 2 3600"));
        server.signal(Signal::TERM);
        assert_eq!(server.end().code(), Some(0), "{kind}: it drains, without a client");
    }
}

#[test]
fn two_signals_end_a_process_that_never_polls() {
    for kind in ["bare", "axum"] {
        let mut server = Server::start_as(&format!("{kind} never 2 3600"));
        server.signal(Signal::INT);
        server.signal(Signal::TERM);
        let since = Instant::now();
        assert_eq!(server.end().code(), Some(1), "{kind}: not as if nothing had been cut off");
        assert!(since.elapsed() < CLOSE + SLACK, "{kind}: {:?}", since.elapsed());
    }
}

#[test]
fn a_panic_is_recorded_and_ends_no_process_whose_log_nobody_reads() {
    let file =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("panic-{}.throng", std::process::id()));
    let mut command = Server::command("bare here 2 1");
    command.env(RECORD, &file).stderr(Stdio::piped());
    let mut server = Server::start_by(command);
    // Whatever it writes fails from now on.
    drop(server.child.stderr.take());
    let (mut there, mut panics) = (server.open(), server.open());
    send(&mut panics, "panic");
    until(&mut panics, &1011_u16.to_be_bytes());
    send(&mut there, "still there?");
    until(&mut there, b"still there?");
    assert!(file.metadata().is_ok_and(|recorded| recorded.len() > 0), "it is recorded");
    server.signal(Signal::TERM);
    drop(there);
    assert!(server.end().success());
    std::fs::remove_file(&file).unwrap();
}
