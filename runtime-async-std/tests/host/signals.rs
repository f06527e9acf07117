//! SIGTERM, in a process of its own.

use crate::common::{
    ASYNC_STD, PATIENCE, Runtime, SMOL, closed, connect, echo, echoes, eventually, listener,
};
use rustix::process::{Pid, Signal, kill_process};
use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use throng_async_std::{Config, Drain, Hub, ServeOptions};

crate::on_both!(
    a_hangup_changes_nothing,
    a_second_signal_ends_a_process_that_a_hook_blocks,
    a_second_signal_forces,
    a_signal_drains,
    signals_of_two_kinds_that_come_together_are_two,
);

/// Says to a child which runtime to serve on, and how long a drain takes.
const SERVE: &str = "THRONG_TEST_SERVE";

const CLOSE: Duration = Duration::from_secs(2);
/// How long a machine may take that does something else besides. The time to exit itself is tested in throng-runtime.
const SLACK: Duration = Duration::from_millis(1_500);

type Serve = fn(TcpListener, Hub, ServeOptions);

/// Serves where a hook blocks the thread that serves: on the only worker of a pool, or on an executor of one thread.
const WHERE_HOOKS_RUN: [(&str, Serve); 3] = [
    ("async-std-spawned", |listener, hub, options| {
        let serving = throng_async_std::serve_with(listener, hub, options);
        async_std::task::block_on(async_std::task::spawn(serving)).unwrap();
    }),
    ("smol-spawned", |listener, hub, options| {
        smol::block_on(smol::spawn(throng_async_std::smol::serve_with(listener, hub, options))).unwrap();
    }),
    ("an-executor", |listener, hub, options| {
        let executor = Arc::new(smol::Executor::new());
        let serving = throng_async_std::executor::serve_with(Arc::clone(&executor), listener, hub, options);
        smol::block_on(executor.run(serving)).unwrap();
    }),
];

/// Say that they listen as soon as they have called the function that serves, and poll its future a second later.
const LATE: [(&str, Serve); 2] = [
    ("async-std-late", |listener, hub, options| {
        let address = listener.local_addr().unwrap();
        let serving = throng_async_std::serve_with(listener, hub, options);
        says_where(address);
        thread::sleep(Duration::from_secs(1));
        async_std::task::block_on(serving).unwrap();
    }),
    ("smol-late", |listener, hub, options| {
        let address = listener.local_addr().unwrap();
        let serving = throng_async_std::smol::serve_with(listener, hub, options);
        says_where(address);
        thread::sleep(Duration::from_secs(1));
        smol::block_on(serving).unwrap();
    }),
];

fn says_where(address: SocketAddr) {
    let mut output = std::io::stdout();
    // The test harness has begun this line.
    writeln!(output, "\nlistening on {address}").unwrap();
}

/// Not a test, but what the tests start. A message `block` blocks the thread of its hook for ever.
#[test]
fn the_server_that_is_signalled() {
    let Ok(serve) = env::var(SERVE) else { return };
    let (name, seconds) = serve.split_once(' ').unwrap();
    let runtimes = [&ASYNC_STD, &SMOL].map(|runtime| (runtime.name, runtime.serve));
    let kinds = runtimes.into_iter().chain(WHERE_HOOKS_RUN).chain(LATE);
    let (_, serve) = { kinds }.find(|(this, _)| *this == name).unwrap();
    let mut options = ServeOptions::default();
    // Nobody counts as idle, so that the time given is for everybody.
    let spread = Duration::from_secs(seconds.parse().unwrap());
    options.drain = Some(Drain { idle: Duration::from_secs(3600), spread });
    options.drain_deadline = Some(spread * 2);
    let (listener, address) = listener();
    if !name.ends_with("-late") {
        says_where(address);
    }
    let mut config = Config::default();
    config.deadlines.close = CLOSE;
    let hub = echo().config(config).on_message(|client, message| {
        while message.as_bytes() == b"block" {
            thread::park();
        }
        let _ = client.send(message);
    });
    serve(listener, hub.build().unwrap(), options);
}

struct Server {
    child: Child,
    address: SocketAddr,
    /// Held, because what it says at its end must not fail.
    _output: BufReader<ChildStdout>,
}

