//! redis-server: alone, with sentinels, as a cluster.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use super::process::{Server, free_port};
use crate::wait::eventually;

/// A Redis.
#[derive(Debug)]
pub struct Redis {
    /// Its process.
    pub server: Server,
}

fn answers(mut stream: TcpStream) -> bool {
    let mut reply = [0; 5];
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut reply).is_ok() && &reply == b"+PONG"
}

/// Runs redis-cli, and returns what it prints.
fn cli(port: u16, words: &[&str]) -> String {
    let mut command = Command::new("redis-cli");
    command.args(["-h", "127.0.0.1", "-p", &port.to_string()]).args(words);
    let output = command.output().expect("redis-cli is installed: tests/run does it");
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

impl Redis {
    /// Starts a server that keeps nothing on disk, with settings besides (`["--maxmemory", "1mb"]`).
    #[must_use]
    pub fn start(settings: &[&str]) -> Self {
        let port = free_port();
        let mut server = Server::new("redis-server", port);
        server.arguments(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        server.arguments(["--appendonly", "no", "--logfile", "log"]);
        server.arguments(settings);
        server.start(answers);
        Self { server }
    }

    /// Starts a server that speaks TLS alone, with `cert.pem` and `key.pem` that the closure puts into its directory, and hands on what
    /// the closure returns.
    #[must_use]
    pub fn start_with_tls<T>(certify: impl FnOnce(&Server) -> T) -> (Self, T) {
        let port = free_port();
        let mut server = Server::new("redis-server", port);
        server.arguments([
            "--port",
            "0",
            "--tls-port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ]);
        server.arguments(["--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem", "--logfile", "log"]);
        server.arguments(["--tls-ca-cert-file", "cert.pem", "--tls-auth-clients", "no"]);
        let certified = certify(&server);
        server.start(|_| true);
        (Self { server }, certified)
    }

    /// `redis://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.server.port())
    }

    /// Starts it again after a kill.
    pub fn start_again(&mut self) {
        self.server.start(answers);
    }

    /// Sends a command, and returns the reply as redis-cli prints it.
    #[must_use]
    pub fn ask(&self, words: &[&str]) -> String {
        cli(self.server.port(), words)
    }

    /// Sends a command that succeeds with `OK`.
    ///
    /// # Panics
    /// It does not.
    pub fn tell(&self, words: &[&str]) {
        assert_eq!(self.ask(words), "OK", "{words:?}");
    }
}

/// The name by which the sentinels know their master.
const MASTER: &str = "main";

/// A master, a replica, and three sentinels that watch them.
#[derive(Debug)]
pub struct Sentinels {
    /// The server that is the master at first.
    pub master: Redis,
    /// The server that is its replica at first.
    pub replica: Redis,
    /// Those that watch.
    pub sentinels: Vec<Server>,
}

impl Sentinels {
    /// Starts them, and waits until the sentinels know each other and the replica. A master that does not answer for a second is replaced.
    ///
    /// # Panics
    /// They do not.
    #[must_use]
    pub fn start() -> Self {
        let master = Redis::start(&[]);
        let port = master.server.port();
        let replica = Redis::start(&["--replicaof", &format!("127.0.0.1 {port}")]);
        eventually("the replica is in step", || replica.ask(&["ROLE"]).contains("connected"));
        let sentinels: Vec<_> = (0..3).map(|_| sentinel(port)).collect();
        eventually("the sentinels know all", || {
            sentinels.iter().all(|sentinel| {
                let reply = cli(sentinel.port(), &["SENTINEL", "master", MASTER]);
                let lines: Vec<_> = reply.lines().collect();
                let is = |name, value| lines.windows(2).any(|two| two == [name, value]);
                is("num-slaves", "1") && is("num-other-sentinels", "2") && is("flags", "master")
            })
        });
        Self { master, replica, sentinels }
    }

    /// The name by which the sentinels know their master.
    #[must_use]
    pub fn name(&self) -> &'static str {
        MASTER
    }

    /// Where the sentinels are.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.sentinels.iter().map(|sentinel| format!("redis://127.0.0.1:{}", sentinel.port())).collect()
    }

    /// The port of the master that all sentinels know, if they agree.
    #[must_use]
    pub fn master_port(&self) -> Option<u16> {
        let words = ["SENTINEL", "get-master-addr-by-name", MASTER];
        let ask = |sentinel: &Server| cli(sentinel.port(), &words).lines().last()?.parse().ok();
        let mut ports = self.sentinels.iter().map(ask);
        let first: u16 = ports.next()??;
        ports.all(|port| port == Some(first)).then_some(first)
    }

    /// Has the sentinels replace the master.
    pub fn fail_over(&self) {
        let reply = cli(self.sentinels[0].port(), &["SENTINEL", "failover", MASTER]);
        assert_eq!(reply, "OK", "a failover begins");
    }
}

fn sentinel(master: u16) -> Server {
    let port = free_port();
    let mut server = Server::new("redis-server", port);
    let config = format!(
        "port {port}\nbind 127.0.0.1\nlogfile log\nsentinel monitor {MASTER} 127.0.0.1 {master} 2\n\
         sentinel down-after-milliseconds {MASTER} 1000\nsentinel failover-timeout {MASTER} 5000\n"
    );
    // A sentinel writes to its file what it learns.
    fs::write(server.directory().join("sentinel.conf"), config).expect("the directory takes a file");
    server.arguments(["sentinel.conf", "--sentinel"]);
    server.start(answers);
    server
}

/// A Redis Cluster of three masters without replicas.
#[derive(Debug)]
pub struct Cluster {
    /// Its nodes.
    pub nodes: Vec<Redis>,
}

impl Cluster {
    /// Starts it, and waits until all nodes know that all slots are served.
    ///
    /// # Panics
    /// They do not.
    #[must_use]
    pub fn start() -> Self {
        let nodes: Vec<_> = (0..3)
            .map(|_| {
                let bus = free_port().to_string();
                let settings = ["--cluster-enabled", "yes", "--cluster-port", &bus];
                Redis::start(&[&settings[..], &["--cluster-node-timeout", "2000"]].concat())
            })
            .collect();
        let slots = ["0 5460", "5461 10922", "10923 16383"];
        for (node, range) in nodes.iter().zip(slots) {
            let (first, last) = range.split_once(' ').expect("a range");
            node.tell(&["CLUSTER", "ADDSLOTSRANGE", first, last]);
        }
        for node in &nodes[1..] {
            let bus = node.ask(&["CONFIG", "GET", "cluster-port"]);
            let bus = bus.lines().last().unwrap_or_default();
            nodes[0].tell(&["CLUSTER", "MEET", "127.0.0.1", &node.server.port().to_string(), bus]);
        }
        let cluster = Self { nodes };
        cluster.wait();
        cluster
    }

    /// Waits until all nodes know that all slots are served.
    pub fn wait(&self) {
        eventually("the cluster is whole", || {
            self.nodes.iter().all(|node| {
                let told = node.ask(&["CLUSTER", "INFO"]);
                told.contains("cluster_state:ok") && told.contains("cluster_known_nodes:3")
            })
        });
    }

    /// Where the nodes are.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::url).collect()
    }

    /// Gives a slot from one node to another, as a migration does.
    pub fn move_slot(&self, slot: u16, from: usize, to: usize) {
        let slot = slot.to_string();
        let id = |node: usize| self.nodes[node].ask(&["CLUSTER", "MYID"]);
        let (source, target) = (id(from), id(to));
        self.nodes[to].tell(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]);
        self.nodes[from].tell(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target]);
        for node in [to, from] {
            self.nodes[node].tell(&["CLUSTER", "SETSLOT", &slot, "NODE", &target]);
        }
    }
}
