//! What it costs to relay a message of 128 bytes through Redis, beside a loop that does nothing but publish and receive, and what a publish costs
//! its caller while Redis is there, and while it has been stopped.
//!
//! `cargo bench -p throng-tests --bench relay`. Needs redis-server. Processor time is that of this process, publisher and subscriber together: two nodes and
//! their clients in one case, two sockets in the other. Both send in batches of the same size and wait while too much is on its way.

#![allow(clippy::print_stdout)]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use throng_core::hub::Config as HubConfig;
use throng_runtime::Hub;
use throng_runtime::cluster::ClusterOptions;
use throng_tests::raw::Raw;
use throng_tests::server::serve_on_tokio;
use throng_tests::servers::Redis as Server;
use throng_tests::wait::eventually;
use throng_tokio::redis::Redis;

const MESSAGES: u64 = 300_000;
const BATCH: u64 = 256;
const SIZE: usize = 128;
/// As many messages may be on their way.
const AHEAD: u64 = 8_192;
/// Calls whose time is measured.
const CALLS: usize = 20_000;

/// Processor time of this process so far.
fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<_> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
    let ticks: u64 =
        [11, 12].iter().map(|&field: &usize| fields[field].parse::<u64>().expect("a number")).sum();
    Duration::from_millis(ticks * 10)
}

/// Two sockets: one publishes in batches, the other counts bytes.
fn bare(address: SocketAddr) -> Duration {
    let payload = vec![b'x'; SIZE];
    let command = [&b"*3\r\n$7\r\nPUBLISH\r\n$4\r\nbare\r\n$128\r\n"[..], &payload, b"\r\n"].concat();
    let delivery = b"*3\r\n$7\r\nmessage\r\n$4\r\nbare\r\n$128\r\n".len() + SIZE + 2;
    let mut subscriber = TcpStream::connect(address).expect("redis");
    subscriber.write_all(b"*2\r\n$9\r\nSUBSCRIBE\r\n$4\r\nbare\r\n").expect("redis");
    let confirmation = b"*3\r\n$9\r\nsubscribe\r\n$4\r\nbare\r\n:1\r\n".len();
    subscriber.read_exact(&mut vec![0; confirmation]).expect("a confirmation");
    let received = Arc::new(AtomicU64::new(0));
    let began = processor_time();
    let counts = Arc::clone(&received);
    let reader = thread::spawn(move || {
        let (mut buffer, mut bytes) = (vec![0; 64 << 10], 0);
        while bytes < MESSAGES as usize * delivery {
            bytes += subscriber.read(&mut buffer).expect("redis");
            counts.store((bytes / delivery) as u64, Ordering::Relaxed);
        }
    });
    let mut publisher = TcpStream::connect(address).expect("redis");
    publisher.set_nodelay(true).expect("a socket");
    let batch = command.repeat(BATCH as usize);
    for sent in (0..MESSAGES).step_by(BATCH as usize) {
        while sent.saturating_sub(received.load(Ordering::Relaxed)) > AHEAD {
            thread::sleep(Duration::from_micros(200));
        }
        let count = BATCH.min(MESSAGES - sent) as usize;
        publisher.write_all(&batch[..command.len() * count]).expect("redis");
        publisher.read_exact(&mut vec![0; 4 * count]).expect("replies");
    }
    reader.join().expect("it counts");
    processor_time() - began
}

fn node(server: &Server, has_client: bool) -> (Hub, SocketAddr) {
    let mut config = HubConfig::default();
    config.outbox.messages = 1 << 16;
    config.outbox.bytes = 64 << 20;
    let redis = Redis::new(&server.url()).expect("a URL");
    let hub = Hub::builder().config(config).cluster(redis, ClusterOptions::default());
    let hub = hub.before_connect(|connecting| {
        connecting.join("room");
        Ok(())
    });
    let hub = hub.build().expect("a config");
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("a port");
    let served = hub.clone();
    thread::spawn(move || serve_on_tokio(listener, served));
    eventually("the node is ready", || hub.cluster().is_some_and(|cluster| cluster.is_ready()));
    if has_client {
        eventually("it is subscribed", || {
            hub.cluster().is_some_and(|cluster| cluster.stats().subscriptions >= 2)
        });
    }
    (hub, address)
}

/// Two nodes: one publishes, the other has a client in the room, which reads.
fn relayed(server: &Server) -> Duration {
    let ((publisher, _), (subscriber, address)) = (node(server, false), node(server, true));
    let client = Raw::open(address, "/ws");
    thread::sleep(Duration::from_secs(1));
    let payload = "x".repeat(SIZE);
    let frame = publisher.encode(&payload).expect("a text");
    let size = SIZE + 4;
    let mut socket = client.writer();
    let began = processor_time();
    let reader = thread::spawn(move || {
        let (mut buffer, mut bytes) = (vec![0; 64 << 10], 0);
        while bytes < MESSAGES as usize * size {
            bytes += socket.read(&mut buffer).expect("the node");
        }
    });
    for sent in (0..MESSAGES).step_by(BATCH as usize) {
        let delivered = || subscriber.cluster().map_or(0, |cluster| cluster.stats().delivered);
        while sent.saturating_sub(delivered()) > AHEAD {
            thread::sleep(Duration::from_micros(200));
        }
        for _ in 0..BATCH.min(MESSAGES - sent) {
            publisher.send_to_room("room", &frame).expect("a relay");
        }
    }
    reader.join().expect("it counts");
    let time = processor_time() - began;
    publisher.shutdown();
    subscriber.shutdown();
    time
}

/// The median and the 99th percentile of a publish to a room without local members.
fn calls(hub: &Hub) -> (Duration, Duration) {
    let frame = hub.encode("x".repeat(SIZE)).expect("a text");
    let mut times: Vec<_> = (0..CALLS)
        .map(|_| {
            let began = Instant::now();
            hub.send_to_room("room", &frame).expect("a relay");
            let time = began.elapsed();
            // No faster than the broker takes them.
            thread::sleep(Duration::from_micros(20));
            time
        })
        .collect();
    times.sort_unstable();
    (times[CALLS / 2], times[CALLS * 99 / 100])
}

fn main() {
    let server = Server::start(&[]);
    let address = ([127, 0, 0, 1], server.server.port()).into();
    println!("| case | processor time of a message |\n| --- | --- |");
    for _ in 0..3 {
        println!("| two sockets | {:.2?} |", bare(address) / MESSAGES as u32);
        println!("| two nodes, a client | {:.2?} |", relayed(&server) / MESSAGES as u32);
    }
    let (hub, _) = node(&server, false);
    let (median, late) = calls(&hub);
    server.server.pause();
    let (paused_median, paused_late) = calls(&hub);
    server.server.resume();
    println!("\n| Redis | median of a publish | 99th percentile |\n| --- | --- | --- |");
    println!(
        "| runs | {median:.2?} | {late:.2?} |\n| is stopped | {paused_median:.2?} | {paused_late:.2?} |"
    );
    hub.shutdown();
}