impl Server {
    fn start(runtime: &Runtime, drain_seconds: u64) -> Self {
        Self::start_as(runtime.name, drain_seconds)
    }

    fn start_as(name: &str, drain_seconds: u64) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "signals::the_server_that_is_signalled", "--nocapture", "--test-threads=1"])
            .env(SERVE, format!("{name} {drain_seconds}"))
            .env("ASYNC_STD_THREAD_COUNT", "1")
            .env("SMOL_THREADS", "1")
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
        Self { child, address, _output: output }
    }

    fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn is_ready(&self) -> bool {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        answer == *b"HTTP/1.1 200"
    }

    fn has_ended(self) {
        assert!(self.end().success());
    }

    fn end(mut self) -> ExitStatus {
        let mut ended = None;
        eventually("the server ends", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn a_signal_drains(runtime: &Runtime) {
    let server = Server::start(runtime, 0);
    let mut client = connect(server.address);
    assert!(server.is_ready());
    server.terminate();
    assert_eq!(closed(&mut client), 1001);
    server.has_ended();
}

fn a_hangup_changes_nothing(runtime: &Runtime) {
    let server = Server::start(runtime, 0);
    let mut client = connect(server.address);
    for _ in 0..3 {
        server.signal(Signal::HUP);
        echoes(&mut client, "still there?");
    }
    assert!(server.is_ready());
    server.terminate();
    assert_eq!(closed(&mut client), 1001);
    server.has_ended();
}

/// smol's executor has one thread: the end does not need it.
fn a_second_signal_ends_a_process_that_a_hook_blocks(runtime: &Runtime) {
    let server = Server::start(runtime, 3600);
    let mut client = connect(server.address);
    client.send(tungstenite::Message::text("block")).unwrap();
    thread::sleep(Duration::from_millis(300));
    server.terminate();
    // Two at a time may count as one: the system does not queue signals of a kind.
    thread::sleep(Duration::from_millis(500));
    let since = Instant::now();
    server.terminate();
    // `main` has a thread of its own, and some of the time.
    server.has_ended();
    assert!(since.elapsed() < CLOSE + SLACK, "{:?}", since.elapsed());
}

#[test]
fn a_second_signal_ends_a_process_whose_thread_that_serves_a_hook_blocks() {
    let servers = WHERE_HOOKS_RUN.map(|(name, _)| {
        let server = Server::start_as(name, 3600);
        connect(server.address).send(tungstenite::Message::text("block")).unwrap();
        server
    });
    thread::sleep(Duration::from_millis(300));
    servers.iter().for_each(Server::terminate);
    thread::sleep(Duration::from_millis(500));
    let since = Instant::now();
    servers.iter().for_each(Server::terminate);
    for (server, (name, _)) in servers.into_iter().zip(WHERE_HOOKS_RUN) {
        assert_eq!(server.end().code(), Some(1), "{name}");
        assert!(since.elapsed() < CLOSE + SLACK, "{name}: {:?}", since.elapsed());
    }
}

fn a_second_signal_forces(runtime: &Runtime) {
    let server = Server::start(runtime, 3600);
    let mut clients = [connect(server.address), connect(server.address)];
    server.terminate();
    eventually("the server drains", || !server.is_ready());
    server.terminate();
    for client in &mut clients {
        assert_eq!(closed(client), 1001);
    }
    server.has_ended();
}

fn signals_of_two_kinds_that_come_together_are_two(runtime: &Runtime) {
    let server = Server::start(runtime, 3600);
    let _silent = [connect(server.address), connect(server.address)];
    // Both wait until the process runs again, and are delivered one right after the other.
    for signal in [Signal::STOP, Signal::TERM, Signal::INT] {
        server.signal(signal);
    }
    let since = Instant::now();
    server.signal(Signal::CONT);
    server.has_ended();
    assert!(since.elapsed() < CLOSE + SLACK, "{:?}", since.elapsed());
}

#[test]
fn signals_count_from_the_call_on_and_not_from_the_first_poll() {
    for (name, _) in LATE {
        let server = Server::start_as(name, 3600);
        server.terminate();
        assert_eq!(server.end().code(), Some(0), "{name}: it drains, without a client");
    }
}
