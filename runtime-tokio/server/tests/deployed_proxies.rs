//! nginx and HAProxy in front of two nodes, with the files of `deploy/proxies`.
#![cfg(unix)]

mod support;

use futures_util::StreamExt;
use rustix::process::Signal;
use serde_json::json;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::{Folder, PATIENCE, Program, Socket, closed, next, request, soon, text, within};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const CONFIG: &str = "
listen: 127.0.0.1:0
api: { keys: [key] }
clients: { anonymous: true, rooms: [lobby] }
hub:
  deadlines: { ping: 500ms, pong: 10s }
  drain: { spread: 2s, idle: 0s }
  admission: { per_address: 1000 }
log: { filter: error }
";

/// The time after which a proxy ends a connection on which nothing happens, in the tests.
const IDLE: Duration = Duration::from_secs(2);

/// A proxy as a process of its own. Dropped, it ends.
struct Proxy {
    address: SocketAddr,
    child: Child,
    _folder: Folder,
}

impl Proxy {
    /// Starts it with a file of the repository, in which the ports and the idle time are other ones.
    fn start(name: &str, command: &[&str], nodes: [SocketAddr; 2]) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/proxies").join(name);
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .expect("a port is free")
            .port();
        let mut config = fs::read_to_string(file).expect("it is there");
        for (of_file, of_test) in [
            ("127.0.0.1:8081", nodes[0].to_string()),
            ("127.0.0.1:8082", nodes[1].to_string()),
            ("8080", format!("{port}")),
            ("75s", format!("{}s", IDLE.as_secs())),
            // Less than a machine of tests may open.
            ("200000", "2000".into()),
            ("100000", "500".into()),
        ] {
            assert!(
                name != "nginx.conf" && of_file == "100000" || config.contains(of_file),
                "{name} has {of_file}"
            );
            config = config.replace(of_file, &of_test);
        }
        let folder = Folder::new();
        let path = folder.write(name, &config);
        let log = fs::File::create(folder.0.join("log")).expect("a file can be made");
        let child = Command::new(command[0])
            .args(&command[1..])
            .arg(&path)
            .current_dir(&folder.0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be copied"))
            .stderr(log)
            .spawn()
            .expect("the proxy starts: tests/run installs it");
        let mut proxy = Self { address: ([127, 0, 0, 1], port).into(), child, _folder: folder };
        within("the proxy listens", || {
            let ended = proxy.child.try_wait().expect("it can be asked");
            let log = || fs::read_to_string(proxy._folder.0.join("log")).unwrap_or_default();
            assert!(ended.is_none(), "{name} has ended: {}", log());
            TcpStream::connect(proxy.address).ok()
        });
        within("the proxy knows the nodes", || {
            (request(proxy.address, "GET", "/healthz", &[], b"").status == 200).then_some(())
        });
        proxy
    }

    async fn connect(&self) -> Socket {
        let mut request = format!("ws://{}/ws", self.address).into_client_request().expect("a URL");
        // As a browser does for a page of this host.
        let origin = format!("http://{}", self.address);
        request.headers_mut().insert("origin", origin.parse().expect("a header's value"));
        connect_async(request).await.unwrap_or_else(|error| panic!("through the proxy: {error}")).0
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let id = rustix::process::Pid::from_child(&self.child);
        // Both end their own processes then.
        let _ = rustix::process::kill_process(id, Signal::TERM);
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn clients_of(program: &Program) -> u64 {
    let answer = program.post("/api/info", &[("X-API-Key", "key")], "{}").json();
    answer["result"]["nodes"][0]["num_clients"].as_u64().expect("a number")
}

async fn node_of_the_client(nodes: &[Program; 2]) -> usize {
    soon("the client is at a node", || nodes.iter().position(|node| clients_of(node) > 0)).await
}

/// What is so for every proxy.
async fn serves_through(name: &str, command: &[&str]) {
    let mut nodes = [Program::start(CONFIG), Program::start(CONFIG)];
    let proxy = Proxy::start(name, command, [nodes[0].address, nodes[1].address]);
    assert_eq!(request(proxy.address, "POST", "/api/info", &[("X-API-Key", "key")], b"{}").status, 404);
    // The proxy is on this machine, and the pages are not for whoever is behind it.
    assert_eq!(request(proxy.address, "GET", "/metrics", &[("Host", "localhost")], b"").status, 403);
    let mut ann = proxy.connect().await;
    let first = node_of_the_client(&nodes).await;
    // Nothing is published meanwhile: only the pings keep it open, which need somebody who reads them.
    let begun = Instant::now();
    while begun.elapsed() < IDLE * 2 {
        if let Ok(message) = tokio::time::timeout(Duration::from_millis(100), ann.next()).await {
            let message = message.expect("it is open").expect("it is open");
            assert!(message.is_ping(), "{message:?} after {:?}", begun.elapsed());
        }
    }
    let body = json!({"channel": "lobby", "data": "hello"}).to_string();
    nodes[first].post("/api/publish", &[("X-API-Key", "key")], &body);
    assert_eq!(next(&mut ann).await, text("\"hello\""));
    // While her node drains, newcomers come to the other one, and nobody sees a refusal.
    nodes[first].signal(Signal::TERM);
    let newcomers = async {
        let mut open = Vec::new();
        for _ in 0..20 {
            open.push(proxy.connect().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        open
    };
    let (open, close) = tokio::join!(newcomers, closed(&mut ann));
    assert_eq!((close.0, open.len()), (1001, 20));
    drop(ann);
    assert!(nodes[first].end().success());
    assert_eq!(clients_of(&nodes[1 - first]), 20);
}

/// The idle time is in force: without pings it ends a WebSocket.
async fn ends_who_is_silent(name: &str, command: &[&str]) {
    let config = CONFIG.replace("ping: 500ms, pong: 10s", "ping: none, pong: none");
    let nodes = [Program::start(&config), Program::start(&config)];
    let proxy = Proxy::start(name, command, [nodes[0].address, nodes[1].address]);
    let mut ann = proxy.connect().await;
    let end = tokio::time::timeout(PATIENCE, ann.next()).await.expect("it ends");
    assert!(!matches!(end, Some(Ok(_))), "{end:?}");
}

const NGINX: [&str; 4] = ["nginx", "-g", "daemon off; pid nginx.pid; error_log stderr;", "-c"];
const HAPROXY: [&str; 3] = ["haproxy", "-db", "-f"];

#[tokio::test]
#[ignore = "needs nginx"]
async fn clients_come_through_nginx() {
    serves_through("nginx.conf", &NGINX).await;
    ends_who_is_silent("nginx.conf", &NGINX).await;
}

#[tokio::test]
#[ignore = "needs haproxy"]
async fn clients_come_through_haproxy() {
    serves_through("haproxy.cfg", &HAPROXY).await;
    ends_who_is_silent("haproxy.cfg", &HAPROXY).await;
}
