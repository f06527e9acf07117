//! Threads that do everything at once to one hub, over real sockets: then nothing is lost, doubled or out of order, and all
//! adds up.
//!
//! `THRONG_STRESS_SECONDS` makes it a long run. What each thread does follows from a seed, which is printed and which
//! `THRONG_STRESS_SEED` repeats; how the threads' work interleaves does not. It finds more under ThreadSanitizer: see
//! CONTRIBUTING.

#![allow(clippy::print_stdout)]

use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use throng_core::CloseCode;
use throng_runtime::{Client, SendError};
use throng_tests::raw::{Raw, TEXT, close, frame};
use throng_tests::server::Server;
use throng_tests::wait::eventually;

const SENDERS: usize = 3;
const SPEAKERS: usize = 3;
const VISITORS: usize = 2;
const ROOMS: [&str; 3] = ["a", "b", "c"];

/// Speaks to a hub that echoes, and hears what senders have to say meanwhile.
struct Speaker {
    raw: Raw,
    said: u64,
    echoed: u64,
    /// Of each sender.
    heard: [u64; SENDERS],
    has_ended: bool,
}

impl Speaker {
    fn new(server: &Server) -> Self {
        Self { raw: server.open("/echo"), said: 0, echoed: 0, heard: [0; SENDERS], has_ended: false }
    }

    /// Says something over and over and hears it all, until it is told that this is the end.
    fn run(mut self, seed: u64) -> [u64; SENDERS] {
        fastrand::seed(seed);
        while !self.has_ended {
            self.say(fastrand::u64(1..=8));
            while self.echoed < self.said {
                self.hear();
            }
        }
        let _ = self.raw.try_send(&close(1000, ""));
        assert_eq!(self.raw.closed().code, 1000);
        self.heard
    }

    fn say(&mut self, messages: u64) {
        let said = self.said..self.said + messages;
        self.said = said.end;
        let bytes: Vec<u8> = said.flat_map(|n| frame(TEXT, format!("echo {n}").as_bytes())).collect();
        // In two pieces, cut anywhere.
        let (one, other) = bytes.split_at(fastrand::usize(..bytes.len()));
        self.raw.send(one);
        self.raw.send(other);
    }

    fn hear(&mut self) {
        let message = String::from_utf8(self.raw.message()).expect("a text");
        let (who, n) = message.split_once(' ').unwrap_or((&message, "0"));
        let n: u64 = n.parse().expect("a number");
        let expected = match who {
            "echo" => &mut self.echoed,
            "end" => return self.has_ended = true,
            // To a room, by a sender or a visitor.
            "room" | "4000" => return,
            sender => &mut self.heard[sender.parse::<usize>().expect("a sender")],
        };
        assert_eq!(n, *expected, "from {who}");
        *expected += 1;
    }
}

/// Sends to each speaker, in order, whatever else it does to the hub. Returns how much was taken for each.
fn send(server: &Server, number: usize, speakers: &[Client], until: Instant, seed: u64) -> [u64; SPEAKERS] {
    fastrand::seed(seed);
    let mut sent = [0; SPEAKERS];
    while Instant::now() < until {
        for (speaker, sent) in speakers.iter().zip(&mut sent) {
            match speaker.send(format!("{number} {sent}")) {
                Ok(()) => *sent += 1,
                Err(SendError::Full) => thread::sleep(Duration::from_micros(200)),
                Err(error) => panic!("{error}"),
            }
        }
        disturb(server, speakers);
        thread::sleep(Duration::from_micros(fastrand::u64(..300)));
    }
    sent
}

/// One of the things that an application does. That it comes too late is no failure.
fn disturb(server: &Server, speakers: &[Client]) {
    let (hub, room) = (&server.hub, ROOMS[fastrand::usize(..ROOMS.len())]);
    let clients = hub.clients();
    let Some(client) = clients.get(fastrand::usize(..clients.len().max(1))).copied() else { return };
    let is_speaker = speakers.iter().any(|speaker| speaker.id() == client);
    match fastrand::u8(..9) {
        0 | 1 => drop(hub.join(client, room)),
        2 => drop(hub.leave(client, room)),
        3 => drop(hub.leave_all(client)),
        4 => drop(hub.send_to_room(room, "room")),
        5 => drop(hub.broadcast("room")),
        6 => drop(hub.set_user(client, Some(room))),
        7 if !is_speaker => drop(hub.close(client, CloseCode::GOING_AWAY, "go")),
        _ => {
            let stats = hub.stats();
            assert!(stats.queued >= stats.written);
        }
    }
}

