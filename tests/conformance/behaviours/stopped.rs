//! A process that is stopped and goes on: what lay in its sockets is read before anybody is late, and the dead are found all
//! the same. Each host runs in a process of its own for that; one that has its hub in this process is served by this very test
//! binary, started once more.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use throng_core::hub::Config;
use throng_tests::example::MioChat;
use throng_tests::http::upgrade;
use throng_tests::process::{end_of, signal};
use throng_tests::raw::{BINARY, Connect, PING, PONG, Raw, TEXT, frame};
use throng_tests::wait::PATIENCE;

use crate::hosts::Host;

/// Says to a copy of this binary that it is to serve.
const SERVES: &str = "THRONG_SERVES";
/// Begins what it has to say, among what the test harness says.
const SAYS: &str = "throng: ";

const ANSWERING: usize = 100;
const HANDSHAKES: usize = 20;
/// Peers that a hook waits for: they have to say their name.
const NAMELESS: usize = 10;
const MESSAGES: usize = 40;
const MESSAGE: usize = 256 << 10;
/// What a busy machine may add to a deadline.
const SLACK: Duration = Duration::from_secs(5);

/// Deadlines that do not take a minute.
fn hasty(config: &mut Config) {
    let deadlines = &mut config.deadlines;
    deadlines.handshake = Duration::from_secs(4);
    deadlines.write = Duration::from_secs(3);
    deadlines.ping = Some(Duration::from_secs(1));
    deadlines.pong = Some(Duration::from_secs(3));
    config.hooks.authentication = Duration::from_secs(4);
}

/// The numbers of a hub in another process.
#[derive(Debug, Default, PartialEq, Eq)]
struct Numbers {
    clients: u64,
    handshake_timeouts: u64,
    write_timeouts: u64,
    pong_timeouts: u64,
    standstills: u64,
}

