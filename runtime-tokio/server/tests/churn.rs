//! Clients come and go while the config is reloaded, Redis restarts, and two nodes are restarted one after the other: nobody is lost
//! without notice, and memory does not grow.
//!
//! `CHURN_SECONDS` (40) and `CHURN_CLIENTS` (300) make it longer and larger: `CHURN_SECONDS=1800 CHURN_CLIENTS=1000`. `CHURN_SEED` repeats
//! what the clients choose.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stderr, reason = "the seed, and what happened")]

mod support;

use futures_util::StreamExt;
use rustix::process::Signal;
use serde_json::json;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::redis_server::RedisServer;
use support::{PATIENCE, Program, soon};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

/// What the clients saw.
#[derive(Default)]
struct Seen {
    /// Ends with a close frame, by its code; 0: the client's own.
    closes: Mutex<BTreeMap<u16, u64>>,
    /// Ends without one.
    lost: Mutex<Vec<String>>,
    /// The last message that each client heard.
    heard: Vec<AtomicU64>,
    /// From now on clients stay.
    is_calm: AtomicBool,
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name)
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number: {text}")))
}

fn config(port: u16, redis: u16, members: u32) -> String {
    format!(
        "
listen: 127.0.0.1:{port}
api: {{ keys: [key] }}
clients: {{ anonymous: true, rooms: [lobby] }}
cluster: {{ broker: 'redis://127.0.0.1:{redis}', prefix: churn }}
hub:
  admission: {{ per_address: 100000, handshakes: 10000 }}
  rooms: {{ members: {members} }}
  drain: {{ spread: 2s, idle: 0s, deadline: 20s }}
log: {{ filter: error }}
"
    )
}

/// A client that comes back to any node, whenever it ends, for ever.
async fn client(seen: Arc<Seen>, me: usize, ports: [u16; 2], mut random: fastrand::Rng) {
    loop {
        let port = ports[random.usize(..2)];
        let Ok((mut socket, _)) = connect_async(format!("ws://127.0.0.1:{port}/ws")).await else {
            // Refused while the node drains or is away: it was told.
            sleep(Duration::from_millis(random.u64(20..200))).await;
            continue;
        };
        let stays = Duration::from_millis(random.u64(500..8000));
        let begun = Instant::now();
        let code = loop {
            let next = match timeout(Duration::from_millis(200), socket.next()).await {
                Ok(next) => next,
                Err(_) if begun.elapsed() < stays || seen.is_calm.load(Ordering::Relaxed) => continue,
                Err(_) => break 0,
            };
            match next {
                Some(Ok(Message::Text(text))) => {
                    let number = text.parse().expect("a number is published");
                    seen.heard[me].fetch_max(number, Ordering::Relaxed);
                }
                Some(Ok(Message::Close(Some(frame)))) => break frame.code.into(),
                Some(Ok(_)) => {}
                other => {
                    let told = format!("client {me} at {port} after {:?}: {other:?}", begun.elapsed());
                    seen.lost.lock().expect("lost").push(told);
                    break 1006;
                }
            }
            if begun.elapsed() >= stays && !seen.is_calm.load(Ordering::Relaxed) {
                break 0;
            }
        };
        *seen.closes.lock().expect("closes").entry(code).or_default() += 1;
        // Also ends the close handshake that the hub has begun.
        let _ = timeout(Duration::from_secs(2), socket.close(None)).await;
    }
}

fn publish(node: &Program, number: u64) {
    let body = json!({ "channel": "lobby", "data": number }).to_string();
    let answer = node.post("/api/publish", &[("X-API-Key", "key")], &body);
    assert!(answer.status == 200 && answer.json().get("error").is_none(), "{answer:?}");
}

