//! A new process takes the listeners of a running one: no connection is refused, and no client is lost without notice.
#![cfg(unix)]

mod support;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;
use support::{PATIENCE, Program, closed, next, request, soon, text, within};
use tokio_tungstenite::connect_async;

const CONFIG: &str = "
listen: 127.0.0.1:0
api: { keys: [key], listen: 127.0.0.1:0 }
clients: { anonymous: true, rooms: [lobby] }
hub: { drain: { spread: 500ms, idle: 0s }, admission: { per_address: 10000 } }
log: { filter: info }
";

/// A process that is not a child of the test. Dropped, it is killed.
struct Successor(Pid);

impl Successor {
    /// The process of which the log says that it has taken over.
    fn of(program: &Program) -> Self {
        Self::at(program, 0)
    }

    /// That of the takeover after so many others.
    fn at(program: &Program, before: usize) -> Self {
        let id = within("another process has taken over", || {
            let log = program.log.lock().expect("log").clone();
            let line = log.lines().filter(|line| line.contains("has taken over")).nth(before)?.to_owned();
            line.split("process=").nth(1)?.split_whitespace().next()?.parse::<i32>().ok()
        });
        Self(Pid::from_raw(id).expect("a process has an id"))
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.0, signal).expect("it runs");
    }
}

impl Drop for Successor {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::KILL);
    }
}

fn api_of(program: &Program) -> SocketAddr {
    within("it says where the API is", || {
        let said = program.said.lock().expect("said").clone();
        let line = said.lines().find_map(|line| line.trim().strip_prefix("the API listens on http://"))?;
        line.parse().ok()
    })
}

/// What the process that answers says of itself.
fn node_at(api: SocketAddr) -> Value {
    let answer = request(api, "POST", "/api/info", &[("X-API-Key", "key")], b"{}");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["result"]["nodes"][0].clone()
}

/// The name of its run.
fn run_at(api: SocketAddr) -> Value {
    node_at(api)["uid"].clone()
}

fn clients_at(api: SocketAddr) -> u64 {
    node_at(api)["num_clients"].as_u64().expect("a number")
}

/// Opens connections one after another until it is told to end: how many got their answer.
fn knock(address: SocketAddr, path: &'static str, is_over: &Arc<AtomicBool>) -> thread::JoinHandle<u32> {
    let is_over = Arc::clone(is_over);
    thread::spawn(move || {
        let mut answered = 0;
        while !is_over.load(Ordering::Relaxed) {
            let answer = request(address, "POST", path, &[("X-API-Key", "key")], b"{}");
            assert_eq!(answer.status, 200, "after {answered} answers: {answer:?}");
            answered += 1;
        }
        answered
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_is_refused_while_a_new_process_takes_over() {
    let mut program = Program::start(CONFIG);
    let (address, api) = (program.address, api_of(&program));
    let (mut ann, before) = (program.connect("/ws").await, run_at(api));
    let is_over = Arc::new(AtomicBool::new(false));
    let knocking = [knock(api, "/api/info", &is_over), knock(api, "/api/channels", &is_over)];
    let opened = Arc::new(AtomicU32::new(0));
    let (count, ends) = (Arc::clone(&opened), Arc::clone(&is_over));
    let opening = tokio::spawn(async move {
        while !ends.load(Ordering::Relaxed) {
            let url = format!("ws://{address}/ws");
            let (mut socket, _) = connect_async(url).await.expect("a WebSocket opens at every moment");
            socket.close(None).await.expect("it closes");
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    soon("clients come", || (opened.load(Ordering::Relaxed) > 20).then_some(())).await;
    program.signal(Signal::USR2);
    let successor = Successor::of(&program);
    // The old one ends only when its clients have.
    assert_eq!(closed(&mut ann).await.0, 1001);
    drop(ann);
    assert!(program.end().success());
    let at_the_end = opened.load(Ordering::Relaxed);
    soon("clients come to the new one", || (opened.load(Ordering::Relaxed) > at_the_end + 20).then_some(()))
        .await;
    is_over.store(true, Ordering::Relaxed);
    opening.await.expect("no WebSocket was refused");
    for thread in knocking {
        assert!(thread.join().expect("no request was refused") > 20);
    }
    assert_ne!(run_at(api), before);
    // The new one is whole: it serves, and it can be replaced, too.
    let (mut ben, _) = connect_async(format!("ws://{address}/ws")).await.expect("a WebSocket opens");
    soon("the new one has a client", || (clients_at(api) == 1).then_some(())).await;
    let key = [("X-API-Key", "key")];
    request(api, "POST", "/api/publish", &key, br#"{"channel": "lobby", "data": 1}"#);
    assert_eq!(next(&mut ben).await, text("1"));
    let second = run_at(api);
    successor.signal(Signal::USR2);
    let third = Successor::at(&program, 1);
    assert_eq!(closed(&mut ben).await.0, 1001);
    assert_ne!(run_at(api), second);
    third.signal(Signal::TERM);
    within("nobody listens any more", || TcpStream::connect(address).is_err().then_some(()));
}

#[test]
fn a_request_that_is_on_its_way_is_answered_by_the_old_process() {
    let mut program = Program::start(CONFIG);
    let mut slow = TcpStream::connect(program.address).expect("it listens");
    slow.set_read_timeout(Some(PATIENCE)).expect("a time limit can be set");
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: here\r\n").expect("it is sent");
    // Connections are accepted in their order: once this one is answered, the slow one was accepted.
    assert_eq!(program.get("/healthz").status, 200);
    program.signal(Signal::USR2);
    let _successor = Successor::of(&program);
    // Longer than it would take to begin a drain.
    thread::sleep(Duration::from_millis(300));
    slow.write_all(b"Connection: close\r\n\r\n").expect("it is sent");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer comes");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(program.end().success());
}

#[tokio::test]
async fn the_old_process_goes_on_if_the_new_one_cannot_serve() {
    let program = Program::start(CONFIG);
    let mut ann = program.connect("/ws").await;
    let before = run_at(api_of(&program));
    soon("ann is there", || (clients_at(api_of(&program)) == 1).then_some(())).await;
    program.rewrite(&CONFIG.replace("rooms: [lobby]", "rooms: 7"));
    program.signal(Signal::USR2);
    program.logs("no other process takes over, this one goes on: process ");
    program.logs("ended before it served");
    program.logs("clients.rooms: 7 is not allowed");
    assert_eq!(run_at(api_of(&program)), before);
    let key = [("X-API-Key", "key")];
    request(api_of(&program), "POST", "/api/publish", &key, br#"{"channel": "lobby", "data": 1}"#);
    assert_eq!(next(&mut ann).await, text("1"));
    // Once it is right, the next one takes over.
    program.rewrite(CONFIG);
    program.signal(Signal::USR2);
    let _successor = Successor::of(&program);
    assert_eq!(closed(&mut ann).await.0, 1001);
}
