//! Peers that read a byte now and then: they neither hold the memory that others need, nor live longer than their rate lets them.

use std::io::Read;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use throng_core::hub::Config;
use throng_core::{ClientId, CloseCode, ClosedBy};
use throng_tests::raw::{Connect, Raw};
use throng_tests::server::{Server, listener};
use throng_tests::wait::{PATIENCE, eventually};

use crate::hosts::Host;

/// Bytes that the system may hold on each side: most of a frame waits in the hub.
const SMALL: usize = 32 << 10;
/// As few as it can: it takes more as soon as a few of them have been read.
const SMALLEST: usize = 4 << 10;

const HOLDERS: usize = 32;
const LARGE: usize = 512 << 10;
const LESS: usize = 384 << 10;
/// All the frames that are held, and a little more.
const BUDGET: u64 = (HOLDERS * (LARGE + LESS) / 2 + (64 << 10)) as u64;

/// A peer that holds a frame of which it has taken a part.
struct Holder {
    client: ClientId,
    stream: TcpStream,
    payload: usize,
    taken: usize,
}

impl Holder {
    fn new(server: &Server, number: usize) -> Self {
        let connect = Connect { receive_buffer: Some(SMALL), ..Connect::default() };
        let room = format!("holder-{number}");
        let stream = server.open_by(connect, &format!("/room/{room}")).writer();
        let client = server.hub.members(&room)[0];
        let payload = if number.is_multiple_of(2) { LARGE } else { LESS };
        server.hub.send_to(client, vec![number as u8; payload]).expect("there is room");
        Self { client, stream, payload, taken: 0 }
    }

    fn take_a_byte(&mut self) {
        // One that was ended may be gone.
        self.taken += self.stream.read(&mut [0]).unwrap_or(0);
    }

    /// Whether the rest of its frame comes: else its connection ends.
    fn hears_the_rest(&mut self) -> bool {
        const HEAD: usize = 10;
        let mut rest = vec![0; HEAD + self.payload - self.taken];
        self.stream.read_exact(&mut rest).is_ok()
    }
}

fn narrow(config: &mut Config) {
    config.outbox.hub_bytes = BUDGET;
    // Only what this test is about ends them.
    config.deadlines.write = 20 * PATIENCE;
}

pub(crate) fn whoever_holds_parts_of_large_frames_keeps_no_message_from_others(host: &Host) {
    const MESSAGE: usize = 400 << 10;
    let server = host.server_on(listener(Some(SMALL)), narrow, |builder| builder);
    let mut honest: Vec<_> = (0..3).map(|_| server.open("/ws")).collect();
    let honest_clients = server.hub.members("ws");
    let mut holders: Vec<_> = (0..HOLDERS).map(|number| Holder::new(&server, number)).collect();
    eventually("each holds a part of its frame", || server.hub.stats().blocked == HOLDERS as u32);
    let held = server.hub.stats().queued_bytes;
    assert!(held + MESSAGE as u64 > BUDGET, "{held} bytes leave room for more");

    for number in 0..20 {
        holders.iter_mut().for_each(Holder::take_a_byte);
        let published = server.hub.send_to_room("ws", vec![number; MESSAGE]);
        let reached = published.map(|published| (published.queued, published.dropped));
        assert_eq!(reached, Ok((3, 0)), "message {number}: {:?}", server.hub.stats());
        for peer in &mut honest {
            assert!(peer.message() == [number; MESSAGE], "message {number}");
        }
    }

    // What the honest ones were sent may not have been said to be written yet.
    let most = BUDGET - BUDGET / 8 + MESSAGE as u64;
    eventually("the memory is free", || server.hub.stats().queued_bytes <= most);
    let ended_for_budget = server.hub.stats().ended_for_budget as usize;
    assert!((1..HOLDERS / 2).contains(&ended_for_budget), "{ended_for_budget}");
    eventually("the application is told", || server.told.ended().len() == ended_for_budget);
    let ended = server.told.ended();
    for (client, end) in &ended {
        assert_eq!((end.code, end.by), (CloseCode::ABNORMAL, ClosedBy::Hub));
        let holder = holders.iter().find(|holder| holder.client == *client).expect("a holder");
        assert_eq!(holder.payload, LARGE, "those that hold more end first");
    }
    for client in honest_clients {
        assert!(server.told.dropped(client).is_empty());
    }
    for holder in &mut holders {
        let is_ended = ended.iter().any(|(client, _)| *client == holder.client);
        assert_ne!(holder.hears_the_rest(), is_ended);
    }
    eventually("nothing is held", || server.hub.stats().queued_bytes == 0);
    assert_eq!((server.hub.stats().dropped_hub_full, server.hub.client_count()), (0, 35 - ended.len()));
}