/// The memory of a process, in KiB.
fn memory(node: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", node.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

async fn is_ready(node: &Program) {
    soon("a node is ready", || (node.get("/readyz").status == 200).then_some(())).await;
}

/// The nodes and the broker, and what happens to them.
struct Scene {
    redis: RedisServer,
    nodes: [Program; 2],
    ports: [u16; 2],
    published: u64,
    reloads: u32,
}

impl Scene {
    fn begin() -> Self {
        let redis = RedisServer::start();
        let free = || TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let taken = [free(), free()];
        let ports = taken.each_ref().map(|listener| listener.local_addr().expect("an address").port());
        drop(taken);
        let nodes = ports.map(|port| Program::start(&config(port, redis.port, 100_000)));
        Self { redis, nodes, ports, published: 0, reloads: 0 }
    }

    /// Publishes and reloads for this time.
    async fn go_on(&mut self, time: Duration) {
        let begun = Instant::now();
        let mut reloaded = Instant::now();
        while begun.elapsed() < time {
            self.published += 1;
            publish(&self.nodes[(self.published % 2) as usize], self.published);
            if reloaded.elapsed() > Duration::from_secs(1) {
                reloaded = Instant::now();
                self.reload();
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Another config for one of the nodes; every third is wrong, and changes nothing.
    fn reload(&mut self) {
        self.reloads += 1;
        let at = (self.reloads % 2) as usize;
        let text = config(self.ports[at], self.redis.port, 100_000 + self.reloads);
        let wrong = self.reloads.is_multiple_of(3);
        self.nodes[at].rewrite(&if wrong { text.replace("members", "membrs") } else { text });
        self.nodes[at].signal(Signal::HUP);
    }

    async fn restart_redis(&mut self) {
        self.redis.kill();
        self.go_on(Duration::from_secs(2)).await;
        self.redis.begin();
        for node in &self.nodes {
            is_ready(node).await;
        }
    }

    /// One node after the other is drained and begins anew.
    async fn roll(&mut self) {
        for at in 0..2 {
            self.nodes[at].signal(Signal::TERM);
            assert!(self.nodes[at].end().success(), "a drain ends well");
            self.nodes[at] = Program::start(&config(self.ports[at], self.redis.port, 100_000));
            is_ready(&self.nodes[at]).await;
            self.go_on(Duration::from_secs(1)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server"]
async fn nobody_is_lost_without_notice_and_memory_stays() {
    let time = Duration::from_secs(number("CHURN_SECONDS", 40));
    let clients = usize::try_from(number("CHURN_CLIENTS", 300)).expect("so many");
    let seed = number("CHURN_SEED", fastrand::u64(..));
    eprintln!("CHURN_SEED={seed}");
    let mut scene = Scene::begin();
    let seen = Arc::new(Seen { heard: (0..clients).map(|_| AtomicU64::new(0)).collect(), ..Seen::default() });
    let mut random = fastrand::Rng::with_seed(seed);
    let running: Vec<_> = (0..clients)
        .map(|me| tokio::spawn(client(Arc::clone(&seen), me, scene.ports, random.fork())))
        .collect();
    scene.go_on(time / 8).await;
    scene.roll().await;
    scene.restart_redis().await;
    scene.go_on(time / 8).await;
    // From here on the processes stay the same.
    let before = scene.nodes.each_ref().map(memory);
    scene.go_on(time / 4).await;
    scene.restart_redis().await;
    scene.go_on(time / 2).await;
    let after = scene.nodes.each_ref().map(memory);
    let reloaded = scene.reloads;
    // All of them are there at the end, and hear what either node publishes.
    seen.is_calm.store(true, Ordering::Relaxed);
    for at in 0..2 {
        let mark = scene.published + 1;
        let begun = Instant::now();
        loop {
            scene.published += 1;
            publish(&scene.nodes[at], scene.published);
            sleep(Duration::from_millis(200)).await;
            let deaf = seen.heard.iter().filter(|heard| heard.load(Ordering::Relaxed) < mark).count();
            if deaf == 0 {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{deaf} clients do not hear node {at}");
        }
    }
    let closes = seen.closes.lock().expect("closes").clone();
    eprintln!("ends by code: {closes:?}; KiB before and after: {before:?}, {after:?}; {reloaded} reloads");
    running.iter().for_each(tokio::task::JoinHandle::abort);
    for task in running {
        assert!(!task.await.is_err_and(|error| error.is_panic()), "a client has panicked");
    }
    let lost = seen.lost.lock().expect("lost");
    assert!(lost.is_empty(), "{} ends without a close frame: {:#?}", lost.len(), &lost[..lost.len().min(10)]);
    // Their own, and those of the two drains; nothing else had a reason to close them.
    assert!(closes.keys().all(|code| [0, 1001].contains(code)), "{closes:?}");
    assert!(closes.get(&1001).is_some_and(|drained| *drained as usize >= clients / 2), "{closes:?}");
    for (before, after) in before.into_iter().zip(after) {
        assert!(after < before + before / 4 + 8 * 1024, "memory grows: {before} KiB, then {after} KiB");
    }
}