/// A copy of this binary that serves.
struct Served {
    address: SocketAddr,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Served {
    fn start(test: &str) -> Self {
        let mut child = Command::new(env::current_exe().expect("this is a program"))
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(SERVES, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut served = Self { address, child, input, output };
        served.address = served.hear().parse().expect("an address");
        served
    }

    /// What it says next.
    fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).expect("text") > 0, "it has ended");
            if let Some((_, said)) = line.trim_end().split_once(SAYS) {
                return said.to_owned();
            }
        }
    }

    fn numbers(&mut self) -> Numbers {
        let input = self.input.as_mut().expect("it is asked until the end");
        writeln!(input, "numbers?").expect("it is there");
        let said = self.hear();
        let mut numbers = said.split(' ').map(|number| number.parse().expect("a number"));
        let mut next = || numbers.next().expect("five numbers");
        Numbers {
            clients: next(),
            handshake_timeouts: next(),
            write_timeouts: next(),
            pong_timeouts: next(),
            standstills: next(),
        }
    }

    /// It shuts down, and replays what it has recorded.
    fn end(mut self) {
        self.input = None;
        assert!(end_of(&mut self.child).success(), "what was recorded does not replay");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In the copy: serves, and says how it goes, until nobody asks any more.
#[allow(clippy::print_stdout, reason = "the test that started the copy reads it")]
pub(crate) fn serve(host: &Host) {
    if env::var_os(SERVES).is_none() {
        return;
    }
    let server = host.server(hasty);
    println!("{SAYS}{}", server.address);
    for _ in std::io::stdin().lines() {
        let stats = server.hub.stats();
        let timeouts = [stats.handshake_timeouts, stats.write_timeouts, stats.pong_timeouts];
        let [handshake, write, pong] = timeouts;
        println!("{SAYS}{} {handshake} {write} {pong} {}", stats.clients, stats.standstills);
    }
}

/// Peers, each of which does what it has to, whatever becomes of the server meanwhile.
struct Peers {
    answering: Vec<Raw>,
    handshakes: Vec<Raw>,
    nameless: Vec<Raw>,
    slow: Option<Slow>,
    reading: Option<JoinHandle<Raw>>,
}

/// Asks for more than the system holds, and reads nothing yet. All that it sends is sent by one thread: a pong that another
/// one sent meanwhile would get into the middle of a frame.
struct Slow {
    raw: Raw,
    pongs: Sender<Vec<u8>>,
    writing: JoinHandle<()>,
}

impl Slow {
    fn open(address: SocketAddr) -> Self {
        let small = Connect { receive_buffer: Some(32 << 10), ..Connect::default() };
        let raw = small.open(address, "/echo");
        let mut writer = raw.writer();
        let (pongs, asked_for) = channel::<Vec<u8>>();
        let writing = thread::spawn(move || {
            let message = frame(BINARY, &vec![7; MESSAGE]);
            // What is not taken, the reader waits for in vain, and says so.
            for _ in 0..MESSAGES {
                let _ = writer.write_all(&message);
                let _ = asked_for.try_iter().try_for_each(|pong| writer.write_all(&pong));
            }
            let _ = asked_for.iter().try_for_each(|pong| writer.write_all(&pong));
        });
        Self { raw, pongs, writing }
    }

    /// Reads all that it asked for, and answers pings.
    fn read(mut self) -> Raw {
        self.raw.patience(PATIENCE);
        let mut messages = 0;
        while messages < MESSAGES {
            let of_server = self.raw.frame().expect("in time").expect("not the end");
            if of_server.first == PING {
                self.pongs
                    .send(frame(PONG, &of_server.payload))
                    .expect("the writer goes on until the reader has ended");
                continue;
            }
            assert!(of_server.payload == vec![7; MESSAGE], "frame {:#x} is not an echo", of_server.first);
            messages += 1;
        }
        drop(self.pongs);
        self.writing.join().expect("it does not panic");
        self.raw
    }
}

impl Peers {
    fn connect(address: SocketAddr, nameless: usize) -> Self {
        let (answering, handshakes) = (Vec::new(), Vec::new());
        let mut peers = Self { answering, handshakes, nameless: Vec::new(), slow: None, reading: None };
        for number in 1..=ANSWERING {
            peers.answering.push(Raw::open(address, "/ws"));
            if number.is_multiple_of(10) {
                peers.answer(Duration::ZERO);
            }
        }
        let slow = Slow::open(address);
        // Their deadlines run, so they come last.
        peers.nameless = (0..nameless).map(|_| Raw::open(address, "/name")).collect();
        let half = upgrade("/ws");
        for _ in 0..HANDSHAKES {
            let mut raw = Raw::connect(address);
            raw.send(&half.as_bytes()[..20]);
            peers.handshakes.push(raw);
        }
        peers.slow = Some(slow);
        peers
    }

    /// Answers pings for so long.
    fn answer(&mut self, time: Duration) {
        let until = Instant::now() + time;
        loop {
            for raw in &mut self.answering {
                raw.patience(Duration::from_millis(1));
                while let Ok(frame_of_server) = raw.frame() {
                    let ping = frame_of_server.expect("whoever answers is not closed");
                    assert_eq!(ping.first, PING);
                    raw.send(&frame(PONG, &ping.payload));
                }
            }
            if Instant::now() >= until {
                return;
            }
        }
    }

    /// While the server does nothing, those who have begun a handshake end it, and the slow reader reads at last.
    fn catch_up(&mut self) {
        let rest = upgrade("/ws");
        for raw in &mut self.handshakes {
            raw.send(&rest.as_bytes()[20..]);
        }
        for raw in &mut self.nameless {
            raw.send(&[frame(TEXT, b"ada"), frame(TEXT, b"hello")].concat());
        }
        let slow = self.slow.take().expect("there is one");
        self.reading = Some(thread::spawn(|| slow.read()));
    }

    /// The handshakes lead to clients, and the slow reader gets all that it asked for. From then on they answer, too.
    fn are_served(&mut self) {
        for mut raw in self.handshakes.drain(..) {
            raw.patience(PATIENCE);
            assert_eq!(raw.response().status, 101, "the request lay in the socket");
            self.answering.push(raw);
        }
        for mut raw in self.nameless.drain(..) {
            raw.patience(PATIENCE);
            loop {
                let of_server = raw.frame().expect("in time").expect("its name lay in the socket");
                if of_server.first != PING {
                    assert_eq!((of_server.first, &*of_server.payload), (TEXT, &b"hello"[..]));
                    break;
                }
                raw.send(&frame(PONG, &of_server.payload));
            }
            self.answering.push(raw);
        }
        let reading = self.reading.take().expect("it reads since the server stopped");
        while !reading.is_finished() {
            self.answer(Duration::ZERO);
        }
        let slow = reading.join().expect("the slow reader gets all that it asked for");
        self.answering.push(slow);
    }
}

pub(crate) fn nobody_is_lost_to_a_process_that_is_stopped(module: &str) {
    let (_, module) = module.split_once("::").expect("a module of this crate");
    let mut served = Served::start(&format!("{module}::serves"));
    let dead = Raw::open(served.address, "/ws");
    let mut peers = Peers::connect(served.address, NAMELESS);
    peers.answer(Duration::from_millis(300));
    signal(&served.child, Signal::STOP);
    peers.catch_up();
    peers.answer(Duration::from_secs(5));
    signal(&served.child, Signal::CONT);
    peers.are_served();
    let begin = Instant::now();
    let mut numbers = served.numbers();
    while numbers.pong_timeouts == 0 {
        assert!(begin.elapsed() < Duration::from_secs(30), "a dead peer is found in its time: {numbers:?}");
        peers.answer(Duration::from_millis(100));
        numbers = served.numbers();
    }
    drop(dead);
    assert!(numbers.standstills >= 1, "{numbers:?}");
    let lost = (numbers.handshake_timeouts, numbers.write_timeouts, numbers.pong_timeouts);
    assert_eq!((numbers.clients, lost), ((ANSWERING + HANDSHAKES + NAMELESS + 1) as u64, (0, 0, 1)));
    served.end();
}

/// Its deadlines are those of the defaults, of which none but that of pongs is longer than ten seconds.
pub(crate) fn nobody_is_lost_to_a_chat_that_is_stopped() {
    let mut chat = MioChat::start(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let mut peers = Peers::connect(chat.address, 0);
    peers.answer(Duration::from_millis(300));
    chat.signal(Signal::STOP);
    peers.catch_up();
    peers.answer(Duration::from_secs(11));
    chat.signal(Signal::CONT);
    peers.are_served();
    // Nobody who is still there is waited for: it gives its peers a minute to answer the close frame.
    drop(peers);
    let stats = chat.replay().stats;
    let lost = (stats.handshake_timeouts, stats.write_timeouts, stats.pong_timeouts);
    assert_eq!((lost, stats.opened), ((0, 0, 0), (ANSWERING + HANDSHAKES + 1) as u64));
    assert!(stats.standstills >= 1);
}

/// A peer that lay dead while the process was stopped is found by its pongs, as late as one that dies at any other time, and
/// nobody else is.
pub(crate) fn a_dead_peer_is_found_by_a_chat_that_was_stopped() {
    const PONG: Duration = Duration::from_secs(3);
    let mut chat = MioChat::start_with(Path::new(env!("CARGO_TARGET_TMPDIR")), &["3"]);
    let (answering, handshakes) = ((0..10).map(|_| Raw::open(chat.address, "/ws")).collect(), Vec::new());
    let mut peers = Peers { answering, handshakes, nameless: Vec::new(), slow: None, reading: None };
    let mut dead = Raw::open(chat.address, "/ws");
    peers.answer(Duration::from_millis(300));
    chat.signal(Signal::STOP);
    peers.answer(2 * PONG);
    chat.signal(Signal::CONT);
    let begin = Instant::now();
    dead.patience(Duration::from_millis(1));
    let is_over = |dead: &mut Raw| loop {
        match dead.frame() {
            Ok(Some(frame)) => assert_eq!(frame.first, PING, "it dies without a close frame"),
            Ok(None) => return true,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return true,
            Err(_) => return false,
        }
    };
    while !is_over(&mut dead) {
        assert!(begin.elapsed() < PATIENCE, "a dead peer is found in its time");
        peers.answer(Duration::from_millis(50));
    }
    assert!(begin.elapsed() < 2 * PONG + SLACK, "{:?}", begin.elapsed());
    peers.answer(PONG);
    drop(peers);
    let stats = chat.replay().stats;
    assert_eq!((stats.pong_timeouts, stats.opened), (1, 11));
    assert!(stats.standstills >= 1);
}