/// Bytes that must be taken each second, on average over the write deadline.
const RATE: u32 = 16 << 10;
const WRITE: Duration = Duration::from_secs(3);

/// Reads so many bytes each second, in small pieces, until it is told to stop; then says how many these were.
fn read_at(rate: u32, raw: &Raw, is_over: &Arc<AtomicBool>) -> JoinHandle<usize> {
    let (mut stream, is_over) = (raw.writer(), Arc::clone(is_over));
    thread::spawn(move || {
        let (start, mut taken, mut piece) = (Instant::now(), 0, [0; 512]);
        while !is_over.load(Ordering::Relaxed) {
            let due = (start.elapsed().as_secs_f64() * f64::from(rate)) as usize;
            let now = due.saturating_sub(taken).min(piece.len());
            match stream.read(&mut piece[..now]) {
                _ if now == 0 => thread::sleep(Duration::from_millis(10)),
                Ok(0) | Err(_) => break,
                Ok(count) => taken += count,
            }
        }
        taken
    })
}

pub(crate) fn whoever_takes_less_than_its_rate_is_ended_and_a_slow_reader_is_not(host: &Host) {
    let impatient = |config: &mut Config| {
        (config.deadlines.write, config.deadlines.write_rate) = (WRITE, Some(RATE));
    };
    let server = host.server_on(listener(Some(SMALLEST)), impatient, |builder| builder);
    let [trickles, reads] = [("trickles", SMALLEST), ("reads", SMALL)].map(|(room, bytes)| {
        let connect = Connect { receive_buffer: Some(bytes), ..Connect::default() };
        server.open_by(connect, &format!("/room/{room}"))
    });
    let over = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let slow = read_at(4 * RATE, &reads, &over[0]);
    let trickle = read_at(RATE / 4, &trickles, &over[1]);
    let slower = server.hub.members("trickles")[0];
    let (start, mut ended) = (Instant::now(), None);
    // The slow reader has more to read than it can, until it has outlived three deadlines.
    while start.elapsed() < 3 * WRITE || ended.is_none() {
        assert!(start.elapsed() < PATIENCE, "it takes a byte now and then, and lives on");
        for room in ["trickles", "reads"] {
            let waits = server.hub.members(room).first().and_then(|&client| server.hub.client(client));
            if waits.and_then(|client| client.outbox()).is_some_and(|(_, bytes)| bytes < 256 << 10) {
                let _ = server.hub.send_to_room(room, vec![7; 128 << 10]);
            }
        }
        ended = ended.or_else(|| server.told.ended().first().map(|_| start.elapsed()));
        thread::sleep(Duration::from_millis(20));
    }
    assert!(ended >= Some(WRITE), "{ended:?}");
    over.iter().for_each(|over| over.store(true, Ordering::Relaxed));
    let (slow, trickle) = (slow.join().expect("no panic"), trickle.join().expect("no panic"));
    assert!(trickle > 0 && slow > 3 * trickle, "{trickle} and {slow} bytes");
    let (client, end) = server.told.ended().pop().expect("one has ended");
    assert_eq!((client, end.code, end.by), (slower, CloseCode::ABNORMAL, ClosedBy::Hub));
    let stats = server.hub.stats();
    assert_eq!((stats.write_timeouts, stats.clients, stats.dropped_outbox_full), (1, 1, 0));
}