/// Comes, says something and goes, in one way or another.
fn visit(server: &Server, until: Instant, visits: &AtomicU64, seed: u64) {
    fastrand::seed(seed);
    while Instant::now() < until {
        let path = ["/echo", "/sink", "/close", "/room/a", "/user/ann"][fastrand::usize(..5)];
        let mut raw = Raw::open(server.address, path);
        visits.fetch_add(1, Ordering::Relaxed);
        // It may be closed at any time.
        for _ in 0..fastrand::usize(..4) {
            let _ = raw.try_send(&frame(TEXT, b"4000 0"));
        }
        match fastrand::u8(..4) {
            0 => raw.reset(),
            1 => raw.end_sending(),
            2 => {
                let _ = raw.try_send(&close(1000, ""));
                let _ = raw.closing();
            }
            _ => {}
        }
        thread::sleep(Duration::from_micros(fastrand::u64(..2_000)));
    }
}

#[test]
fn all_adds_up_after_everything_at_once() {
    let number = |name| env::var(name).ok().map(|number| number.parse::<u64>().expect("a number"));
    let seconds = number("THRONG_STRESS_SECONDS").unwrap_or(4);
    let seed = number("THRONG_STRESS_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("THRONG_STRESS_SEED={seed}");
    let mut threads = 0;
    // Each thread has a seed of its own, which follows from that.
    let mut next_seed = || {
        threads += 1;
        seed.wrapping_add(threads)
    };
    let until = Instant::now() + Duration::from_secs(seconds);
    let server = Server::start(|config| config.deadlines.close = Duration::from_secs(1));
    let (mut speaking, mut speakers) = (Vec::new(), Vec::new());
    for _ in 0..SPEAKERS {
        speaking.push(Speaker::new(&server));
        let known = |client: &_| speakers.iter().any(|speaker: &Client| speaker.id() == *client);
        let new = server.hub.clients().into_iter().find(|client| !known(client)).expect("it has opened");
        speakers.push(server.hub.client(new).expect("it is open"));
    }

    let visits = AtomicU64::new(0);
    let (sent, heard) = thread::scope(|scope| {
        let (server, speakers, visits) = (&server, &*speakers, &visits);
        let sender = |number| {
            let seed = next_seed();
            scope.spawn(move || send(server, number, speakers, until, seed))
        };
        let senders: Vec<_> = (0..SENDERS).map(sender).collect();
        let visitor = |_| {
            let seed = next_seed();
            scope.spawn(move || visit(server, until, visits, seed))
        };
        let visitors: Vec<_> = (0..VISITORS).map(visitor).collect();
        let speaker = |speaker: Speaker| {
            let seed = next_seed();
            scope.spawn(move || speaker.run(seed))
        };
        let speaking: Vec<_> = speaking.into_iter().map(speaker).collect();
        let sent: Vec<_> = senders.into_iter().map(|sender| sender.join().expect("it sends")).collect();
        visitors.into_iter().for_each(|visitor| visitor.join().expect("it comes and goes"));
        for speaker in speakers {
            eventually("there is room for one more", || speaker.send("end").is_ok());
        }
        let heard: Vec<_> = speaking.into_iter().map(|speaker| speaker.join().expect("it hears")).collect();
        (sent, heard)
    });
    for (speaker, heard) in heard.iter().enumerate() {
        let sent: Vec<u64> = sent.iter().map(|sent| sent[speaker]).collect();
        assert_eq!(heard[..], sent, "what speaker {speaker} has heard of each sender");
    }
    server.returns_to(0);
    adds_up(&server, visits.into_inner() + SPEAKERS as u64);
}

fn adds_up(server: &Server, connections: u64) {
    eventually("the last hook has returned", || {
        server.told.ended().len() as u64 == server.hub.stats().opened
    });
    let stats = server.hub.stats();
    assert_eq!((stats.accepted, stats.refused_connections), (connections, 0));
    assert_eq!(
        stats.opened,
        stats.ended_by_peer + stats.ended_by_application + stats.ended_by_hub + stats.ended_by_transport
    );
    assert_eq!((stats.clients, stats.closing, stats.users, stats.rooms), (0, 0, 0, 0));
    assert_eq!((stats.memberships, stats.joins), (0, stats.leaves));
    assert_eq!((stats.pending(), stats.frames), (0, 0));
    assert!(connections > 100 && stats.written > 1_000, "so little was done: {stats:?}");
}
