//! Peers that die, vanish or babble: nothing is left of them.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use throng_tests::fanout::Fanout;
use throng_tests::process::allow_open_files;
use throng_tests::raw::{BINARY, Raw, TEXT, frame, head};
use throng_tests::wait::eventually;
use throng_tests::witness::Witness;

/// Bytes that look random and are the same in each run.
fn garbage(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// What bad peers do to a server: one of each kind, `seed` tells one from the next.
fn bad_peers(server: &Fanout, seed: u64) {
    let garbage = garbage(seed, 4096);
    // Before and after the handshake.
    let mut peer = Raw::connect(server.address);
    let _ = peer.writer().write_all(&garbage);
    peer.patience(Duration::from_millis(1));
    let _ = peer.read_more();
    peer.reset();
    let peer = server.open("/echo");
    let _ = peer.writer().write_all(&garbage);
    peer.reset();
    // Half a request; half a message; half a close handshake; a reset and a plain end.
    let _ = TcpStream::connect(server.address).map(|mut peer| peer.write_all(b"GET / HTTP/1.1\r\nHo"));
    let mut peer = server.open("/room/a");
    peer.send(&[&head(TEXT, 60_000)[..], &vec![0x37; 30_000]].concat());
    peer.reset();
    let mut peer = server.open("/direct/a");
    peer.say("a something nobody reads");
    peer.send(&[0x88]);
    drop(peer);
    let mut peer = server.open("/ws");
    peer.send(&frame(BINARY, &vec![1; 100_000]));
    peer.end_sending();
    drop(peer);
}

#[test]
fn after_waves_of_bad_peers_nothing_is_left_and_memory_is_flat() {
    const WAVES: u64 = 12;
    const PEERS: u64 = 50;
    allow_open_files(1_000);
    let server = Fanout::start(&[]);
    let watch = Witness::open(server.address, "/echo").watch();
    let mut memory = Vec::new();
    for wave in 0..WAVES {
        for peer in 0..PEERS {
            bad_peers(&server, wave * PEERS + peer);
        }
        eventually("they are gone", || server.connections() == 1);
        memory.push(server.resident());
    }
    // The first waves warm it up: buffers, tables, the allocator.
    let grown = memory[memory.len() - 1].saturating_sub(memory[3]);
    assert!(grown < 1 << 20, "{memory:?}");
    assert!(watch.end().trips() > 0);
}
