//! The example `fanout`, built for release, as a process of its own.

use rustix::process::Signal;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use crate::http::{Response, get};
use crate::process;
use crate::raw::{PING, PONG, Raw, frame};

/// A server that runs; killed when it is dropped.
#[derive(Debug)]
pub struct Fanout {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Fanout {
    /// Starts it on a free port.
    ///
    /// # Panics
    /// It cannot be built or does not start.
    #[must_use]
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(program())
            .arg("127.0.0.1:0")
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("fanout starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output is piped"))
            .read_line(&mut line)
            .expect("it says where it listens");
        let address = line.trim_end().strip_prefix("listening on ").and_then(|address| address.parse().ok());
        Self { child, address: address.unwrap_or_else(|| panic!("an address in {line:?}")) }
    }

    /// A WebSocket whose client is open: after the 101 alone the hub may not have got so far.
    ///
    /// # Panics
    /// It is refused.
    #[must_use]
    pub fn open(&self, path: &str) -> Raw {
        let mut raw = Raw::open(self.address, path);
        raw.send(&frame(PING, b"open?"));
        // In a room, messages of others may come first.
        while raw.frame().expect("a pong arrives").expect("a pong, not the end").first != PONG {}
        raw
    }

    /// Resident memory, in bytes.
    #[must_use]
    pub fn resident(&self) -> u64 {
        process::resident(self.child.id())
    }

    /// What `/readyz` says.
    #[must_use]
    pub fn ready(&self) -> Response {
        get(self.address, "/readyz")
    }

    /// Connections; the one that asks is none of them.
    ///
    /// # Panics
    /// The server does not say.
    #[must_use]
    pub fn connections(&self) -> u64 {
        let health: serde_json::Value = serde_json::from_str(&self.ready().body).expect("JSON");
        health["connections"].as_u64().expect("a number")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        process::signal(&self.child, signal);
    }

    /// Waits for its end.
    pub fn end(&mut self) -> ExitStatus {
        process::end_of(&mut self.child)
    }
}

impl Drop for Fanout {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, built if need be.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "--workspace", "--example", "fanout"])
            .args(["--message-format", "json-render-diagnostics"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo starts");
        assert!(built.status.success(), "fanout does not build");
        let messages = built.stdout.split(|byte| *byte == b'\n');
        messages
            .filter_map(|message| serde_json::from_slice::<serde_json::Value>(message).ok())
            .filter(|message| message["target"]["name"] == "fanout")
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .expect("cargo names the program")
    })
}
